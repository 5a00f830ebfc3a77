"""A server that speaks HTTP/2 over TLS, as much of it as APNs needs: requests with a body, answers that misbehave."""

import asyncio
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from channels_app.sandbox.push_identities import pem, server_certificate


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read to its end. Names of headers are in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or none: `drops` ends the connection instead. `drip_seconds` lie between two bytes of it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drops: bool = False
    drip_seconds: float | None = None


Serve = Callable[[Request], Awaitable[Answer]]


class Http2Server:
    """Listens with a certificate of the sandbox's authority."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._open: set[_Connection] = set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and tell where. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._serve, self._open), host, port, ssl=_context(), backlog=1024
        )
        found = self._server.sockets[0].getsockname()
        return str(found[0]), int(found[1])

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        self._server.close()
        for connection in tuple(self._open):
            connection.abort()
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(self, serve: Serve, everybody: "set[_Connection]") -> None:
        self._serve, self._everybody = serve, everybody
        self._talk = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._line: asyncio.Transport | None = None
        self._turn = asyncio.Lock()  # whoever drips holds it: frames must not mix

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._line = transport
        self._everybody.add(self)
        self._talk.initiate_connection()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._everybody.discard(self)
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._talk.receive_data(data)
        except ProtocolError:
            self._flush()
            self.abort()
            return
        for event in events:
            match event:
                case RequestReceived():
                    self._requests[event.stream_id] = dict(event.headers), bytearray()  # type: ignore[arg-type]
                case DataReceived():
                    self._requests[event.stream_id][1].extend(event.data)
                    self._talk.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded():
                    self._begin(event.stream_id)
                case StreamReset():
                    self._requests.pop(event.stream_id, None)
                case ConnectionTerminated():
                    self.abort()
        self._flush()

    def abort(self) -> None:
        """End the connection at once."""
        if self._line is not None:
            self._line.abort()

    def _begin(self, stream: int) -> None:
        headers, body = self._requests.pop(stream)
        task = asyncio.get_running_loop().create_task(self._answer(stream, Request(headers, bytes(body))))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, stream: int, request: Request) -> None:
        answer = await self._serve(request)
        if answer.drops:
            self.abort()
            return
        async with self._turn:
            headers = [(":status", str(answer.status)), *answer.headers.items()]
            try:
                self._talk.send_headers(stream, headers, end_stream=not answer.body)
                if answer.body:
                    self._talk.send_data(stream, answer.body, end_stream=True)
            except ProtocolError:
                return  # the client has given up this request
            await self._drip(answer.drip_seconds)
        self._flush()

    async def _drip(self, every: float | None) -> None:
        if every is None or self._line is None:
            return
        for byte in self._talk.data_to_send():
            self._line.write(bytes((byte,)))
            await asyncio.sleep(every)

    def _flush(self) -> None:
        if self._line is not None and not self._turn.locked():
            self._line.write(self._talk.data_to_send())


def _context() -> ssl.SSLContext:
    """TLS with a key that lives as long as this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "chain.pem"
        chain.write_text(pem(key) + server_certificate(key))
        context.load_cert_chain(chain)
    return context
