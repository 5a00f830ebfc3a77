"""Look: strategies as tenants configured them, and everything planning and sending must know, for a batch at a time."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from channels_app.values import NOT_BEGUN
from kernel.clock import monotonic
from kernel.ids import derived
from kernel.together import Together
from notifications.models import Attempt
from notifications.rules.policy import policy_in
from orchestrator.rules.experiments import Arm, arms_in, concerns
from orchestrator.rules.failover import Tried
from orchestrator.rules.strategy import Strategy, strategies
from orchestrator.values import ClaimedDelivery, NotificationWords

MOST_TRIES = 50  # of one delivery; patient channels try more often than that
RELOAD_SECONDS = 1.0  # how long a changed strategy may take to be seen by a running process


@dataclass(frozen=True, slots=True)
class Chosen:
    """A strategy with the configuration it runs under. `version` 0 = the built-in default."""

    strategy: Strategy
    configuration: Mapping[str, Any]
    version: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment that is running. `types` are those whose messages it is about; empty = all."""

    id: UUID
    key: str
    types: tuple[str, ...]
    salt: str
    holdout_percent: float
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Orchestration:
    """How a tenant wants it done. `default` is the strategy of what names none; empty = the one of the settings."""

    strategies: Mapping[str, Chosen]
    default: str = ""
    trials: tuple[Trial, ...] = ()

    def trial_of(self, type: str) -> Trial | None:
        """The experiment on messages of a type; there is at most one."""
        return next((trial for trial in self.trials if concerns(trial.types, type)), None)


_cached: dict[UUID, tuple[float, Orchestration]] = {}
_together = Together[Orchestration]()

_NOW = """
SELECT tenant_id, 'strategy', key, kind, version, configuration::text FROM orchestrator_strategy
WHERE tenant_id = ANY (%(tenants)s) AND active
UNION ALL
SELECT tenant_id, 'default', strategy, '', 0, '{}' FROM orchestrator_strategydefault WHERE tenant_id = ANY (%(tenants)s)
UNION ALL
SELECT tenant_id, 'trial', key, '', 0,
  jsonb_build_object('id', id, 'types', types, 'salt', salt, 'holdout', holdout_percent, 'arms', arms)::text
FROM orchestrator_experiment WHERE tenant_id = ANY (%(tenants)s) AND state = 'running'
ORDER BY 1, 2, 3
"""


def strategy_keys(tenant_id: UUID, *, wanted: Collection[str]) -> Collection[str]:
    """Every strategy a tenant may name: the built-in ones and its own. One just made is found among the `wanted`."""
    known = strategies_of(tenant_id)
    if not known.keys() >= set(wanted):
        _cached.pop(tenant_id, None)
        known = strategies_of(tenant_id)
    return known.keys()


def default_strategy(tenant_id: UUID) -> str:
    """The strategy of a tenant's messages that name none; empty: the tenant never said."""
    return orchestration_of(tenant_id).default


def default_now(tenant_id: UUID) -> str:
    """The same as it is this moment."""
    return orchestrations_now([tenant_id])[tenant_id].default


def orchestrations_now(tenant_ids: Collection[UUID]) -> dict[UUID, Orchestration]:
    """What tenants configured, as it is this moment, in one statement: what was just configured must count."""
    chosen = {id: {strategy.key: Chosen(strategy, strategy.defaults) for strategy in strategies} for id in tenant_ids}
    defaults: dict[UUID, str] = {}
    trials: dict[UUID, list[Trial]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_NOW, {"tenants": list(tenant_ids)})
        for tenant_id, what, key, kind, version, document in cursor.fetchall():
            match what:
                case "default":
                    defaults[tenant_id] = key
                case "trial":
                    trials[tenant_id].append(_trial(key, json.loads(document)))
                case "strategy" if kind in strategies:
                    chosen[tenant_id][key] = Chosen(strategies.get(kind), json.loads(document), version)
    return {id: Orchestration(chosen[id], defaults.get(id, ""), tuple(trials[id])) for id in chosen}


def orchestration_of(tenant_id: UUID) -> Orchestration:
    """What a tenant configured; kept in memory for `RELOAD_SECONDS`."""
    known = _cached.get(tenant_id)
    if known is not None and monotonic() < known[0]:
        return known[1]
    until = monotonic() + RELOAD_SECONDS
    found = _together.look(tenant_id, lambda: orchestrations_now([tenant_id])[tenant_id])
    _cached[tenant_id] = until, found
    return found


def strategies_of(tenant_id: UUID) -> Mapping[str, Chosen]:
    """A tenant's strategies by key; kept in memory for `RELOAD_SECONDS`."""
    return orchestration_of(tenant_id).strategies


def _trial(key: str, told: Mapping[str, Any]) -> Trial:
    return Trial(UUID(told["id"]), key, tuple(told["types"]), told["salt"], told["holdout"], arms_in(told["arms"]))


def forget_strategies() -> None:
    """Drop what is kept in memory; the next look reads the database."""
    _together.forget()
    _cached.clear()


def steps_that_succeeded(places: Iterable[tuple[UUID, UUID, int]]) -> set[tuple[UUID, UUID, int]]:
    """Of (notification, recipient, step), those for whom a step before that one has succeeded.

    A step succeeded when a delivery of it did what its strategy wants of it, as far as its channel tells
    (`rules/success.py`).
    """
    wanted = list(places)
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT wanted.notification_id, wanted.recipient_id, wanted.step
            FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS wanted (notification_id, recipient_id, step)
            JOIN notifications_delivery earlier USING (notification_id, recipient_id)
            WHERE earlier.step < wanted.step AND earlier.succeeded
            """,
            ([w[0] for w in wanted], [w[1] for w in wanted], [w[2] for w in wanted]),
        )
        return set(cursor.fetchall())


def tries_of(deliveries: Iterable[ClaimedDelivery]) -> dict[UUID, list[Tried]]:
    """The calls that deliveries have behind them within their present budget, oldest first; one statement, if any has.

    Calls that never began are not among them. Of very many only the latest are told.
    """
    behind = {delivery.id: delivery for delivery in deliveries if delivery.tries}
    if not behind:
        return {}
    ids = [
        derived(delivery.id, "attempt", number)
        for delivery in behind.values()
        for number in range(delivery.attempts, max(delivery.attempts - MOST_TRIES, 0), -1)
    ]
    rows = Attempt.objects.filter(id__in=ids).exclude(code=NOT_BEGUN).order_by("number")
    found: dict[UUID, list[Tried]] = defaultdict(list)
    for delivery_id, account, outcome, begun_at in rows.values_list("delivery_id", "account", "outcome", "begun_at"):
        found[delivery_id].append(Tried(account, outcome, begun_at))
    return {delivery_id: tried[-behind[delivery_id].tries :] for delivery_id, tried in found.items()}


# A type that is gone asks for nothing.
_WORDS = """
SELECT n.id, n.type, n.status, n.content::text, n.data::text, n.metadata::text, n.traceparent, n.category,
  n.first_sent_at IS NOT NULL,
  coalesce((SELECT t.policy::text FROM notifications_notificationtype t
            WHERE t.tenant_id = n.tenant_id AND t.key = n.type), '{}')
FROM notifications_notification n WHERE n.id = ANY (%s)
"""


def words_of(notification_ids: Collection[UUID]) -> dict[UUID, NotificationWords]:
    """What sending needs of notifications, by id, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, (list(notification_ids),))
        return {row[0]: _notification_words(row) for row in cursor.fetchall()}


def _notification_words(row: Sequence[Any]) -> NotificationWords:
    """A row of `_WORDS`; what is JSON comes as text."""
    id, type, status, content, data, metadata, traceparent, category, was_sent, policy = row
    read = json.loads
    return NotificationWords(
        id, type, status, read(content), read(data), read(metadata), traceparent, category, was_sent,
        policy_in(read(policy)),
    )  # fmt: skip
