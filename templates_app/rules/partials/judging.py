"""What is wrong with a partial, looked at by itself: the same eyes as for templates, and a small page around it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from templates_app.rules.analysis import variables
from templates_app.rules.context import COMMON
from templates_app.rules.lint.check import OF_MARKUP
from templates_app.rules.liquid import parse
from templates_app.rules.making import Catalogue, Made, Piece, messages_for, named_in, unknown_translations
from templates_app.rules.mjml import BadMjml, compile_mjml
from templates_app.rules.page import BadPage, inline_styles
from templates_app.rules.partials.inlay import Form, Laid, Shelf, Shelved, lay
from templates_app.rules.partials.parameters import parameter_faults
from templates_app.rules.source import BadSource, line_of
from templates_app.rules.unclosed import look_over_markup
from templates_app.rules.walk import HTML, TEXT
from templates_app.values import DEFAULT, Finding, PartialSource, RenderError, TemplateSource

CHANNEL = "partial"  # it is none, but what fills in contents calls them by one
FORMS: tuple[Form, ...] = ("mjml", "html", "text")
Html = Annotated[str, Meta(extra={"template": "html"})]

_FIRST = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)")
_IN_HEAD = frozenset(("mj-attributes", "mj-style", "mj-title", "mj-preview", "mj-breakpoint", "mj-html-attributes"))
_IN_BODY = frozenset(("mj-section", "mj-wrapper", "mj-hero", "mj-raw"))
_IN_SECTION = frozenset(("mj-column", "mj-group"))


class Forms(Struct, frozen=True):
    """The words of a partial as a content, so that whatever looks at contents can look at it."""

    mjml: Html = ""
    html: Html = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A partial made ready to be looked at. `ready` renders it with its own example data."""

    ready: Forms
    messages: Mapping[str, Any]
    findings: tuple[Finding, ...]
    used: tuple[str, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it from being saved."""
        return tuple(one for one in self.findings if one.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is shown."""
        return tuple(one for one in self.findings if one.severity == "warning")


def judge(
    key: str, source: PartialSource, *, shelf: Shelf, catalogue: Catalogue, locale: str, default_locale: str
) -> Judged:
    """Everything to be said of a partial. Pointers begin at it."""
    findings = [
        Finding("invalid_parameters", what, pointer=f"/parameters{pointer}")
        for pointer, what in parameter_faults(source.parameters)
    ]
    if not any(getattr(source, form) for form in FORMS):
        findings.append(Finding("partial_empty", "neither mjml, html nor text; one of them would do"))
    laid = {form: lay(getattr(source, form), form, shelf, within=(key,)) for form in FORMS}
    for form, found in laid.items():
        findings += _about(form, found, source)
    used = tuple(dict.fromkeys(one for found in laid.values() for one in found.used))
    if findings:
        return Judged(Forms(), {}, tuple(findings), used)
    ready, troubles = _ready(key, source, shelf)
    if troubles:
        return Judged(Forms(), {}, troubles, used)
    folded = Forms(**{form: found.folded for form, found in laid.items()})
    piece = Piece(CHANNEL, DEFAULT, folded, ready)
    named = named_in(piece)
    findings += unknown_translations(piece, named, catalogue=catalogue, default_locale=default_locale)
    made = Made(TemplateSource(), (piece,), {}, {}, (), {}, default_locale)
    for check in OF_MARKUP:
        findings += check(made)
    keys = {name.key for name, _ in named if name.key is not None}
    messages = messages_for(keys, catalogue, {locale}, default_locale=default_locale)
    placed = tuple(replace(one, pointer=one.pointer.removeprefix(piece.pointer), part="") for one in findings)
    return Judged(ready, messages.get(locale, {}), placed, used)


def _about(form: Form, laid: Laid, source: PartialSource) -> Iterator[Finding]:
    """Mistakes in one of its texts, by the lines its author knows."""
    pointer = f"/{form}"
    if laid.troubles:
        for trouble in laid.troubles:
            yield Finding(trouble.code, f"the partial {trouble.message}", pointer=pointer, line=trouble.line)
        return
    try:
        template = parse(laid.folded, TEXT if form == "text" else HTML)
        if form != "text":
            look_over_markup(laid.folded)
        if form == "mjml":
            compile_mjml(around(laid.folded))
    except RenderError as trouble:
        yield Finding(trouble.code, trouble.message, pointer=pointer, line=trouble.line)
        return
    except BadSource as trouble:
        line = line_of(laid.folded, trouble.position)
        yield Finding("template_syntax", trouble.message, pointer=pointer, line=line)
        return
    except BadMjml as trouble:
        yield Finding("invalid_mjml", trouble.message, pointer=pointer, line=trouble.line)
        return
    known = {*source.parameters.get("properties", {}), *COMMON}
    for read in {str(one.steps[0]): one for one in variables(template, laid.folded)}.values():
        if read.steps[0] not in known:
            message = f"'{read.steps[0]}' is not among the parameters; a partial sees nothing else of a template's data"
            yield Finding("unknown_variable", message, pointer=pointer, line=read.line)


def _ready(key: str, source: PartialSource, shelf: Shelf) -> tuple[Forms, tuple[Finding, ...]]:
    """The partial rendered as templates do it, with its example data."""
    draft = Shelved(UUID(int=0), 0, source)
    around_it = Shelf({**shelf.partials, key: draft}, shelf.full)
    wanted = {*source.example_data, *source.parameters.get("required", ())}
    given = "".join(f", {name}: {name}" for name in source.parameters.get("properties", {}) if name in wanted)
    ready: dict[str, str] = {}
    for form in FORMS:
        body = getattr(source, form)
        if not body:
            continue
        laid = lay(f"{{% render '{key}'{given} %}}", form, around_it)
        for trouble in laid.troubles:
            return Forms(), (Finding(trouble.code, f"the example data: {trouble.message}", pointer="/example_data"),)
        try:
            ready[form] = _made(form, laid.text, body)
        except (BadMjml, BadPage) as trouble:
            return Forms(), (Finding(f"invalid_{form}", f"with its partials: {trouble}", pointer=f"/{form}"),)
    return Forms(**ready), ()


def _made(form: Form, text: str, body: str) -> str:
    match form:
        case "mjml":
            return compile_mjml(around(body, text))
        case "html":
            return inline_styles(text)
        case _:
            return text


def around(body: str, instead: str = "") -> str:
    """A whole document in MJML with `body` where its first element belongs, on the same lines; or `instead` there."""
    found = _FIRST.search(body)
    first = found[1].lower() if found else ""
    body = instead or body
    if first in _IN_HEAD:
        return f"<mjml><mj-head>{body}</mj-head><mj-body></mj-body></mjml>"
    if first in _IN_BODY:
        return f"<mjml><mj-body>{body}</mj-body></mjml>"
    if first in _IN_SECTION:
        return f"<mjml><mj-body><mj-section>{body}</mj-section></mj-body></mjml>"
    if not first.startswith("mj-"):
        body = f"<mj-text>{body}</mj-text>"
    return f"<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
