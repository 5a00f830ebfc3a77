"""Rooms of Slack, Teams and Discord: what each is told, and what its words mean."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels_app.registry import providers
from channels_app.values import Account, Message, Refused, Retry, SendResult, Sent, Unknown
from kernel.clock import monotonic
from tests.channels_app.messages import make_message
from tests.channels_app.sandbox.process import SandboxProcess
from tests.channels_app.url_world import answered, body_of
from tests.kernel.http_server import OK, serving

ROOMS = {
    "slack": "slack/services/T0/B0/token",
    "teams": "teams/workflows/7f",
    "discord": "discord/api/webhooks/1/token",
}


def send(key: str, message: Message) -> SendResult:
    provider = providers.get(key)(Account(key, key, "chat", "live"), timeout_seconds=3)
    return provider.send([message], deadline=monotonic() + 3)[0]


def exchange(settings: Settings, key: str, answer: bytes = OK, **content: Any) -> tuple[SendResult, bytes]:
    with serving(answer) as server:
        settings.EGRESS_ALLOW = tuple(server.allow)
        message = make_message("chat", address=server.url, kind=key, content={"text": "Hello", **content})
        return send(key, message), server.requests[0]


def said(settings: Settings, key: str, **content: Any) -> Any:
    return json.loads(body_of(exchange(settings, key, **content)[1]))


# What is said


def test_slack_is_told_text_and_blocks(settings: Settings) -> None:
    blocks = [{"type": "divider"}]

    assert said(settings, "slack") == {"text": "Hello"}
    assert said(settings, "slack", blocks=blocks) == {"text": "Hello", "blocks": blocks}


def test_nobody_is_called_by_a_name(settings: Settings) -> None:
    assert said(settings, "slack", text="<!channel> & co") == {"text": "&lt;!channel&gt; &amp; co"}
    assert said(settings, "discord", text="@everyone")["allowed_mentions"] == {"parse": []}


def test_teams_is_given_a_card(settings: Settings) -> None:
    body = said(settings, "teams")

    card = body["attachments"][0]["content"]
    assert body["type"] == "message"
    assert card["body"] == [{"type": "TextBlock", "text": "Hello", "wrap": True}]
    assert (card["type"], card["fallbackText"]) == ("AdaptiveCard", "Hello")


def test_blocks_take_the_place_of_the_text_in_a_card(settings: Settings) -> None:
    blocks = [{"type": "TextBlock", "text": "Rich"}]

    assert said(settings, "teams", blocks=blocks)["attachments"][0]["content"]["body"] == blocks


def test_a_long_text_fits_into_an_embed_of_discord(settings: Settings) -> None:
    assert said(settings, "discord")["content"] == "Hello"

    body = said(settings, "discord", text="x" * 2001, blocks=[{"title": "More"}])
    assert body["embeds"] == [{"description": "x" * 2001}, {"title": "More"}]
    assert "content" not in body


def test_discord_is_asked_to_wait_and_its_thread_is_kept(settings: Settings) -> None:
    with serving(answered(200, b'{"id": "778"}')) as server:
        settings.EGRESS_ALLOW = tuple(server.allow)
        message = make_message(
            "chat", address=f"http://127.0.0.1:{server.port}/w?thread_id=9&wait=false", kind="discord"
        )
        result = send("discord", message)

    assert result == Sent("778", delivered=True)
    assert server.requests[0].startswith(b"POST /w?thread_id=9&wait=true HTTP/1.1")


# What the answers mean


def gone(code: str) -> Any:
    return lambda result: (
        isinstance(result, Refused)
        and (result.code, result.reason, result.address_gone) == (code, "invalid_address", True)
    )


def refused(code: str, reason: str = "provider_rejected") -> Any:
    return lambda result: (
        isinstance(result, Refused)
        and (result.code, result.reason, result.address_gone) == (code, reason, False)
        and not result.provider_fault
    )


def later(code: str, seconds: float | None = None) -> Any:
    after = None if seconds is None else timedelta(seconds=seconds)
    return lambda result: isinstance(result, Retry) and (result.code, result.after) == (code, after)


def unknown(code: str) -> Any:
    return lambda result: isinstance(result, Unknown) and result.code == code


def error(code: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": "no"}}).encode()


OLD_CONNECTOR = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ..."

MEANINGS = [
    ("slack", answered(404, b"no_service"), gone("no_service")),
    ("slack", answered(410, b"channel_is_archived"), gone("channel_is_archived")),
    ("slack", answered(403, b"invalid_token"), gone("invalid_token")),
    ("slack", answered(400, b"invalid_payload"), refused("invalid_payload", "render_error")),
    ("slack", answered(403, b"action_prohibited"), refused("action_prohibited")),
    ("slack", answered(429, b"", Retry_After="30"), later("rate_limited", 30)),
    ("slack", answered(500, b"rollup_error"), later("rollup_error")),
    ("slack", answered(502, b"<html>"), unknown("http_502")),
    ("slack", answered(302, Location="/"), refused("http_302")),
    ("teams", answered(202), lambda result: isinstance(result, Sent) and result.delivered),
    ("teams", answered(404, error("WorkflowNotFound")), gone("workflownotfound")),
    ("teams", answered(410), gone("http_410")),
    ("teams", answered(400, error("WorkflowTriggerIsNotEnabled")), refused("workflowtriggerisnotenabled")),
    ("teams", answered(400, error("InvalidRequestContent")), refused("invalidrequestcontent", "render_error")),
    ("teams", answered(200, OLD_CONNECTOR), later("rate_limited")),
    ("teams", answered(429, Retry_After="5"), later("rate_limited", 5)),
    ("discord", answered(204), lambda result: isinstance(result, Sent) and result.delivered),
    ("discord", answered(404, b'{"code": 10015, "message": "Unknown Webhook"}'), gone("10015")),
    ("discord", answered(401, b'{"code": 50027}'), gone("50027")),
    ("discord", answered(400, b'{"code": 50035}'), refused("50035", "render_error")),
    ("discord", answered(429, b'{"retry_after": 0.6}', Retry_After="0.6"), later("rate_limited", 0.6)),
]


@pytest.mark.parametrize(("key", "answer", "means"), MEANINGS)
def test_every_answer_has_its_meaning(settings: Settings, key: str, answer: bytes, means: Any) -> None:
    result, _ = exchange(settings, key, answer)

    assert means(result), result


@pytest.mark.parametrize("key", ROOMS)
def test_what_a_server_says_is_not_read_to_whoever_named_it(settings: Settings, key: str) -> None:
    inside = b'{"error": {"code": "", "message": "root:x:0:0"}, "message": "root:x:0:0"}'

    result, _ = exchange(settings, key, answered(400, inside))

    assert result == Refused("http_400", "400")


# Against the sandbox


@pytest.mark.parametrize("key", ROOMS)
def test_a_message_is_seen_in_the_sandbox(sandbox: SandboxProcess, settings: Settings, key: str) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{sandbox.http_port}",)
    message = make_message(
        "chat", address=f"http://127.0.0.1:{sandbox.http_port}/{ROOMS[key]}", kind=key, content={"text": "A <b> & c"}
    )

    assert send(key, message) == Sent(str(message.delivery_id), delivered=True)

    (shown,) = sandbox.messages(to=message.address)
    assert (shown["provider"], shown["text"], shown["delivery_id"]) == (key, "A <b> & c", str(message.delivery_id))


@pytest.mark.parametrize("key", ROOMS)
def test_the_sandbox_says_that_a_room_is_gone_as_the_product_does(
    sandbox: SandboxProcess, settings: Settings, key: str
) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{sandbox.http_port}",)
    sandbox.behave({"do": "error", "status": 404, "provider": key})
    message = make_message("chat", address=f"http://127.0.0.1:{sandbox.http_port}/{ROOMS[key]}", kind=key)

    result = send(key, message)

    assert isinstance(result, Refused)
    assert (result.reason, result.address_gone) == ("invalid_address", True)


@pytest.mark.parametrize("key", ROOMS)
def test_the_sandbox_asks_to_come_back_later(sandbox: SandboxProcess, settings: Settings, key: str) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{sandbox.http_port}",)
    sandbox.behave({"do": "throttle", "retry_after": 0.5, "provider": key})
    message = make_message("chat", address=f"http://127.0.0.1:{sandbox.http_port}/{ROOMS[key]}", kind=key)

    assert later("rate_limited", 0.5)(send(key, message))
