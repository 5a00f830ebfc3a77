"""Not this order, only above that price: what meets a condition, operator by operator."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.rules.conditions import conditions_in, unmet

SUBJECT = {"type": "stock_alert", "category": "market", "channel": "push"}


def refused(condition: dict[str, Any], data: dict[str, Any], **subject: str) -> bool:
    return unmet(conditions_in([condition]), data=data, **{**SUBJECT, **subject}) is not None


def meets(op: str, value: Any, found: Any) -> bool:
    return refused({"mute": {"path": "data.x", "op": op, "value": value}}, {"x": found})


OPERATORS = [
    pytest.param("==", "123", "123", True, id="the same text"),
    pytest.param("==", "123", 123, True, id="a number as it is written"),
    pytest.param("==", 123, "123", True, id="a text as it reads"),
    pytest.param("==", 1, 1.0, True, id="numbers by value"),
    pytest.param("==", "1", "1.0", False, id="texts by letter"),
    pytest.param("==", True, True, True, id="yes"),
    pytest.param("==", 1, True, False, id="yes is no number"),
    pytest.param("==", "True", True, False, id="nor a text"),
    pytest.param("==", "x", None, False, id="nothing is no text"),
    pytest.param("==", "x", ["x"], False, id="a list is no text"),
    pytest.param("!=", "a", "b", True, id="another"),
    pytest.param("!=", "a", "a", False, id="not another"),
    pytest.param("<", 5, 4, True, id="less"),
    pytest.param("<", 5, 5, False, id="not less"),
    pytest.param("<=", 5, 5, True, id="as much at most"),
    pytest.param(">", 5, "5.5", True, id="more, written as text"),
    pytest.param(">", 5, 5, False, id="not more"),
    pytest.param(">=", 5, 5, True, id="as much at least"),
    pytest.param(">=", 5, "much", False, id="no number"),
    pytest.param(">=", 5, True, False, id="yes is not at least five, nor less"),
    pytest.param(">=", 5, "nan", False, id="not a number at all"),
    pytest.param(">=", 5, "inf", False, id="nor infinity"),
    pytest.param("<", 5, 10**400, False, id="a number beyond measure"),
    pytest.param("in", ["a", 2], "2", True, id="one of them"),
    pytest.param("in", ["a", 2], "b", False, id="none of them"),
    pytest.param("contains", "red", ["blue", "red"], True, id="in a list"),
    pytest.param("contains", "red", "a red car", True, id="in a text"),
    pytest.param("contains", "red", {"red": 1}, False, id="not in an object"),
    pytest.param("contains", 1, "21", False, id="a number is not in a text"),
]


@pytest.mark.parametrize(("op", "value", "found", "expected"), OPERATORS)
def test_what_meets_a_test(op: str, value: Any, found: Any, expected: bool) -> None:
    assert meets(op, value, found) is expected


PATHS = [
    pytest.param("data.order.id", {"order": {"id": "7"}}, True, id="into an object"),
    pytest.param("data.items.1.id", {"items": [{"id": "6"}, {"id": "7"}]}, True, id="into a list"),
    pytest.param("data.items.2.id", {"items": [{"id": "7"}]}, False, id="beyond its end"),
    pytest.param("data.items.-1", {"items": ["7"]}, False, id="from its end"),
    pytest.param("data.items.id", {"items": [{"id": "7"}]}, False, id="a name in a list"),
    pytest.param("data.0", {"0": "7"}, True, id="a name that is a number"),
    pytest.param("data.order.id", {"order": "7"}, False, id="through a text"),
    pytest.param("data.order.id", {}, False, id="into nothing"),
]


@pytest.mark.parametrize(("path", "data", "expected"), PATHS)
def test_a_path_leads_through_objects_and_lists(path: str, data: dict[str, Any], expected: bool) -> None:
    assert refused({"mute": {"path": path, "equals": "7"}}, data) is expected


ABOUT = [
    pytest.param({}, {}, True, id="of everything"),
    pytest.param({"type": "stock_alert"}, {}, True, id="of this type"),
    pytest.param({"type": "news"}, {}, False, id="of another type"),
    pytest.param({"category": "market"}, {}, True, id="of this category"),
    pytest.param({"category": "market"}, {"category": ""}, False, id="of a category, where there is none"),
    pytest.param({"channel": "push", "type": "stock_alert"}, {}, True, id="of both"),
    pytest.param({"channel": "push", "type": "news"}, {}, False, id="of one of both"),
]


@pytest.mark.parametrize("form", ["mute", "only_if"])
@pytest.mark.parametrize(("about", "subject", "expected"), ABOUT)
def test_a_condition_speaks_of_nothing_else_than_it_names(
    form: str, about: dict[str, str], subject: dict[str, str], expected: bool
) -> None:
    found = 7 if form == "mute" else 8

    assert refused({form: {"path": "data.x", "equals": 7, **about}}, {"x": found}, **subject) is expected


def test_only_if_refuses_what_says_nothing_of_it_and_mute_does_not() -> None:
    only_above = {"path": "data.change", "op": ">=", "value": 5}

    assert refused({"only_if": only_above}, {}) is True
    assert refused({"only_if": only_above}, {"change": 5}) is False
    assert refused({"mute": only_above}, {}) is False


SCALARS = st.one_of(st.text(max_size=3), st.integers(-3, 3), st.floats(-3, 3), st.booleans())
ANYTHING = st.recursive(SCALARS | st.none(), lambda inner: st.lists(inner, max_size=2), max_leaves=4)
TESTS = st.one_of(
    st.fixed_dictionaries({"path": st.just("data.x"), "equals": SCALARS}),
    st.fixed_dictionaries({"path": st.just("data.x"), "op": st.sampled_from(["<", ">="]), "value": st.integers(-3, 3)}),
    st.fixed_dictionaries(
        {"path": st.just("data.x"), "op": st.just("in"), "value": st.lists(SCALARS, min_size=1, max_size=3)}
    ),
)


@given(TESTS, ANYTHING)
def test_mute_and_only_if_are_each_others_opposite_where_there_is_a_value(test: dict[str, Any], found: Any) -> None:
    assert refused({"mute": test}, {"x": found}) is not refused({"only_if": test}, {"x": found})


@given(st.lists(TESTS, max_size=4), ANYTHING, st.randoms(use_true_random=False))
def test_the_same_condition_is_named_in_whatever_order_they_come(tests: list[Any], found: Any, random: Any) -> None:
    conditions = conditions_in([{"mute": test} for test in tests])
    shuffled = random.sample(conditions, len(conditions))

    def named(ones: Any) -> Any:
        return unmet(ones, data={"x": found}, **SUBJECT)

    assert repr(named(conditions)) == repr(named(shuffled))
