"""An SMTP server that follows a script: what it answers to each step, or how it fails to."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DROP, SILENCE = "drop", "silence"
OK = {
    "greeting": "220 scripted",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go on",
    "dot": "250 2.0.0 Ok: queued as 4F1C2",
    "rset": "250 2.0.0 ok",
    "noop": "250 2.0.0 ok",
    "quit": "221 2.0.0 bye",
    "auth": "235 2.7.0 ok",
    "starttls": "220 2.0.0 ready",
}


@dataclass(frozen=True, slots=True)
class Drip:
    """An answer of which one byte comes at a time."""

    text: str
    every_seconds: float = 0.1


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that was taken: the envelope and the bytes, dots undone."""

    sender: str
    recipient: str
    data: bytes


@dataclass(slots=True)
class ScriptedServer:
    """Answers by step; a list gives one answer each time and its last one for ever. `pauses` come before an answer."""

    answers: dict[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ("PIPELINING", "SIZE 10000000", "ENHANCEDSTATUSCODES")
    pauses: dict[str, float] = field(default_factory=dict)
    reads: bool = True  # False: the body of a mail is never read
    context: ssl.SSLContext | None = None
    tls_at_once: bool = False
    port: int = 0
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=Shop <shop@example.org>"

    def start(self) -> None:
        """Listen, on the port of before when there was one."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        if not self.reads:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and end all connections."""
        assert self._listener is not None
        # A blocked accept keeps the port until it is woken.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End all connections without a word."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def say_goodbye(self) -> None:
        """End all connections as a server does with idle ones."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.sendall(b"421 4.4.2 idle for too long\r\n")
        self.hang_up()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.context is not None and self.tls_at_once:
                connection = self.context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            _Session(self, connection).run()
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def answer(self, step: str) -> Any:
        """The next answer to a step."""
        with self._lock:
            found = self.answers.get(step, OK.get(step, "500 5.5.1 what?"))
            if isinstance(found, list):
                return found.pop(0) if len(found) > 1 else found[0]
            return found


class _Session:
    def __init__(self, server: ScriptedServer, connection: socket.socket) -> None:
        self.server, self.connection = server, connection
        self.file = connection.makefile("rb")
        self.sender = self.recipient = ""

    def run(self) -> None:
        if not self.say("greeting"):
            return
        while line := self.file.readline():
            command = line.decode(errors="replace").strip()
            self.server.commands.append(command)
            verb = command.split(" ")[0].split(":")[0].lower()
            if not self.obey(verb, command):
                return

    def obey(self, verb: str, command: str) -> bool:
        match verb:
            case "ehlo":
                lines = ["scripted", *self.server.features]
                text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}"
                return self.utter(self.server.answers.get("ehlo", text))
            case "mail":
                self.sender = command.partition("<")[2].partition(">")[0]
            case "rcpt":
                self.recipient = command.partition("<")[2].partition(">")[0]
            case "data":
                return self.take_mail()
            case "quit":
                self.say("quit")
                return False
            case "starttls":
                if not self.say("starttls") or self.server.context is None:
                    return False
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                self.file = self.connection.makefile("rb")
                return True
        return self.say(verb)

    def take_mail(self) -> bool:
        if not self.say("data"):
            return False
        if not self.went_well("data"):
            return True
        if not self.server.reads:
            time.sleep(5)
            return False
        lines: list[bytes] = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        if line == b"":
            return False
        self.server.received.append(Received(self.sender, self.recipient, b"".join(lines)))
        return self.say("dot")

    def went_well(self, step: str) -> bool:
        return str(self.server.answers.get(step, OK[step])).startswith("354")

    def say(self, step: str) -> bool:
        time.sleep(self.server.pauses.get(step, 0))
        return self.utter(self.server.answer(step))

    def utter(self, answer: Any) -> bool:
        if answer == DROP:
            return False
        if answer == SILENCE:
            time.sleep(5)
            return False
        if isinstance(answer, Drip):
            for character in answer.text:
                self.connection.sendall(character.encode())
                time.sleep(answer.every_seconds)
            answer = ""
        elif isinstance(answer, bytes):
            self.connection.sendall(answer)
            return True
        self.connection.sendall(f"{answer}\r\n".encode())
        return not str(answer).startswith("421")


@contextlib.contextmanager
def scripted(**options: Any) -> Iterator[ScriptedServer]:
    """A running scripted server."""
    server = ScriptedServer(**options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
