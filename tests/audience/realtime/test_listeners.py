"""Whose inbox is open, by the realtime process itself."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from audience import publish as publishing
from audience.publish import listeners
from audience.tokens import issue
from kernel.clock import now

PATIENCE_SECONDS = 10


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


@pytest.mark.parametrize("protocol", ["sse", "websocket"])
def test_an_inbox_is_open_from_its_first_word_until_it_is_closed(realtime, ana, protocol: str) -> None:
    token, other = issue(ana.tenant_id, ana.id, seconds=600, at=now()).text, uuid4()
    assert listeners([ana.id, other]) == frozenset()

    line = realtime.sse(token) if protocol == "sse" else realtime.websocket(token)
    line.next() if protocol == "sse" else line.recv(timeout=PATIENCE_SECONDS)
    second = realtime.websocket(token)
    second.recv(timeout=PATIENCE_SECONDS)

    assert listeners([other, ana.id]) == {ana.id}
    (line.answer if protocol == "sse" else line).close()
    assert listeners([ana.id]) == {ana.id}
    second.close()
    assert eventually(lambda: not listeners([ana.id]))


def test_nobody_is_asked_about_and_nobody_is_there_while_redis_is_out(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(publishing, "_line", publishing._Line())

    assert listeners([]) == frozenset()
    assert publishing._line.quiet_until == 0
    assert listeners([UUID(int=1)]) == frozenset()
    assert publishing._line.quiet_until > 0
