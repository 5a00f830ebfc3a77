"""What came of an experiment so far, counted from its rows: per arm, and each arm against the control."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from orchestrator.models import Experiment
from orchestrator.rules.comparing import ALPHA, Compared, Share, compared
from orchestrator.rules.experiments import HOLDOUT, arms_in

OUTCOMES = ("sent", "delivered", "opened", "clicked")

# People are what was assigned, so people are counted: whoever clicked twice clicked.
_COUNT = """
WITH exposed AS (
  SELECT arm, recipient_id, notification_id FROM orchestrator_exposure
  WHERE tenant_id = %(tenant)s AND experiment_id = %(experiment)s
), engaged AS (
  SELECT delivery_id, bool_or(kind = 'delivery.clicked') AS clicked FROM events_event
  WHERE notification_id IN (SELECT notification_id FROM exposed)
    AND kind IN ('delivery.opened', 'delivery.clicked', 'inbox.seen', 'inbox.read') AND reason <> 'automated'
  GROUP BY delivery_id
), person AS (
  SELECT exposed.arm, exposed.recipient_id, count(DISTINCT exposed.notification_id) AS exposures,
    bool_or(d.sent_at IS NOT NULL) AS sent, bool_or(d.delivered_at IS NOT NULL) AS delivered,
    bool_or(engaged.delivery_id IS NOT NULL) AS opened, bool_or(coalesce(engaged.clicked, false)) AS clicked,
    coalesce(sum(d.cost_micros), 0) AS cost_micros, count(d.sent_at) AS messages
  FROM exposed
  LEFT JOIN notifications_delivery d
    ON d.notification_id = exposed.notification_id AND d.recipient_id = exposed.recipient_id
  LEFT JOIN engaged ON engaged.delivery_id = d.id
  GROUP BY exposed.arm, exposed.recipient_id
)
SELECT arm, count(*), sum(exposures), count(*) FILTER (WHERE sent), count(*) FILTER (WHERE delivered),
  count(*) FILTER (WHERE opened), count(*) FILTER (WHERE clicked), sum(messages), sum(cost_micros)
FROM person GROUP BY arm
"""


@dataclass(frozen=True, slots=True)
class ArmResult:
    """So many people were exposed, so often; of them so many were ever reached (`outcomes`). `messages` were sent."""

    key: str
    weight: int
    people: int = 0
    exposures: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    messages: int = 0
    cost_micros: int = 0

    def share(self, outcome: str) -> Share:
        return Share(self.outcomes[outcome], self.people)


@dataclass(frozen=True, slots=True)
class Results:
    """`against` is the goal of every other arm compared with that of the first, the control, by arm."""

    arms: tuple[ArmResult, ...]
    holdout: ArmResult | None
    against: dict[str, Compared]


def results_of(experiment: Experiment) -> Results:
    """The results as they are this moment, in one statement; they may be read as often as anybody likes."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"tenant": experiment.tenant_id, "experiment": experiment.id})
        counted = {row[0]: row[1:] for row in cursor.fetchall()}
    arms = tuple(_result(arm.key, arm.weight, counted.get(arm.key)) for arm in arms_in(experiment.arms))
    holdout = _result(HOLDOUT, 0, counted.get(HOLDOUT)) if experiment.holdout_percent else None
    control, *others = arms
    alpha = ALPHA / max(len(others), 1)  # Bonferroni: as sure of all the comparisons together as of one
    against = {
        arm.key: compared(control.share(experiment.goal), arm.share(experiment.goal), alpha=alpha) for arm in others
    }
    return Results(arms, holdout, against)


def _result(key: str, weight: int, counted: Sequence[Any] | None) -> ArmResult:
    if counted is None:
        return ArmResult(key, weight)
    people, exposures, *outcomes, messages, cost_micros = (int(number) for number in counted)
    return ArmResult(key, weight, people, exposures, dict(zip(OUTCOMES, outcomes, strict=True)), messages, cost_micros)
