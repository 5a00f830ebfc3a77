"""What differs between two states of a template, text by text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

CONTEXT = 3  # unchanged lines shown around a change
MOST_LINES = 5000  # of one text; what is longer is told as changed altogether

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of both texts: its sign and its number before and after."""

    sign: Literal[" ", "-", "+"]
    text: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One text or value that differs; `pointer` leads to it from the top of the source."""

    pointer: str
    change: Change
    lines: tuple[Line, ...]


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Entry]:
    """Everything that differs, in the order of the pointers."""
    was, becomes = dict(_leaves(before, "")), dict(_leaves(after, ""))
    found = []
    for pointer in sorted(was.keys() | becomes.keys()):
        if was.get(pointer) == becomes.get(pointer):
            continue
        change: Change = "added" if pointer not in was else "removed" if pointer not in becomes else "changed"
        lines = tuple(_lines(_text(was.get(pointer, "")), _text(becomes.get(pointer, ""))))
        found.append(Entry(pointer, change, lines))
    return found


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{place}")
    elif value != "":
        yield pointer, value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _lines(before: str, after: str) -> Iterator[Line]:
    was, becomes = before.splitlines(), after.splitlines()
    if len(was) > MOST_LINES or len(becomes) > MOST_LINES:
        was, becomes = ["…"] if was else [], ["…"] if becomes else []
    for group in SequenceMatcher(None, was, becomes, autojunk=False).get_grouped_opcodes(CONTEXT):
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _same(was, range(i1, i2), j1 - i1)
            else:
                yield from (Line("-", was[i], i + 1, None) for i in range(i1, i2))
                yield from (Line("+", becomes[j], None, j + 1) for j in range(j1, j2))


def _same(lines: Sequence[str], places: range, shift: int) -> Iterator[Line]:
    for place in places:
        yield Line(" ", lines[place], place + 1, place + shift + 1)
