"""From what was written to what is filled in: every part in every locale made ready, and all that is wrong told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import Struct

from kernel import structs
from templates_app.rules.analysis import Named, translations
from templates_app.rules.compile import compile_content
from templates_app.rules.liquid import check, parse
from templates_app.rules.locales import chain
from templates_app.rules.partials.contents import LaidOut, lay_content, lay_layout
from templates_app.rules.partials.inlay import NO_PARTIALS, Shelf, Shelved
from templates_app.rules.schema import defaults
from templates_app.rules.source import has_tags
from templates_app.rules.walk import walk
from templates_app.values import DEFAULT, Compiled, Finding, LayoutSource, RenderError, Shape, TemplateSource

Catalogue = Mapping[str, Mapping[str, Any]]  # locale → key → message


@dataclass(frozen=True, slots=True)
class Piece:
    """One part in one locale: as it was written (with nothing inside its partials), and as it will be filled in."""

    channel: str
    locale: str
    written: Struct
    ready: Struct
    partials: tuple[str, ...] = ()

    @property
    def pointer(self) -> str:
        """Where it stands in the source."""
        return pointer_of(self.channel, self.locale)


@dataclass(frozen=True, slots=True)
class Made:
    """A source made ready. `offers` has the locales of each channel, those that translations add included, `partials`
    those whose words went into it.
    """

    source: TemplateSource
    pieces: tuple[Piece, ...]
    messages: Mapping[str, Mapping[str, Any]]
    offers: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
    shapes: Mapping[str, Shape]
    default_locale: str
    partials: Mapping[str, Shelved] = field(default_factory=dict)

    def compiled(self) -> Compiled:
        """What a version keeps."""
        contents: dict[str, dict[str, dict[str, Any]]] = {}
        for piece in self.pieces:
            contents.setdefault(piece.locale, {})[piece.channel] = msgspec.to_builtins(piece.ready)
        return Compiled(
            contents=contents,
            messages={locale: dict(found) for locale, found in self.messages.items()},
            defaults=defaults(self.source.variables),
            lenient=self.source.missing == "default",
        )


def make(
    source: TemplateSource,
    *,
    shapes: Mapping[str, Shape],
    layout: LayoutSource,
    catalogue: Catalogue,
    default_locale: str,
    shelf: Shelf = NO_PARTIALS,
) -> Made:
    """Make every part of `source` ready. Parts with an error are left out of the pieces."""
    frames = lay_layout(layout, shelf)
    pieces: list[Piece] = []
    findings: list[Finding] = [replace(one, pointer="/layout") for one in frames.findings]
    asked: dict[str, set[str]] = {}  # channel → the translations its unmarked part names
    keys: set[str] = set()
    for channel, locale, written in _parts(source):
        piece, found = _piece(channel, locale, written, shapes=shapes, frames=frames, shelf=shelf)
        findings += [replace(one, part=channel, locale=locale) for one in found]
        if piece is None:
            continue
        named = list(named_in(piece))
        findings += unknown_translations(piece, named, catalogue=catalogue, default_locale=default_locale)
        keys.update(name.key for name, _ in named if name.key is not None)
        if locale == DEFAULT:
            asked[channel] = {name.key for name, _ in named if name.key is not None}
        pieces.append(piece)
    messages = messages_for(keys, catalogue, {p.locale for p in pieces}, default_locale=default_locale)
    offers = {
        channel: tuple(
            sorted({p.locale for p in pieces if p.channel == channel} | _translated(asked, channel, catalogue))
        )
        for channel in dict.fromkeys(piece.channel for piece in pieces)
    }
    used = sorted({key for piece in pieces for key in piece.partials} | set(frames.used))
    partials = {key: shelf.partials[key] for key in used}
    return Made(source, tuple(pieces), messages, offers, tuple(findings), shapes, default_locale, partials)


def pointer_of(channel: str, locale: str) -> str:
    """Where a part stands in a source."""
    return f"/locales/{locale}/{channel}" if locale else f"/parts/{channel}"


def _parts(source: TemplateSource) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for locale, parts in ((DEFAULT, source.parts), *source.locales.items()):
        for channel, written in parts.items():
            yield channel, locale, written


def _piece(
    channel: str,
    locale: str,
    written: Mapping[str, Any],
    *,
    shapes: Mapping[str, Shape],
    frames: LaidOut[LayoutSource],
    shelf: Shelf,
) -> tuple[Piece | None, list[Finding]]:
    pointer = pointer_of(channel, locale)
    shape = shapes.get(channel)
    if shape is None:
        what = f"no channel '{channel[:40]}'; known: {', '.join(shapes)}"
        return None, [Finding("unknown_channel", what, pointer=pointer)]
    try:
        content = structs.convert(written, shape.content)
    except msgspec.ValidationError as trouble:
        message, _, path = str(trouble).partition(" - at `$")
        below = path.rstrip("`").replace(".", "/").replace("[", "/").replace("]", "")
        return None, [Finding("invalid_content", message[:300], pointer=pointer + below)]
    laid = lay_content(content, shelf)
    ready, found = (content, laid.findings) if laid.findings else _compiled(laid, frames)
    findings = [replace(one, pointer=pointer + one.pointer) for one in found]
    if findings:
        return None, findings
    findings += [Finding(fault.code, fault.message, pointer=pointer + fault.pointer) for fault in shape.judge(ready)]
    # First as it was written, with the lines its author knows; what was made of it only if that is well.
    syntax = list(check(channel, laid.folded)) or list(check(channel, ready))
    root = f"/content/{channel}"
    findings += [
        Finding(fault.code, fault.message, pointer=pointer + fault.pointer.removeprefix(root), line=fault.line)
        for fault in syntax
    ]
    return (None if findings else Piece(channel, locale, laid.folded, ready, laid.used)), findings


def _compiled(laid: LaidOut[Struct], frames: LaidOut[LayoutSource]) -> tuple[Struct, tuple[Finding, ...]]:
    """The content made ready: first without its partials, for mistakes are told by the lines their author knows."""
    ready, found = compile_content(laid.folded, layout=frames.folded)
    if found or (laid.plain and frames.plain):
        return ready, found
    ready, found = compile_content(laid.ready, layout=frames.ready)
    return ready, tuple(replace(one, line=1, message=f"with its partials: {one.message}") for one in found)


def named_in(piece: Piece) -> list[tuple[Named, str]]:
    """The translations a part asks for, each with the pointer of the text that does."""
    found: list[tuple[Named, str]] = []

    def look(text: str, treatment: str, pointer: str) -> str:
        if has_tags(text):
            try:
                found.extend((name, pointer) for name in translations(parse(text, treatment), text))
            except RenderError:
                return text  # told by `check` already
        return text

    walk(piece.ready, look, pointer=piece.pointer)
    return found


def unknown_translations(
    piece: Piece, named: list[tuple[Named, str]], *, catalogue: Catalogue, default_locale: str
) -> Iterator[Finding]:
    """What a part asks of translations and does not get."""
    for name, pointer in dict.fromkeys(named):
        if name.key is None:
            message = "t takes a text in quotes: {{ 'greeting' | t }}; case tells which of several is said"
            yield Finding("dynamic_translation", message, "error", pointer, piece.channel, piece.locale, name.line)
        elif _message(name.key, piece.locale, catalogue, default_locale=default_locale) is None:
            looked = ", ".join(place for place in chain(piece.locale, default=default_locale) if place) or "any locale"
            message = f"no translation '{name.key[:80]}' in {looked}; add it to /translations"
            yield Finding("unknown_translation", message, "error", pointer, piece.channel, piece.locale, name.line)


def _message(key: str, locale: str, catalogue: Catalogue, *, default_locale: str) -> list[Any] | None:
    for name in chain(locale, default=default_locale):
        message = catalogue.get(name, {}).get(key)
        if message is not None:
            return [name, message]
    return None


def messages_for(
    keys: set[str], catalogue: Catalogue, written: set[str], *, default_locale: str
) -> dict[str, dict[str, Any]]:
    """Of all translations, those that are named, as each locale says them."""
    found: dict[str, dict[str, Any]] = {}
    for locale in written | (catalogue.keys() if keys else set()):
        for key in sorted(keys):
            message = _message(key, locale, catalogue, default_locale=default_locale)
            if message is not None:
                found.setdefault(locale, {})[key] = message
    return found


def _translated(asked: Mapping[str, set[str]], channel: str, catalogue: Catalogue) -> set[str]:
    """The locales in which translations say all that an unmarked part leaves to them."""
    keys = asked.get(channel)
    return {locale for locale, messages in catalogue.items() if keys and keys <= messages.keys()}
