"""Makes a content ready once, so that filling it in is all that is left: layout, MJML, styles, plain text.

A content says `html`, `mjml` and `text` by these names, whatever channel it is of; one without them passes untouched.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from templates_app.rules.framing import Framed, frame, slots
from templates_app.rules.liquid import parse
from templates_app.rules.mjml import BadMjml, compile_mjml
from templates_app.rules.page import BadPage, inline_styles
from templates_app.rules.plain_text import text_of
from templates_app.rules.source import BadSource, line_of, look_over
from templates_app.rules.unclosed import look_over_markup
from templates_app.rules.walk import HTML, TEXT
from templates_app.values import Finding, LayoutSource, RenderError

S = TypeVar("S", bound=Struct)
NO_LAYOUT = LayoutSource()


def compile_content(content: S, *, layout: LayoutSource = NO_LAYOUT) -> tuple[S, tuple[Finding, ...]]:
    """The content as it will be filled in, and what kept it from becoming so. Pointers begin at the content."""
    found: list[Finding] = []
    changes: dict[str, Any] = {}
    if getattr(content, "mjml", ""):
        changes = {"mjml": "", "html": _made(content, "mjml", layout.mjml, compile_mjml, found)}
    elif getattr(content, "html", ""):
        changes = {"html": _made(content, "html", layout.html, inline_styles, found)}
    if "html" in changes and hasattr(content, "text"):
        given = str(getattr(content, "text", ""))
        changes["text"] = frame(given, layout.text).text if given else text_of(changes["html"])
    elif layout.text and getattr(content, "text", "") and hasattr(content, "html"):
        changes["text"] = frame(str(getattr(content, "text", "")), layout.text).text
    return (msgspec.structs.replace(content, **changes) if changes and not found else content), tuple(found)


def _made(content: Struct, name: str, layout: str, make: Callable[[str], str], found: list[Finding]) -> str:
    framed = frame(getattr(content, name), layout)
    try:
        look_over(framed.text)
        look_over_markup(framed.text)
        return make(framed.text)
    except BadMjml as trouble:
        found.append(_finding("invalid_mjml", trouble.message, name, framed, trouble.line))
    except BadPage as trouble:
        found.append(_finding("invalid_html", str(trouble), name, framed, framed.first + 1))
    except BadSource as trouble:
        line = line_of(framed.text, trouble.position)
        found.append(_finding("template_syntax", trouble.message, name, framed, line))
    return ""


def _finding(code: str, message: str, name: str, framed: Framed, line: int) -> Finding:
    own, number = framed.place(line)
    words = message if own else f"in the layout, line {number}: {message}"
    return Finding(code, words, pointer=f"/{name}", line=number if own else 1)


def compile_layout(layout: LayoutSource) -> tuple[Finding, ...]:
    """What is wrong with a layout; pointers begin at it."""
    found: list[Finding] = []
    if not (layout.mjml or layout.html or layout.text):
        found.append(Finding("layout_empty", "neither mjml, html nor text; one of them with {{ content }} would do"))
    for name, sample, make in (
        ("mjml", "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>", compile_mjml),
        ("html", "<p>x</p>", inline_styles),
        ("text", "x", _unchanged),
    ):
        text = getattr(layout, name)
        if not text:
            continue
        if slots(text) != 1:
            what = f"{slots(text)} places for the content; {{{{ content }}}} once would do"
            found.append(Finding("layout_slot", what, pointer=f"/{name}"))
            continue
        part = msgspec.defstruct("Part", [(name, str)])(sample)
        found += _layout_findings(part, name, text, make)
    return tuple(found)


def _layout_findings(part: Struct, name: str, text: str, make: Callable[[str], str]) -> Iterator[Finding]:
    told: list[Finding] = []
    made = _made(part, name, text, make, told)
    yield from told
    if not told:
        try:
            parse(made, HTML if name != "text" else TEXT)
        except RenderError as trouble:
            yield Finding(trouble.code, trouble.message, pointer=f"/{name}", line=trouble.line)


def _unchanged(text: str) -> str:
    return text
