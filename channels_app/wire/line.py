"""One HTTP/1.1 connection to a provider, which ends at the deadline of the call that uses it.

The time-out of a socket starts again at every byte, so an answer that drips could hold a thread for ever. Here every
single read and write is given only what is left until the deadline.
"""

import contextlib
import select
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

import h11

from channels_app.call import Call
from kernel.clock import monotonic

PIECE_BYTES = 16 * 1024  # one TLS record: an incomplete one never reaches the server's eyes
HEAD_BYTES = 64 * 1024
BODY_BYTES = 4 * 1024 * 1024  # of an answer; what providers say about a message is a few kilobytes


class BadAnswer(OSError):
    """Something answered, and it was not HTTP, or it had no end."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a connection leads to."""

    secure: bool
    host: str
    port: int

    @property
    def authority(self) -> str:
        """As it stands in `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The last header of this (lower case) name, or "" without one."""
        return next((value for found, value in reversed(self.headers) if found == name), "")


class Line:
    """A connection that stands. One call at a time uses it."""

    def __init__(self, origin: Origin, *, call: Call, tls: ssl.SSLContext) -> None:
        """Connect, with TLS where the origin wants it. Raises OSError, or TimeoutError at the deadline of the call."""
        self.origin = origin
        self._call = call
        self._socket = self._connect(tls)
        self._talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self.used_at = monotonic()

    def exchange(self, request: h11.Request, body: bytes, *, call: Call) -> Answer:
        """Send a request and return the answer.

        `call` knows when this raises whether the request may have been understood: half of one never is. Raises
        BadAnswer, ConnectionError, or TimeoutError at the deadline.
        """
        self._call = call
        try:
            return self._read(whole=self._write(request, body))
        except h11.RemoteProtocolError:
            raise BadAnswer("what came back is not HTTP, or too much of it") from None
        finally:
            self.used_at = monotonic()

    def is_alive(self) -> bool:
        """Whether the server has neither hung up nor said anything unasked. Costs no round trip."""
        if (self._talk.our_state, self._talk.their_state) != (h11.IDLE, h11.IDLE):
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLHUP | select.POLLERR)
        return not poll.poll(0)

    def close(self) -> None:
        """End the connection at once."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _connect(self, tls: ssl.SSLContext) -> socket.socket:
        trouble: OSError | None = None
        places = socket.getaddrinfo(self.origin.host, self.origin.port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in places:
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(self._call.remaining())
                line.connect(address)
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.origin.secure:
                    line.settimeout(self._call.remaining())
                    return tls.wrap_socket(line, server_hostname=self.origin.host)
            except OSError as found:
                line.close()
                trouble = found
                continue
            return line
        raise trouble or OSError("the provider's name has no address")

    def _write(self, request: h11.Request, body: bytes) -> bool:
        """Write all of it; `False` when the server hung up before that. It may still have said why."""
        head = self._talk.send(request) or b""
        data = memoryview(head + (self._talk.send(h11.Data(data=body)) or b"" if body else b""))
        self._talk.send(h11.EndOfMessage())
        sent = 0
        try:
            while sent < len(data):
                self._socket.settimeout(self._call.remaining())
                sent += self._socket.send(data[sent : sent + PIECE_BYTES])
        except (BrokenPipeError, ConnectionResetError):
            return False
        except OSError:
            self._call.nothing_went_out()  # the last piece was not handed over
            raise
        return True

    def _read(self, *, whole: bool) -> Answer:
        try:
            return self._answer()
        except OSError:
            if not whole:
                self._call.nothing_went_out()
            raise

    def _answer(self) -> Answer:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            match self._talk.next_event():
                case h11.NEED_DATA:
                    self._socket.settimeout(self._call.remaining())
                    data = self._socket.recv(PIECE_BYTES)
                    if not data and head is None:
                        raise ConnectionResetError("the connection ended without an answer")
                    self._talk.receive_data(data)
                case h11.Response() as head:
                    pass
                case h11.Data() as piece:
                    body += piece.data
                    if len(body) > BODY_BYTES:
                        raise BadAnswer("the answer has no end")
                case h11.EndOfMessage():
                    break
                case h11.ConnectionClosed() | h11.PAUSED:
                    raise ConnectionResetError("the connection ended without an answer")
        assert head is not None
        if self._talk.our_state is h11.DONE and self._talk.their_state is h11.DONE:
            self._talk.start_next_cycle()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        return Answer(head.status_code, head.reason.decode("latin-1"), headers, bytes(body))
