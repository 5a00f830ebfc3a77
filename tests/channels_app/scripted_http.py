"""An HTTP server that answers as it is told to, in a thread of its own: over real sockets, and also badly."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DROP, SILENCE = "drop", "silence"


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was read to its end. Names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Drip:
    """An answer of which one byte comes at a time."""

    data: bytes
    every_seconds: float = 0.05


def answer(status: int = 200, body: Any = b"", **headers: str) -> bytes:
    """A whole answer; anything but bytes becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Content-Length": str(len(data)), "Content-Type": "application/json"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


@dataclass(slots=True)
class ScriptedHttp:
    """`reply` gives what is answered to a request: bytes, a Drip, DROP or SILENCE."""

    reply: Callable[[Taken], Any]
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        assert self._listener is not None
        self._stop.set()
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

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as file:
            while (taken := _read(file)) is not None:
                self.taken.append(taken)
                if not self._utter(connection, self.reply(taken)):
                    return

    def _utter(self, connection: socket.socket, said: Any) -> bool:
        if said == DROP:
            return False
        if said == SILENCE:
            self._stop.wait(5)
            return False
        if isinstance(said, Drip):
            for byte in said.data:
                connection.sendall(bytes((byte,)))
                time.sleep(said.every_seconds)
            return False
        connection.sendall(said)
        return True


@contextlib.contextmanager
def scripted_http(reply: Callable[[Taken], Any]) -> Iterator[ScriptedHttp]:
    """A running scripted server."""
    server = ScriptedHttp(reply)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _read(file: Any) -> Taken | None:
    line = file.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (line := file.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = file.read(int(headers.get("content-length", 0)))
    return Taken(method, target, headers, body)
