"""A hook that keeps every call as it came."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

import pytest

from channels_app.values import HookRequest


class Listener:
    """`statuses` are answered one after the other, then 200."""

    def __init__(self) -> None:
        self.calls: list[HookRequest] = []
        self.statuses: list[int] = []
        self._changed = Condition()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(listener.take(HookRequest("POST", f"{listener.origin}{self.path}", headers, body)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.origin}/hooks/token"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, request: HookRequest) -> int:
        with self._changed:
            self.calls.append(request)
            self._changed.notify_all()
            return self.statuses.pop(0) if self.statuses else 200

    def wait_for(self, count: int) -> list[HookRequest]:
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.calls) >= count, timeout=20)
        assert came, f"{len(self.calls)} calls came"
        return list(self.calls)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()
