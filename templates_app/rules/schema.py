"""The variables of a template, as JSON Schema says them: which there are, and their defaults."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from templates_app.rules.context import RESERVED

MOST_DEEP = 20


def schema_fault(schema: Mapping[str, Any]) -> str:
    """Why this is no JSON Schema of an object that we take; empty when it is one."""
    if "$ref" in str(schema):
        return "$ref is not offered; the schema written out would do"
    if schema and schema.get("type", "object") != "object":
        return "the variables together are an object; type object would do"
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as trouble:
        return f"no JSON Schema: {trouble.message[:200]}"
    return ""


def data_faults(schema: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(pointer, what is wrong) of data that do not keep to the schema."""
    for error in Draft202012Validator(dict(schema)).iter_errors({**defaults(schema), **data}):
        yield "".join(f"/{step}" for step in error.absolute_path), error.message[:200]


def defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The values of what is not given, at the top and in objects below it."""
    found: dict[str, Any] = {}
    for name, property in _properties(schema).items():
        if isinstance(property, Mapping):
            if "default" in property:
                found[name] = property["default"]
            elif property.get("type") == "object" and (below := defaults(property)):
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


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties", {})
    return found if isinstance(found, Mapping) else {}
