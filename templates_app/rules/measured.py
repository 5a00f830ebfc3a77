"""Judges data by a schema that a stranger wrote: the work is counted, nothing is fetched, and no pattern is run.

jsonschema (4.26, 2026-11) fetches what `$dynamicRef` names from wherever it is, and runs regular expressions that may
take years; a few words of schema can ask for a billion comparisons.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

STEPS = 200_000  # a step is some microseconds
_left: ContextVar[int] = ContextVar("steps left")
_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class NotJudged(Exception):
    """The schema asks for more work than it may, or for another schema."""


def errors_in(data: Any, schema: Mapping[str, Any]) -> list[ValidationError]:
    """What is wrong with `data`; `pattern` and `patternProperties` are words to people alone. Raises `NotJudged`."""
    before = _left.set(STEPS)
    try:
        return list(_Measured(dict(schema), registry=Registry()).iter_errors(data))
    except (RecursionError, Unresolvable):
        raise NotJudged from None
    finally:
        _left.reset(before)


def _paid(name: str, keyword: _Keyword) -> _Keyword:
    def judge(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError] | None:
        left = _left.get() - _price(name, value, instance)
        if left < 0:
            raise NotJudged
        _left.set(left)
        return keyword(validator, value, instance, schema)

    return judge


def _price(name: str, value: Any, instance: Any) -> int:
    match name:
        case "uniqueItems" if isinstance(instance, list):
            return 1 + len(instance) ** 2 // 16
        case "enum" if isinstance(value, list):
            return 1 + len(value) // 4
        case _:
            return 1


def _not_run(*_: Any) -> None:
    return None


_NOT_RUN = ("pattern", "patternProperties")
_Measured: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        name: _not_run if name in _NOT_RUN else _paid(name, keyword)
        for name, keyword in Draft202012Validator.VALIDATORS.items()
    },
)
