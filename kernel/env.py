"""Reads settings from the environment: typed, bounded, each also from a mounted file, all mistakes told at once.

A `Variable` is one name in a table; `load` turns a table and an environment into `Values` or says everything that is
wrong. What the names mean to Carillon is not here but in `config/environment.py`.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

FILE_SUFFIX = "_FILE"


class WrongValue(ValueError):
    """A text that will not do. The message completes "NAME is 'text'; … would do"."""


class Misconfigured(Exception):
    """The environment cannot be used; `lines` has one sentence per mistake."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """How a text becomes a value. `parse` raises `WrongValue`; `words` is what the documentation calls the kind."""

    parse: Callable[[str], T_co]
    words: str


@dataclass(frozen=True, slots=True)
class Variable(Generic[T_co]):
    """One name of the environment. Absent or empty, it takes the default, which is written as in the environment."""

    name: str
    kind: Kind[T_co]
    meaning: str
    default: str = ""
    also: tuple[str, ...] = ()  # other names for the same thing, e.g. DB_URL for DATABASE_URL
    secret: bool = False  # never repeated in a message

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.also)


@dataclass(frozen=True, slots=True)
class Family(Generic[T_co]):
    """All names that begin with `prefix`; the value maps the rest of the name, in lower case, to what was found."""

    prefix: str
    kind: Kind[T_co]
    meaning: str
    placeholder: str  # what the documentation shows after the prefix, e.g. <CHANNEL>
    secret: bool = False


Entry = Variable[Any] | Family[Any]


class Values:
    """What was found, by the variable or family that asked for it."""

    def __init__(self, found: Mapping[str, object]) -> None:
        self._found = found

    def __getitem__(self, variable: Variable[T]) -> T:
        return cast(T, self._found[variable.name])

    def family(self, family: Family[T]) -> Mapping[str, T]:
        """The members of a family that are set, by the lower-case rest of their names."""
        return cast(Mapping[str, T], self._found[family.prefix])


def load(table: Iterable[Entry], environ: Mapping[str, str], *, required: Collection[str] = ()) -> Values:
    """Read every entry of `table`; names in `required` must be set. Raises `Misconfigured`: one line per mistake."""
    found: dict[str, object] = {}
    mistakes: list[str] = []
    for entry in table:
        try:
            match entry:
                case Variable():
                    found[entry.name] = _read_variable(entry, environ, needed=entry.name in required)
                case Family():
                    found[entry.prefix] = _read_family(entry, environ)
        except Misconfigured as misconfigured:
            mistakes.extend(misconfigured.lines)
    if mistakes:
        raise Misconfigured(tuple(mistakes))
    return Values(found)


def given(table: Iterable[Entry], environ: Mapping[str, str]) -> Mapping[str, str]:
    """What is set, as it was written, by name. Call it after `load` found no mistake."""
    names: list[str] = []
    for entry in table:
        match entry:
            case Variable():
                names += entry.names
            case Family():
                names += {name.removesuffix(FILE_SUFFIX) for name in environ if name.startswith(entry.prefix)}
    return {name: text for name in sorted(names) if (text := _text(name, environ))}


def unknown_names(table: Iterable[Entry], environ: Mapping[str, str], *, prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """One sentence per name that begins with one of our `prefixes` but is not in `table`: likely a typo."""
    entries = tuple(table)
    known = [name for entry in entries if isinstance(entry, Variable) for name in entry.names]
    families = tuple(entry.prefix for entry in entries if isinstance(entry, Family))
    sentences = []
    for name in sorted(environ):
        plain = name.removesuffix(FILE_SUFFIX)
        if not name.startswith(prefixes) or plain in known or name in known or name.startswith(families):
            continue
        close = difflib.get_close_matches(plain, known, n=1)
        sentences.append(f"{name} is set but nothing reads it" + (f"; did you mean {close[0]}?" if close else ""))
    return tuple(sentences)


def _read_variable(variable: Variable[T], environ: Mapping[str, str], *, needed: bool) -> T:
    given = {name: text for name in variable.names if (text := _text(name, environ))}
    if len(set(given.values())) > 1:
        raise Misconfigured((f"{' and '.join(given)} are set to different values; set one of them",))
    name, text = next(iter(given.items()), (variable.name, ""))
    if needed and not text:
        raise Misconfigured((f"{' or '.join(variable.names)} is not set; {variable.kind.words} is needed",))
    return _parse(name, text or variable.default, variable.kind, secret=variable.secret)


def _read_family(family: Family[T], environ: Mapping[str, str]) -> Mapping[str, T]:
    names = {name.removesuffix(FILE_SUFFIX) for name in environ if name.startswith(family.prefix)} - {family.prefix}
    members: dict[str, T] = {}
    for name in sorted(names):
        if text := _text(name, environ):
            members[name.removeprefix(family.prefix).lower()] = _parse(name, text, family.kind, secret=family.secret)
    return members


def _text(name: str, environ: Mapping[str, str]) -> str:
    """The text of `name`, from itself or from the file that NAME_FILE names; empty when neither is set."""
    text, path = environ.get(name, "").strip(), environ.get(name + FILE_SUFFIX, "").strip()
    if text and path:
        raise Misconfigured((f"{name} and {name}{FILE_SUFFIX} are both set; set one of them",))
    if not path:
        return text
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Misconfigured((f"{name}{FILE_SUFFIX} names '{path}', which cannot be read: {reason}",)) from error


def _parse(name: str, text: str, kind: Kind[T], *, secret: bool) -> T:
    try:
        return kind.parse(text)
    except WrongValue as wrong:
        shown = "set to something else (not shown, it is a secret)" if secret else repr(text)
        raise Misconfigured((f"{name} is {shown}; {wrong} would do",)) from wrong
