"""Fills in the words of a content. Texts without `{{` and `{%` pass untouched and cost next to nothing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError
from msgspec import Struct

from templates_app.rules.budget import OUTPUT_CHARS
from templates_app.rules.cache import SourceCache
from templates_app.rules.engine import (
    HTML,
    LENIENT_HTML,
    LENIENT_PLAIN,
    PLAIN,
    TAGS,
    Language,
    Template,
    inspect,
    top_level,
)
from templates_app.rules.filters import TooBig
from templates_app.rules.links import SCHEMES, first_unsafe, has_dynamic_links
from templates_app.rules.partial_tag import WITHIN
from templates_app.rules.source import BadSource, has_tags, line_of, look_over
from templates_app.rules.stretches import Kept, Stretch, fill_stretches, stretches_of
from templates_app.rules.walk import HTML as AS_HTML
from templates_app.rules.walk import LINE, TooDeep, walk
from templates_app.values import Job, RenderError, TemplateFault


@dataclass(frozen=True, slots=True)
class Known:
    """What was filled in before: whole texts, and the stretches that people share.

    Good as long as the values of all contexts it was used with are alive.
    """

    texts: dict[Any, str] = field(default_factory=dict)
    stretches: Kept = field(default_factory=dict)


CACHE_CHARS = 4 * 1024 * 1024

_LINE_ENDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class _Parsed:
    template: Template
    stretches: tuple[Stretch, ...]  # none: it runs as a whole
    reads: frozenset[str] | None  # the names it looks up at the top level; None = depends on values
    leads: bool  # data decides where a link of it leads


_cache: SourceCache[_Parsed] = SourceCache(room_chars=CACHE_CHARS)


def limit_cache(room_chars: int) -> None:
    """Keep no more parsed templates than texts of so many characters make."""
    _cache.limit(room_chars)


def check(channel: str, content: Struct) -> tuple[TemplateFault, ...]:
    """Everything that is wrong with the templates of a content, told before it is accepted. Pointers begin with
    `/content/<channel>`.
    """
    faults: list[TemplateFault] = []

    def look(text: str, treatment: str, pointer: str) -> str:
        try:
            if has_tags(text):
                _parsed(text, treatment)
        except RenderError as trouble:
            faults.append(TemplateFault(pointer, trouble.code, f"line {trouble.line}: {trouble.message}", trouble.line))
        return text

    try:
        walk(content, look, pointer=pointer_of(channel))
    except TooDeep as trouble:
        faults.append(TemplateFault(str(trouble), "too_deep", "nested too deep; flatter JSON would do", 1))
    return tuple(faults)


def render_content(channel: str, content: Struct, context: Mapping[str, Any]) -> Any:
    """`content` with its texts filled in for one person. Raises `RenderError`."""
    return _render(Job(channel, content, context), known=Known())


def render_batch(jobs: Iterable[Job]) -> list[Any]:
    """One content or `RenderError` per job, in their order. A text that reads the same values is filled in once."""
    known = Known()
    kept = list(jobs)  # alive until the end, so that identities stay what they are
    return [_render_or_error(job, known=known) for job in kept]


def fill_text(text: str, treatment: str, context: Mapping[str, Any], *, lenient: bool, known: Known) -> str:
    """One text filled in. Raises `RenderError`.

    `known` is that of the batch.
    """
    parsed = _parsed(text, treatment, lenient=lenient)
    if parsed.reads is None:
        return _run(parsed, text, treatment, context=context, known=known)
    key = (treatment, lenient, text, top_level(context, parsed.reads))
    if key not in known.texts:
        known.texts[key] = _run(parsed, text, treatment, context=context, known=known)
    return known.texts[key]


def _render_or_error(job: Job, *, known: Known) -> Any:
    try:
        return _render(job, known=known)
    except RenderError as trouble:
        return trouble


def _render(job: Job, *, known: Known) -> Any:
    def fill(text: str, treatment: str, pointer: str) -> str:
        if not has_tags(text):
            return text
        try:
            return fill_text(text, treatment, job.context, lenient=job.lenient, known=known)
        except RenderError as trouble:
            raise RenderError(trouble.code, trouble.message, pointer=pointer, line=trouble.line) from None

    try:
        return walk(job.content, fill, pointer=pointer_of(job.channel))
    except TooDeep as trouble:
        raise RenderError("template_failed", "nested too deep", pointer=str(trouble)) from None


def parse(text: str, treatment: str, *, lenient: bool = False) -> BoundTemplate:
    """The parsed template, kept for those who ask again. Raises `RenderError` `template_syntax`."""
    return _parsed(text, treatment, lenient=lenient).template


_LANGUAGES: Mapping[tuple[bool, bool], tuple[str, Language]] = {
    (False, False): ("plain", PLAIN),
    (True, False): ("html", HTML),
    (False, True): ("lenient plain", LENIENT_PLAIN),
    (True, True): ("lenient html", LENIENT_HTML),
}


def _parsed(text: str, treatment: str, *, lenient: bool = False) -> _Parsed:
    name, language = _LANGUAGES[treatment == AS_HTML, lenient]

    def make() -> _Parsed:
        try:
            look_over(text)
            template = language.from_string(text)
            assert isinstance(template, Template)
            reads, leads = inspect(template), treatment == AS_HTML and has_dynamic_links(text)
            return _Parsed(template, stretches_of(template), reads, leads)
        except BadSource as trouble:
            raise RenderError("template_syntax", trouble.message, line=line_of(text, trouble.position)) from None
        except (LiquidError, RecursionError) as trouble:
            raise RenderError("template_syntax", _words(trouble), line=_line(trouble, text)) from None

    return _cache.get((name, text), make)


def _run(parsed: _Parsed, text: str, treatment: str, *, context: Mapping[str, Any], known: Known) -> str:
    try:
        if parsed.stretches:
            filled = fill_stretches(parsed.template, parsed.stretches, context, kept=known.stretches)
        else:
            filled = parsed.template.render(context)
    except UndefinedError as trouble:
        raise RenderError("missing_variable", _missing(trouble), line=_line(trouble, text)) from None
    except (ResourceLimitError, TooBig, MemoryError) as trouble:
        raise RenderError("template_too_expensive", _words(trouble), line=_line(trouble, text)) from None
    except (LiquidError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as trouble:
        # What filters of the library make of values they did not expect.
        raise RenderError("template_failed", _words(trouble), line=_line(trouble, text)) from None
    if len(filled) > OUTPUT_CHARS:
        raise RenderError("template_too_expensive", f"{len(filled):,} characters; {OUTPUT_CHARS:,} at most")
    if parsed.leads and (found := first_unsafe(filled)):
        scheme = found[0].partition(":")[0][:20].strip()
        message = f"a link of the kind '{scheme}:'; only {', '.join(sorted(SCHEMES))} may be led to"
        raise RenderError("unsafe_link", message, line=line_of(filled, found[1]))
    return _LINE_ENDS.sub(" ", filled).strip() if treatment == LINE else filled


def _missing(trouble: UndefinedError) -> str:
    words, within, partial = str(trouble.message).partition(WITHIN)
    if within:
        return f"{words}{within}{partial}; give it where the partial is rendered, or ask for it with if"
    if not words.endswith(" is undefined"):
        return f"a value that is not there ({words}); give it in data, or ask for it with if"
    what = words.removesuffix(" is undefined").strip("'\"")
    return f"'{what}' has no value; give it in data, or write {{{{ {what} | default: \"…\" }}}}"


def _words(trouble: BaseException) -> str:
    """What the library says, on one line and without the piece of template it repeats."""
    words = str(trouble.message if isinstance(trouble, LiquidError) else trouble) or type(trouble).__name__
    line = words.splitlines()[0][:600]
    return f"{line}; known: {TAGS}" if line.startswith("unexpected tag") else line


def _line(trouble: BaseException, text: str) -> int:
    """Where it was noticed: at the end of the text when something was never closed."""
    token = trouble.token if isinstance(trouble, LiquidError) else None
    if token is None:
        return 1
    return line_of(text, token.start_index if token.start_index >= 0 else len(text))


def pointer_of(channel: str) -> str:
    """Where a content stands in the body of a request."""
    return f"/content/{channel}"
