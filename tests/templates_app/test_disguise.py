"""Real data tells of nobody once it is disguised, and fits the same templates."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.rules.disguise import disguised


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("email", "ana.silva@example.org", "a•••@example.org"),
        ("whatever", "ana.silva@example.org", "a•••@example.org"),
        ("phone", "+351912345678", "+••••••••••••"),
        ("reach", "+351 912 345 678", "+35•••••••678"),
        ("reach", "0912 345 678 90", "•••• ••• ••• ••"),
        ("first_name", "Ana", "•••"),
        ("customerName", "ana", "•••"),
        ("who", "Ana Silva", "••• •••••"),
        ("who", "Ana", "•••"),
        ("iban", "PT50000201231234567890154", "•" * 25),
        ("reference", "PT50000201231234567890154", "•" * 25),
        ("verification_code", "123456", "••••••"),
        ("otp", 123456, 0),
        ("url", "https://shop.example/o/7?token=abc", "https://shop.example/…"),
        ("url", "https://ana:pw@shop.example", "https://shop.example"),
        ("birth_date", "1990-02-03", "••••-••-••"),
        ("message", "Call me", "•••• ••"),
        ("gift", "For Ana, with love!", "••• •••, •••• ••••!"),
        ("order_id", "A-1042", "A-1042"),
        ("order_id", "1042", "1042"),
        ("total", 99.5, 99.5),
        ("total", "€ 99.50", "€ 99.50"),
        ("currency", "EUR", "EUR"),
        ("status", "in_transit", "in_transit"),
        ("shipped_at", "2026-11-20T23:30:00Z", "2026-11-20T23:30:00Z"),
        ("total", "1 299,00 €", "1 299,00 €"),
        ("number", "912345678", "•••••••••"),
        ("percentage", 25, 25),
        ("shippingAddress", "A-1", "•-•"),
        ("paid", True, True),
        ("nothing", None, None),
        ("colour", "#8a4a06", "#8a4a06"),
    ],
)
def test_what_is_shown_of_a_value(key: str, value: Any, shown: Any) -> None:
    assert disguised({key: value}) == {key: shown}


def test_what_the_schema_lists_stays_wherever_it_stands() -> None:
    schema = {
        "properties": {
            "plan": {"enum": ["Gold", "Silver"]},
            "items": {"items": {"properties": {"size": {"enum": ["Large"]}}}},
        }
    }

    shown = disguised({"plan": "Gold", "items": [{"size": "Large", "label": "For Ana"}]}, schema)

    assert shown == {"plan": "Gold", "items": [{"size": "Large", "label": "••• •••"}]}


words = st.text(alphabet=string.ascii_letters + " ", min_size=5, max_size=30)
values = st.recursive(
    words | st.integers() | st.booleans() | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "name"]), below, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "name"]), values, max_size=3))
def test_the_shape_stays_and_no_word_does(data: dict[str, Any]) -> None:
    shown = disguised(data)

    assert _shape(shown) == _shape(data)
    assert not any(letter.isalpha() for text in _texts(shown) for letter in text if len(text) > 4)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value]
    return (type(value), len(value)) if isinstance(value, str) else type(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []
