"""Decide once for everybody in the same situation: what is left then is whose delivery it is, and to which address.

A campaign meets a handful of situations, however many people it is for. What comes out is what `planning.decide` says
of each of them, to the bit: decisions are taken again one by one (`record.py`), and tests compare.
"""

from collections.abc import Hashable
from uuid import UUID

from msgspec.structs import replace

from kernel.ids import derived
from orchestrator.rules.planning import Decision, decide
from orchestrator.rules.situation import Case, Situation, Usable, Verdict
from orchestrator.rules.strategy import strategies


class Deciding:
    """Decisions on one case."""

    def __init__(self, case: Case) -> None:
        arms = case.experiment.arms if case.experiment else ()
        chosen = (case.strategy, *(arm.strategy for arm in arms if arm.strategy))
        self._case = case
        self._draws = any(strategies.get(one.kind).draws_without_evidence(one.configuration) for one in chosen)
        self._first: dict[Hashable, Decision] = {}

    def decide(self, situation: Situation) -> Decision:
        """The decision for one recipient."""
        likeness = None if self._draws else _likeness(situation)
        if likeness is None:
            return decide(self._case, situation)
        if (first := self._first.get(likeness)) is None:
            first = self._first[likeness] = decide(self._case, situation)
            return first
        return _for(situation, first)


def _likeness(situation: Situation) -> Hashable | None:
    """Equal for those of whom everything is the same but who they are and where they are reached; `None`: nobody is
    like them.

    Levels of wishes are compared as objects, for equal documents are one object (`preferences.selectors`).
    """
    if situation.uses or situation.digests or situation.evidence or situation.data is not None:
        return None
    return (
        situation.timezone,
        situation.known,
        situation.duplicate_of,
        situation.place,
        situation.meets,
        situation.arm,
        situation.consents,
        tuple([id(level) for level in situation.wishes.levels]),
        tuple(
            [
                (channel, tuple([(endpoint.carried, endpoint.bans) for endpoint in endpoints]))
                for channel, endpoints in situation.endpoints.items()
            ]
        ),
    )


def _for(situation: Situation, first: Decision) -> Decision:
    """The decision on the first of those who are alike, for another one of them."""
    theirs: dict[UUID | None, UUID | None] = {None: None}
    for channel, endpoints in first.situation.endpoints.items():
        theirs.update(zip([e.id for e in endpoints], [e.id for e in situation.endpoints[channel]], strict=True))
    recipient_id = situation.recipient_id
    verdicts: dict[str, Verdict] = {
        name: Usable(tuple([theirs[id] for id in found.endpoints])) if isinstance(found, Usable) else found
        for name, found in first.verdicts.items()
    }
    deliveries = []
    for planned in first.deliveries:
        endpoint = theirs[planned.endpoint_id]
        id = derived(planned.notification_id, recipient_id, planned.channel, endpoint or "", planned.step)
        deliveries.append(replace(planned, id=id, recipient_id=recipient_id, endpoint_id=endpoint))
    return Decision(first.case, situation, verdicts, tuple(deliveries), first.arm, first.why)
