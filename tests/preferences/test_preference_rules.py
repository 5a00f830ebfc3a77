"""Who hears of what, and where: the most specific word counts."""

from typing import Any

import pytest

from preferences.rules import Wishes, judged, wishes_in

OFF = "preference_off"


def code(wishes: Wishes, **subject: str) -> str | None:
    refusal = judged(wishes, **subject)
    return refusal and refusal.code


CASES = [
    pytest.param({}, None, id="nothing said is a yes"),
    pytest.param({"channels": {"sms": False}}, OFF, id="the channel is refused"),
    pytest.param({"channels": {"email": False}}, None, id="another channel is refused"),
    pytest.param({"categories": {"marketing": {"sms": False}}}, OFF, id="the category is refused on the channel"),
    pytest.param(
        {"categories": {"marketing": {"email": False}}}, None, id="the category is refused on another channel"
    ),
    pytest.param({"categories": {"marketing": False}}, OFF, id="the category is refused everywhere"),
    pytest.param({"categories": {"news": False}}, None, id="another category is refused"),
    pytest.param({"types": {"sale": {"sms": False}}}, OFF, id="the type is refused on the channel"),
    pytest.param({"types": {"sale": False}}, OFF, id="the type is refused everywhere"),
    pytest.param({"types": {"order": False}}, None, id="another type is refused"),
    pytest.param(
        {"channels": {"sms": False}, "categories": {"marketing": {"sms": True}}}, None, id="category beats channel: yes"
    ),
    pytest.param(
        {"channels": {"sms": True}, "categories": {"marketing": {"sms": False}}}, OFF, id="category beats channel: no"
    ),
    pytest.param(
        {"categories": {"marketing": False}, "types": {"sale": {"sms": True}}}, None, id="type beats category: yes"
    ),
    pytest.param(
        {"categories": {"marketing": True}, "types": {"sale": {"sms": False}}}, OFF, id="type beats category: no"
    ),
    pytest.param({"channels": {"sms": False}, "types": {"sale": True}}, None, id="type beats channel"),
    pytest.param(
        {"categories": {"marketing": False}, "types": {"sale": {"email": True}}},
        OFF,
        id="a type that says nothing of this channel leaves it to the category",
    ),
]


@pytest.mark.parametrize(("document", "expected"), CASES)
def test_a_sale_of_the_category_marketing_by_sms(document: dict[str, Any], expected: str | None) -> None:
    assert code(wishes_in(document), channel="sms", category="marketing", type="sale") == expected


SECURITY = [
    pytest.param({"channels": {"sms": False}}, id="not by the channel"),
    pytest.param({"categories": {"security": False}}, id="not by the category"),
    pytest.param({"types": {"alert": {"sms": False}}}, id="not by the type"),
]


@pytest.mark.parametrize("document", SECURITY)
def test_security_cannot_be_switched_off(document: dict[str, Any]) -> None:
    assert code(wishes_in(document), channel="sms", category="security", type="alert") is None


def test_what_has_neither_category_nor_type_is_left_to_the_channel() -> None:
    wishes = wishes_in({"channels": {"sms": False}, "categories": {"": False}})

    assert code(Wishes(), channel="sms") is None
    assert code(wishes_in({"channels": {"sms": False}}), channel="sms") == OFF
    assert code(wishes, channel="sms") == OFF
