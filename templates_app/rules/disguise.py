"""Real data as somebody may see it who only wants to see how words look: of the same shape, and telling of nobody.

What is known to be harmless stays: amounts, currencies, states, dates, numbers of orders. Everything else that says
something is veiled, also what nobody thought of. Nothing gets longer or of another type, so that templates fit.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from kernel.masking import mask

VEIL = "•"
MOST_DEEP = 20
MOST_ITEMS = 50  # of a list
# Words in names of fields whose values tell who somebody is or what only they know, whatever they look like.
_PERSONAL_TEXT = """
phone mobile tel telephone fax street city town zip zipcode postcode postal customer user person author sender recipient
owner contact birth birthday birthdate dob gender age ssn passport licence license iban bic account card pan cvv vat
token secret passwd pin otp code key session signature auth ip device place location lat lng lon latitude longitude
handle login nick document national message comment note text body subject title description reason question answer
"""
_PERSONAL = frozenset(_PERSONAL_TEXT.split())
_PERSONAL_ENDS = ("name", "mail", "address", "phone", "password", "token", "secret", "birthday")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MAIL = re.compile(r"[^\s@<>,;\"']+@[^\s@<>,;\"']+\.[^\s@<>,;\"']+")
_PHONE = re.compile(r"\+?\d(?:[\s().\-/]?\d){6,}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_STATE = re.compile(r"[a-z]+(?:_[a-z]+)+|[A-Z]{2,4}")  # in_transit, EUR
# A-1042, 1042, 2026-17: too short for what is only one person's.
_NUMBER = re.compile(r"[A-Za-z]{1,6}[-_#]?\d{1,8}|#?\d{1,6}|\d{1,6}[-_/]\d{1,6}")
_AMOUNT = re.compile(
    r"[€$£¥]?\s?(?:0|[1-9]\d{0,2}(?:[.,\s]\d{3}){0,3}|[1-9]\d{0,5})(?:[.,]\d{1,2})?\s?(?:[€$£¥%]|[A-Z]{3})?"
)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")


def disguised(data: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`data` telling of nobody. What `schema` lists as the only values there are (`enum`, `const`) stays."""
    return {str(key): _value(value, str(key), _below(schema, str(key)), deep=0) for key, value in data.items()}


def _value(value: Any, key: str, schema: Any, *, deep: int) -> Any:
    if deep > MOST_DEEP:
        return None
    match value:
        case Mapping():
            return {str(name): _value(one, str(name), _below(schema, str(name)), deep=deep + 1)
                    for name, one in value.items()}  # fmt: skip
        case str():
            return value if _is_one_of(value, schema) else _text(value, key)
        case Sequence():
            items = schema.get("items") if isinstance(schema, Mapping) else None
            return [_value(one, key, items, deep=deep + 1) for one in value[:MOST_ITEMS]]
        case bool() | None:
            return value
        case int() | float() if _is_personal(key):
            return type(value)(0)
    return value


def _text(text: str, key: str) -> str:
    if text.startswith(("https://", "http://")):
        return _address(text)
    if found := _MAIL.fullmatch(text.strip()):
        return mask(found.group())
    if _is_personal(key):
        return _veiled(text)
    if any(shape.fullmatch(text) for shape in (_COLOUR, _MOMENT, _STATE, _NUMBER, _AMOUNT)):
        return text
    if text.startswith("+") and _PHONE.fullmatch(text.strip()):
        return mask(re.sub(r"[^+\d]", "", text))
    return _veiled(text)


def _is_personal(key: str) -> bool:
    words = [word.lower() for word in _WORD.findall(key)]
    return any(word in _PERSONAL or word.endswith(_PERSONAL_ENDS) for word in words)


def _veiled(text: str) -> str:
    """As long, with its spaces and marks: `Ana Silva, 12` → `••• •••••, ••`."""
    return "".join(VEIL if letter.isalnum() else letter for letter in text)


def _address(text: str) -> str:
    """Where it leads, and nothing of what it carries."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return _veiled(text)
    return f"{parts.scheme}://{host}" + ("/…" if len(parts.path) > 1 or parts.query else parts.path)


def _is_one_of(value: str, schema: Any) -> bool:
    return isinstance(schema, Mapping) and (value in schema.get("enum", ()) or value == schema.get("const"))


def _below(schema: Any, key: str) -> Any:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return properties.get(key) if isinstance(properties, Mapping) else None
