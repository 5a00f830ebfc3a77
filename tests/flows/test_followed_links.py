"""A newsletter's link is followed: by a gateway that scans it, and by its reader. Only one of them counts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.rules.robots import READING
from tests.stack import Api, Sandbox, Stack
from tests.stack.running import wait_until
from tests.stack.talking import Answer, ask
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SHOP = "https://shop.example/autumn?from=mail"
PAGE = (
    f'<body><a href="{SHOP}">The autumn list</a> <a href="https://shop.example/imprint" data-notrack>Imprint</a></body>'
)


def letter(api: Api, reader: dict[str, Any], **tracking: bool) -> dict[str, Any]:
    """A newsletter of a type that asks for this tracking, on its way."""
    kind = "letter_" + "_".join(tracking)
    api.put(f"/types/{kind}", {"name": "Letter", "policy": {"tracking": tracking}})
    content = {"email": {"subject": "Autumn", "html": PAGE}, "sms": {"body": f"Autumn: {SHOP}&of=somebody-nice"}}
    channels = ["sms"] if tracking.get("shorten") else ["email"]
    return api.notify(type=kind, recipients=[reader], channels=channels, content={c: content[c] for c in channels})


def follow(stack: Stack, address: str, agent: str = READER) -> Answer:
    """Follow a tracked address of a message, as this program."""
    return ask(stack.api.url, "GET", address.removeprefix(stack.api.url), headers={"User-Agent": agent})


def read_a_while(delivery: dict[str, Any]) -> None:
    """Come back when somebody may have read the message."""
    readable = datetime.fromisoformat(delivery["sent_at"]) + READING + timedelta(milliseconds=50)
    wait_until(lambda: datetime.now(UTC) > readable, seconds=10, what=lambda: "time to read")


def engagement(api: Api, letter: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What the timeline tells of people and machines, as (kind, reason)."""
    return [(e["kind"], e["reason"]) for e in api.timeline(letter) if "receipt" in e["detail"]]


def test_a_reader_s_click_is_in_the_timeline_and_a_scanner_s_does_not_count(
    stack: Stack, api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    reader = someone()
    sent = letter(api, reader, clicks=True)
    ended(api, sent)
    delivery = delivery_that(api, sent, status="sent")
    (mail,) = sandbox.messages(to=reader["email"])
    (address,) = re.findall(r'href="([^"]+/t/[^"]+)"', mail["html"])
    assert mail["html"].strip() == PAGE.replace(SHOP, address)
    read_a_while(delivery)

    answers = [follow(stack, address, agent) for agent in ("Barracuda Sentinel (EE)", READER, READER)]
    delivery_that(api, sent, status="delivered")
    wait_until(lambda: len(engagement(api, sent)) == 2, seconds=30, what=lambda: str(api.timeline(sent)))

    assert {(answer.status, answer.headers["Location"]) for answer in answers} == {(302, SHOP)}
    assert engagement(api, sent) == [("delivery.reported", "automated"), ("delivery.clicked", None)]
    clicked = next(entry for entry in api.timeline(sent) if entry["kind"] == "delivery.clicked")
    assert (clicked["actor"], clicked["detail"]["link"], clicked["detail"]["host"]) == ("recipient", 1, "shop.example")


def test_an_opened_letter_says_so(stack: Stack, api: Api, sandbox: Sandbox, someone: Someone) -> None:
    reader = someone()
    sent = letter(api, reader, opens=True)
    ended(api, sent)
    delivery = delivery_that(api, sent, status="sent")
    (mail,) = sandbox.messages(to=reader["email"])
    (address,) = re.findall(r'<img src="([^"]+/o/[^"]+)"', mail["html"])
    read_a_while(delivery)

    answer = follow(stack, address)
    wait_until(lambda: engagement(api, sent) != [], seconds=30, what=lambda: str(api.timeline(sent)))

    assert (answer.status, answer.headers["Content-Type"], answer.body[:6]) == (200, "image/gif", b"GIF89a")
    assert engagement(api, sent) == [("delivery.opened", None)]


def test_a_text_message_carries_a_short_link(stack: Stack, api: Api, sandbox: Sandbox, someone: Someone) -> None:
    phone = "+33612700001"
    sent = letter(api, someone(phone=phone), shorten=True, clicks=True)
    delivery = delivery_that(api, sent, channel="sms", status="delivered")
    (message,) = sandbox.messages(to=phone)
    address = message["text"].removeprefix("Autumn: ")
    read_a_while(delivery)

    answer = follow(stack, address)
    wait_until(
        lambda: ("delivery.clicked", None) in engagement(api, sent), seconds=30, what=lambda: str(api.timeline(sent))
    )

    assert address.startswith(f"{stack.api.url}/t/")
    assert len(address) - len(f"{stack.api.url}/t/") == 11
    assert (answer.status, answer.headers["Location"]) == (302, f"{SHOP}&of=somebody-nice")
