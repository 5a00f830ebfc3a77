"""Calls to providers over connections that stay open between messages; the only way their libraries get out."""

import os
import ssl
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import h11

from channels_app.call import Call
from channels_app.wire.line import Answer, Line, Origin
from kernel.clock import monotonic

IDLE_SECONDS = 20.0  # load balancers close idle connections after a minute: AWS ALB 60 s, nginx 75 s (their defaults)
OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect"})


class Client:
    """Idle connections by origin, last used first. Threads share one; how many are open is up to who calls."""

    def __init__(self) -> None:
        """Opens nothing yet."""
        self._idle: dict[Origin, deque[Line]] = {}
        self._lock = threading.Lock()

    def exchange(self, call: Call, *, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Call a provider once: no redirect is followed, nothing is tried again.

        Raises BadAnswer, OSError, TimeoutError, or ValueError for a URL or header that cannot be sent; `call` knows
        then whether the request may have arrived.
        """
        origin, request = _prepared(method, url, headers=headers, size=len(body))
        with call.before_bytes():
            call.remaining()
            line = self._take(origin) or Line(origin, call=call, tls=_system.context())
        try:
            answer = line.exchange(request, body, call=call)
        except BaseException:
            line.close()
            raise
        self._give_back(line)
        return answer

    def close(self) -> None:
        """End every idle connection."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for line in (line for lines in idle.values() for line in lines):
            line.close()

    def _take(self, origin: Origin) -> Line | None:
        while True:
            with self._lock:
                lines = self._idle.get(origin)
                if not lines:
                    return None
                line = lines.pop()
            if monotonic() - line.used_at < IDLE_SECONDS and line.is_alive():
                return line
            line.close()

    def _give_back(self, line: Line) -> None:
        if not line.is_alive():
            line.close()
            return
        with self._lock:
            self._idle.setdefault(line.origin, deque()).append(line)


def _prepared(method: str, url: str, *, headers: Mapping[str, str], size: int) -> tuple[Origin, h11.Request]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the URL of a provider is http or https")
    origin = Origin(secure, parts.hostname, parts.port or (443 if secure else 80))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    every = [("Host", origin.authority), ("Accept-Encoding", "identity"), *_theirs(headers)]
    if size or method in ("POST", "PUT", "PATCH"):
        every.append(("Content-Length", str(size)))
    try:
        return origin, h11.Request(method=method, target=target, headers=every)
    except h11.LocalProtocolError:
        raise ValueError("a header has characters that cannot be sent") from None


def _theirs(headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in headers.items() if name.lower() not in OURS)


class _System:
    """The authorities of the system: reading them takes milliseconds, so it is done once per process."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None
        self.renew_lock()

    def renew_lock(self) -> None:
        self._lock = threading.Lock()

    def context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context()
            return self._context


_system = _System()
os.register_at_fork(after_in_child=_system.renew_lock)
