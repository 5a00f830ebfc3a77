"""Gather while planning: what would be sent, but belongs into a digest, joins it before the decision is taken.

Where neither a type of the batch nor a person has digests this costs nothing.
"""

from collections import defaultdict
from collections.abc import Iterator

from msgspec.structs import replace

from notifications.rules.policy import DigestPolicy
from orchestrator.rules.digest_keys import key_in
from orchestrator.rules.digests import gathers, may_gather
from orchestrator.rules.judging import judge
from orchestrator.rules.situation import Case, Gathered, Situation, Usable
from orchestrator.services.digests import Joining, Place, join, telling

Cases = list[tuple[Case, list[Situation]]]


def into_digests(cases: Cases) -> Cases:
    """The situations with the digests that their messages went into, in the caller's transaction.

    Only what could be sent is gathered; what tells of a digest is not gathered again.
    """
    concerned = [
        (number, place)
        for number, (case, situations) in enumerate(cases)
        for place, situation in enumerate(situations)
        if may_gather(case, situation)
    ]
    if not concerned:
        return cases
    exempt = telling({cases[number][0].notification.id for number, _ in concerned})
    asked = [
        (number, place, joining)
        for number, place in concerned
        if cases[number][0].notification.id not in exempt
        for joining in _joining(cases[number][0], cases[number][1][place])
    ]
    joined = join([joining for _, _, joining in asked])
    found = [(case, list(situations)) for case, situations in cases]
    for number, place, joining in asked:
        into = joined[joining]
        situation = found[number][1][place]
        gathered = Gathered(into.digest_id, into.closes_at, into.leads)
        found[number][1][place] = replace(situation, digests={**situation.digests, joining.policy.name: gathered})
    return found


def _joining(case: Case, situation: Situation) -> Iterator[Joining]:
    """What a message asks of each digest that it goes into on one of the channels that could be used."""
    digests: dict[str, DigestPolicy] = {}
    gathered_on: dict[str, list[str]] = defaultdict(list)
    for channel, verdict in judge(case, situation).items():
        if isinstance(verdict, Usable) and (digest := gathers(case, situation, channel=channel)):
            digests.setdefault(digest.name, digest)
            gathered_on[digest.name].append(channel)
    notification = case.notification
    data = {**notification.data, **(situation.data or {})} if digests else {}
    for name, digest in digests.items():
        key = key_in(data, digest.key, zone=situation.timezone)
        yield Joining(
            Place(notification.tenant_id, situation.recipient_id, notification.mode, notification.type, name, key),
            notification_id=notification.id,
            policy=digest,
            at=case.at,
            zone=situation.timezone,
            priority=notification.priority,
            expires_at=notification.expires_at,
            data=data,
            channels=tuple(gathered_on[name]),
        )
