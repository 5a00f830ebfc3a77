"""Heed consent: when deliveries are planned, and once more in the transaction that begins their sends."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from orchestrator.services.routing import ProviderCall
from orchestrator.values import Move, NotificationWords
from preferences.consent_requirements import requirements_of
from preferences.rules import REQUIRED_CATEGORIES
from preferences.rules.consent import Demand, Said, demand_of, refused
from preferences.selectors_consents import consent_states
from preferences.services.consents import hold_words_still

Subject = tuple[UUID, str, str]  # tenant, category, purpose of a message


def demands_of(subjects: Collection[Subject]) -> dict[Subject, Demand]:
    """What messages demand; those that demand nothing are missing. Mostly no statement, see `requirements_of`."""
    asked = {
        (tenant_id, category, purpose)
        for tenant_id, category, purpose in subjects
        if (category or purpose) and category not in REQUIRED_CATEGORIES
    }
    if not asked:
        return {}
    requirements = requirements_of({tenant_id for tenant_id, _, _ in asked})
    return {
        subject: demand
        for subject in asked
        if (demand := demand_of(requirements[subject[0]], category=subject[1], purpose=subject[2]))
    }


def words_about(demands: Collection[Demand], recipient_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Said]]:
    """What these people said about what is demanded; one statement, and none where nothing is."""
    return consent_states(recipient_ids, {demand.purpose for demand in demands})


def keep_unagreed(
    calls: Sequence[ProviderCall], words: Mapping[UUID, NotificationWords]
) -> tuple[list[ProviderCall], list[Move]]:
    """Those of the calls that nobody's consent is missing for, and the moves of the others.

    Until the caller's transaction ends nothing is recorded of these people, so what is begun in it was begun before.
    """
    subjects = {call.delivery.id: _subject(call, words) for call in calls}
    demands = demands_of(set(subjects.values()))
    concerned = {call.delivery.recipient_id for call in calls if subjects[call.delivery.id] in demands}
    if not concerned:
        return list(calls), []
    hold_words_still(concerned)
    said = words_about(demands.values(), concerned)
    going, held = [], []
    for call in calls:
        delivery, demand = call.delivery, demands.get(subjects[call.delivery.id])
        refusal = (
            refused(demand, channel=delivery.channel, state=said.get(delivery.recipient_id, ())) if demand else None
        )
        if refusal is None:
            going.append(call)
        else:
            held.append(Move(delivery, "skipped", reason=refusal.code, detail=refusal.detail))
    return going, held


def _subject(call: ProviderCall, words: Mapping[UUID, NotificationWords]) -> Subject:
    said = words[call.delivery.notification_id]
    return call.delivery.tenant_id, said.category, said.purpose
