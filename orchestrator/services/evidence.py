"""Gather what was learned of people, for strategies that learn; where none of a batch does, nothing is asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from channels_app.accounts import Ways
from notifications.values import PRIORITY_NAME
from orchestrator.catalogue import Whose, evidence_for
from orchestrator.rules.bandit import BLOCK_HOURS, ChannelEvidence, bucket_of
from orchestrator.rules.situation import Case, Situation
from orchestrator.rules.strategies.smart import looks_ahead
from orchestrator.rules.strategy import strategies
from orchestrator.rules.timing import first_moment

Cases = Sequence[tuple[Case, list[Situation]]]


def with_evidence(cases: Cases, *, ways: Ways, at: datetime) -> list[tuple[Case, list[Situation]]]:
    """The same cases; where a strategy learns and has a choice, with what is known of their people."""
    learning = [_learns(case) for case, _ in cases]
    wanted = {
        (case.notification.tenant_id, situation.recipient_id)
        for (case, situations), learns in zip(cases, learning, strict=True)
        if learns
        for situation in situations
    }
    known = evidence_for(wanted, at=at)
    return [
        (case, _informed(case, situations, known, _prices(case, ways)) if learns and known else situations)
        for (case, situations), learns in zip(cases, learning, strict=True)
    ]


def _learns(case: Case) -> bool:
    arms = case.experiment.arms if case.experiment else ()
    kinds = {case.strategy.kind, *(arm.strategy.kind for arm in arms if arm.strategy)}
    return len(case.channels) > 1 and any(strategies.get(kind).learns for kind in kinds)


def _prices(case: Case, ways: Ways) -> dict[str, int]:
    """What the cheapest account of each channel charges for a message, where one of them has a price."""
    notification = case.notification
    charged = {
        channel.key: [
            account.terms.cost_micros
            for account in ways.to(channel.key, mode=notification.mode, tenant_id=notification.tenant_id)
            if account.terms.cost_micros
        ]
        for channel in case.channels
    }
    return {channel: min(prices) for channel, prices in charged.items() if prices}


def _informed(
    case: Case,
    situations: Sequence[Situation],
    known: Mapping[Whose, Mapping[str, ChannelEvidence]],
    prices: Mapping[str, int],
) -> list[Situation]:
    informed = []
    for situation in situations:
        found = known.get((case.notification.tenant_id, situation.recipient_id), {})
        parts = _parts_in_reach(case, situation)
        evidence = {
            channel.key: _narrowed(found[channel.key], parts=parts, price=prices.get(channel.key))
            for channel in case.channels
            if channel.key in found
        }
        informed.append(msgspec.structs.replace(situation, evidence=evidence))
    return informed


def _parts_in_reach(case: Case, situation: Situation) -> set[str]:
    """The parts of the recipient's week in which the message may begin: decisions are kept with what they knew."""
    urgency = PRIORITY_NAME[case.notification.priority]
    arms = case.experiment.arms if case.experiment else ()
    chosen = (case.strategy, *(arm.strategy for arm in arms if arm.strategy))
    ahead = max(looks_ahead(strategy.configuration, urgency) for strategy in chosen)
    begins = first_moment(case, situation).astimezone(ZoneInfo(situation.timezone))
    return {bucket_of(begins + timedelta(seconds=s)) for s in (*range(0, ahead, BLOCK_HOURS * 3600), ahead)}


def _narrowed(found: ChannelEvidence, *, parts: set[str], price: int | None) -> ChannelEvidence:
    hours = {part: count for part, count in found.hours.items() if part in parts}
    return msgspec.structs.replace(found, hours=hours, cost_micros=found.cost_micros if price is None else price)
