"""Takes a batch of contents apart into the texts that are to be filled in, and puts it together again.

Who fills them in need not know contents: it gets a text, how it is treated, and what it may speak of.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from templates_app.rules.liquid import pointer_of
from templates_app.rules.source import has_tags
from templates_app.rules.walk import TooDeep, walk
from templates_app.values import Job, RenderError


@dataclass(frozen=True, slots=True)
class Source:
    """A text to fill in and how. Equal ones need be parsed once only."""

    text: str
    treatment: str
    lenient: bool


@dataclass(frozen=True, slots=True)
class Blank:
    """A text to be filled in for somebody. Contexts that are the same object are the same."""

    source: Source
    context: Mapping[str, Any]


Filled = str | RenderError
Fill = Callable[[Sequence[Blank]], Sequence[Filled]]


@dataclass(frozen=True, slots=True)
class _Form:
    """A content with the texts in it that are to be filled in. What people share is taken apart once."""

    sources: tuple[Source, ...]
    names: tuple[str, ...] | None  # the fields they are; `None`: they are deeper inside


def render_with(fill: Fill, jobs: Sequence[Job]) -> list[Any]:
    """One finished content or `RenderError` per job, in their order, all their texts filled in by one call."""
    forms: dict[tuple[int, bool], _Form] = {}
    blanks: list[Blank] = []
    taken: list[tuple[_Form, int]] = []
    for job in jobs:
        key = id(job.content), job.lenient
        form = forms.get(key)
        if form is None:
            form = forms[key] = _form(job)
        taken.append((form, len(blanks)))
        blanks += [Blank(source, job.context) for source in form.sources]
    filled = fill(blanks) if blanks else ()
    return [
        _together(job, form, filled[start : start + len(form.sources)])
        for job, (form, start) in zip(jobs, taken, strict=True)
    ]


def _form(job: Job) -> _Form:
    found: list[Source] = []
    pointers: list[str] = []

    def look(text: str, treatment: str, pointer: str) -> str:
        if has_tags(text):
            found.append(Source(text, treatment, job.lenient))
            pointers.append(pointer)
        return text

    try:
        walk(job.content, look, pointer="")
    except TooDeep:
        return _Form((), None)  # told when it is put together
    flat = all(pointer.count("/") == 1 for pointer in pointers)
    return _Form(tuple(found), tuple(pointer[1:] for pointer in pointers) if flat else None)


def _together(job: Job, form: _Form, filled: Sequence[Filled]) -> Any:
    if form.names is None or any(isinstance(said, RenderError) for said in filled):
        return _put_in(job, filled)
    return replace(job.content, **dict(zip(form.names, filled, strict=True))) if filled else job.content


def _put_in(job: Job, filled: Iterable[Filled]) -> Any:
    found = iter(filled)

    def put(text: str, _: str, pointer: str) -> str:
        if not has_tags(text):
            return text
        said = next(found)
        if isinstance(said, RenderError):
            raise RenderError(said.code, said.message, pointer=pointer, line=said.line)
        return said

    try:
        return walk(job.content, put, pointer=pointer_of(job.channel))
    except TooDeep as trouble:
        return RenderError("template_failed", "nested too deep", pointer=str(trouble))
    except RenderError as trouble:
        return trouble
