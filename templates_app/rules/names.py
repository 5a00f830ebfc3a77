"""How templates and layouts are named, and how a version of one is: `key`, `key@7` or `key@draft`."""

import re
from dataclasses import dataclass

DRAFT = "draft"
_KEY = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_VERSION = re.compile(r"[1-9][0-9]{0,8}|draft")
KEY_SHAPE = "use 1 to 100 of a-z, 0-9, '.', '_' and '-', not at the ends"


@dataclass(frozen=True, slots=True)
class Name:
    """A template, and which version of it: a number, `draft`, or empty for the one in use."""

    key: str
    version: str = ""


def is_key(text: str) -> bool:
    """Whether a template or a layout may be called so."""
    return _KEY.fullmatch(text) is not None


def parse_name(text: str) -> Name:
    """What `text` names; a version that is none names a template that is not there."""
    key, at, version = text.partition("@")
    if at and not _VERSION.fullmatch(version):
        return Name(text)
    return Name(key, version)
