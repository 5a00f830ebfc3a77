"""A client of the API that keeps its connection, for what is not measured by the thousand."""

import json
import time
from http.client import HTTPConnection
from typing import Any

from config.bench.values import Trouble
from deploy.local.ports import HOST

TIMEOUT_SECONDS = 120.0
IDLE_SECONDS = 2.0  # the server hangs up after five
PAGE = 1000  # people in one request


class Api:
    """Carillon's API as the owner of one key sees it; paths begin below `/api/v1`."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
        self._used_at = 0.0
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that has to be a success. Raises `Trouble`."""
        content = None if body is None else json.dumps(body).encode()
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self._connection.close()
        try:
            self._connection.request(method, f"/api/v1{path}", body=content, headers=self._headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except OSError as trouble:
            self._connection.close()
            raise Trouble(f"{method} {path}: {type(trouble).__name__}") from trouble
        self._used_at = time.monotonic()
        if not 200 <= answer.status < 300:
            raise Trouble(f"{method} {path} was answered {answer.status}: {said[:300].decode(errors='replace')}")
        return json.loads(said) if said else None
