"""Judge a request to notify against what is known: pure, every trouble found, each with its pointer and code."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from notifications.rules.recurrence import check_recurrence
from notifications.rules.recurrence_rule import BadRecurrence
from notifications.values import PRIORITY_NUMBER, NotificationRequest, RecipientRef, Trouble

DEFAULT_TTL = timedelta(days=3)
DEFAULT_UNKNOWN_POLICY = "at_least_once"
MEDIUM = PRIORITY_NUMBER["medium"]
LEARNING, ALL_AT_ONCE = "smart", "immediate"  # strategies
LONGEST_WAIT = timedelta(days=5 * 366)  # how far ahead something may be scheduled
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # a moment before it is a mistake, not a moment
# Where clocks show a wall-clock time first (UTC+14) and last (UTC-12).
FIRST_ZONE, LAST_ZONE = timedelta(hours=14), timedelta(hours=-12)


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """What a notification type says by default."""

    key: str
    category: str = ""
    priority: int = MEDIUM
    strategy: str = ""
    channels: tuple[str, ...] = ()
    template: str = ""
    ttl: timedelta = DEFAULT_TTL
    unknown_policy: str = DEFAULT_UNKNOWN_POLICY


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around a batch of requests, gathered once for all of them."""

    types: Mapping[str, TypeFacts]
    recipients: Mapping[str, UUID]  # external ids that exist → our ids
    segments: Mapping[str, tuple[UUID, int]]  # key → (id, number of members)
    strategies: Collection[str]
    channels: Collection[str]
    default_strategy: str
    templates: Mapping[str, Collection[str]] = field(default_factory=dict)  # as they are named → channels they speak on


@dataclass(frozen=True, slots=True)
class Judged:
    """A request with every default filled in; moments are in UTC.

    `people` are its recipients, each external id once, with what was said for them only; `told_of` are those that were
    given as objects and so are to be created or updated.
    """

    type: str
    category: str
    priority: int
    strategy: str
    channels: tuple[str, ...]
    unknown_policy: str
    scheduled_at: datetime | None
    due_at: datetime | None  # None = at once
    expires_at: datetime
    people: Mapping[str, Mapping[str, Any]]
    told_of: tuple[RecipientRef, ...]
    dedup: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""


def judge(
    request: NotificationRequest,
    *,
    known: Known,
    at: datetime,
    content_channels: Sequence[str],
    introduced: Collection[str] = (),
) -> Judged | tuple[Trouble, ...]:
    """The request with its defaults, or everything that is wrong with it.

    `content_channels` are those it has words for; `introduced` people (external ids) whom requests before it create.
    """
    facts = known.types.get(request.type or "")
    strategy = request.strategy or (facts.strategy if facts else "") or _default_strategy(request, known)
    troubles = (
        *_type_troubles(request, facts, known, content_channels),
        *_audience_troubles(request, known, introduced),
        *_channel_troubles(request, facts, known, content_channels),
        *_strategy_troubles(strategy, known),
        *_time_troubles(request, at),
    )
    if troubles:
        return troubles
    facts = facts or TypeFacts(key=request.type or "")
    first, last = _starts(request, at)
    return Judged(
        type=request.type or "",
        category=facts.category,
        priority=PRIORITY_NUMBER[request.priority] if request.priority else facts.priority,
        strategy=strategy,
        channels=_channels(request, facts, content_channels),
        unknown_policy=facts.unknown_policy,
        scheduled_at=_in_utc(request.scheduled_at),
        due_at=first if first > at else None,
        expires_at=_in_utc(request.expires_at) or last + facts.ttl,
        people=_people(request),
        told_of=tuple(person for person in request.recipients or () if isinstance(person, RecipientRef)),
        dedup=msgspec.to_builtins(request.dedup) if request.dedup else {},
        template=template_of(request, facts),
    )


def _default_strategy(request: NotificationRequest, known: Known) -> str:
    """Who names several channels and no strategy means all of them; the one that learns would pick (decision 0014)."""
    several = len(set(request.channels or ())) > 1
    return ALL_AT_ONCE if several and known.default_strategy == LEARNING else known.default_strategy


def template_of(request: NotificationRequest, facts: TypeFacts | None) -> str:
    """The template asked for: the request's word comes before its type's. Empty when neither names one."""
    return request.template or (facts.template if facts else "")


def _type_troubles(
    request: NotificationRequest, facts: TypeFacts | None, known: Known, content_channels: Sequence[str]
) -> Iterator[Trouble]:
    template = template_of(request, facts)
    if request.template and template not in known.templates:
        yield Trouble("/template", "unknown_template", f"no template '{template}' that was published")
    if content_channels or request.template:
        return
    if request.type is None:
        yield Trouble("/type", "required", "give the key of a notification type, or content for a channel")
    elif facts is None:
        what = f"no notification type '{request.type}'; create it (PUT /types/{{key}}) or give content"
        yield Trouble("/type", "unknown_type", what)
    elif not facts.template:
        what = f"type '{request.type}' names no template; give content for at least one channel"
        yield Trouble("/content", "content_required", what)
    elif template not in known.templates:
        what = f"template '{template}' of type '{request.type}' was never published; publish it or give content"
        yield Trouble("/type", "unknown_template", what)


def _audience_troubles(request: NotificationRequest, known: Known, introduced: Collection[str]) -> Iterator[Trouble]:
    if request.recipients is not None and request.segment is not None:
        yield Trouble("/segment", "conflict", "recipients and segment exclude each other; give one of them")
        return
    if request.recipients is None and request.segment is None:
        yield Trouble("/recipients", "required", "give recipients (1 to 1,000) or a segment")
        return
    if request.segment is not None and request.segment not in known.segments:
        yield Trouble("/segment", "unknown_segment", f"no segment '{request.segment}'")
    told_of = {person.id for person in request.recipients or () if isinstance(person, RecipientRef)}
    for index, person in enumerate(request.recipients or ()):
        if isinstance(person, str) and not any(person in people for people in (known.recipients, told_of, introduced)):
            what = f"no recipient '{person[:80]}'; give an object to create one"
            yield Trouble(f"/recipients/{index}", "recipient_not_found", what)


def _channel_troubles(
    request: NotificationRequest, facts: TypeFacts | None, known: Known, content_channels: Sequence[str]
) -> Iterator[Trouble]:
    spoken = known.templates.get(template_of(request, facts), ())
    for index, channel in enumerate(request.channels or ()):
        if channel not in known.channels:
            what = f"no channel '{channel}'; known: {', '.join(known.channels)}"
            yield Trouble(f"/channels/{index}", "unknown_channel", what)
        elif (content_channels or spoken) and channel not in (*content_channels, *spoken):
            what = f"channel '{channel}' is asked for but has no content; add content.{channel}"
            yield Trouble(f"/channels/{index}", "content_missing", what)


def _strategy_troubles(strategy: str, known: Known) -> Iterator[Trouble]:
    if strategy not in known.strategies:
        what = f"no strategy '{strategy}'; known: {', '.join(sorted(known.strategies))}"
        yield Trouble("/strategy", "unknown_strategy", what)


def _time_troubles(request: NotificationRequest, at: datetime) -> Iterator[Trouble]:
    if request.scheduled_at and request.scheduled_local:
        what = "give scheduled_at (one moment) or scheduled_local (each recipient's own clock), not both"
        yield Trouble("/scheduled_local", "conflict", what)
    if request.recurrence and request.scheduled_local:
        yield Trouble("/recurrence", "conflict", "a recurring notification begins at scheduled_at, not scheduled_local")
    out_of_range = tuple(_range_troubles(request, at))
    yield from out_of_range
    if request.expires_at and not out_of_range and request.expires_at <= _starts(request, at)[0]:
        what = "expires_at lies before the notification could be sent; give a later moment or none"
        yield Trouble("/expires_at", "expires_too_early", what)
    if request.recurrence:
        try:
            check_recurrence(request.recurrence)
        except BadRecurrence as bad:
            yield Trouble("/recurrence", "invalid_recurrence", str(bad))


def _range_troubles(request: NotificationRequest, at: datetime) -> Iterator[Trouble]:
    local = request.scheduled_local.replace(tzinfo=UTC) if request.scheduled_local else None
    for name, moment in (("scheduled_at", request.scheduled_at), ("scheduled_local", local)):
        if moment and not EARLIEST <= moment <= at + LONGEST_WAIT:
            what = f"expected a moment from {EARLIEST:%Y} to {LONGEST_WAIT.days} days ahead"
            yield Trouble(f"/{name}", "moment_out_of_range", what)
    if request.expires_at and _in_utc(request.expires_at) is None:
        yield Trouble("/expires_at", "moment_out_of_range", "expected a moment before the year 10000")


def _starts(request: NotificationRequest, at: datetime) -> tuple[datetime, datetime]:
    """When the first and the last recipient's turn comes, never before `at`: zones differ for a wall-clock time."""
    if request.scheduled_local:
        local = request.scheduled_local.replace(tzinfo=UTC)
        return max(local - FIRST_ZONE, at), max(local - LAST_ZONE, at)
    moment = max(_in_utc(request.scheduled_at) or at, at)
    return moment, moment


def _in_utc(moment: datetime | None) -> datetime | None:
    """The moment in UTC; `None` too where UTC would have the year 0 or 10000."""
    try:
        return moment.astimezone(UTC) if moment else None
    except OverflowError:
        return None


def _channels(request: NotificationRequest, facts: TypeFacts, content_channels: Sequence[str]) -> tuple[str, ...]:
    """The channels asked for. Words given for other channels than the type's are meant to be said there."""
    if request.channels:
        return tuple(dict.fromkeys(request.channels))
    if content_channels and not template_of(request, facts) and not set(facts.channels) & set(content_channels):
        return ()
    return facts.channels


def _people(request: NotificationRequest) -> Mapping[str, Mapping[str, Any]]:
    people: dict[str, Mapping[str, Any]] = {}
    for person in request.recipients or ():
        if isinstance(person, RecipientRef):
            people[person.id] = person.data
        else:
            people.setdefault(person, {})
    return people
