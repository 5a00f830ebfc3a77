"""One SMTP connection that keeps a total deadline and knows how far a message had got when something failed.

The time-out of a socket starts again at every byte, so a server that drips could hold a thread for ever. Here every
single read and write is given only what is left until the deadline, so no watcher is needed to end it.
"""

import io
import select
import smtplib
import socket
import ssl
from typing import Any

from channels_app.call import Call
from channels_app.rules.smtp_replies import BODY, DATA, MAIL, RCPT, Rejected
from kernel.clock import monotonic

LINE_BYTES = 2048  # RFC 5321 4.5.3.1.5 asks for 512 and some servers write more
REPLY_LINES = 128
PIECE_BYTES = 16 * 1024  # one TLS record: an incomplete one never reaches the server's eyes

Reply = tuple[int, bytes]


class Connection(smtplib.SMTP):
    """An smtplib connection whose every operation ends at `deadline` (monotonic seconds)."""

    sock: socket.socket | None
    file: Any

    def __init__(self, host: str, port: int, *, timeout: float, **options: Any) -> None:
        self.deadline = monotonic() + timeout
        self.opened_at = self.used_at = monotonic()
        self.messages = 0  # sent or refused over this connection
        super().__init__(host, port, timeout=timeout, **options)

    def transact(self, *, sender: str, recipient: str, message: bytes, call: Call) -> Reply:
        """Send one message and return the server's last word on it, a 250.

        Raises `Rejected` when the server says no, SMTPServerDisconnected or OSError when it is lost; `call` knows then
        whether the message may have been taken.
        """
        self.deadline = call.deadline
        self.messages += 1
        data = memoryview(_dotted(message))
        last = max(len(data) - PIECE_BYTES, 0)
        with call.before_bytes():
            self._envelope(sender, recipient, size=len(message))
            self._write(data[:last])
        try:
            self._write(data[last:])
        except OSError:
            call.nothing_went_out()  # the final dot was not handed over in full
            raise
        code, text = self.getreply()
        self.used_at = monotonic()
        if code != 250:
            raise Rejected(BODY, code, text)
        return code, text

    def is_alive(self) -> bool:
        """Whether the server has neither hung up nor said good-bye meanwhile. Costs no round trip."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | select.POLLHUP | select.POLLERR)
        return not poll.poll(0)

    def answers(self, *, within_seconds: float) -> bool:
        """Whether the server still answers, for a connection that has been idle."""
        self.deadline = monotonic() + within_seconds
        try:
            return bool(self.noop()[0] == 250)
        except (OSError, smtplib.SMTPException):
            return False

    def leave(self, *, within_seconds: float) -> None:
        """Say good-bye and close, whatever the server makes of it."""
        self.deadline = monotonic() + within_seconds
        try:
            self.docmd("QUIT")
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.close()

    def _envelope(self, sender: str, recipient: str, *, size: int) -> None:
        mail = f"MAIL FROM:<{sender}>"
        if self.has_extn("size"):
            mail += f" SIZE={size}"
        if not (sender + recipient).isascii():
            if not self.has_extn("smtputf8"):
                raise Rejected(MAIL, 553, "5.6.7 the server takes no addresses with letters beyond ASCII")
            mail += " SMTPUTF8"
        commands = ((MAIL, mail), (RCPT, f"RCPT TO:<{recipient}>"), (DATA, "DATA"))
        if self.has_extn("pipelining"):
            self._envelope_at_once(commands)
        else:
            self._envelope_step_by_step(commands)

    def _envelope_step_by_step(self, commands: tuple[tuple[str, str], ...]) -> None:
        for stage, command in commands:
            self._write(f"{command}\r\n".encode())
            code, text = self.getreply()
            if not _agreed(stage, code):
                self._forget_transaction(code)
                raise Rejected(stage, code, text)

    def _envelope_at_once(self, commands: tuple[tuple[str, str], ...]) -> None:
        """RFC 2920: one write, then one reply each. The first no is the true one; the others follow from it."""
        self._write("".join(f"{command}\r\n" for _, command in commands).encode())
        refused: Rejected | None = None
        code = 0
        for stage, _ in commands:
            code, text = self.getreply()
            if refused is None and not _agreed(stage, code):
                refused = Rejected(stage, code, text)
                if code == 421:
                    break
        if refused is not None:
            if code == 354:  # the server wants a body although it took no recipient: give it an empty one
                self._write(b".\r\n")
                self.getreply()
            self._forget_transaction(refused.code)
            raise refused

    def _forget_transaction(self, code: int) -> None:
        if code == 421:
            self.close()
        else:
            self.rset()

    def _write(self, data: bytes | memoryview) -> None:
        sent = 0
        view = memoryview(data)
        while sent < len(view):
            sock = self.usable_socket()
            sent += sock.send(view[sent : sent + PIECE_BYTES])

    def usable_socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self.sock.settimeout(left)
        return self.sock

    # What smtplib does for greeting, EHLO, STARTTLS and AUTH goes through these three as well.

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        trouble: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(max(self.deadline - monotonic(), 0.001))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as found:
                sock.close()
                trouble = found
                continue
            return sock
        raise trouble or OSError(f"no address for {host}")

    def send(self, s: Any) -> None:
        """Write a command of smtplib's own."""
        self._write(s.encode(self.command_encoding) if isinstance(s, str) else s)

    def getreply(self) -> Reply:
        """Read one reply, of bounded size. Raises SMTPServerDisconnected at the end of the stream."""
        if self.file is None:
            self.file = io.BufferedReader(_Timed(self), 8192)
        lines: list[bytes] = []
        while len(lines) < REPLY_LINES:
            line = self.file.readline(LINE_BYTES + 1)
            if not line.endswith(b"\n") or not line[:3].isdigit():
                self.close()
                raise smtplib.SMTPServerDisconnected("the server hung up or does not speak SMTP")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        self.close()
        raise smtplib.SMTPServerDisconnected("the server's reply has no end")


class TlsConnection(Connection):
    """The same inside TLS from the first byte."""

    default_port = smtplib.SMTP_SSL_PORT

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext, **options: Any) -> None:
        self._context = context
        super().__init__(host, port, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        plain.settimeout(max(self.deadline - monotonic(), 0.001))
        return self._context.wrap_socket(plain, server_hostname=host)


class _Timed(io.RawIOBase):
    """The reading end of a connection, each read no longer than the deadline allows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.usable_socket().recv_into(buffer)


def _agreed(stage: str, code: int) -> bool:
    return code == 354 if stage == DATA else code in (250, 251, 252)


def _dotted(message: bytes) -> bytes:
    """The message as it travels, RFC 5321 4.5.2: dots doubled at line starts, and the final dot. Lines end in CRLF."""
    if message.startswith(b"."):
        message = b"." + message
    message = message.replace(b"\r\n.", b"\r\n..")
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
