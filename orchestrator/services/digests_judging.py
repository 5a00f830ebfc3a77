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
from orchestrator.services.consented import Subject, demands_of, words_about
from orchestrator.services.digests_telling import DueDigest
from orchestrator.services.suppressed import Bans, bans_against, bans_of
from preferences.rules import Ban
from preferences.rules.consent import Demand
from preferences.selectors import wishes_of

Items = Mapping[UUID, Sequence[Item]]  # by digest


def stances(due: Sequence[DueDigest], items: Items) -> dict[UUID, Stance]:
    """What items are judged by, for each digest: what its person wants, agreed to and was barred from by now."""
    ids = {digest.recipient_id for digest in due}
    persons, wishes = people(ids), wishes_of(ids)
    channels = {digest.id: {name for item in items.get(digest.id, ()) for name in item.channels} for digest in due}
    bans = bans_of(persons.values(), channels=set[str]().union(*channels.values()))
    demands = _demands(due, items)
    said = words_about([demand for wanted in demands.values() for demand in wanted.values()], ids)
    return {
        digest.id: Stance(
            wishes.get(digest.recipient_id, NOBODY),
            demands.get(digest.id, {}),
            tuple(said.get(digest.recipient_id, ())),
            _barred(persons.get(digest.recipient_id), bans, channels[digest.id]),
        )
        for digest in due
    }


def _demands(due: Sequence[DueDigest], items: Items) -> dict[UUID, dict[str, Demand]]:
    """What the items of each digest need consent for, by category; digests without such items are missing."""
    policies = policies_of({(digest.tenant_id, digest.type) for digest in due})
    subjects: dict[tuple[UUID, str], Subject] = {}
    for digest in due:
        purpose = policies.get((digest.tenant_id, digest.type), NO_POLICY).purpose
        for item in items.get(digest.id, ()):
            subjects[digest.id, item.category] = digest.tenant_id, item.category, purpose
    demands = demands_of(set(subjects.values()))
    found: dict[UUID, dict[str, Demand]] = defaultdict(dict)
    for (digest_id, category), subject in subjects.items():
        if subject in demands:
            found[digest_id][category] = demands[subject]
    return found


def _barred(person: Person | None, bans: Bans, channels: set[str]) -> dict[str, list[Sequence[Ban]]]:
    if person is None or not bans:
        return {}
    return {
        channel: [bans_against(bans, endpoint, tenant_id=person.tenant_id) for endpoint in person.endpoints[channel]]
        for channel in channels
        if channel in person.endpoints
    }
