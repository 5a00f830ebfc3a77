"""aioapns in an event loop of its own, called from threads: nothing is tried again, and one answer belongs to one call.

aioapns 4.0 sends up to five times when a connection ends after a message was written, makes a new provider token for
every connection (Apple refuses more than one in 20 minutes), and lets a request that was given up end the connection
of all others; here it composes the requests and speaks HTTP/2, and the rest is ours.
"""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from aioapns.common import NotificationRequest, NotificationResult
from aioapns.connection import (
    APNsBaseClientProtocol,
    APNsTLSClientProtocol,
    AuthorizationHeaderProvider,
    JWTAuthorizationHeaderProvider,
)

from channels_app.call import Call

T = TypeVar("T")

log = logging.getLogger(__name__)


class Server:
    """Where APNs is, and how we are known there."""

    def __init__(self, host: str, port: int, *, name: str, tls: ssl.SSLContext) -> None:
        self.host, self.port, self.name, self.tls = host, port, name, tls


class Signer(AuthorizationHeaderProvider):
    """Provider tokens of one key, renewed every half hour."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.renew()

    def renew(self) -> None:
        """Sign a new token for the next request: Apple calls the last one expired."""
        config = self._config
        self._provider = JWTAuthorizationHeaderProvider(config["key"], config["key_id"], config["team_id"])

    def get_header(self) -> str:
        """The authorization header; aioapns asks for it by this name."""
        return str(self._provider.get_header())  # type: ignore[no-untyped-call]


class Line(APNsTLSClientProtocol):
    """One connection. An answer to a request that nobody waits for any more is dropped."""

    def __init__(
        self, server: Server, topic: str, signer: Signer, lost: Callable[[APNsBaseClientProtocol], None]
    ) -> None:
        self.APNS_SERVER, self.APNS_PORT = server.host, server.port
        self.after: dict[str, str] = {}  # the Retry-After of an answer, by message
        super().__init__(topic, asyncio.get_running_loop(), lost, signer)  # type: ignore[arg-type]

    @property
    def is_usable(self) -> bool:
        return self.transport is not None and not self.transport.is_closing() and not self.is_busy

    async def send(self, request: NotificationRequest) -> tuple[NotificationResult, str]:
        """Send and wait. The second part is the answer's Retry-After."""
        try:
            result = await self.send_notification(request)
            return result, self.after.get(request.notification_id, "")
        finally:
            self.requests.pop(request.notification_id, None)
            self.after.pop(request.notification_id, None)

    def on_response_received(self, headers: dict[bytes, bytes]) -> None:
        """Keep what aioapns throws away."""
        id = headers.get(b"apns-id", b"").decode()
        if id in self.requests and b"retry-after" in headers:
            self.after[id] = headers[b"retry-after"].decode("latin-1")
        super().on_response_received(headers)

    def on_stream_ended(self, stream_id: int) -> None:
        """A refusal without a body is an answer, too."""
        super().on_stream_ended(stream_id)
        id = self.request_streams.pop(stream_id, "")
        status, waiting = self.request_statuses.pop(id, None), self.requests.pop(id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(NotificationResult(id, status or "0"))


class Lines:
    """The connections to one server. Used in its event loop alone."""

    def __init__(self, topic: str, signer: Signer) -> None:
        self._topic, self._signer = topic, signer
        self._lines: list[Line] = []
        self._opening = asyncio.Lock()

    @property
    def usable(self) -> Line | None:
        return next((line for line in self._lines if line.is_usable), None)

    async def send(self, request: NotificationRequest, *, server: Server, call: Call) -> tuple[NotificationResult, str]:
        """Send over a connection that stands or a new one. Raises aioapns' ConnectionClosed, OSError or Abandoned."""
        line = self.usable or await self._open(server)
        call.bytes_follow()
        return await line.send(request)

    def close(self) -> None:
        """End every connection."""
        for line in tuple(self._lines):
            line.close()

    async def _open(self, server: Server) -> Line:
        async with self._opening:
            if line := self.usable:
                return line
            loop = asyncio.get_running_loop()
            _, line = await loop.create_connection(
                lambda: Line(server, self._topic, self._signer, self._forget),
                server.host,
                server.port,
                ssl=server.tls,
                server_hostname=server.name,
            )
            self._lines.append(line)
            return line

    def _forget(self, line: APNsBaseClientProtocol) -> None:
        self._lines = [other for other in self._lines if other is not line]


class LoopThread:
    """An event loop in a thread that starts with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """The result of `work`, which is cancelled when it takes longer. Raises TimeoutError then."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result(timeout=seconds)
        except TimeoutError:
            future.cancel()
            raise

    def close(self, *, last: Callable[[], None]) -> None:
        """Do one last thing in the loop and end it. It may be used again."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(last)
        loop.call_soon_threadsafe(loop.call_later, 0.05, loop.stop)  # what was closed says so on its way out
        thread.join(timeout=2)
        if not thread.is_alive():
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_exception_handler(_note)
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            return self._loop


def _note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Trouble of a connection reaches the calls that wait for it; only its kind is worth a line."""
    log.debug("apns.connection_broke", extra={"kind": type(context.get("exception")).__name__})
