"""From the hook to the delivery: reports are claimed, matched, applied, parked and given up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from channels_app.hooks import reports
from channels_app.models import Report
from channels_app.values import Account
from events.models import Event
from notifications.fields import AT_ONCE
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.services import receipts
from orchestrator.services.calls import attempt_id, begin, close_attempts
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.parked import expect
from orchestrator.timekeeper import look
from orchestrator.values import ClaimedDelivery
from tenants.asking import cursor_of_texts
from tests.channels_app import reporting
from tests.channels_app.reporting import Reporter, say
from tests.make import AT, IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reporters(settings: Settings) -> Iterator[None]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    forget_accounts()
    with reporting.reporting():
        yield
    forget_accounts()


@pytest.fixture
def account() -> Account:
    (found,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == Reporter.key)
    return found


def begun(account: Account, *, people: int = 1, tenant: str = "acme") -> list[ClaimedDelivery]:
    """Deliveries whose calls through `account` are under way."""
    owner = a_tenant(tenant)
    a_notification(owner, recipients(owner, *(f"p{n}" for n in range(people))), content=IN_APP)
    while pipeline.plan(1):
        continue
    claimed = claim_deliveries(1, limit=people)
    begin([(one, account.provider, account.key) for one in claimed], at=claimed[0].at, lease=15)
    return claimed


def accept(delivery: ClaimedDelivery, *, message_id: str) -> None:
    """The provider's answer is committed."""
    Delivery.objects.filter(id=delivery.id).update(state="sent", lease_until=None, provider_message_id=message_id)
    close_attempts([(attempt_id(delivery), "sent", "", "", message_id)])
    expect({message_id})


def state_of(delivery: ClaimedDelivery) -> str:
    return Delivery.objects.get(id=delivery.id).state


def report() -> Report:
    return Report.objects.defer("due_at").get()


def due_in() -> float | None:
    """Seconds until the report is due; `-1` at once, `None` never."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN due_at = '-infinity' THEN -1 ELSE extract(epoch FROM due_at - now()) END "
            "FROM channels_app_report"
        )
        seconds = cursor.fetchone()[0]
    return None if seconds is None else float(seconds)


def test_from_the_hook_to_a_delivered_delivery(account: Account) -> None:
    (delivery,) = begun(account)
    accept(delivery, message_id="m1")
    say(account, {"kind": "delivered", "provider_message_id": "m1", "event_id": "e1"})

    pipeline.work("receipts")

    assert state_of(delivery) == "delivered"
    applied = report()
    assert (applied.outcome, applied.delivery_id, due_in()) == ("applied", delivery.id, None)
    assert Event.objects.get(detail__report=str(applied.id)).detail["to"] == "delivered"


def test_a_bell_that_is_lost_is_rung_by_the_timekeeper(account: Account) -> None:
    assert "receipts" not in look().lanes

    say(account, {"kind": "delivered", "provider_message_id": "m1", "event_id": "e1"})

    assert "receipts" in look().lanes


def test_a_receipt_before_the_name_is_known_waits_and_is_heard_at_the_commit(account: Account) -> None:
    (delivery,) = begun(account)
    say(account, {"kind": "delivered", "provider_message_id": "m1", "event_id": "e1"})
    pipeline.work("receipts")
    parked = report()
    wait = due_in()
    assert (parked.outcome, parked.tries, parked.reason, state_of(delivery)) == ("", 1, "no_such_delivery", "sending")
    assert wait is not None
    assert 0 < wait <= 0.5

    accept(delivery, message_id="m1")

    assert due_in() == -1
    pipeline.work("receipts")
    assert (state_of(delivery), report().outcome) == ("delivered", "applied")


def test_a_receipt_that_names_the_delivery_needs_no_name_of_the_message(account: Account) -> None:
    (delivery,) = begun(account)
    say(account, {"kind": "delivered", "delivery_id": str(delivery.id), "event_id": "e1"})

    pipeline.work("receipts")

    assert state_of(delivery) == "delivered"


def test_what_fits_nothing_waits_longer_each_time_and_is_given_up_after_a_day(account: Account) -> None:
    say(account, {"kind": "delivered", "provider_message_id": "nobody", "event_id": "e1"})
    waits = []
    for _ in range(12):
        Report.objects.update(due_at=AT_ONCE)
        pipeline.work("receipts")
        waits.append(round(due_in() or 0, 0))
    assert waits[:5] == sorted(waits[:5])
    assert waits[-1] == 900
    Report.objects.update(due_at=AT_ONCE, received_at=datetime.now(UTC) - timedelta(hours=25))

    pipeline.work("receipts")

    given_up = report()
    assert (given_up.outcome, given_up.reason, due_in()) == ("given_up", "no_such_delivery", None)


def test_a_foreign_account_moves_nothing(account: Account) -> None:
    (other,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == "other_reporter")
    (delivery,) = begun(account)
    accept(delivery, message_id="m1")

    say(other, {"kind": "bounced", "provider_message_id": "m1", "delivery_id": str(delivery.id), "event_id": "e1"})
    pipeline.work("receipts")

    assert (state_of(delivery), report().outcome) == ("sent", "")


def test_one_report_that_cannot_be_applied_stops_no_other(account: Account) -> None:
    good, bad = begun(account, people=2)
    accept(good, message_id="m1")
    accept(bad, message_id="m2")
    say(account, {"kind": "bounced", "provider_message_id": "m2", "event_id": "e2"})
    Report.objects.update(kind="never heard of")  # as a newer version may have written it
    say(account, {"kind": "delivered", "provider_message_id": "m1", "event_id": "e1"})

    pipeline.work("receipts")

    assert (state_of(good), state_of(bad)) == ("delivered", "sent")
    left = Report.objects.defer("due_at").get(provider_message_id="m2")
    assert (left.outcome, left.tries, left.reason) == ("", 1, "broken")


def test_a_bad_report_is_found_by_halving_its_batch(account: Account) -> None:
    deliveries = begun(account, people=40)
    say(account, {"kind": "bounced", "delivery_id": str(deliveries[0].id), "event_id": "bad"})
    Report.objects.update(kind="never heard of")
    say(account, *({"kind": "delivered", "delivery_id": str(d.id), "event_id": str(d.id)} for d in deliveries))

    with CaptureQueriesContext(connection) as captured:
        assert receipts.hear_reports(limit=64) == 41

    assert Delivery.objects.filter(state="delivered").count() == 40
    claims = sum("enable_sort = off" in query["sql"] for query in captured)
    assert claims == 13  # of 64, 32, 16, 8, 4 and 2, which fail; the bad one; then 1, 2, 4, 8, 16 and what is left


def test_a_worker_that_dies_in_a_batch_has_done_nothing(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    (delivery,) = begun(account)
    accept(delivery, message_id="m1")
    say(account, {"kind": "delivered", "provider_message_id": "m1", "event_id": "e1"})

    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(receipts, "end", dies)
        with pytest.raises(Killed):
            pipeline.work("receipts")
    assert (state_of(delivery), report().outcome) == ("sent", "")

    pipeline.work("receipts")

    assert (state_of(delivery), report().outcome) == ("delivered", "applied")
    assert Event.objects.filter(kind="delivery.moved", actor="provider").count() == 1


def test_a_batch_costs_the_same_whatever_its_size(account: Account) -> None:
    queries = []
    for size in (50, 500):
        deliveries = begun(account, people=size, tenant=f"t{size}")
        say(account, *({"kind": "bounced", "delivery_id": str(d.id), "event_id": f"{d.id}"} for d in deliveries))
        with CaptureQueriesContext(connection) as captured:
            assert receipts.hear_reports() == size
        queries.append([query["sql"].split()[0] for query in captured])

    assert queries[0] == queries[1]
    assert len(queries[0]) <= 18


def test_a_batch_is_read_from_the_index_whatever_the_statistics_say(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_app_report")  # when there was nothing
    say(account, *({"kind": "delivered", "provider_message_id": f"m{n}", "event_id": f"e{n}"} for n in range(1000)))

    with transaction.atomic(), cursor_of_texts() as cursor:
        cursor.execute(reports.CLAIM.replace("SELECT", "EXPLAIN SELECT", 1), (500,))
        cursor.nextset()
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Scan using channels_app_report" in plan
    assert "->  Sort" not in plan


def test_what_came_early_is_found_without_reading_the_queue(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_app_report")  # when there was nothing
    say(account, *({"kind": "delivered", "provider_message_id": f"m{n}", "event_id": f"e{n}"} for n in range(1000)))

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {reports.WAKE}", (["m1", "m2"],))
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "provider_message_id = ANY" in plan
    assert "due_at_id_idx" not in plan
    assert f"Seq Scan on channels_app_report_{datetime.now(UTC):%Y_%m}" not in plan


def test_reports_carry_the_moment_the_provider_tells(account: Account) -> None:
    (delivery,) = begun(account)
    say(account, {"kind": "delivered", "delivery_id": str(delivery.id), "event_id": "e1"})

    pipeline.work("receipts")

    assert Delivery.objects.get(id=delivery.id).delivered_at == AT
