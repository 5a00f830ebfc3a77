"""A TCP server that answers every connection as its script says, with or without TLS."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


Reply = bytes | Callable[[socket.socket, bytes], None]


@dataclass
class Server:
    """What it heard, and where it is. `answer` may take the connection and the request in hand itself."""

    answer: Reply
    context: ssl.SSLContext | None = None
    reads: bool = True  # False: it answers without having heard anything
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def allow(self) -> frozenset[str]:
        return frozenset({f"127.0.0.1:{self.port}"})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            if self.context is not None:
                line = self.context.wrap_socket(line, server_side=True)
            request = read_request(line) if self.reads else b""
            self.requests.append(request)
            if callable(self.answer):
                self.answer(line, request)
            else:
                line.sendall(self.answer)
            line.close()


@contextmanager
def serving(
    answer: Reply = OK, *, port: int = 0, context: ssl.SSLContext | None = None, reads: bool = True
) -> Iterator[Server]:
    """A running server."""
    server = Server(answer, context, reads)
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        server.port = listener.getsockname()[1]
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def read_request(line: socket.socket) -> bytes:
    """One request with a Content-Length or without a body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(field[15:]) for field in head.split(b"\r\n") if field.lower().startswith(b"content-length:")]
    while lengths and len(body) < lengths[0]:
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body


def drip(line: socket.socket, _: bytes) -> None:
    """An answer of which one byte comes at a time, for ever."""
    with suppress(OSError):
        line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            line.sendall(b"x")
            time.sleep(0.02)


def say_nothing(line: socket.socket, _: bytes) -> None:
    """Keep the connection open until the other side ends it."""
    with suppress(OSError):
        line.settimeout(10)
        line.recv(1)
