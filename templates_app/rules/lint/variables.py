"""Variables that the schema does not know: a typing mistake that would be an error for every recipient."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from templates_app.rules.analysis import Read, variables
from templates_app.rules.context import RESERVED
from templates_app.rules.lint.texts import as_ready, as_written
from templates_app.rules.liquid import parse
from templates_app.rules.making import Made
from templates_app.rules.schema import knows, names
from templates_app.rules.source import has_tags
from templates_app.values import Finding, RenderError

RECIPIENT = ("id", "locale", "timezone", "attributes")
NOTIFICATION = ("id", "type")


def unknown_variables(made: Made) -> Iterator[Finding]:
    """What templates name and nobody gives. A template without a schema is not held to one."""
    schema = made.source.variables
    for piece in made.pieces:
        told: set[str] = set()
        for spot in (*as_written(piece), *as_ready(piece)):
            if not has_tags(spot.text):
                continue
            try:
                reads = list(variables(parse(spot.text, spot.treatment), spot.text))
            except RenderError:
                continue  # told already
            for read in reads:
                message = _unknown(read, schema)
                if message and str(read) not in told:
                    told.add(str(read))
                    yield spot.finding("unknown_variable", message, line=read.line, severity="error")


def _unknown(read: Read, schema: Mapping[str, Any]) -> str:
    head, *rest = read.steps
    if head == "recipient":
        return _not_among(rest, RECIPIENT, "recipient")
    if head == "notification":
        return _not_among(rest, NOTIFICATION, "notification")
    steps = tuple(rest) if head == "data" else read.steps
    if head in RESERVED and head != "data":
        return ""
    if not schema or knows(schema, steps):
        return ""
    near = get_close_matches(str(steps[0]), [name for name in names(schema) if name != "data"], 1)
    instead = f"did you mean '{near[0]}'?" if near and near[0] != steps[0] else "add it to variables"
    return f"'{read}' is not among the variables; {instead}"


def _not_among(rest: Sequence[str | int], known: tuple[str, ...], what: str) -> str:
    if rest and rest[0] not in known:
        return f"{what} has no '{rest[0]}'; it has {', '.join(known)}"
    return ""
