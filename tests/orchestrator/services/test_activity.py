"""Who is active now: strategies may ask, of rows and of open inboxes, and nobody pays who does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from django.conf import settings as configured_settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience import publish as publishing
from audience.models import InboxItem
from audience.publish import channel_of
from audience.services import mark
from channels_app.accounts import forget_accounts
from events.services import record
from events.values import NewEvent
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.models import Decision, Strategy
from orchestrator.services.decisions import replayed
from orchestrator.services.explaining import explain_notification
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = {"email": {"subject": "Hi", "text": "Hi"}, **IN_APP}
ACTIVE = {"path": "recipient.activity", "op": "active_within", "value": 10}
MAIL_WHO_IS_AWAY = [{"channel": "in_app"}, {"channel": "email", "when": {"not": ACTIVE}}]


@pytest.fixture(autouse=True)
def _mail(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()
    monkeypatch.setattr(publishing, "_line", publishing._Line())


def asking(tenant: Any, steps: list[dict[str, Any]]) -> None:
    configuration = {"steps": steps, "others": "never"}
    Strategy.objects.create(
        tenant_id=tenant.id, key="mine", name="mine", kind="sequential", configuration=configuration
    )


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@contextmanager
def open_inbox(recipient_id: UUID) -> Iterator[None]:
    """As the realtime process holds one open."""
    with redis.Redis.from_url(configured_settings.REDIS_URL) as client, client.pubsub() as listening:
        listening.subscribe(channel_of(recipient_id))
        assert listening.get_message(timeout=5)
        yield


def told_before(tenant: Any, people: dict[str, UUID]) -> dict[str, InboxItem]:
    """Something in everybody's inbox."""
    a_notification(tenant, people, content=IN_APP)
    while pipeline.plan(1) or pipeline.send(1):
        pass
    names = {id: name for name, id in people.items()}
    return {names[item.recipient_id]: item for item in InboxItem.objects.all()}


def opened(item: InboxItem, at: datetime, *, reason: str = "") -> None:
    record([NewEvent(item.tenant_id, "delivery.opened", at, item.notification_id, item.id, reason)])


def mailed(tenant: Any, people: dict[str, UUID]) -> set[str]:
    """Who gets a mail of what is sent now."""
    row = a_notification(tenant, people, content=BOTH, strategy="mine")
    assert pipeline.plan(1) == 1
    found = Delivery.objects.filter(notification_id=row.id, channel="email")
    names = {id: name for name, id in people.items()}
    skipped = found.exclude(state="pending").values_list("state", "reason")
    assert set(skipped) <= {("skipped", "condition_not_met")}
    return {names[d.recipient_id] for d in found if d.state == "pending"}


def test_no_mail_for_who_is_looking_or_was_lately() -> None:
    tenant = a_tenant()
    asking(tenant, MAIL_WHO_IS_AWAY)
    people = recipients(tenant, "away", "looking", "read", "read_long_ago", "opened", "machine")
    items = told_before(tenant, people)
    for name, minutes in (("read", 2), ("read_long_ago", 30)):
        with transaction.atomic():
            item = items[name]
            mark(
                tenant_id=tenant.id, recipient_id=item.recipient_id, item_id=item.id, engagement="read",
                at=ago(minutes), actor="",
            )  # fmt: skip
    opened(items["opened"], ago(9))
    opened(items["machine"], ago(1), reason="automated")

    with open_inbox(people["looking"]):
        assert mailed(tenant, people) == {"away", "read_long_ago", "machine"}
    assert "looking" in mailed(tenant, people)


def test_what_was_so_is_kept_explained_and_decided_again() -> None:
    tenant = a_tenant()
    asking(tenant, MAIL_WHO_IS_AWAY)
    people = recipients(tenant, "away", "looking")
    with open_inbox(people["looking"]):
        mailed(tenant, people)

    row = Notification.objects.get()
    asked = {one.recipient: [(a.path, a.op, a.value, a.holds) for a in one.asked] for one in explain_notification(row)}

    assert asked == {
        "away": [("recipient.activity", "active_within", 10, False)],
        "looking": [("recipient.activity", "active_within", 10, True)],
    }
    assert [one.agrees for one in replayed(list(Decision.objects.all()))] == [True]


def test_while_redis_is_out_rows_decide_alone(settings: Settings) -> None:
    tenant = a_tenant()
    asking(tenant, MAIL_WHO_IS_AWAY)
    people = recipients(tenant, "looking", "opened")
    opened(told_before(tenant, people)["opened"], ago(1))

    with open_inbox(people["looking"]):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        publishing._line = publishing._Line()
        assert mailed(tenant, people) == {"looking"}


def test_it_costs_one_statement_for_many_as_for_one_and_none_where_nobody_asks() -> None:
    def statements(people_count: int, steps: list[dict[str, Any]]) -> int:
        tenant = a_tenant(f"t{Strategy.objects.count()}")
        asking(tenant, steps)
        people = recipients(tenant, *(f"p{number}" for number in range(people_count)))
        with CaptureQueriesContext(connection) as asked:
            mailed(tenant, people)
        return sum("AS line" in query["sql"] for query in asked.captured_queries)

    assert statements(1, MAIL_WHO_IS_AWAY) == 1
    assert statements(40, MAIL_WHO_IS_AWAY) == 1
    assert statements(40, [{"channel": "in_app"}, {"channel": "email"}]) == 0
