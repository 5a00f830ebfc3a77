"""What each channel makes of contents: as they were written, and as they are in the end."""

import base64
from typing import Any

import msgspec
import pytest

from channels_app.registry import channels
from tests.channels_app.messages import CONTENTS


def faults(channel: str, *, rendered: bool = False, **changes: Any) -> list[tuple[str, str]]:
    """Pointers and codes of what is wrong with the channel's good content after `changes`."""
    road = channels.get(channel)
    content = msgspec.convert(CONTENTS[channel] | changes, road.content)
    judge = road.validate_rendered if rendered else road.validate
    return [(fault.pointer, fault.code) for fault in judge(content)]


def attachment(**changes: Any) -> list[dict[str, Any]]:
    return [{"filename": "a.pdf", "content_type": "application/pdf", "content_base64": "aGk="} | changes]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": " "}, [("/subject", "required")]),
        ({"subject": "a\r\nBcc: eve@example.org"}, [("/subject", "control_character")]),
        ({"subject": "a\u2028b"}, [("/subject", "control_character")]),
        ({"preheader": "a\x00"}, [("/preheader", "control_character")]),
        ({"reply_to": "help@shop.example"}, []),
        ({"reply_to": "help"}, [("/reply_to", "invalid_email")]),
        (
            {"reply_to": "a@example.org\nBcc: b@example.org"},
            [("/reply_to", "control_character"), ("/reply_to", "invalid_email")],
        ),
        ({"reply_to": "{{ data.shop }}"}, []),
        ({"html": "", "text": ""}, [("", "body_missing")]),
        ({"html": "", "text": "only text"}, []),
        ({"text": "", "html": "<p>only html"}, []),
        ({"mjml": "<mjml></mjml>"}, [("/mjml", "not_supported")]),
        ({"attachments": attachment()}, []),
        ({"attachments": attachment(filename="a\r\nb")}, [("/attachments/0/filename", "control_character")]),
        ({"attachments": attachment(filename="../../etc/passwd")}, [("/attachments/0/filename", "invalid_filename")]),
        ({"attachments": attachment(filename="\U0001f600" * 60)}, [("/attachments/0/filename", "too_long")]),
        (
            {"attachments": attachment(content_type="text/html\r\nX: y")},
            [("/attachments/0/content_type", "invalid_content_type")],
        ),
        (
            {"attachments": attachment(content_type="multipart/mixed")},
            [("/attachments/0/content_type", "invalid_content_type")],
        ),
        ({"attachments": attachment(content_type="pdf")}, [("/attachments/0/content_type", "invalid_content_type")]),
        (
            {"attachments": attachment(content_base64="no base64!")},
            [("/attachments/0/content_base64", "invalid_base64")],
        ),
        ({"attachments": attachment(content_base64="")}, [("/attachments/0/content_base64", "required")]),
        ({"attachments": attachment(url="https://example.org/a.pdf")}, [("/attachments/0/url", "not_both")]),
        ({"attachments": attachment(url="https://example.org/a.pdf", content_base64="")}, []),
        (
            {"attachments": attachment(url="http://example.org/a.pdf", content_base64="")},
            [("/attachments/0/url", "invalid_url")],
        ),
        (
            {"attachments": attachment(content_base64=base64.b64encode(b"x" * 4_000_000).decode()) * 2},
            [("/attachments", "too_long")],
        ),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_an_email_as_it_was_written(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults("email", **changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": "{{ nothing }}"}, []),  # now a text like any other
        ({"subject": "  "}, [("/subject", "required")]),
        ({"subject": "x" * 901}, [("/subject", "too_long")]),
        ({"subject": "a\nb"}, [("/subject", "control_character")]),
        ({"reply_to": "{{ data.shop }}"}, [("/reply_to", "invalid_email")]),
        ({"html": " ", "text": "\n"}, [("", "body_missing")]),
    ],
)
def test_an_email_as_it_is_in_the_end(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults("email", rendered=True, **changes) == expected


@pytest.mark.parametrize(
    ("channel", "changes", "expected"),
    [
        ("sms", {"body": "x" * 1600}, []),
        ("sms", {"body": "x" * 1601}, [("/body", "too_long")]),
        ("sms", {"body": " "}, [("/body", "required")]),
        ("push", {"body": "x" * 4000}, [("", "too_long")]),
        ("push", {"data": {"a": "x" * 4000}}, [("", "too_long")]),
        ("push", {"collapse_key": "é" * 40}, [("/collapse_key", "too_long")]),
        ("push", {"url": "javascript:alert(1)"}, [("/url", "invalid_url")]),
        ("push", {"image": "//evil.example"}, [("/image", "invalid_url")]),
        ("push", {"actions": [{"title": "Open", "url": "ftp://x"}]}, [("/actions/0/url", "invalid_url")]),
        ("push", {"url": "/orders/123", "image": "https://example.org/a.png"}, []),
        ("web_push", {"url": "data:text/html,x"}, [("/url", "invalid_url")]),
        ("in_app", {"url": "https://example.org/a b"}, [("/url", "invalid_url")]),
        ("in_app", {"icon": "https://"}, [("/icon", "invalid_url")]),
        ("in_app", {"url": "/\\evil.example"}, [("/url", "invalid_url")]),
        ("in_app", {"url": "https://example.org/\nx"}, [("/url", "invalid_url")]),
        ("in_app", {"body": "x" * 20_001}, [("/body", "too_long")]),
        ("in_app", {"actions": [{"title": "Go", "icon": "JavaScript:x"}]}, [("/actions/0/icon", "invalid_url")]),
        ("webhook", {"body": "x" * 300_000}, [("/body", "too_long")]),
        ("webhook", {"body": None}, []),
        ("chat", {"text": "x" * 4001}, [("/text", "too_long")]),
        ("chat", {"blocks": ["x" * 30_000]}, [("/blocks", "too_long")]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_other_channels_in_the_end(channel: str, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(channel, rendered=True, **changes) == expected


@pytest.mark.parametrize(
    ("channel", "changes"),
    [
        ("push", {"url": "{{ link }}"}),
        ("in_app", {"url": "https://example.org/{{ path }}", "icon": "{{ icon }}"}),
        ("in_app", {"actions": [{"title": "Go", "url": "{% if a %}https://a.example{% endif %}"}]}),
        ("sms", {"body": "{{ x }}" * 2000}),
    ],
)
def test_what_is_still_to_be_filled_in_is_judged_later(channel: str, changes: dict[str, Any]) -> None:
    assert faults(channel, **changes) == []


@pytest.mark.parametrize(
    ("channel", "changes"),
    [
        ("push", {"ttl_seconds": -1}),
        ("push", {"ttl_seconds": 2_419_201}),
        ("push", {"actions": [{}]}),
        ("sms", {"body": 5}),
    ],
)
def test_shapes_are_judged_while_decoding(channel: str, changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        faults(channel, **changes)
