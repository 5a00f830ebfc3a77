"""What JSON we refuse although it parses: keys given twice, nesting without end, U+0000.

A key given twice means different things to different readers; PostgreSQL cannot store U+0000.
"""

import json
import re
from typing import Any

import msgspec

from tenants.api.problems import FieldError, Problem

MAX_DEPTH = 64
_BYTE = re.compile(r" \(byte (\d+)\)\Z")


class _Twice(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def malformed(message: str) -> Problem:
    return Problem(
        "malformed_json",
        status=400,
        title="Malformed JSON",
        detail=f"The body is no JSON that we take: {message}.",
        errors=(FieldError("", "invalid_json", message),),
    )


def strict_tree(raw: bytes) -> Any:
    """JSON as Python values. Raises `Problem` 400 `malformed_json`."""
    try:
        msgspec.json.decode(raw)  # the judge of syntax: the same one that will read the Struct
        tree = json.loads(raw, object_pairs_hook=_no_key_twice)
        deep = _deeper_than(MAX_DEPTH, tree)
    except _Twice as twice:
        raise malformed(f"the key '{twice.name[:80]}' is given twice in one object") from None
    except UnicodeDecodeError:
        raise malformed("not UTF-8") from None
    except msgspec.DecodeError as error:
        raise malformed(_located(str(error), raw=raw)) from None
    except RecursionError:
        deep = True
    if deep:
        raise malformed(f"nested more than {MAX_DEPTH} deep")
    if b"\\u0000" in raw and _holds_nul(tree):
        raise malformed("the character U+0000 cannot be stored")
    return tree


def _located(message: str, *, raw: bytes) -> str:
    """msgspec counts bytes; people count lines and columns, from 1."""
    text = message.removeprefix("JSON is malformed: ")
    match = _BYTE.search(text)
    if match is None:
        return text[:1].lower() + text[1:]
    before = raw[: int(match[1])]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return f"{text[: match.start()]} at line {line}, column {column}"


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return found


def _deeper_than(most: int, tree: Any) -> bool:
    """Whether more than `most` arrays and objects are within each other."""
    level = [tree]
    for _ in range(most):
        inner: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                inner += node.values()
            elif isinstance(node, list):
                inner += node
        if not inner:
            return False
        level = inner
    return any(isinstance(node, dict | list) for node in level)


def _holds_nul(tree: Any) -> bool:
    match tree:
        case str():
            return "\0" in tree
        case dict():
            return any("\0" in name or _holds_nul(value) for name, value in tree.items())
        case list():
            return any(_holds_nul(value) for value in tree)
        case _:
            return False
