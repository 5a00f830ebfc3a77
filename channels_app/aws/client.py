"""boto3 clients whose requests go through our own connections: no retries, one deadline per call.

boto3 builds and signs the request and reads the answer. Just before a request would go out it asks its listeners
whether one of them has the answer already (`before-send`): ours always has.
"""

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from channels_app.call import Call
from channels_app.wire.client import Client
from channels_app.wire.line import Answer


@dataclass(slots=True)
class Use:
    """The boto3 client as one call uses it, and what came back over the wire."""

    client: Any
    call: Call
    answer: Answer | None = None


_use: ContextVar[Use] = ContextVar("aws_use")


class AwsClient:
    """One service under one account. boto3's clients may be shared by threads; one is made at the first call."""

    def __init__(self, service: str, config: Mapping[str, Any]) -> None:
        self._service, self._config = service, config
        self._wire = Client()
        self._lock = threading.Lock()
        self._made: Any = None

    @contextmanager
    def within(self, call: Call) -> Iterator[Use]:
        """A use whose requests belong to `call`."""
        use = Use(self._client(), call)
        token = _use.set(use)
        try:
            yield use
        finally:
            _use.reset(token)

    def close(self) -> None:
        """End the idle connections."""
        self._wire.close()

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = made(self._service, self._config)
                self._made.meta.events.register("before-send", self._send)
            return self._made

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = request.body if isinstance(request.body, bytes) else _read(request.body)
        use = _use.get()
        use.answer = answer = self._wire.exchange(
            use.call, method=request.method, url=request.url, headers=headers, body=body
        )
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer))


def made(service: str, config: Mapping[str, Any]) -> Any:
    """A boto3 client. The first one of a process reads Amazon's models, a tenth of a second; others take a few ms."""
    library = botocore.session.Session()
    library.register_component("data_loader", _models())
    session = boto3.session.Session(
        aws_access_key_id=config["access_key_id"],
        aws_secret_access_key=config["secret_access_key"],
        aws_session_token=config["session_token"] or None,
        region_name=config["region"],
        botocore_session=library,
    )
    # https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html, 2026-11
    once = Config(retries={"total_max_attempts": 1, "mode": "standard"}, ignore_configured_endpoint_urls=True)
    return session.client(service, endpoint_url=config["base_url"] or None, config=once)


@lru_cache(maxsize=1)
def _models() -> Loader:
    return create_loader()


class _Raw(io.BytesIO):
    """A body as boto3 wants to read it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.getvalue()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _read(body: Any) -> bytes:
    if body is None:
        return b""
    found = body.encode() if isinstance(body, str) else body.read()
    return bytes(found)
