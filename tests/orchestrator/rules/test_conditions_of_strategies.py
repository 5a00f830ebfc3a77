"""Conditions of strategies: what holds when, and what is refused where."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.conditions import (
    ACTIVITY,
    about_people,
    condition_faults,
    facts_of,
    holds,
    longest_activity,
    met,
)

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
FACTS = facts_of(
    data={"total": 100, "paid": True, "items": [{"sku": "a"}, {"sku": "b"}], "note": None, "tags": ["new", "vip"]},
    meets=(),
    urgency="high",
    at=AT,
    timezone="Asia/Kolkata",  # 17:30 there
)


def asks(path: str, op: str, value: Any) -> dict[str, Any]:
    return {"path": path, "op": op, "value": value}


HOLDS = [
    pytest.param(None, True, id="no condition"),
    pytest.param(asks("data.total", ">=", 100), True, id="as much"),
    pytest.param(asks("data.total", ">", 100), False, id="not more"),
    pytest.param(asks("data.total", "<", "200"), False, id="a number is not compared with a word"),
    pytest.param(asks("data.total", "==", 100.0), True, id="numbers by value"),
    pytest.param(asks("data.paid", "==", 1), False, id="true is no number"),
    pytest.param(asks("data.total", "!=", 5), True, id="another number"),
    pytest.param(asks("data.nothing", "!=", 5), False, id="what is not there fulfils nothing"),
    pytest.param(asks("data.nothing", "not_in", [5]), False, id="not even not being among"),
    pytest.param(asks("data.nothing", "exists", False), True, id="but not to be there"),
    pytest.param(asks("data.note", "exists", True), True, id="null is there"),
    pytest.param(asks("data.note", "==", None), True, id="and is null"),
    pytest.param(asks("data.items.1.sku", "==", "b"), True, id="into a list by position"),
    pytest.param(asks("data.items.2.sku", "exists", True), False, id="beyond the list"),
    pytest.param(asks("data.total.more", "exists", True), False, id="into a number"),
    pytest.param(asks("data.tags", "contains", "vip"), True, id="a list that holds it"),
    pytest.param(asks("recipient.locale", "contains", "de"), True, id="a text that holds it"),
    pytest.param(asks("recipient.attributes.plan", "in", ["gold", "platinum"]), True, id="among"),
    pytest.param(asks("recipient.attributes.plan", "==", "silver"), False, id="another one"),
    pytest.param(asks("recipient.attributes.nothing", "!=", "silver"), False, id="nothing said of it"),
    pytest.param(asks("recipient.attributes.nothing", "exists", False), True, id="which can be asked"),
    pytest.param({"not": asks("recipient.locale", "==", "fr")}, True, id="not theirs"),
    pytest.param(asks("recipient.activity", "active_within", 5), True, id="active as long ago"),
    pytest.param(asks("recipient.activity", "active_within", 4), False, id="active longer ago"),
    pytest.param(asks("priority", ">=", "medium"), True, id="at least as urgent"),
    pytest.param(asks("priority", ">=", "critical"), False, id="less urgent"),
    pytest.param(asks("priority", "in", ["high"]), True, id="of this urgency"),
    pytest.param(asks("time", "between", ["17:30", "18:00"]), True, id="the first minute is in"),
    pytest.param(asks("time", "between", ["08:00", "17:30"]), False, id="the last one is not"),
    pytest.param(asks("time", "between", ["22:00", "18:00"]), True, id="over midnight"),
    pytest.param(asks("time", "<", "17:31"), True, id="earlier on their clock"),
    pytest.param(asks("weekday", "==", "fri"), True, id="their day"),
    pytest.param({"all": [asks("data.paid", "==", True), asks("data.total", "<", 5)]}, False, id="all"),
    pytest.param({"any": [asks("data.paid", "==", False), asks("data.total", ">", 5)]}, True, id="any"),
    pytest.param({"not": asks("data.total", ">", 5)}, False, id="not"),
]


@pytest.mark.parametrize(("condition", "expected"), HOLDS)
def test_when_a_condition_holds(condition: dict[str, Any] | None, expected: bool) -> None:
    meets = met(about_people(condition), recipient={"locale": "de-AT", "attributes": {"plan": "gold"}, "activity": 5.0})

    assert holds(condition, FACTS | {"meets": meets}) is expected
    assert condition is None or list(condition_faults(condition)) == []


REFUSED = [
    pytest.param("data.total > 5", "", "bad_condition", id="prose"),
    pytest.param({}, "", "bad_condition", id="empty"),
    pytest.param(asks("total", ">", 5), "/path", "unknown_path", id="a path from nowhere"),
    pytest.param(asks("data", "exists", True), "/path", "unknown_path", id="all of the data"),
    pytest.param(asks("data.a..b", "exists", True), "/path", "unknown_path", id="a hole in the path"),
    pytest.param(asks("data.a", "=~", "x"), "/op", "unknown_op", id="unknown op"),
    pytest.param({"path": "data.a", "op": "=="}, "/value", "bad_value", id="no value"),
    pytest.param(asks("data.a", ">", None), "/value", "bad_value", id="more than nothing"),
    pytest.param(asks("data.a", "in", "abc"), "/value", "bad_value", id="among a word"),
    pytest.param(asks("data.a", "between", [1, "b"]), "/value", "bad_value", id="between a number and a word"),
    pytest.param(asks("data.a", "exists", "yes"), "/value", "bad_value", id="exists yes"),
    pytest.param(asks("priority", "==", "urgent"), "/value", "bad_value", id="no urgency"),
    pytest.param(asks("time", "between", ["8", "20:00"]), "/value", "bad_value", id="no time of day"),
    pytest.param(asks("weekday", "in", ["mon", "funday"]), "/value", "bad_value", id="no weekday"),
    pytest.param({**asks("data.a", "==", True), "unless": 1}, "/unless", "unknown_field", id="unknown field"),
    pytest.param(asks("recipient.activity", ">", 5), "/op", "unknown_op", id="activity is asked for in one way"),
    pytest.param(asks("recipient.activity", "exists", True), "/op", "unknown_op", id="not whether there was any"),
    pytest.param(asks("data.a", "active_within", 5), "/op", "unknown_op", id="active data"),
    pytest.param(asks("recipient.activity", "active_within", 0), "/value", "bad_value", id="within no time"),
    pytest.param(asks("recipient.activity", "active_within", 10_081), "/value", "bad_value", id="beyond a week"),
    pytest.param(asks("recipient.activity", "active_within", 1.5), "/value", "bad_value", id="parts of minutes"),
    pytest.param(asks("recipient.activity", "active_within", True), "/value", "bad_value", id="true minutes"),
    pytest.param({"path": "recipient.activity", "op": "active_within"}, "/value", "bad_value", id="within what"),
    pytest.param({"all": []}, "/all", "required", id="all of none"),
    pytest.param(
        {"any": [asks("data.a", "==", True), {"not": asks("x", "exists", True)}]},
        "/any/1/not/path", "unknown_path", id="deep inside",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "pointer", "code"), REFUSED)
def test_a_condition_that_will_not_do_is_refused_where_it_is_wrong(condition: Any, pointer: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in condition_faults(condition)] == [(pointer, code)]


def test_who_was_not_active_at_all_was_not_active_within_any_time() -> None:
    condition = asks("recipient.activity", "active_within", 10_080)

    assert met([condition], recipient={"locale": "de"}) == ()
    assert (
        longest_activity(about_people({"any": [condition, asks("recipient.activity", "active_within", 5)]})) == 10_080
    )
    assert longest_activity(about_people(asks("recipient.locale", "==", "de"))) == 0


def test_conditions_inside_each_other_have_an_end() -> None:
    condition: dict[str, Any] = asks("data.a", "==", True)
    for _ in range(50):
        condition = {"not": condition}

    assert [fault.code for fault in condition_faults(condition)] == ["too_deep"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=3),
    max_leaves=5,
)
TESTS = st.builds(
    asks,
    st.sampled_from(
        ["data.a", "data.a.b", "data.a.0", "recipient.attributes.b", ACTIVITY, "priority", "time", "weekday"],
    ),
    st.sampled_from(
        ["==", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "contains", "exists", "active_within"]
    ),
    JSON | st.sampled_from(["08:00", "mon", "high", ["08:00", "20:00"], ["22:00", "06:00"]]),
)  # fmt: skip


@given(condition=TESTS, data=st.dictionaries(st.sampled_from(["a", "b"]), JSON))
def test_what_has_no_faults_can_be_asked_of_anybody(condition: dict[str, Any], data: dict[str, Any]) -> None:
    if list(condition_faults(condition)):
        return
    meets = met(about_people(condition), recipient={"attributes": data})
    facts = facts_of(data=data, meets=meets, urgency="low", at=AT, timezone="UTC")

    assert holds({"not": condition}, facts) is not holds(condition, facts)
