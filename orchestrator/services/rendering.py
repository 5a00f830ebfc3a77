"""Put words together: the contents of a batch as their templates say them to each person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from audience.values import Person
from channels_app.registry import channels
from kernel import structs
from templates_app.rendering import render_jobs
from templates_app.rules.context import build_context
from templates_app.rules.promotion import with_footer
from templates_app.rules.stop_words import way_to_stop
from templates_app.selectors import NO_SETTINGS, Settings, Words, settings_lately, words_of
from templates_app.services.quarantine import count_crash
from templates_app.values import DEFAULT, Job, RenderError


class Wording(msgspec.Struct, frozen=True):
    """What one message is made of. `own_data` is what the request said for this person only; `at` is its moment.

    Without `template_version_id` the words are those of `content`. `unsubscribe_url` is where this person leaves this
    category, empty when it cannot be left; mails and texts of a promotional `category` get what they lack at their end.
    `answerable`: the person can write back, whichever account carries it. `preference_centre_url` is asked for words
    that may speak of it only: signing it costs as much as filling them in.
    """

    channel: str
    content: Mapping[str, Any]  # the notification's, for all channels
    data: Mapping[str, Any]
    own_data: Mapping[str, Any] | None
    person: Person
    notification_id: UUID
    type: str
    at: datetime
    tenant_id: UUID | None = None
    template_version_id: UUID | None = None
    locale: str = DEFAULT
    category: str = ""
    unsubscribe_url: str = ""
    preference_centre_url: Callable[[], str] = str
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Its words are held back: it waits."""


Rendered = msgspec.Struct | RenderError | Quarantined


def render(wordings: Sequence[Wording]) -> list[Rendered]:
    """The finished content of each, in the channel's own shape, or why there is none."""
    around = _look(wordings)
    prepared = [_prepared(wording, around) for wording in wordings]
    contents = iter(render_jobs([job for job in prepared if isinstance(job, Job)]))
    found: list[Rendered] = []
    for wording, job in zip(wordings, prepared, strict=True):
        content = next(contents) if isinstance(job, Job) else job
        if isinstance(content, RenderError) and content.code == "template_crashed" and wording.template_version_id:
            count_crash(wording.template_version_id, at=wording.at)
        if isinstance(content, RenderError | Quarantined):
            found.append(content)
        else:
            found.append(_judged(wording.channel, _dutiful(content, wording, around)))
    return found


@dataclass(slots=True)
class _Around:
    """What a batch has in common; contents, data and translations are the same objects for all who share them."""

    words: Mapping[UUID, Words]
    settings: Mapping[UUID, Settings]
    contents: dict[tuple[UUID, str, str], "_Content | None"] = field(default_factory=dict)
    data: dict[tuple[UUID, UUID], Mapping[str, Any]] = field(default_factory=dict)
    notifications: dict[tuple[UUID, str], Mapping[str, Any]] = field(default_factory=dict)


def _look(wordings: Sequence[Wording]) -> _Around:
    versions = {wording.template_version_id for wording in wordings if wording.template_version_id}
    tenants = {
        wording.tenant_id
        for wording in wordings
        if wording.tenant_id and (wording.template_version_id or _may_promote(wording))
    }
    return _Around(words_of(versions), settings_lately(tenants))


def _may_promote(wording: Wording) -> bool:
    return bool(wording.category) and channels.get(wording.channel).address_kind in _ENDINGS


def _dutiful(content: msgspec.Struct, wording: Wording, around: _Around) -> msgspec.Struct:
    """Mails and texts that promote something say how to leave, mails also who sent it, whoever wrote it."""
    settings = around.settings.get(wording.tenant_id, NO_SETTINGS) if wording.tenant_id else NO_SETTINGS
    if not _may_promote(wording) or wording.category not in settings.promotional:
        return content
    locale = wording.locale or wording.person.locale or settings.default_locale
    return _ENDINGS[channels.get(wording.channel).address_kind](content, wording, settings.brand, locale)


def _mail_ending(content: msgspec.Struct, wording: Wording, brand: Mapping[str, Any], locale: str) -> msgspec.Struct:
    return with_footer(content, unsubscribe_url=wording.unsubscribe_url, brand=brand, locale=locale)


def _text_ending(content: msgspec.Struct, wording: Wording, brand: Mapping[str, Any], locale: str) -> msgspec.Struct:
    road = channels.get(wording.channel)
    content, url = road.fit(content), wording.unsubscribe_url
    said = str(getattr(content, "body", ""))
    words = way_to_stop(said, answerable=wording.answerable, url=url, brand=brand, locale=locale)
    closed: msgspec.Struct = road.closed_with(content, words) if words else content
    return closed


Ending = Callable[[msgspec.Struct, Wording, Mapping[str, Any], str], msgspec.Struct]
_ENDINGS: Mapping[str, Ending] = {"email": _mail_ending, "phone": _text_ending}  # by kind of address


def _prepared(wording: Wording, around: _Around) -> Job | RenderError | Quarantined:
    if wording.template_version_id is None:
        return _own(wording, around)
    words = around.words.get(wording.template_version_id)
    if words is None:
        return RenderError("template_gone", "the version of its template is gone")
    if words.quarantined:
        return Quarantined()
    return _templated(wording, words, around)


def _own(wording: Wording, around: _Around) -> Job | RenderError:
    """The words that the notification brought along."""
    place = wording.notification_id, wording.channel, DEFAULT
    if place not in around.contents:
        written = wording.content.get(wording.channel)
        around.contents[place] = _content(wording.channel, written)
    content = around.contents[place]
    if content is None:
        return RenderError(
            "content_missing", f"neither a template nor the notification has words for {wording.channel}"
        )
    return Job(wording.channel, content.words, _context(wording, content, around, data=wording.data))


def _templated(wording: Wording, words: Words, around: _Around) -> Job | RenderError:
    place = words.version_id, wording.channel, wording.locale
    compiled = words.compiled
    if place not in around.contents:
        parts = (compiled.contents.get(locale, {}) for locale in (wording.locale, DEFAULT))
        written = next((part[wording.channel] for part in parts if wording.channel in part), None)
        around.contents[place] = _content(wording.channel, written)
    content = around.contents[place]
    if content is None:
        return RenderError("content_missing", f"the template has no words for {wording.channel} any more")
    shared = wording.notification_id, words.version_id
    if shared not in around.data:
        around.data[shared] = {**compiled.defaults, **wording.data} if compiled.defaults else wording.data
    settings = around.settings.get(wording.tenant_id, NO_SETTINGS) if wording.tenant_id else NO_SETTINGS
    messages = compiled.messages.get(wording.locale, {})
    # What the platform wrote without a language is not in the tenant's.
    locale = wording.locale or (settings.default_locale if words.tenant_id else DEFAULT)
    context = _context(
        wording, content, around, data=around.data[shared], brand=settings.brand, messages=messages, locale=locale
    )
    return Job(wording.channel, content.words, context, lenient=compiled.lenient, trusted=words.tenant_id is None)


class _Content(msgspec.Struct, frozen=True):
    """The words of a template, and whether they may speak of the preference centre: by its name, or by one they make up
    between brackets."""

    words: msgspec.Struct
    speaks_of_centre: bool


def _content(channel: str, written: Any) -> _Content | None:
    if written is None:
        return None
    words = structs.convert(written, channels.get(channel).content)
    said = msgspec.json.encode(words)
    return _Content(words, speaks_of_centre=b"preference_centre_url" in said or b"[" in said)


def _context(
    wording: Wording,
    content: _Content,
    around: _Around,
    *,
    data: Mapping[str, Any],
    brand: Mapping[str, Any] | None = None,
    messages: Mapping[str, Any] | None = None,
    locale: str = "",
) -> dict[str, Any]:
    """People who share the data share the object: what reads only that is filled in once for all of them."""
    about = wording.notification_id, wording.type
    if about not in around.notifications:
        around.notifications[about] = {"id": str(wording.notification_id), "type": wording.type}
    return build_context(
        data={**data, **wording.own_data} if wording.own_data else data,
        recipient={
            "id": wording.person.external_id,
            "locale": wording.person.locale,
            "timezone": wording.person.timezone,
            "attributes": wording.person.attributes,
        },
        notification=around.notifications[about],
        now=wording.at,
        brand=brand,
        messages=messages,
        locale=locale,
        unsubscribe_url=wording.unsubscribe_url,
        preference_centre_url=wording.preference_centre_url() if content.speaks_of_centre else "",
    )


def _judged(channel: str, content: Any) -> Rendered:
    road = channels.get(channel)
    content = road.fit(content)
    faults = road.validate_rendered(content)
    return RenderError(faults[0].code, faults[0].message, pointer=faults[0].pointer) if faults else content
