"""Gather what was learned of people, for strategies that learn; where none of a batch does, nothing is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from channels_app.accounts import Ways
from orchestrator.catalogue import Whose, evidence_for
from orchestrator.rules.bandit import ChannelEvidence
from orchestrator.rules.situation import Case, Situation
from orchestrator.rules.strategy import strategies

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
        evidence = {
            channel.key: _priced(found[channel.key], prices.get(channel.key))
            for channel in case.channels
            if channel.key in found
        }
        informed.append(replace(situation, evidence=evidence))
    return informed


def _priced(found: ChannelEvidence, price: int | None) -> ChannelEvidence:
    return found if price is None else msgspec.structs.replace(found, cost_micros=price)
