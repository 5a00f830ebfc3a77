"""Everything that is wrong with a body, in words: msgspec stops at the first error, this tells all.

The judge is the JSON Schema generated from the same Struct, so there is one source of truth. Codes are API:
`required unknown_field invalid_type too_long too_short too_many too_few too_large too_small invalid_choice
invalid_format invalid invalid_json`.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, ValidationError

from tenants.api.problems import FieldError
from tenants.api.vocabulary import FORMATS, StructValidator, kind_of, noun_of

MAX_ERRORS = 100
_PATH = re.compile(r"(?P<message>.*) - at `(?P<path>(?:key` in `)?\$[^`]*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def faults_of(tree: Any, *, struct: Any, refusal: msgspec.ValidationError) -> list[FieldError]:
    """Everything wrong with `tree` as a `struct`, at most 100. `refusal` is what msgspec said: the answer where the
    schema cannot say it, as for a Struct's own `__post_init__`.
    """
    # Of a pair that is too long both `items` and `maxItems` complain; one is enough.
    told = (error for error in _validator(struct).iter_errors(tree) if error.validator != "items")
    found = islice(told, MAX_ERRORS)
    return [_in_words(error) for error in found] or [fault_of(refusal)]


def fault_of(refusal: msgspec.ValidationError) -> FieldError:
    """msgspec's own first error."""
    text = str(refusal)
    match = _PATH.match(text)
    if match is None:
        return FieldError("", "invalid", text)
    steps = [name or index for name, index in _STEP.findall(match["path"])]
    return FieldError(pointer_of(steps), "invalid", match["message"])


def pointer_of(steps: Iterable[object]) -> str:
    """RFC 6901: `/recipients/0/a~1b`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


@cache
def _validator(struct: Any) -> Draft202012Validator:
    (schema,), components = msgspec.json.schema_components((struct,), ref_template="#/$defs/{name}")
    return StructValidator({**schema, "$defs": components})


def below(prefix: str, *, errors: Iterable[FieldError]) -> list[FieldError]:
    """The same errors as seen from outside: `/0` + `/name`."""
    return [FieldError(prefix + error.pointer, error.code, error.message) for error in errors]


def _in_words(error: ValidationError) -> FieldError:
    code, words = _WORDS.get(str(error.validator), ("invalid", "not acceptable"))
    message = words if isinstance(words, str) else words(error)
    return FieldError(pointer_of(error.absolute_path), code, message)


def _type(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    names = wanted if isinstance(wanted, list) else [wanted]
    return f"expected {' or '.join(noun_of(name) for name in names)}, found {kind_of(error.instance)}"


def _unknown_field(error: ValidationError) -> str:
    known: Any = error.validator_value
    return f"unknown field; known: {', '.join(known)}" if known else "unknown field"


def _choice(error: ValidationError) -> str:
    known: Any = error.validator_value
    return f"expected one of {', '.join(str(value) for value in known)}; found {_shown(error.instance)}"


def _format(error: ValidationError) -> str:
    return f"expected {FORMATS[str(error.validator_value)].example}"


def _pattern(error: ValidationError) -> str:
    return f"expected text that matches {error.validator_value}"


def _counted(at: str, noun: str) -> Callable[[ValidationError], str]:
    def words(error: ValidationError) -> str:
        found: Any = error.instance
        return f"expected at {at} {error.validator_value} {noun}, found {len(found)}"

    return words


def _bounded(relation: str) -> Callable[[ValidationError], str]:
    return lambda error: f"expected {relation} {error.validator_value}, found {_shown(error.instance)}"


def _shown(found: object) -> str:
    """The value itself where it is short, else what it is."""
    match found:
        case str():
            return f"'{found[:40]}'"
        case bool() | int() | float():
            return json.dumps(found)[:40]
        case _:
            return kind_of(found)


_WORDS: dict[str, tuple[str, str | Callable[[ValidationError], str]]] = {
    "type": ("invalid_type", _type),
    "required": ("required", "this field is required"),
    "additionalProperties": ("unknown_field", _unknown_field),
    "enum": ("invalid_choice", _choice),
    "minLength": ("too_short", _counted("least", "characters")),
    "maxLength": ("too_long", _counted("most", "characters")),
    "minItems": ("too_few", _counted("least", "items")),
    "maxItems": ("too_many", _counted("most", "items")),
    "minProperties": ("too_few", _counted("least", "keys")),
    "maxProperties": ("too_many", _counted("most", "keys")),
    "minimum": ("too_small", _bounded("at least")),
    "exclusiveMinimum": ("too_small", _bounded("more than")),
    "maximum": ("too_large", _bounded("at most")),
    "exclusiveMaximum": ("too_large", _bounded("less than")),
    "multipleOf": ("invalid_format", _bounded("a multiple of")),
    "pattern": ("invalid_format", _pattern),
    "format": ("invalid_format", _format),
    "contentEncoding": ("invalid_format", "expected base64"),
}
