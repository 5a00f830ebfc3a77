"""Look how people stand to what their digests gathered, at the moment these close: as many statements for any batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from audience.selectors import people
from audience.values import Person
from notifications.rules.policy import NO_POLICY
from notifications.selectors import policies_of
from orchestrator.rules.digest_items import Item, Stance
from orchestrator.rules.situation import NOBODY
from orchestrator.services.consented import demands_of, words_about
from orchestrator.services.digests_telling import DueDigest
from orchestrator.services.suppressed import Bans, bans_against, bans_of
from preferences.rules import Ban
from preferences.selectors import wishes_of


def stances(due: Sequence[DueDigest], items: Mapping[UUID, Sequence[Item]]) -> dict[UUID, Stance]:
    """What items are judged by, for each digest: what its person wants, agreed to and was barred from by now."""
    ids = {digest.recipient_id for digest in due}
    persons = people(ids)
    channels = _channels(due, items)
    bans = bans_of(persons.values(), channels={name for names in channels.values() for name in names})
    wishes = wishes_of(ids)
    policies = policies_of({(digest.tenant_id, digest.type) for digest in due})
    subjects = {
        (digest.id, item.category): (
            digest.tenant_id,
            item.category,
            policies.get((digest.tenant_id, digest.type), NO_POLICY).purpose,
        )
        for digest in due
        for item in items.get(digest.id, ())
    }
    demands = demands_of(set(subjects.values()))
    said = words_about(demands.values(), ids)
    demanded = {place: demands[subject] for place, subject in subjects.items() if subject in demands}
    return {
        digest.id: Stance(
            wishes.get(digest.recipient_id, NOBODY),
            {category: demand for (id, category), demand in demanded.items() if id == digest.id},
            tuple(said.get(digest.recipient_id, ())),
            _barred(persons.get(digest.recipient_id), bans, channels[digest.id]),
        )
        for digest in due
    }


def _channels(due: Sequence[DueDigest], items: Mapping[UUID, Sequence[Item]]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    for digest in due:
        found[digest.id].update(*(item.channels for item in items.get(digest.id, ())))
    return found


def _barred(person: Person | None, bans: Bans, channels: set[str]) -> dict[str, list[Sequence[Ban]]]:
    if person is None or not bans:
        return {}
    return {
        channel: [bans_against(bans, endpoint, tenant_id=person.tenant_id) for endpoint in person.endpoints[channel]]
        for channel in channels
        if channel in person.endpoints
    }
