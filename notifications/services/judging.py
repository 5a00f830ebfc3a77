"""Look and decide for the front door: gather what a batch of requests needs to know, then judge them in order.

Writes nothing; previews use it as `accept` does.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from audience.rules.profiles import read_profile
from audience.selectors import recipient_ids, segment_sizes
from audience.values import Profile
from channels_app.registry import channels
from kernel.lately import Lately
from notifications.catalogue import default_strategy, strategy_names
from notifications.rules.requests import Judged, Known, judge, template_of
from notifications.selectors import type_facts
from notifications.values import NotificationRequest, RecipientRef, Trouble
from templates_app.rules.compile import compile_content
from templates_app.rules.liquid import check
from templates_app.selectors import offers


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be accepted: its defaults filled in, and the people it tells of in normal form."""

    request: NotificationRequest
    judged: Judged
    profiles: tuple[Profile, ...]


Verdict = Admitted | tuple[Trouble, ...]


def named_in(requests: Iterable[NotificationRequest]) -> set[str]:
    """The external ids of people whom requests name without telling about them."""
    return {person for request in requests for person in request.recipients or () if isinstance(person, str)}


def known_to(
    tenant_id: UUID, requests: Collection[NotificationRequest], *, recipients: Mapping[str, UUID] | None = None
) -> Known:
    """What the requests refer to, in a constant number of queries. Needs the tenant's scope.

    `recipients` are the ids of those of the `named_in` who are known; `None` looks them up.
    """
    types: set[str] = set()
    segments: set[str] = set()
    strategies: set[str] = set()
    for request in requests:
        types.update((request.type,) if request.type else ())
        segments.update((request.segment,) if request.segment else ())
        strategies.update((request.strategy,) if request.strategy else ())
    facts = type_facts(tenant_id, types)
    named = {template_of(request, facts.get(request.type or "")) for request in requests} - {""}
    offered = offers((tenant_id, name) for name in named)
    strategies.update(found.strategy for found in facts.values() if found.strategy)
    return Known(
        types=facts,
        recipients=recipient_ids(tenant_id, named_in(requests)) if recipients is None else recipients,
        segments=segment_sizes(tenant_id, segments) if segments else {},
        strategies=strategy_names(tenant_id, wanted=strategies),
        channels=channels.keys(),
        default_strategy=default_strategy(tenant_id, otherwise=settings.ORCHESTRATOR.default_strategy),
        templates={name: offer.channels() for (_, name), offer in offered.items()},
    )


def judge_all(requests: Mapping[int, NotificationRequest], *, known: Known, at: datetime) -> dict[int, Verdict]:
    """A verdict per request. They count in order: people whom one introduces are known to those after it."""
    introduced: set[str] = set()
    verdicts: dict[int, Verdict] = {}
    for index, request in requests.items():
        verdicts[index] = verdict = judge_one(request, known=known, at=at, introduced=introduced)
        if isinstance(verdict, Admitted):
            introduced.update(profile.external_id for profile in verdict.profiles)
    return verdicts


def judge_one(
    request: NotificationRequest, *, known: Known, at: datetime, introduced: frozenset[str] | set[str] = frozenset()
) -> Verdict:
    """The request as it would be accepted, or everything that is wrong with it."""
    given, words, troubles = _judged_words(request.content, at=at)
    if words != given:
        content: Any = request.content
        request = msgspec.structs.replace(request, content=msgspec.structs.replace(content, **words))
    judged = judge(request, known=known, at=at, content_channels=tuple(given), introduced=introduced)
    profiles, faults = _profiles(request.recipients or ())
    troubles += faults
    if not isinstance(judged, Judged):
        return (*judged, *troubles)
    return tuple(troubles) if troubles else Admitted(request, judged, profiles)


_Words = dict[str, msgspec.Struct]  # by channel

# Contents in which nothing was wrong, by their digest. Many requests say the same with other data, and judging words
# takes longer than everything else that is judged.
_fine = Lately(most=4096, within=timedelta(hours=1))


def _judged_words(content: Any, *, at: datetime) -> tuple[_Words, _Words, list[Trouble]]:
    """What was given, the same ready to be sent, and everything that is wrong with it."""
    if content is None:
        return {}, {}, []
    given, mark = _given(content), sha256(msgspec.json.encode(content)).digest()
    if _fine.has(mark, at=at):
        return given, given, []
    words, troubles = _ready(given)
    troubles += _content_troubles(words)
    if not troubles and words == given:
        _fine.keep(mark, at=at)
    return given, words, troubles


def _given(content: Any) -> dict[str, msgspec.Struct]:
    """The parts of `content` that were given, by channel."""
    parts = ((name, getattr(content, name)) for name in content.__struct_fields__)
    return {name: part for name, part in parts if part is not msgspec.UNSET}


def _ready(given: Mapping[str, msgspec.Struct]) -> tuple[dict[str, msgspec.Struct], list[Trouble]]:
    """The contents with their MJML made into HTML and their style sheets written into the elements, and what kept them
    from becoming so.
    """
    words: dict[str, msgspec.Struct] = {}
    troubles: list[Trouble] = []
    for channel, part in given.items():
        if not getattr(part, "mjml", "") and "<style" not in str(getattr(part, "html", "")).lower():
            words[channel] = part
            continue
        made, findings = compile_content(part)
        for found in findings:
            pointer = f"/content/{channel}{found.pointer}"
            troubles.append(Trouble(pointer, found.code, f"line {found.line}: {found.message}"))
        if not findings:
            words[channel] = made
    return words, troubles


def _content_troubles(words: Mapping[str, msgspec.Struct]) -> Iterator[Trouble]:
    for channel, part in words.items():
        for fault in channels.get(channel).validate(part):
            yield Trouble(f"/content/{channel}{fault.pointer}", fault.code, fault.message)
        for syntax in check(channel, part):
            yield Trouble(syntax.pointer, syntax.code, syntax.message)


def _profiles(recipients: Sequence[str | RecipientRef]) -> tuple[tuple[Profile, ...], list[Trouble]]:
    plain_http = frozenset(settings.EGRESS_ALLOW)
    profiles: list[Profile] = []
    troubles: list[Trouble] = []
    for index, person in enumerate(recipients):
        if isinstance(person, str):
            continue
        read = read_profile(person, external_id=person.id, pointer=f"/recipients/{index}", plain_http=plain_http)
        if isinstance(read, Profile):
            profiles.append(read)
        else:
            troubles += [Trouble(fault.pointer, fault.code, fault.message) for fault in read]
    return tuple(profiles), troubles
