"""Goes through the texts of a content, whatever Struct it is, and tells how each of them is to be treated.

A content says so itself: `Meta(extra={"template": …})` on a text is `line` (plain, ends up on one line), `html` (what
is filled in is escaped) or `none` (no template at all); a text without it is plain. JSON is gone through as well.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct, inspect

TEXT, LINE, HTML, NONE = "text", "line", "html", "none"
MAX_DEPTH = 40

Visit = Callable[[str, str, str], str]  # (text, treatment, pointer) -> what takes its place


class TooDeep(Exception):
    """JSON in a content is nested deeper than anybody reads."""


def walk(content: Struct, visit: Visit, *, pointer: str) -> Any:
    """`content` with each of its texts replaced by what `visit` returns; the same object when nothing changed."""
    changes = {}
    for name, treatment in _fields(type(content)):
        value = getattr(content, name)
        after = _value(value, visit, treatment=treatment, pointer=f"{pointer}/{name}", depth=0)
        if after is not value:
            changes[name] = after
    return msgspec.structs.replace(content, **changes) if changes else content


def _value(value: Any, visit: Visit, *, treatment: str, pointer: str, depth: int) -> Any:
    if isinstance(value, str):
        return value if treatment == NONE else visit(value, treatment, pointer)
    if isinstance(value, Struct):
        return walk(value, visit, pointer=pointer)
    if depth > MAX_DEPTH:
        raise TooDeep(pointer)
    if isinstance(value, Mapping):
        pairs = {
            key: _value(item, visit, treatment=treatment, pointer=f"{pointer}/{_escaped(key)}", depth=depth + 1)
            for key, item in value.items()
        }
        return pairs if any(pairs[key] is not value[key] for key in pairs) else value
    if isinstance(value, list | tuple):
        items = [
            _value(item, visit, treatment=treatment, pointer=f"{pointer}/{place}", depth=depth + 1)
            for place, item in enumerate(value)
        ]
        return type(value)(items) if any(map(_is_not, items, value)) else value
    return value


def _is_not(one: object, other: object) -> bool:
    return one is not other


@lru_cache(maxsize=256)
def _fields(kind: type[Struct]) -> tuple[tuple[str, str], ...]:
    """Names and treatments of the fields that can hold texts."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    scalars = (inspect.IntType, inspect.FloatType, inspect.BoolType, inspect.NoneType)
    return tuple((field.name, _treatment(field.type)) for field in info.fields if not isinstance(field.type, scalars))


def _treatment(kind: inspect.Type) -> str:
    found = kind.extra if isinstance(kind, inspect.Metadata) else None
    return str((found or {}).get("template", TEXT))


def _escaped(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
