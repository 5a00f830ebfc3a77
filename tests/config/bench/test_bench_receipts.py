"""What the benchmark tells a hook is what the product believes a real provider."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from channels_app.contract import Forged, HookRequest
from channels_app.providers.sendgrid import SendGrid
from channels_app.values import Account
from config.bench.receipts import Reporter


def parsed(call: bytes) -> HookRequest:
    head, _, body = call.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    return HookRequest("POST", "http://bench/hooks/x", {name.lower(): value for name, _, value in lines}, body)


def hears(reporter: Reporter) -> SendGrid:
    config = SendGrid.configure(
        {"api_key": "k", "verification_key": reporter.verification_key, "sender": "shop@example.org"}
    )
    return SendGrid(Account("told", "sendgrid", "email", "live", config), timeout_seconds=1)


def test_every_delivery_is_reported_once_in_calls_of_so_many() -> None:
    reporter = Reporter()
    deliveries = [uuid4() for _ in range(25)]

    heard = [
        hears(reporter).hear(parsed(call), at=datetime.now(UTC))
        for call in reporter.calls("/hooks/x", deliveries, at_once=10)
    ]

    assert [len(one.receipts) for one in heard] == [10, 10, 5]
    receipts = [receipt for one in heard for receipt in one.receipts]
    assert [receipt.delivery_id for receipt in receipts] == deliveries
    assert {receipt.kind for receipt in receipts} == {"delivered"}
    assert len({receipt.event_id for receipt in receipts}) == 25
    assert receipts[0].provider_message_id == f"reported-{deliveries[0]}"


def test_the_length_of_a_call_is_told_truly() -> None:
    (call,) = Reporter().calls("/hooks/x", [uuid4()])

    request = parsed(call)

    assert int(request.headers["content-length"]) == len(request.body)
    assert len(json.loads(request.body)) == 1


def test_nobody_else_is_believed() -> None:
    (call,) = Reporter().calls("/hooks/x", [uuid4()])

    with pytest.raises(Forged):
        hears(Reporter()).hear(parsed(call), at=datetime.now(UTC))
