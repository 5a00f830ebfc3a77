"""Experiments in planning: arms decide, the holdout gets nothing, and everybody exposed is logged and counted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import forget_accounts
from events.services import record
from events.values import NewEvent
from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.models import Decision, Experiment, Exposure, Strategy
from orchestrator.rules.experiments import Arm, assigned
from orchestrator.services.decisions import decisions_of, replayed
from orchestrator.services.experiment_results import results_of
from tenants.models import Tenant
from tests.make import IN_APP, a_notification, a_tenant, recipients
from tests.orchestrator.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = {"email": {"subject": "Hi", "text": "Hi"}, **IN_APP}
ONE_BY_ONE = {"steps": [{"channel": "in_app"}, {"channel": "email", "after_seconds": 3600}]}
NAMES = [f"p{number}" for number in range(40)]


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()


@pytest.fixture
def tenant() -> Tenant:
    made = a_tenant()
    Strategy.objects.create(tenant_id=made.id, key="slow", name="slow", kind="sequential", configuration=ONE_BY_ONE)
    return made


def running(
    tenant: Tenant, *arms: dict[str, Any], key: str = "order", types: tuple[str, ...] = (), **facts: Any
) -> Experiment:
    at = datetime.now(UTC)
    return Experiment.objects.create(
        tenant_id=tenant.id, key=key, name=key, types=list(types), arms=list(arms), salt="s", goal="clicked",
        state="running", created_at=at, updated_at=at, started_at=at, **facts,
    )  # fmt: skip


def planned(tenant: Tenant, *names: str, **facts: Any) -> tuple[Notification, dict[str, UUID]]:
    people = recipients(tenant, *names)
    row = a_notification(tenant, people, **{"content": BOTH, **facts})
    assert pipeline.plan(row.priority) == 1
    return row, people


def shown(row: Notification) -> dict[UUID, set[tuple[str, int, str, str]]]:
    found: dict[UUID, set[tuple[str, int, str, str]]] = {}
    for d in Delivery.objects.filter(notification_id=row.id):
        found.setdefault(d.recipient_id, set()).add((d.channel, d.step, d.state, d.reason))
    return found


def test_everybody_is_treated_as_their_arm_says(tenant: Tenant) -> None:
    running(tenant, {"key": "now"}, {"key": "later", "strategy": "slow"}, holdout_percent=20)

    row, people = planned(tenant, *NAMES)

    arms = (Arm("now"), Arm("later", strategy="slow"))
    told = {id: assigned(name, salt="s", arms=arms, holdout_percent=20) for name, id in people.items()}
    assert set(told.values()) == {"now", "later", "holdout"}
    email, in_app = ("email", 0, "pending", ""), ("in_app", 0, "pending", "")
    expected = {
        "now": {email, in_app},
        "later": {in_app, ("email", 1, "pending", "")},
        "holdout": {(c, 0, "skipped", "experiment_holdout") for c in ("email", "in_app")},
    }
    assert shown(row) == {id: expected[arm] for id, arm in told.items()}
    assert {e.recipient_id: e.arm for e in Exposure.objects.filter(notification_id=row.id)} == told
    assert all(one.agrees for one in replayed(list(Decision.objects.all())))


def test_messages_of_other_types_are_no_part_of_it(tenant: Tenant) -> None:
    running(tenant, {"key": "later", "strategy": "slow"}, types=("news",), holdout_percent=90)

    row, _ = planned(tenant, *NAMES[:5], type="otp")

    assert {step for found in shown(row).values() for step in found} == {
        ("email", 0, "pending", ""), ("in_app", 0, "pending", ""),
    }  # fmt: skip
    assert not Exposure.objects.exists()


def test_nobody_is_kept_from_what_is_critical(tenant: Tenant) -> None:
    running(tenant, {"key": "now"}, holdout_percent=90)

    row, _ = planned(tenant, *NAMES, priority=0)

    assert {state for found in shown(row).values() for _, _, state, _ in found} == {"pending"}
    assert set(Exposure.objects.values_list("arm", flat=True)) == {"now"}


def test_what_was_stopped_decides_nothing_any_more(tenant: Tenant) -> None:
    experiment = running(tenant, {"key": "now"}, holdout_percent=90)
    Experiment.objects.filter(id=experiment.id).update(state="stopped")

    row, _ = planned(tenant, *NAMES[:5])

    assert {state for found in shown(row).values() for _, _, state, _ in found} == {"pending"}


def test_planning_again_exposes_nobody_twice(tenant: Tenant) -> None:
    running(tenant, {"key": "now"}, {"key": "later", "strategy": "slow"})
    row, _ = planned(tenant, *NAMES[:5])

    Notification.objects.filter(id=row.id).update(due_at=AT_ONCE, plan_position="", planned_at=None)
    pipeline.plan(row.priority)

    assert Exposure.objects.count() == 5


def test_who_was_told_the_same_before_is_exposed_once(tenant: Tenant) -> None:
    running(tenant, {"key": "now"})

    for _ in range(2):
        planned(tenant, "ana", dedup={"key": "same"})

    assert Delivery.objects.filter(reason="duplicate").count() == 2
    assert Exposure.objects.count() == 1


def test_in_test_mode_arms_decide_and_nobody_is_exposed(tenant: Tenant) -> None:
    running(tenant, {"key": "later", "strategy": "slow"})

    row, _ = planned(tenant, "ana", mode="test")

    assert [decision.arm for decision in decisions_of(row)] == ["later"]
    assert not Exposure.objects.exists()


def test_an_experiment_costs_one_statement_more(tenant: Tenant) -> None:
    def statements() -> list[str]:
        people = recipients(tenant, *NAMES[:20])
        a_notification(tenant, people, content=BOTH)
        with CaptureQueriesContext(connection) as asked:
            assert pipeline.plan(1) == 1
        return [query["sql"][:100] for query in asked.captured_queries if "pg_notify" not in query["sql"]]

    statements()
    without = statements()
    running(tenant, {"key": "now"}, {"key": "later", "strategy": "slow"}, holdout_percent=20)

    (more,) = [sql for sql in statements() if sql not in without]

    assert more.strip().startswith("INSERT INTO orchestrator_exposure")


def test_an_arm_may_have_words_of_its_own(tenant: Tenant, api_of: Callable[..., Api]) -> None:
    api = api_of(tenant.id, "manage")
    old = {"email": {"subject": "Old", "text": "Old"}}
    for parts in (old, {**old, "in_app": {"title": "New", "body": "New"}}):
        assert api("PUT", "/templates/hello", {"parts": parts}).status_code in (200, 201)
        assert api("POST", "/templates/hello/publish", {}).status_code == 200
    running(tenant, {"key": "old", "template": "hello@1"}, {"key": "new", "template": "hello@2"})

    planned(tenant, *NAMES[:20], content={}, template="hello")

    told = {e.recipient_id: e.arm for e in Exposure.objects.all()}
    assert set(told.values()) == {"old", "new"}
    versions = {
        arm: {(d.channel, d.template_version_id) for d in Delivery.objects.all() if told[d.recipient_id] == arm}
        for arm in ("old", "new")
    }
    assert {channel for channel, _ in versions["old"]} == {"email"}
    assert {channel for channel, _ in versions["new"]} == {"email", "in_app"}
    assert len({version for arm in versions.values() for _, version in arm}) == 2


def test_results_are_counted_by_person(tenant: Tenant) -> None:
    experiment = running(tenant, {"key": "a"}, {"key": "b"}, holdout_percent=20)
    for _ in range(2):
        planned(tenant, *NAMES, content=IN_APP)
    arms = {e.recipient_id: e.arm for e in Exposure.objects.all()}
    sent = datetime.now(UTC)
    for d in Delivery.objects.filter(state="pending"):
        if arms[d.recipient_id] == "b":
            Delivery.objects.filter(id=d.id).update(state="claimed", due_at=None, lease_until=sent)
            Delivery.objects.filter(id=d.id).update(state="sending")
            Delivery.objects.filter(id=d.id).update(
                state="sent", lease_until=None, provider_message_id="m", sent_at=sent, cost_micros=7
            )
            record([NewEvent(tenant.id, kind, sent, d.notification_id, d.id) for kind in ("delivery.clicked",) * 2])

    found = results_of(experiment)

    count = {arm: sum(one == arm for one in arms.values()) for arm in ("a", "b", "holdout")}
    a, b = found.arms
    assert (a.people, a.exposures, a.outcomes["sent"]) == (count["a"], 2 * count["a"], 0)
    assert (b.people, b.exposures, b.messages, b.cost_micros) == (
        count["b"],
        2 * count["b"],
        2 * count["b"],
        14 * count["b"],
    )
    assert b.outcomes == {"sent": count["b"], "delivered": 0, "opened": count["b"], "clicked": count["b"]}
    assert found.holdout is not None
    assert found.holdout.people == count["holdout"]
    assert found.against["b"].difference == 1.0
    assert not found.against["b"].decided  # for all that, they are too few
