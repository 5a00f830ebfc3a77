"""Conditions that people write: one small closed vocabulary, checked when it is saved and pure when it is asked.

| Written                                                   | Holds when                                        |
|-----------------------------------------------------------|---------------------------------------------------|
| `{"path": "data.total", "op": ">=", "value": 100}`        | the value at the path compares so                 |
| `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}`      | all of them, at least one, not that one           |

Paths begin with `data.` (the notification's, with what is for this recipient only), `recipient.` (`id`, `locale`,
`timezone`, `attributes.…`, `activity`), or are `priority`, `time` ("14:30" on the recipient's clock) or `weekday`.
A value that is not there, or that is of another kind than the one it is compared with, fulfils nothing but
`{"op": "exists", "value": false}`. Urgency has an order: `{"path": "priority", "op": ">=", "value": "high"}` holds for
high and critical. Of `recipient.activity` only `active_within` so many minutes may be asked.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.rules.faults import Fault, name_faults

DEEPEST = 8
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
URGENCY = ("low", "medium", "high", "critical")  # the least urgent first
MISSING = object()

ACTIVITY, ACTIVE_WITHIN = "recipient.activity", "active_within"
MOST_ACTIVE_MINUTES = 7 * 24 * 60

_PERSON = "recipient."

_PATH = re.compile(r"(data|recipient)(\.[A-Za-z0-9_-]{1,100}){1,8}|priority|time|weekday")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_JOINS = ("all", "any", "not")


def holds(condition: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> bool:
    """Whether a condition that has no faults holds for `facts_of` somebody; no condition always does."""
    if not condition:
        return True
    if "all" in condition:
        return all(holds(one, facts) for one in condition["all"])
    if "any" in condition:
        return any(holds(one, facts) for one in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], facts)
    if condition["path"].startswith(_PERSON):
        return name_of(condition) in facts["meets"]
    return _compared(condition, facts)


def met(asked: Iterable[Mapping[str, Any]], *, recipient: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of those comparisons that hold for a person."""
    return tuple(sorted({name_of(one) for one in asked if _compared(one, {"recipient": recipient})}))


def about_people(document: Any) -> tuple[Mapping[str, Any], ...]:
    """Every comparison with something of the person that is written anywhere in a configuration."""
    if isinstance(document, Mapping):
        if isinstance(path := document.get("path"), str) and path.startswith(_PERSON):
            return (document,)
        return tuple(one for inner in document.values() for one in about_people(inner))
    if isinstance(document, list | tuple):
        return tuple(one for inner in document for one in about_people(inner))
    return ()


def longest_activity(asked: Iterable[Mapping[str, Any]]) -> int:
    """The most minutes within which any of the comparisons asks for activity; 0 when none does."""
    return max((one["value"] for one in asked if one["op"] == ACTIVE_WITHIN), default=0)


def name_of(comparison: Mapping[str, Any]) -> str:
    """A comparison, by what it asks; the same question has the same name."""
    asked = [comparison["path"], comparison["op"], comparison.get("value", True)]
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def _compared(condition: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    found, wanted = value_at(condition["path"], facts), condition.get("value", True)
    if condition["op"] == "exists":
        return (found is not MISSING) is wanted
    if found is MISSING:
        return False
    if condition["path"] == "priority":
        found, wanted = _ranked(found), _ranked(wanted)
    return _OPS[condition["op"]](found, wanted)


def facts_of(
    *, data: Mapping[str, Any], meets: Collection[str], urgency: str, at: datetime, timezone: str
) -> dict[str, Any]:
    """What conditions may ask about one recipient of one notification at one moment. `meets` are the names of what they
    ask of the person and find so: the answers are facts, the person's attributes need not be kept.
    """
    local = at.astimezone(ZoneInfo(timezone))
    return {
        "data": data,
        "meets": meets,
        "priority": urgency,
        "time": f"{local:%H:%M}",
        "weekday": WEEKDAYS[local.weekday()],
    }


def value_at(path: str, facts: Mapping[str, Any]) -> Any:
    """The value at a path; `MISSING` when there is none, which is not the same as null."""
    found: Any = facts
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name, MISSING)
        elif isinstance(found, list | tuple) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return MISSING
    return found


def condition_faults(condition: Any, *, below: str = "", depth: int = 0) -> Iterator[Fault]:
    """Everything that is wrong with a condition as it was written."""
    if not isinstance(condition, Mapping) or not condition:
        yield Fault(below, "bad_condition", f"{condition!r:.80} is no condition; give a path, an op and a value")
    elif depth > DEEPEST:
        yield Fault(below, "too_deep", f"conditions are at most {DEEPEST} inside each other")
    elif join := next((name for name in _JOINS if name in condition), None):
        yield from name_faults(condition, known=(join,), below=below)
        yield from _join_faults(join, condition[join], below=f"{below}/{join}", depth=depth)
    else:
        yield from name_faults(condition, known=("path", "op", "value"), below=below)
        yield from _comparison_faults(condition, below=below)


def _join_faults(join: str, inner: Any, *, below: str, depth: int) -> Iterator[Fault]:
    if join == "not":
        yield from condition_faults(inner, below=below, depth=depth + 1)
    elif not isinstance(inner, list | tuple) or not inner:
        yield Fault(below, "required", f"'{join}' takes a list of at least one condition")
    else:
        for number, one in enumerate(inner):
            yield from condition_faults(one, below=f"{below}/{number}", depth=depth + 1)


def _comparison_faults(condition: Mapping[str, Any], *, below: str) -> Iterator[Fault]:
    path, op, value = condition.get("path"), condition.get("op"), condition.get("value", True)
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        known = "data.…, recipient.…, priority, time, weekday"
        yield Fault(f"{below}/path", "unknown_path", f"no path {path!r:.80}; known: {known}")
    if not isinstance(op, str) or op not in _WANTS:
        yield Fault(f"{below}/op", "unknown_op", f"no op {op!r:.20}; known: {', '.join(_WANTS)}")
    elif (op == ACTIVE_WITHIN) is not (path == ACTIVITY):
        what = f"'{ACTIVE_WITHIN}' is asked of {ACTIVITY}, and nothing else is"
        yield Fault(f"{below}/op", "unknown_op", f"{what}; found {path!r:.80} {op}")
    elif not _WANTS[str(op)][0](value) or ("value" not in condition and op != "exists"):
        yield Fault(f"{below}/value", "bad_value", f"'{op}' takes {_WANTS[str(op)][1]}, not {value!r:.80}")
    elif isinstance(path, str) and path in _WORDS:
        for one in value if isinstance(value, list | tuple) else (value,):
            if op != "exists" and not _WORDS[path][0](one):
                yield Fault(
                    f"{below}/value", "bad_value", f"{path} is compared with {_WORDS[path][1]}, not {one!r:.80}"
                )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_one(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def is_ordered(value: Any) -> bool:
    """Whether a value has a more and a less: a number or a word."""
    return isinstance(value, str) or _is_number(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_one, value))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(is_ordered, value)) and alike(*value)


def alike(one: Any, other: Any) -> bool:
    """Numbers with numbers, words with words; true and false are no numbers."""
    return (_is_number(one) and _is_number(other)) or type(one) is type(other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, wanted: is_ordered(found) and alike(found, wanted) and compare(found, wanted)


def _equal(found: Any, wanted: Any) -> bool:
    return alike(found, wanted) and bool(found == wanted)


def _among(found: Any, wanted: Any) -> bool:
    return any(_equal(found, one) for one in wanted)


def _between(found: Any, wanted: Any) -> bool:
    """From the first up to but not including the second; of 22:00 and 06:00, over midnight."""
    first, last = wanted
    if not is_ordered(found) or not alike(found, first):
        return False
    return bool(first <= found < last if first <= last else found >= first or found < last)


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list | tuple) and any(_equal(one, wanted) for one in found)


def _is_activity(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_ACTIVE_MINUTES


def _ranked(urgency: Any) -> Any:
    if isinstance(urgency, list | tuple):
        return [_ranked(one) for one in urgency]
    return URGENCY.index(urgency) if urgency in URGENCY else urgency


_OPS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda found, wanted: not _equal(found, wanted),
    "<": _ordered(lambda found, wanted: found < wanted),
    "<=": _ordered(lambda found, wanted: found <= wanted),
    ">": _ordered(lambda found, wanted: found > wanted),
    ">=": _ordered(lambda found, wanted: found >= wanted),
    "in": _among,
    "not_in": lambda found, wanted: not _among(found, wanted),
    "between": _between,
    "contains": _contains,
    ACTIVE_WITHIN: _ordered(lambda found, wanted: found <= wanted),
}
_WANTS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "==": (_is_one, "one value"),
    "!=": (_is_one, "one value"),
    "<": (is_ordered, "a number or a word"),
    "<=": (is_ordered, "a number or a word"),
    ">": (is_ordered, "a number or a word"),
    ">=": (is_ordered, "a number or a word"),
    "in": (_is_list, "a list of values"),
    "not_in": (_is_list, "a list of values"),
    "between": (_is_pair, "two numbers or two words, the second not included"),
    "contains": (_is_one, "one value"),
    ACTIVE_WITHIN: (_is_activity, f"whole minutes from 1 to {MOST_ACTIVE_MINUTES}"),
    "exists": (lambda value: isinstance(value, bool), "true or false"),
}
_WORDS: Mapping[Any, tuple[Callable[[Any], bool], str]] = {
    "priority": (lambda value: value in URGENCY, "low, medium, high or critical"),
    "weekday": (lambda value: value in WEEKDAYS, "mon, tue, wed, thu, fri, sat or sun"),
    "time": (lambda value: isinstance(value, str) and bool(_TIME.fullmatch(value)), 'a time of day such as "08:00"'),
}
