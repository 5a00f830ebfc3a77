"""Show words before anybody gets them: a draft, a version, or what nobody saved yet, for an example or for somebody."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from audience.selectors import people, recipient_ids
from kernel import structs
from templates_app.models import TemplateVersion
from templates_app.rules.locales import nearest
from templates_app.rules.making import Made, Piece
from templates_app.rules.showing import PERSON
from templates_app.selectors import find_template, versions_of
from templates_app.services.examples import Example, fill_in_examples
from templates_app.services.judging import judge
from templates_app.values import DEFAULT, Compiled, Finding, TemplateSource


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be said, part by part. `version` 0 is the draft, `None` what nobody saved."""

    version: int | None
    examples: tuple[Example, ...]
    findings: tuple[Finding, ...]


class NotThere(Exception):
    """What is to be shown does not exist: `pointer` tells which part of the request named it."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def preview(
    *,
    tenant_id: UUID,
    key: str,
    source: TemplateSource | None,
    version: int | str | None,
    data: Mapping[str, Any] | None,
    recipient: str | None,
    channel: str | None,
    locale: str | None,
    at: datetime,
) -> Preview:
    """Fill in a template. `source` comes before `version`: a number, "draft", "live", or `None` for the draft if there
    is one. Raises `NotThere`.
    """
    row = _stored(tenant_id, key, version) if source is None else None
    source = source or structs.convert(row.source if row else {}, TemplateSource)
    person = _person(tenant_id, recipient)
    judged = judge(tenant_id, source, key=key)
    made = _as_published(row, judged.made) if row and row.number else judged.made
    examples = fill_in_examples(
        made,
        data=source.example_data if data is None else data,
        brand=judged.settings.brand,
        at=at,
        person=person,
        wanted=_wanted(made, channel=channel, locale=locale or (person["locale"] if recipient else None)),
    )
    return Preview(row.number if row else None, tuple(examples), judged.made.findings)


def _as_published(row: TemplateVersion, made: Made) -> Made:
    """What was made of a version at its day: its layout, partials and translations may say something else by now."""
    compiled = structs.convert(row.compiled, Compiled)
    pieces = [
        Piece(channel, locale, content, content)
        for locale, parts in compiled.contents.items()
        for channel, said in parts.items()
        if channel in made.shapes
        for content in (structs.convert(said, made.shapes[channel].content),)
    ]
    known = {piece.channel for piece in pieces}
    offers = {channel: tuple(locales) for channel, locales in row.offers.items() if channel in known}
    return replace(made, pieces=tuple(pieces), messages=compiled.messages, offers=offers)


def _stored(tenant_id: UUID, key: str, version: int | str | None) -> TemplateVersion:
    found = find_template(tenant_id, key)
    if found is None:
        raise NotThere("", f"no template '{key}'")
    template, draft, live = found
    if isinstance(version, int):
        row = versions_of(template).filter(number=version).first()
    else:
        row = {"draft": draft, "live": live}[version] if version else draft or live
    if row is None:
        raise NotThere("/version", f"template '{key}' has no version '{version}'")
    return row


def _person(tenant_id: UUID, recipient: str | None) -> Mapping[str, Any]:
    if recipient is None:
        return PERSON
    ids = recipient_ids(tenant_id, (recipient,))
    if recipient not in ids:
        raise NotThere("/recipient", f"no recipient '{recipient[:80]}'")
    someone = people(ids.values())[ids[recipient]]
    return {
        "id": someone.external_id,
        "locale": someone.locale,
        "timezone": someone.timezone,
        "attributes": someone.attributes,
    }


def _wanted(made: Made, *, channel: str | None, locale: str | None) -> list[tuple[str, str]] | None:
    """The parts that are asked for, each in the locale this person would get; `None`: all of them."""
    if channel is None and locale is None:
        return None
    return [
        (name, found)
        for name, locales in _offers(made, channel).items()
        for found in (
            locales if locale is None else [nearest(locale, default=made.default_locale, written=locales) or DEFAULT]
        )
        if found in locales
    ]


def _offers(made: Made, channel: str | None) -> Mapping[str, tuple[str, ...]]:
    return {name: locales for name, locales in made.offers.items() if channel in (None, name)}
