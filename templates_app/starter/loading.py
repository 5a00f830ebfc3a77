"""Makes the starter set the platform's defaults: what everybody gets who wrote nothing of their own.

Loading twice changes nothing. What differs from what was loaded last is published as a new version, so a default that
an operator rolled back stays rolled back until its files say something new.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from kernel import structs
from templates_app.selectors import PLATFORM, layouts_of, template_of, versions_of
from templates_app.services.drafts import Unfit, save_draft
from templates_app.services.partials import publish_partial, save_partial
from templates_app.services.publishing import publish
from templates_app.services.surroundings import save_layout
from templates_app.shelving import live_ids, partial_of, versions_of_partial
from templates_app.starter.folder import (
    HERE,
    WrittenLayout,
    WrittenPartial,
    WrittenTemplate,
    read_layouts,
    read_partials,
    read_templates,
)
from templates_app.values import Finding, LayoutSource, PartialSource, TemplateSource

ACTOR = "command:seed"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The keys of what is new in the database, and how many folders were read."""

    layouts: tuple[str, ...]
    templates: tuple[str, ...]
    read: int
    partials: tuple[str, ...] = ()


class Unloadable(Exception):
    """A template, layout or partial of the set cannot be published; the message says which and why."""


def load_starter_set(*, at: datetime, root: Path = HERE) -> Loaded:
    """Publish what is new in the folders, all of it or nothing. In the platform's scope.

    Raises `Unloadable` and `BadFolder`.
    """
    partials, layouts, templates = tuple(read_partials(root)), tuple(read_layouts(root)), tuple(read_templates(root))
    with transaction.atomic():
        new_partials = tuple(one.key for one in partials if _load_partial(one, at=at))
        new_layouts = tuple(one.key for one in layouts if _load_layout(one, at=at))
        new_templates = tuple(one.key for one in templates if _load_template(one, layouts=layouts, at=at))
    read = len(partials) + len(layouts) + len(templates)
    return Loaded(new_layouts, new_templates, read, new_partials)


def _load_partial(written: WrittenPartial, *, at: datetime) -> bool:
    known = partial_of(PLATFORM, written.key)
    last = versions_of_partial(known).filter(publisher=ACTOR).order_by("-number").first() if known else None
    if last is not None and structs.convert(last.source, PartialSource) == written.source:
        return False
    saved = save_partial(written.key, tenant_id=PLATFORM, name=written.name, source=written.source, actor=ACTOR, at=at)
    if isinstance(saved, Unfit):
        raise Unloadable(f"partial '{written.key}': {_words(saved.errors)}")
    done = publish_partial(written.key, tenant_id=PLATFORM, note="The starter set's words", actor=ACTOR, at=at)
    if isinstance(done, Unfit):
        raise Unloadable(f"partial '{written.key}': {_words(done.errors)}")
    return True


def _load_layout(written: WrittenLayout, *, at: datetime) -> bool:
    known = layouts_of(PLATFORM).filter(key=written.key).first()
    if known is not None and structs.convert(known.source, LayoutSource) == written.source:
        return False
    saved = save_layout(written.key, tenant_id=PLATFORM, name=written.name, source=written.source, actor=ACTOR, at=at)
    if isinstance(saved, Unfit):
        raise Unloadable(f"layout '{written.key}': {_words(saved.errors)}")
    return True


def _load_template(written: WrittenTemplate, *, layouts: tuple[WrittenLayout, ...], at: datetime) -> bool:
    layout = next((one.source for one in layouts if one.key == written.source.layout), None)
    number, known = _loaded_last(written.key)
    if known == (written.source, layout):
        return False
    saved = save_draft(written.key, tenant_id=PLATFORM, name=written.name, source=written.source, actor=ACTOR, at=at)
    if isinstance(saved, Unfit):
        raise Unloadable(f"template '{written.key}': {_words(saved.errors)}")
    note = "The starter set's words have changed" if number else "The starter set's first words"
    done = publish(written.key, tenant_id=PLATFORM, note=note, actor=ACTOR, at=at)
    if isinstance(done, Unfit):
        raise Unloadable(f"template '{written.key}': {_words(done.errors)}")
    return True


def _loaded_last(key: str) -> tuple[int, tuple[TemplateSource, LayoutSource | None] | None]:
    """The number of the version that was loaded last, its words and the layout it was published with."""
    template = template_of(PLATFORM, key)
    row = versions_of(template).filter(publisher=ACTOR).order_by("-number").first() if template else None
    if row is None:
        return 0, None
    layout = None if row.layout is None else structs.convert(row.layout, LayoutSource)
    if live_ids(PLATFORM, row.partials) != {key: UUID(use["id"]) for key, use in row.partials.items()}:
        return row.number, None  # its partials say something else by now
    return row.number, (structs.convert(row.source, TemplateSource), layout)


def _words(errors: tuple[Finding, ...]) -> str:
    return "; ".join(f"{one.pointer} line {one.line}: {one.message}" for one in errors[:5])
