"""Partials in whole contents and layouts: which of their forms goes into which text, and all that keeps one out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from templates_app.rules.partials.inlay import Form, Laid, Shelf, lay
from templates_app.rules.walk import HTML, TooDeep, walk
from templates_app.values import Finding, LayoutSource

S = TypeVar("S", bound=Struct)


@dataclass(frozen=True, slots=True)
class LaidOut(Generic[S]):
    """Something with partials in its texts, folded and ready as `inlay.Laid` has them. Pointers begin at it."""

    folded: S
    ready: S
    findings: tuple[Finding, ...] = ()
    used: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether there are no partials in it at all."""
        return self.folded is self.ready


def lay_content(content: S, shelf: Shelf) -> LaidOut[S]:
    """The content of a channel, whichever it is: all of its texts may render partials."""
    laid: dict[str, Laid] = {}

    def look(text: str, treatment: str, pointer: str) -> str:
        found = lay(text, _form(treatment, pointer), shelf)
        if found.folded != text or found.troubles:
            laid[pointer] = found
        return text

    try:
        walk(content, look, pointer="")
    except TooDeep:
        return LaidOut(content, content)  # told by whoever checks it
    if not laid:
        return LaidOut(content, content)
    folded = walk(content, lambda text, _, pointer: laid[pointer].folded if pointer in laid else text, pointer="")
    ready = walk(content, lambda text, _, pointer: laid[pointer].text if pointer in laid else text, pointer="")
    findings = [one for pointer, found in laid.items() for one in _findings(found, pointer)]
    return LaidOut(folded, ready, tuple(findings), _used(laid.values()))


def lay_layout(layout: LayoutSource, shelf: Shelf) -> LaidOut[LayoutSource]:
    """A layout: its texts frame those of the same form."""
    forms: tuple[Form, ...] = ("mjml", "html", "text")
    laid = {form: lay(getattr(layout, form), form, shelf) for form in forms}
    if not any(found.used or found.troubles for found in laid.values()):
        return LaidOut(layout, layout)
    findings = [one for form, found in laid.items() for one in _findings(found, f"/{form}")]
    folded: dict[str, Any] = {form: found.folded for form, found in laid.items()}
    ready: dict[str, Any] = {form: found.text for form, found in laid.items()}
    replace = msgspec.structs.replace
    return LaidOut(replace(layout, **folded), replace(layout, **ready), tuple(findings), _used(laid.values()))


def _form(treatment: str, pointer: str) -> Form:
    if pointer.endswith("/mjml"):
        return "mjml"
    return "html" if treatment == HTML else "text"


def _findings(laid: Laid, pointer: str) -> Iterator[Finding]:
    for trouble in laid.troubles:
        yield Finding(trouble.code, f"the partial {trouble.message}", pointer=pointer, line=trouble.line)


def _used(laid: Iterable[Laid]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for found in laid for key in found.used))
