"""MJML becomes HTML once, before anything is filled in. Nothing is fetched: no fonts, no includes.

The compiler (mrml 0.2.4, 2026-11) lets unknown elements pass and tells no line, so the structure is judged here first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mrml

from templates_app.rules.mjml_notrack import mark, unmark
from templates_app.rules.placeholders import veil
from templates_app.rules.source import line_of
from templates_app.rules.workshop import NotMade, made, register_maker

# documentation.mjml.io, 2026-11; `mj-include` is left out on purpose.
_ELEMENTS_TEXT = """
accordion accordion-element accordion-text accordion-title all attributes body breakpoint button carousel
carousel-image class column divider font group head hero html-attributes html-attribute image navbar navbar-link
preview raw section selector social social-element spacer style table text title wrapper
"""
ELEMENTS = frozenset(_ELEMENTS_TEXT.split())
MOST_DEEP = 40
_TAG = re.compile(r"<(/?)(mjml|mj-[a-z-]+)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>", re.IGNORECASE)
_BARE = re.compile(r"<(?![a-zA-Z/!?])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_parsing: Any = mrml.ParserOptions(include_loader=mrml.noop_loader())
_rendering: Any = mrml.RenderOptions(fonts={})


@dataclass(frozen=True, slots=True)
class BadMjml(Exception):
    """MJML that cannot be compiled; the line counts from 1."""

    message: str
    line: int


def compile_mjml(source: str) -> str:
    """The page in HTML that `source` describes, its Liquid untouched. Raises `BadMjml`."""
    try:
        return made("mjml", source)
    except NotMade as trouble:
        raise BadMjml(trouble.message, trouble.line) from None


def _compile(source: str) -> str:
    try:
        return _compiled(source)
    except BadMjml as trouble:
        raise NotMade(trouble.message, trouble.line) from None


def _compiled(source: str) -> str:
    hidden = veil(source, comments=False)
    for trouble in _troubles(hidden.text):
        raise trouble
    try:
        page = mrml.to_html(mark(hidden.text), _parsing, _rendering).content
    except OSError as trouble:
        raise BadMjml(f"the compiler of MJML says: {trouble}", _line_in(str(trouble), hidden.text)) from None
    return hidden.unveil(unmark(page))


def _troubles(text: str) -> Iterator[BadMjml]:
    """What is wrong with the structure, first things first."""
    bare = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    if not re.match(r"\s*<mjml\b", bare, re.IGNORECASE):
        yield BadMjml(
            "MJML begins with <mjml>; a layout that has it, or <mjml><mj-body>…</mj-body></mjml>, would do", 1
        )
    if found := _BARE.search(bare):
        yield BadMjml("a '<' that begins no tag; &lt; would do", line_of(bare, found.start()))
    for tag in _TAG.finditer(bare):
        name, line = tag[2].lower(), line_of(bare, tag.start())
        if name == "mj-include":
            yield BadMjml("mj-include is not offered; a layout frames many templates", line)
        if name != "mjml" and name.removeprefix("mj-") not in ELEMENTS:
            yield BadMjml(f"no element <{name}> in MJML", line)
    yield from _unbalanced(bare)


def _unbalanced(text: str) -> Iterator[BadMjml]:
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(text):
        closing, name, alone, line = tag[1], tag[2].lower(), tag[4], line_of(text, tag.start())
        if not closing and not alone:
            opened.append((name, line))
        elif closing and opened and opened[-1][0] == name:
            opened.pop()
        elif closing:
            expected = f"<{opened[-1][0]}> of line {opened[-1][1]} is still open" if opened else "nothing is open"
            yield BadMjml(f"</{name}> closes what was not opened; {expected}", line)
        if len(opened) > MOST_DEEP:
            yield BadMjml(f"nested more than {MOST_DEEP} deep", line)
    for name, line in reversed(opened):
        yield BadMjml(f"<{name}> is never closed", line)


def _line_in(message: str, text: str) -> int:
    found = re.search(r"position (\d+)", message)
    return line_of(text, min(int(found[1]), len(text))) if found else 1


register_maker("mjml", _compile)
