"""What planning knows of running experiments, and the log of who was exposed to what: one statement, if anybody was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from orchestrator.rules.planning import Decision
from orchestrator.rules.situation import ArmFacts, ExperimentFacts, StrategyFacts
from orchestrator.selectors import Chosen, Trial
from orchestrator.services.wording import Offered, TemplatesOfArms
from orchestrator.values import ClaimedNotification

_EXPOSE = """
INSERT INTO orchestrator_exposure (tenant_id, experiment_id, recipient_id, notification_id, arm, at)
SELECT tenant_id, experiment_id, recipient_id, notification_id, arm, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[])
  AS new (tenant_id, experiment_id, recipient_id, notification_id, arm)
ON CONFLICT DO NOTHING
"""


def templates_of_arms(trials: Mapping[UUID, Trial]) -> TemplatesOfArms:
    """By notification, the templates of those arms of its experiment that have one."""
    return {
        notification_id: {arm.key: arm.template for arm in trial.arms if arm.template}
        for notification_id, trial in trials.items()
    }


def experiment_facts(
    trial: Trial, strategies: Mapping[str, Chosen], *, own: ClaimedNotification, offers: Offered
) -> ExperimentFacts:
    """What decisions need of an experiment on one notification. `own` is it with the words it brought along.

    A strategy that is gone leaves its arm with the one that the notification asks for.
    """
    worded = any(arm.template for arm in trial.arms)
    arms = []
    for arm in trial.arms:
        strategy = None
        if chosen := strategies.get(arm.strategy):
            strategy = StrategyFacts(arm.strategy, chosen.strategy.key, chosen.version, chosen.configuration)
        offer = offers.to(own.id, arm.key)
        spoken = (*own.content_channels, *(offer.channels() if offer else ()))
        arms.append(ArmFacts(arm, strategy, tuple(dict.fromkeys(spoken)) if worded else None))
    return ExperimentFacts(trial.id, trial.key, trial.salt, trial.holdout_percent, tuple(arms))


def expose(decisions: Sequence[Decision], *, at: datetime) -> None:
    """Log the arms that decisions were taken under, in the transaction that plans them; planning again adds nothing.

    Everybody whom a message was meant for is logged, whether or not they could be reached, so that the arms stay
    comparable. Who is gone, and who was told the same before, was not meant; in test mode nobody is told anything.
    """
    rows = [
        (
            decision.case.notification.tenant_id,
            decision.case.experiment.id,
            decision.situation.recipient_id,
            decision.case.notification.id,
            decision.arm,
        )
        for decision in decisions
        if decision.case.experiment and _counts(decision)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_EXPOSE, (at, *(list(column) for column in zip(*rows, strict=True))))


def _counts(decision: Decision) -> bool:
    situation, live = decision.situation, decision.case.notification.mode == "live"
    return live and situation.known and situation.duplicate_of is None
