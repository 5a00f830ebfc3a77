"""A provider is out, deliveries die; it is back, they are replayed; the ledger balances and the counts agree."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import redis
from pytest_django import Settings

from analytics.models import OutcomeCount
from analytics.rules.rollups import DAY
from analytics.services import CONSUMER
from events.consumers import advance, registered
from events.models import Event
from notifications.fields import AT_ONCE
from notifications.models import Attempt, Delivery, Notification
from orchestrator import pipeline
from orchestrator.models import DeadLetter
from orchestrator.services.dead_letters import Narrowing
from orchestrator.services.ledger import balance
from orchestrator.services.ledger_checks import findings
from orchestrator.services.replays import Matching, replay
from tests.channels_app.smtp_server import ScriptedServer
from tests.log_reading import wait_until_readable
from tests.make import a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

HIGH, RETRY, DEAD = 1, 4, 5
OUT = "451 4.3.0 try again later"


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[ScriptedServer]:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()  # no breaker that another test has opened
    server = ScriptedServer(answers={"rcpt": OUT})
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    yield server
    server.stop()


def pairs() -> dict[str, int]:
    """The balance of now, which must hold, with every promise about the rows kept."""
    at = datetime.now(UTC)
    assert findings(at, at) == []
    (hour,) = balance(at, at)
    assert hour.missing == 0
    return dict(hour.pairs)


def wait_is_over() -> None:
    Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)


def kinds(delivery_id: UUID) -> list[str]:
    events = Event.objects.filter(delivery_id=delivery_id).order_by("id")
    return [f"{event.kind}>{event.detail['to']}" if event.kind == "delivery.moved" else event.kind for event in events]


def test_an_outage_a_replay_and_a_happy_end(mail_server: ScriptedServer) -> None:
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana", "bob"))
    assert pairs() == {"pending": 2}
    pipeline.plan(HIGH)
    assert pairs() == {"pending": 2}

    pipeline.send(HIGH)
    for _ in range(2):
        assert pairs() == {"pending": 2}
        wait_is_over()
        pipeline.send(RETRY)

    assert pairs() == {"dead": 2}
    assert Notification.objects.get().status == "failed"
    assert set(DeadLetter.objects.values_list("state", "reason", "attempts")) == {("open", "attempts_exhausted", 3)}
    assert pipeline.send(DEAD) == 0  # nobody has asked for them yet

    mail_server.answers = {}
    done = replay(Matching(Narrowing()), tenant_id=tenant.id, rate_per_second=1000, actor="key:a", at=datetime.now(UTC))
    assert (done.replayed, pairs()) == (2, {"pending": 2})
    assert Notification.objects.get().status == "processing"
    wait_is_over()
    assert pipeline.send(DEAD) == 2

    assert pairs() == {"sent": 2}
    assert Notification.objects.get().status == "completed"
    assert sorted(mail.recipient for mail in mail_server.received if mail.data) == [
        "ana@example.org",
        "bob@example.org",
    ]
    assert sorted(Attempt.objects.values_list("number", "outcome")) == [
        *[(number, "retry") for number in (1, 1, 2, 2, 3, 3)],
        *[(4, "sent")] * 2,
    ]
    assert kinds(Delivery.objects.first().id)[-5:] == [  # type: ignore[union-attr]
        "delivery.moved>dead",
        "dead_letter.added",
        "dead_letter.replayed",
        "delivery.moved>sending",
        "delivery.moved>sent",
    ]

    wait_until_readable()
    (reader,) = [reader for reader in registered() if reader.name == CONSUMER]
    while advance(reader):
        continue
    counted = OutcomeCount.objects.filter(minutes=DAY).values_list("channel", "outcome", "count", "attempts")
    assert sorted(counted) == [
        ("email", "dead", 2, 2),
        ("email", "planned", 2, 0),
        ("email", "retried", 4, 4),
        ("email", "sent", 2, 2),
    ]


def test_one_that_dies_again_is_open_again(mail_server: ScriptedServer) -> None:
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana"))
    pipeline.plan(HIGH)
    pipeline.send(HIGH)
    for _ in range(2):
        wait_is_over()
        pipeline.send(RETRY)
    now = datetime.now(UTC)
    replay(Matching(Narrowing()), tenant_id=tenant.id, rate_per_second=1, actor="key:a", at=now)

    pipeline.send(DEAD)
    for _ in range(2):
        assert DeadLetter.objects.get().state == "replayed"
        wait_is_over()
        pipeline.send(DEAD)
        pipeline.send(RETRY)

    letter = DeadLetter.objects.get()
    assert (letter.state, letter.replays, letter.attempts) == ("open", 1, 6)
    assert pairs() == {"dead": 1}
    assert Notification.objects.get().status == "failed"
