"""Fills in the words of a content. Texts without `{{` and `{%` pass untouched and cost next to nothing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError
from msgspec import Struct

from templates_app.rules.budget import OUTPUT_CHARS
from templates_app.rules.cache import SourceCache
from templates_app.rules.engine import HTML, PLAIN, TAGS, inspect, top_level
from templates_app.rules.filters import TooBig
from templates_app.rules.source import BadSource, has_tags, line_of, look_over
from templates_app.rules.walk import HTML as AS_HTML
from templates_app.rules.walk import LINE, TooDeep, walk
from templates_app.values import Job, RenderError, TemplateFault

CACHE_CHARS = 4 * 1024 * 1024

_LINE_ENDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class _Parsed:
    template: BoundTemplate
    reads: frozenset[str] | None  # the names it looks up at the top level; None = depends on values


_cache: SourceCache[_Parsed] = SourceCache(room_chars=CACHE_CHARS)


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
        walk(content, look, pointer=_pointer(channel))
    except TooDeep as trouble:
        faults.append(TemplateFault(str(trouble), "too_deep", "nested too deep; flatter JSON would do", 1))
    return tuple(faults)


def render_content(channel: str, content: Struct, context: Mapping[str, Any]) -> Any:
    """`content` with its texts filled in for one person. Raises `RenderError`."""
    return _render(Job(channel, content, context), known={})


def render_batch(jobs: Iterable[Job]) -> list[Any]:
    """One content or `RenderError` per job, in their order. A text that reads the same values is filled in once."""
    known: dict[Any, str] = {}
    kept = list(jobs)  # alive until the end, so that identities stay what they are
    return [_render_or_error(job, known=known) for job in kept]


def _render_or_error(job: Job, *, known: dict[Any, str]) -> Any:
    try:
        return _render(job, known=known)
    except RenderError as trouble:
        return trouble


def _render(job: Job, *, known: dict[Any, str]) -> Any:
    def fill(text: str, treatment: str, pointer: str) -> str:
        if not has_tags(text):
            return text
        try:
            return _filled(text, treatment, context=job.context, known=known)
        except RenderError as trouble:
            raise RenderError(trouble.code, trouble.message, pointer=pointer, line=trouble.line) from None

    try:
        return walk(job.content, fill, pointer=_pointer(job.channel))
    except TooDeep as trouble:
        raise RenderError("template_failed", "nested too deep", pointer=str(trouble)) from None


def _filled(text: str, treatment: str, *, context: Mapping[str, Any], known: dict[Any, str]) -> str:
    parsed = _parsed(text, treatment)
    if parsed.reads is None:
        return _run(parsed.template, text, treatment, context=context)
    key = (treatment, text, top_level(context, parsed.reads))
    if key not in known:
        known[key] = _run(parsed.template, text, treatment, context=context)
    return known[key]


def _parsed(text: str, treatment: str) -> _Parsed:
    language = HTML if treatment == AS_HTML else PLAIN

    def parse() -> _Parsed:
        try:
            look_over(text)
            template = language.from_string(text)
            return _Parsed(template, inspect(template))
        except BadSource as trouble:
            raise RenderError("template_syntax", trouble.message, line=line_of(text, trouble.position)) from None
        except (LiquidError, RecursionError) as trouble:
            raise RenderError("template_syntax", _words(trouble), line=_line(trouble, text)) from None

    return _cache.get(("html" if language is HTML else "plain", text), parse)


def _run(template: BoundTemplate, text: str, treatment: str, *, context: Mapping[str, Any]) -> str:
    try:
        filled = template.render(context)
    except UndefinedError as trouble:
        raise RenderError("missing_variable", _missing(trouble), line=_line(trouble, text)) from None
    except (ResourceLimitError, TooBig, MemoryError) as trouble:
        raise RenderError("template_too_expensive", _words(trouble), line=_line(trouble, text)) from None
    except (LiquidError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as trouble:
        # What filters of the library make of values they did not expect.
        raise RenderError("template_failed", _words(trouble), line=_line(trouble, text)) from None
    if len(filled) > OUTPUT_CHARS:
        raise RenderError("template_too_expensive", f"{len(filled):,} characters; {OUTPUT_CHARS:,} at most")
    return _LINE_ENDS.sub(" ", filled).strip() if treatment == LINE else filled


def _missing(trouble: UndefinedError) -> str:
    words = str(trouble.message)
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


def _pointer(channel: str) -> str:
    return f"/content/{channel}"
