"""Takes a batch of contents apart into the texts that are to be filled in, and puts it together again.

Who fills them in need not know contents: it gets a text, how it is treated, and what it may speak of.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def render_with(fill: Fill, jobs: Sequence[Job]) -> list[Any]:
    """One finished content or `RenderError` per job, in their order, all their texts filled in by one call."""
    blanks: list[Blank] = []
    ends: list[int] = []
    for job in jobs:
        blanks += _blanks(job)
        ends.append(len(blanks))
    filled = fill(blanks) if blanks else ()
    starts = [0, *ends]
    return [_together(job, filled[start:end]) for job, start, end in zip(jobs, starts, ends, strict=False)]


def _blanks(job: Job) -> list[Blank]:
    found: list[Blank] = []

    def look(text: str, treatment: str, _: str) -> str:
        if has_tags(text):
            found.append(Blank(Source(text, treatment, job.lenient), job.context))
        return text

    try:
        walk(job.content, look, pointer="")
    except TooDeep:
        return []  # told when it is put together
    return found


def _together(job: Job, filled: Iterable[Filled]) -> Any:
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
