"""Puts the words of partials into a text, those of partials within them too.

It is done once, when a text is made ready: filling in looks nothing up, and a partial that says something else later
changes nothing that is in use. What one text may ask for is counted, so that no partial is a bomb.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from templates_app.rules.budget import SOURCE_CHARS
from templates_app.rules.partials.calls import BadCall, Call, calls_in, folded, place
from templates_app.rules.partials.parameters import call_faults, rest
from templates_app.values import PartialSource

MOST_DEEP = 5  # partials within each other
MOST_CALLS = 200  # in one text, those within each other counted
MOST_PARTIALS = 50  # different ones, in all that is made ready together

# Between elements of MJML a tag stands in one of its own: bare, the blanks around it would become words of the mail.
_ELEMENT = re.compile(r"\s*<mj-", re.IGNORECASE)

Form = Literal["mjml", "html", "text"]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A partial within reach. `version` 0 is one that is being written."""

    id: UUID
    version: int
    source: PartialSource


@dataclass(frozen=True, slots=True)
class Shelf:
    """The partials within reach, by key. `full`: more are named than there may be, so some are not here."""

    partials: Mapping[str, Shelved] = field(default_factory=dict)
    full: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a partial cannot be put in; the line counts from 1 in the text that renders it."""

    code: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class Laid:
    """A text with its partials: `folded` is as its author knows it, line for line, `text` as it will be filled in."""

    folded: str
    text: str
    troubles: tuple[Trouble, ...] = ()
    used: tuple[str, ...] = ()


NO_PARTIALS = Shelf()


def lay(text: str, form: Form, shelf: Shelf, *, within: tuple[str, ...] = ()) -> Laid:
    """`text`, of that form, with the words of its partials. `within` are the partials whose words it is itself."""
    laying = _Laying(shelf, room=SOURCE_CHARS - len(text))
    try:
        calls = list(calls_in(text))
    except BadCall as trouble:
        return Laid(text, text, (Trouble(trouble.code, trouble.message, place(text, trouble)),))
    if not calls:
        return Laid(text, text)
    troubles, pieces, at = [], [], 0
    for call in calls:
        pieces.append(text[at : call.start])
        try:
            pieces.append(laying.words(call, form, within))
        except BadCall as trouble:
            troubles.append(Trouble(trouble.code, f"'{call.key[:80]}': {trouble.message}", place(text, trouble)))
            if laying.spent:
                break
        at = call.end
    return Laid(folded(text), "".join((*pieces, text[at:])), tuple(troubles), tuple(laying.used))


class _Laying:
    """What is going on: how much there is room for, and which partials were used."""

    def __init__(self, shelf: Shelf, *, room: int) -> None:
        self._shelf, self._room, self._calls = shelf, room, 0
        self.used: dict[str, None] = {}

    @property
    def spent(self) -> bool:
        """Whether there is no point in going on."""
        return self._room < 0 or self._calls > MOST_CALLS

    def words(self, call: Call, form: Form, within: tuple[str, ...]) -> str:
        """What stands in the place of `call`. Raises `BadCall`."""
        partial = self._found(call, within)
        taken = next((one for one in _FORMS[form] if getattr(partial.source, one)), None)
        if taken is None:
            has = [one for one in ("mjml", "html", "text") if getattr(partial.source, one)]
            raise BadCall("partial_form_missing", f"it has no {form}, only {' and '.join(has)}", position=call.start)
        given = call.arguments()
        for code, message in call_faults(partial.source.parameters, given):
            raise BadCall(code, message, position=call.start)
        opened = call.opened(f"{call.key}@{partial.version or 'draft'}", rest(partial.source.parameters, given))
        body: str = getattr(partial.source, taken).strip("\n")
        self._pay(len(opened) + len(body), call)
        self.used[call.key] = None
        words = self._body(body, taken, call, (*within, call.key))
        if taken == "mjml" and _ELEMENT.match(body):
            return f"<mj-raw>{opened}</mj-raw>{words}<mj-raw>{call.closed()}</mj-raw>"
        return opened + words + call.closed()

    def _body(self, body: str, form: Form, outer: Call, within: tuple[str, ...]) -> str:
        pieces, at = [], 0
        try:
            for call in calls_in(body):
                pieces += [body[at : call.start], self.words(call, form, within)]
                at = call.end
        except BadCall as trouble:
            message = f"line {place(body, trouble)} of its {form}: {trouble.message}"
            raise BadCall(trouble.code, message, position=outer.start) from None
        return "".join((*pieces, body[at:]))

    def _found(self, call: Call, within: tuple[str, ...]) -> Shelved:
        if call.key in within:
            way = " → ".join((*within[within.index(call.key) :], call.key))
            raise BadCall("partial_cycle", f"it would be within itself: {way}", position=call.start)
        if len(within) >= MOST_DEEP:
            message = f"more than {MOST_DEEP} partials within each other: {' → '.join(within)}"
            raise BadCall("partial_too_deep", message, position=call.start)
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise BadCall("too_many_partials", f"more than {MOST_CALLS} partials in one text", position=call.start)
        found = self._shelf.partials.get(call.key)
        if found is None and self._shelf.full:
            raise BadCall("too_many_partials", f"more than {MOST_PARTIALS} different partials", position=call.start)
        if found is None:
            message = "no such partial is published; PUT /partials/{key} and publish it"
            raise BadCall("unknown_partial", message, position=call.start)
        return found

    def _pay(self, chars: int, call: Call) -> None:
        self._room -= chars
        if self._room < 0:
            message = f"with its partials the text is longer than {SOURCE_CHARS:,} characters"
            raise BadCall("partial_too_big", message, position=call.start)


_FORMS: Mapping[Form, tuple[Form, ...]] = {"mjml": ("mjml", "html"), "html": ("html",), "text": ("text",)}
