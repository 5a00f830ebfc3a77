"""Conditions on what a message is about: not this order, only above that price. Pure; the vocabulary is closed.

| Said                                                             | No when the data                       |
|------------------------------------------------------------------|----------------------------------------|
| `{"mute": {"path": "data.order_id", "equals": "123"}}`           | meets it                               |
| `{"only_if": {"path": "data.change", "op": ">=", "value": 5}}`   | does not meet it, or says nothing of it |

`equals` is short for `"op": "==", "value": …`. A condition may name a `type`, a `category` or a `channel`; it
then speaks of nothing else. A path leads through objects by name and through lists by position. In a digest each item
is asked by itself.

| Operators        | Compare                                                                             |
|------------------|-------------------------------------------------------------------------------------|
| `==` `!=`        | numbers by value, `true` and `false` with themselves, everything else as it is written |
| `<` `<=` `>` `>=` | numbers, also those written as text; anything else does not meet it                |
| `in`             | as `==` with one of a list                                                          |
| `contains`       | a list that holds the value as `==`, or a text that holds it                        |
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "contains"]
Scalar = str | int | float | bool

ORDERINGS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
GATHERED = "gathered"  # `true` in data: it is a digest's, and each of its `items` is what a message says
_MISSING = object()


class Condition(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`mute`: no when the test is met; otherwise no when it is not. `path` has no "data." before it."""

    mute: bool
    path: tuple[str, ...]
    op: Operator = "=="
    value: Scalar | tuple[Scalar, ...]
    type: str = ""  # "" = of every type
    category: str = ""
    channel: str = ""

    def __str__(self) -> str:
        """As a list or an error names it: the value is left out, it may be somebody's."""
        return f"{'mute' if self.mute else 'only_if'} data.{'.'.join(self.path)} {self.op}"


def conditions_in(stored: Iterable[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """The conditions that a stored document holds."""
    return tuple(
        _condition_in(test, mute=name == "mute")
        for said in stored
        for name in ("mute", "only_if")
        if (test := said.get(name)) is not None
    )


def unmet(
    conditions: Iterable[Condition], *, type: str, category: str, channel: str, data: Mapping[str, Any]
) -> Condition | None:
    """The condition that keeps a message away, the same one in whatever order they come; `None`: none does."""
    against = [
        condition
        for condition in conditions
        if condition.type in ("", type)
        and condition.category in ("", category)
        and condition.channel in ("", channel)
        and _is_met(condition, data) is condition.mute
    ]
    return min(against, key=msgspec.json.encode, default=None)


def subjects_in(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What conditions are asked of: the data, or the data of each item of a digest."""
    items = data.get("items") if data.get(GATHERED) is True else None
    return [item for item in items if isinstance(item, Mapping)] or (data,) if isinstance(items, list) else (data,)


def _condition_in(test: Mapping[str, Any], *, mute: bool) -> Condition:
    value = test["equals"] if "equals" in test else test["value"]
    return Condition(
        mute=mute,
        path=tuple(test["path"].split(".")[1:]),
        op="==" if "equals" in test else test["op"],
        value=tuple(value) if isinstance(value, list) else value,
        type=test.get("type", ""),
        category=test.get("category", ""),
        channel=test.get("channel", ""),
    )


def _is_met(condition: Condition, data: Mapping[str, Any]) -> bool:
    found, value = _at(data, condition.path), condition.value
    if found is _MISSING:
        return False
    match condition.op:
        case "==":
            return _same(found, value)
        case "!=":
            return not _same(found, value)
        case "in":
            return isinstance(value, tuple) and any(_same(found, one) for one in value)
        case "contains" if isinstance(found, list):
            return any(_same(one, value) for one in found)
        case "contains":
            return isinstance(found, str) and isinstance(value, str) and value in found
        case _:
            left, right = _number(found), _number(value)
            return left is not None and right is not None and ORDERINGS[condition.op](left, right)


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return _MISSING
    return data


def _same(found: Any, value: Any) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    if isinstance(found, int | float) and isinstance(value, int | float):
        return found == value
    return isinstance(found, str | int | float) and str(found) == str(value)


def _number(value: Any) -> float | None:
    """A finite number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
