"""Inbox items are shown on the sandbox's page, where there is a sandbox; nobody waits for that."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from channels_app import mirror
from tests.channels_app.messages import make_message
from tests.channels_app.sandbox.process import SandboxProcess

ITEM = {"title": "Shipped", "body": "Soon there"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    running = SandboxProcess(tmp_path_factory.mktemp("mirror") / "state").start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _fresh(sandbox: SandboxProcess, settings: Settings) -> None:
    sandbox.clear()
    settings.SANDBOX_URL, settings.SANDBOX_LIVE = f"http://127.0.0.1:{sandbox.http_port}", False


def shown(sandbox: SandboxProcess, *, number: int) -> list[dict[str, Any]]:
    """The messages on the page, as soon as there are so many."""
    deadline = time.monotonic() + 10
    while len(found := sandbox.messages(channel="in_app")) < number and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(("mode", "live_too"), [("test", False), ("live", True)])
def test_an_item_is_shown_with_the_id_of_its_delivery(
    sandbox: SandboxProcess, settings: Settings, mode: str, live_too: bool
) -> None:
    settings.SANDBOX_LIVE = live_too
    message = make_message("in_app", mode=mode)

    mirror.show([message], [ITEM])

    (item,) = shown(sandbox, number=1)
    assert (item["channel"], item["provider"], item["subject"], item["text"]) == ("in_app", "inbox", *ITEM.values())
    assert (item["to"], item["delivery_id"]) == (message.recipient, str(message.delivery_id))


def test_live_items_are_shown_nowhere_unless_live_keys_lead_to_the_sandbox(sandbox: SandboxProcess) -> None:
    mirror.show([make_message("in_app", mode="live")], [ITEM])
    mirror.show([make_message("in_app", mode="test")], [ITEM | {"title": "later"}])

    assert [item["subject"] for item in shown(sandbox, number=1)] == ["later"]


def test_a_sandbox_that_is_gone_is_not_missed(settings: Settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:1"

    for _ in range(2 * mirror.MOST_WAITING):
        mirror.show([make_message("in_app", mode="test")], [ITEM])
