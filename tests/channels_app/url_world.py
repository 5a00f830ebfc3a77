"""The outside of providers that POST to the address itself: a server of every mood behind one URL."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from channels_app.values import Account, Message
from tests.channels_app.messages import make_message
from tests.channels_app.worlds import Mood
from tests.kernel.http_server import Reply, Server, drip, say_nothing, serving


def answered(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A whole HTTP answer. Underscores in header names stand for hyphens."""
    lines = [f"HTTP/1.1 {status} Word", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body


def hang_up(line: socket.socket, _: bytes) -> None:
    """End the connection after the request was read."""


class UrlWorld:
    """A subclass names its provider and what a kind server answers."""

    moods = tuple(Mood)
    provider: ClassVar[str]
    channel: ClassVar[str]
    kind: ClassVar[str] = ""
    yes: ClassVar[Reply] = answered(200, b"ok")
    busy: ClassVar[Reply] = answered(429, Retry_After="42")

    def __init__(self, request: pytest.FixtureRequest) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.server = Server(b"")
        request.getfixturevalue("settings").EGRESS_ALLOW = (f"127.0.0.1:{self.port}",)

    def answers(self, mood: Mood) -> Reply:
        replies: dict[Mood, Reply] = {
            Mood.KIND: self.yes,
            Mood.GARBAGE: b"\xff\xfe<html>" * 50,
            Mood.SILENT: say_nothing,
            Mood.LOST: hang_up,
            Mood.BUSY: self.busy,
        }
        return replies.get(mood, drip)

    @contextmanager
    def enter(self, mood: Mood) -> Iterator[Account]:
        if mood is Mood.GONE:
            yield self.account()
            return
        with serving(self.answers(mood), port=self.port) as self.server:
            yield self.account()

    def account(self) -> Account:
        return Account(self.provider, self.provider, self.channel, "live")

    def message(self, **changes: Any) -> Message:
        mine = {"address": f"http://127.0.0.1:{self.port}/services/s3cret-word", "kind": self.kind}
        return make_message(self.channel, **mine | changes)

    def taken(self) -> list[str]:
        return [self.delivery_id(request) for request in self.server.requests]

    def delivery_id(self, request: bytes) -> str:
        raise NotImplementedError


def header_of(request: bytes, name: str) -> str:
    """A header of a request, "" without it."""
    for line in request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n"):
        found, _, value = line.partition(": ")
        if found.lower() == name:
            return value
    return ""


def body_of(request: bytes) -> bytes:
    """The body of a request."""
    return request.partition(b"\r\n\r\n")[2]
