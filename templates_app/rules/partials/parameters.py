"""What a partial wants to be given, as JSON Schema says it, and what is wrong with what it is given."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from liquid.builtin.expressions import KeywordArgument
from liquid.builtin.expressions.primitive import FalseLiteral, FloatLiteral, IntegerLiteral, StringLiteral, TrueLiteral

from templates_app.rules.context import RESERVED
from templates_app.rules.engine import LITERAL_CHARS
from templates_app.rules.schema import data_faults, schema_fault

MOST = 30
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LITERALS = (StringLiteral, IntegerLiteral, FloatLiteral, TrueLiteral, FalseLiteral)
_NO_DEFAULT = re.compile(r"\{\{|\{%|%\}|\}\}|\n|'.*\"|\".*'", re.DOTALL)


def parameter_faults(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(pointer, what is wrong) of a schema of parameters."""
    if fault := schema_fault(schema):
        yield "", fault
        return
    properties = schema.get("properties", {})
    if len(properties) > MOST:
        yield "/properties", f"{len(properties)} parameters; {MOST} at most"
    for name, about in properties.items():
        if not _NAME.fullmatch(name):
            yield f"/properties/{name[:40]}", "no name; use 1 to 40 of a-z, 0-9 and '_', a letter first"
        elif name in RESERVED:
            yield f"/properties/{name}", f"'{name}' is what every template has; another name would do"
        elif isinstance(about, Mapping) and "default" in about and literal(about["default"]) is None:
            yield (
                f"/properties/{name}/default",
                "a default is true, false, null, a number or a text on one line without both kinds of quotes",
            )
    for name in schema.get("required", ()):
        if name not in properties:
            yield "/required", f"'{name}' is not among the properties; add it there"


def call_faults(schema: Mapping[str, Any], given: Mapping[str, KeywordArgument]) -> Iterator[tuple[str, str]]:
    """(code, what is wrong) of a call: a parameter missing, unknown, or of the wrong kind where that can be seen."""
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in given and "default" not in properties[name]:
            yield "missing_parameter", f"'{name}' is not given; {name}: … would do"
    for name in given:
        if name not in properties:
            near = get_close_matches(name, list(properties), 1)
            instead = f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(properties) or 'nothing'}"
            yield "unknown_parameter", f"it takes no '{name}'; {instead}"
    fixed = {name: one.value.value for name, one in given.items() if isinstance(one.value, _LITERALS)}
    wanted = {"properties": {name: properties[name] for name in fixed if name in properties}}
    for pointer, message in data_faults(wanted, fixed):
        yield "wrong_parameter", f"{pointer[1:]}: {message}"


def rest(schema: Mapping[str, Any], given: Mapping[str, KeywordArgument]) -> str:
    """What a call leaves out, as it goes into its tag: the default, or nothing."""
    properties = schema.get("properties", {})
    return "".join(
        f", {name}: {literal(about.get('default')) if isinstance(about, Mapping) else 'nil'}"
        for name, about in properties.items()
        if name not in given
    )


def literal(value: Any) -> str | None:
    """`value` as Liquid writes it; `None` when it cannot."""
    match value:
        case None | True | False:
            return {None: "nil", True: "true", False: "false"}[value]
        case int() | float() if len(str(value)) < 40 and "e" not in str(value) and "n" not in str(value):
            return str(value)
        case str() if len(value) <= LITERAL_CHARS and not _NO_DEFAULT.search(value):
            return f'"{value}"' if "'" in value else f"'{value}'"
    return None
