"""Keep what is said about people: one or a thousand in the same few statements, and nothing when nothing is new.

Look without locks; write only people whom it changes. New ones are inserted first and known ones locked second, each
time in the order of their external ids, so two requests about the same people wait for each other but never in a ring.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.transaction import TransactionManagementError

from audience.catalogue import clocks_changed
from audience.models import Endpoint
from audience.rules.merging import NOBODY, endpoint_changes, merged, replaced
from audience.rules.profiles import read_profile
from audience.values import EndpointFacts, Fault, InvalidRecipients, Place, Profile, RecipientInput, State
from kernel.ids import uuid7
from tenants.asking import Statement, ask
from tenants.services import audit

Decide = Callable[[State, Profile], State]


@dataclass(frozen=True, slots=True)
class Kept:
    """Whose ids are whose, by external id, and who is new since this call."""

    ids: Mapping[str, UUID]
    created: frozenset[str]


def upsert_recipients(
    *, tenant_id: UUID, recipients: Sequence[RecipientInput | Profile], at: datetime
) -> dict[str, UUID]:
    """Create people or add to what is known of them; what is unspoken stays. Returns ids by external id.

    Profiles were checked by `rules.profiles.read_profile`; inputs are checked here, and faults raise
    `InvalidRecipients` with pointers like `/0/email`. Needs a transaction. As many statements for 1,000 as for 1.
    """
    return dict(_keep(tenant_id, _checked(recipients), decide=merged, at=at).ids)


def merge_recipients(*, tenant_id: UUID, profiles: Sequence[Profile], at: datetime) -> Kept:
    """As `upsert_recipients`, for checked profiles, and also telling who is new."""
    return _keep(tenant_id, profiles, decide=merged, at=at)


def replace_recipients(*, tenant_id: UUID, profiles: Sequence[Profile], at: datetime) -> Kept:
    """Create people or say everything about them anew; what is unspoken goes. Needs a transaction."""
    return _keep(tenant_id, profiles, decide=replaced, at=at)


def erase(*, tenant_id: UUID, external_id: str, actor: str, at: datetime) -> bool:
    """Take a person out with endpoints, inbox and memberships; `False` when there was none.

    Their deliveries stay in the ledger under an id that no longer names anybody, and so does the line in the trail.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audience_recipient WHERE tenant_id = %s AND external_id = %s RETURNING id",
            (tenant_id, external_id),
        )
        row = cursor.fetchone()
    if row is None:
        return False
    audit(tenant_id, actor=actor, action="recipient.erased", object=f"recipient:{row[0]}", at=at)
    return True


@dataclass(frozen=True, slots=True)
class _Known:
    """A person as the rows say."""

    id: UUID
    state: State
    endpoint_ids: Mapping[Place, UUID]


@dataclass(slots=True)
class _EndpointWrites:
    forgotten: list[UUID] = field(default_factory=list)
    written: list[tuple[UUID, Place, EndpointFacts]] = field(default_factory=list)

    def note(self, known: _Known, after: State) -> None:
        changes = endpoint_changes(known.state, after)
        self.forgotten += [known.endpoint_ids[place] for place in changes.forgotten]
        self.written += [(known.id, place, facts) for place, facts in changes.written.items()]


def _checked(recipients: Sequence[RecipientInput | Profile]) -> list[Profile]:
    profiles: list[Profile] = []
    faults: list[Fault] = []
    plain_http = frozenset(settings.EGRESS_ALLOW)
    for index, recipient in enumerate(recipients):
        read = (
            recipient
            if isinstance(recipient, Profile)
            else read_profile(recipient, external_id=recipient.id, pointer=f"/{index}", plain_http=plain_http)
        )
        if isinstance(read, Profile):
            profiles.append(read)
        else:
            faults += read
    if faults:
        raise InvalidRecipients(tuple(faults))
    return profiles


def _keep(tenant_id: UUID, profiles: Sequence[Profile], *, decide: Decide, at: datetime) -> Kept:
    spoken: dict[str, list[Profile]] = {}
    for profile in profiles:
        spoken.setdefault(profile.external_id, []).append(profile)

    def after(before: State, external_id: str) -> State:
        for profile in spoken[external_id]:
            before = decide(before, profile)
        return before

    known = _look(tenant_id, spoken, locked=False)
    ids = {external_id: person.id for external_id, person in known.items()}
    todo = sorted(e for e in spoken if e not in known or after(known[e].state, e) != known[e].state)
    created: set[str] = set()
    endpoints = _EndpointWrites()
    moved: list[UUID] = []
    while todo:
        # A second round is only for people who were erased between our look and our lock.
        fresh = {e: after(NOBODY, e) for e in todo if e not in known}
        inserted = _insert(tenant_id, fresh, at=at)
        for external_id, id in inserted.items():
            endpoints.note(_Known(id, NOBODY, {}), fresh[external_id])
        created |= inserted.keys()
        ids |= inserted
        known = _look(tenant_id, [e for e in todo if e not in inserted], locked=True)
        changed: dict[UUID, State] = {}
        for external_id, person in known.items():
            state = after(person.state, external_id)
            ids[external_id] = person.id
            if state != person.state:
                changed[person.id] = state
                endpoints.note(person, state)
                moved += [person.id] if state.timezone != person.state.timezone else []
        _update(changed, at=at)
        todo = [e for e in todo if e not in inserted and e not in known]
    _write_endpoints(tenant_id, endpoints, at=at)
    if moved:
        clocks_changed(tenant_id=tenant_id, recipient_ids=moved)
    return Kept(ids=ids, created=frozenset(created))


_PEOPLE = """
SELECT id, external_id, locale, timezone, attributes::text FROM audience_recipient
WHERE tenant_id = %s AND external_id = ANY (%s) ORDER BY external_id
"""
_THEIR_ENDPOINTS = """
SELECT e.id, e.recipient_id, e.channel, e.address, e.kind, e.label, e.extra::text
FROM audience_recipient person JOIN audience_endpoint e ON e.recipient_id = person.id
WHERE person.tenant_id = %s AND person.external_id = ANY (%s)
"""


def _look(tenant_id: UUID, external_ids: Iterable[str], *, locked: bool) -> dict[str, _Known]:
    """The people of these ids who are known, in one round trip. Endpoints are read once the lock is held: the second
    statement has a snapshot of its own.
    """
    wanted = list(external_ids)
    if not wanted:
        return {}
    if locked and not connection.in_atomic_block:
        raise TransactionManagementError("people can only be locked inside a transaction; open one around the call")
    people, endpoints = ask(
        Statement(f"{_PEOPLE} FOR NO KEY UPDATE" if locked else _PEOPLE, (tenant_id, wanted), tuple),
        Statement(_THEIR_ENDPOINTS, (tenant_id, wanted), tuple),
    )
    places: dict[UUID, dict[Place, EndpointFacts]] = {id: {} for id, *_ in people}
    endpoint_ids: dict[UUID, dict[Place, UUID]] = {id: {} for id, *_ in people}
    for id, owner, channel, address, kind, label, extra in endpoints:
        if owner in places:  # not of somebody who came between the two statements
            places[owner][channel, address] = EndpointFacts(kind=kind, label=label, extra=json.loads(extra))
            endpoint_ids[owner][channel, address] = id
    return {
        external_id: _Known(id, State(locale, timezone, json.loads(attributes), places[id]), endpoint_ids[id])
        for id, external_id, locale, timezone, attributes in people
    }


_INSERT = """
INSERT INTO audience_recipient (id, tenant_id, external_id, locale, timezone, attributes, created_at, updated_at)
SELECT id, %(tenant)s, external_id, locale, timezone, attributes::jsonb, %(at)s, %(at)s
FROM unnest(%(ids)s::uuid[], %(external_ids)s::text[], %(locales)s::text[], %(timezones)s::text[],
            %(attributes)s::text[]) WITH ORDINALITY AS new (id, external_id, locale, timezone, attributes, place)
ORDER BY place
ON CONFLICT (tenant_id, external_id) DO NOTHING
RETURNING external_id, id
"""


def _insert(tenant_id: UUID, states: Mapping[str, State], *, at: datetime) -> dict[str, UUID]:
    """Those who were inserted; the others were inserted by somebody else, whose commit this has waited for."""
    if not states:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "tenant": tenant_id,
                "at": at,
                "ids": [uuid7(at) for _ in states],
                "external_ids": list(states),
                "locales": [state.locale for state in states.values()],
                "timezones": [state.timezone for state in states.values()],
                "attributes": [json.dumps(dict(state.attributes)) for state in states.values()],
            },
        )
        return dict(cursor.fetchall())


_UPDATE = """
UPDATE audience_recipient AS kept
SET locale = new.locale, timezone = new.timezone, attributes = new.attributes::jsonb, updated_at = %(at)s
FROM unnest(%(ids)s::uuid[], %(locales)s::text[], %(timezones)s::text[], %(attributes)s::text[])
  AS new (id, locale, timezone, attributes)
WHERE kept.id = new.id
"""


def _update(states: Mapping[UUID, State], *, at: datetime) -> None:
    if not states:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _UPDATE,
            {
                "at": at,
                "ids": list(states),
                "locales": [state.locale for state in states.values()],
                "timezones": [state.timezone for state in states.values()],
                "attributes": [json.dumps(dict(state.attributes)) for state in states.values()],
            },
        )


_WRITE_ENDPOINTS = """
INSERT INTO audience_endpoint
  (id, tenant_id, recipient_id, channel, kind, address, label, extra, created_at, updated_at, disabled_reason)
SELECT id, %(tenant)s, recipient_id, channel, kind, address, label, extra::jsonb, %(at)s, %(at)s, ''
FROM unnest(%(ids)s::uuid[], %(recipients)s::uuid[], %(channels)s::text[], %(kinds)s::text[], %(addresses)s::text[],
            %(labels)s::text[], %(extras)s::text[])
  AS new (id, recipient_id, channel, kind, address, label, extra)
ON CONFLICT (tenant_id, recipient_id, channel, address) DO UPDATE
SET kind = excluded.kind, label = excluded.label, extra = excluded.extra, updated_at = excluded.updated_at
"""


def _write_endpoints(tenant_id: UUID, writes: _EndpointWrites, *, at: datetime) -> None:
    if writes.forgotten:
        Endpoint.objects.filter(id__in=writes.forgotten).delete()
    if not writes.written:
        return
    owners, places, facts = zip(*writes.written, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE_ENDPOINTS,
            {
                "tenant": tenant_id,
                "at": at,
                # Sorted, so that "newest" among those of one moment is the one named last.
                "ids": sorted(uuid7(at) for _ in owners),
                "recipients": list(owners),
                "channels": [channel for channel, _ in places],
                "kinds": [fact.kind for fact in facts],
                "addresses": [address for _, address in places],
                "labels": [fact.label for fact in facts],
                "extras": [json.dumps(dict(fact.extra)) for fact in facts],
            },
        )
