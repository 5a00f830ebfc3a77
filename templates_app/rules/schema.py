"""The variables of a template, as JSON Schema says them: which there are, and their defaults.

Strangers write schemas too, so judging data by one is counted and leads nowhere else; see `measured`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, SchemaError

from templates_app.rules.context import RESERVED
from templates_app.rules.measured import NotJudged, errors_in

MOST_DEEP = 20
MOST_BYTES = 64 * 1024
MOST_NESTED = 50


def schema_fault(schema: Mapping[str, Any]) -> str:
    """Why this is no JSON Schema of an object that we take; empty when it is one."""
    if found := _out_of_bounds(schema):
        return found
    if schema and schema.get("type", "object") != "object":
        return "the variables together are an object; type object would do"
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as trouble:
        return f"no JSON Schema: {trouble.message[:200]}"
    return ""


def data_faults(schema: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(pointer, what is wrong) of data that do not keep to the schema."""
    try:
        for error in errors_in({**defaults(schema), **data}, schema):
            yield "".join(f"/{step}" for step in error.absolute_path), error.message[:200]
    except NotJudged:
        yield "", "judging it by the schema is more work than a template may cost; a simpler schema would do"


def defaults(schema: Mapping[str, Any], *, deep: int = MOST_DEEP) -> dict[str, Any]:
    """The values of what is not given, at the top and in objects below it."""
    found: dict[str, Any] = {}
    for name, property in _properties(schema).items():
        if isinstance(property, Mapping):
            if "default" in property:
                found[name] = property["default"]
            elif deep and property.get("type") == "object" and (below := defaults(property, deep=deep - 1)):
                found[name] = below
    return found


def knows(schema: Mapping[str, Any], steps: Sequence[str | int]) -> bool:
    """Whether the schema has a place for this path. What it leaves open, it has a place for."""
    where: Any = schema
    for step in steps[:MOST_DEEP]:
        if not isinstance(where, Mapping) or any(word in where for word in ("anyOf", "oneOf", "allOf", "if")):
            return True
        if isinstance(step, int) or (where.get("type") == "array" and step in ("first", "last")):
            where = where.get("items", True)
        elif step == "size":
            return True
        else:
            properties = _properties(where)
            if step not in properties:
                extra = where.get("additionalProperties", "properties" not in where)
                return bool(extra)
            where = properties[step]
    return True


def names(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The variables at the top, and those every template has."""
    return (*_properties(schema), *RESERVED)


def _out_of_bounds(schema: Mapping[str, Any]) -> str:
    """What a schema may not be before anybody looks closer: big, deep, or a way to somewhere else."""
    level: list[Any] = [schema]
    for _ in range(MOST_NESTED):
        for found in level:
            for name in found if isinstance(found, Mapping) else ():
                if str(name).startswith("$") and name not in ("$schema", "$comment"):
                    return f"{str(name)[:40]} is not offered; the schema written out would do"
        level = [below for found in level for below in _below(found)]
        if not level:
            size = len(msgspec.json.encode(schema))
            return f"{size:,} bytes; a schema has {MOST_BYTES:,} at most" if size > MOST_BYTES else ""
    return f"nested more than {MOST_NESTED} deep"


def _below(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    return value if isinstance(value, list | tuple) else ()


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties", {})
    return found if isinstance(found, Mapping) else {}
