"""Quotas over real rows: exact when workers begin at once, counted once per message, told once per mark."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from events.models import Event
from notifications.fields import AT_ONCE
from notifications.models import Attempt, Delivery, Notification
from orchestrator import pipeline
from orchestrator.models import Quota, QuotaUse
from orchestrator.rules.outcomes import Road
from orchestrator.rules.quotas import ends_at, starts_on
from orchestrator.selectors import words_of
from orchestrator.selectors_quotas import forget_quotas, quotas_of
from orchestrator.services import quotas
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.recovery import recover
from orchestrator.services.routing import ProviderCall
from orchestrator.services.sending import _begin, send_batch
from orchestrator.values import ClaimedDelivery
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.channels_app.messages import make_message
from tests.make import AT, EMAIL, IN_APP, a_notification, a_tenant, recipients
from tests.orchestrator.services.racing import race

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)  # what several threads are to see
Say = Callable[..., Notification]
ROUND = 40
RACES = 2_000 if os.environ.get("CARILLON_FAULTS") == "long" else 40


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    forget_quotas()
    yield
    forget_quotas()


@pytest.fixture
def acme() -> Tenant:
    return a_tenant()


@pytest.fixture
def say(acme: Tenant) -> Say:
    """`say(5)`: an accepted message to five people of Acme."""
    made: list[int] = []

    def make(many: int = 1, tenant: Tenant | None = None, **facts: Any) -> Notification:
        made.append(many)
        owner = tenant or acme
        people = recipients(owner, *(f"p{len(made)}-{n}" for n in range(many)))
        return a_notification(owner, people, **{"content": IN_APP, **facts})

    return make


def allow(tenant: Tenant, allowed: int, **facts: Any) -> Quota:
    forget_quotas()
    return Quota.objects.create(tenant=tenant, **{"period": "day", "allowed": allowed, "updated_at": AT, **facts})


def work() -> None:
    for priority in range(4):
        while pipeline.plan(priority) or pipeline.send(priority):
            pass


def states(row: Notification) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Delivery.objects.filter(notification_id=row.id).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def used() -> dict[tuple[str, str], int]:
    """What the counters say, by what they count and their period."""
    rows = QuotaUse.objects.values_list("channel", "account", "period", "used")
    return {(channel or account or "all", period): count for channel, account, period, count in rows}


def a_period_later() -> None:
    """As if what was counted had been counted before, and the wait were over."""
    QuotaUse.objects.update(starts_on=AT.date() - timedelta(days=60))
    Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)


def test_what_is_over_waits_for_the_next_period_and_goes_out_then(acme: Tenant, say: Say) -> None:
    allow(acme, 3)
    row = say(5)

    work()

    assert states(row) == {"delivered": 3, "pending": 2}
    assert used() == {("all", "day"): 3}
    waiting = Delivery.objects.filter(state="pending").values_list("due_at", "reason", "wait_reason", "attempts")
    assert set(waiting) == {(ends_at("day", at=datetime.now(UTC)), "quota_exceeded", "quota_exceeded", 0)}
    told = Event.objects.filter(reason="quota_exceeded").values_list("detail__quota", "detail__per", "detail__to")
    assert list(told) == [(3, "day", "pending")] * 2

    until = ends_at("day", at=datetime.now(UTC))
    Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)
    send_batch([replace(delivery, at=until) for delivery in claim_deliveries(1, limit=9)])

    assert states(row) == {"delivered": 5}
    by_day = list(QuotaUse.objects.order_by("starts_on").values_list("starts_on", "used"))
    assert by_day == [(until.date() - timedelta(days=1), 3), (until.date(), 2)]


def test_what_would_expire_first_is_skipped(acme: Tenant, say: Say) -> None:
    allow(acme, 0, period="month")
    row = say(expires_at=datetime.now(UTC) + timedelta(seconds=90))
    next_month = say(expires_at=datetime.now(UTC) + timedelta(days=40))

    work()

    assert list(Delivery.objects.filter(notification_id=row.id).values_list("state", "reason")) == [
        ("skipped", "quota_exceeded")
    ]
    assert states(next_month) == {"pending": 1}
    assert used() == {("all", "month"): 0}


def test_what_is_over_is_skipped_where_the_operator_says_so(acme: Tenant, say: Say) -> None:
    allow(acme, 1, over="skip")
    row = say(3)

    work()

    assert states(row) == {"delivered": 1, "skipped": 2}
    assert Notification.objects.get(id=row.id).status == "completed"


def test_channels_have_quotas_of_their_own_beside_the_one_of_all(acme: Tenant, say: Say) -> None:
    allow(acme, 2, channel="in_app", over="skip")
    allow(acme, 9, channel="sms")
    allow(acme, 100, period="month")

    row = say(3)
    work()

    assert states(row) == {"delivered": 2, "skipped": 1}
    assert used() == {("in_app", "day"): 2, ("all", "month"): 2}


def test_critical_messages_pass_and_count(acme: Tenant, say: Say) -> None:
    allow(acme, 1)
    urgent = say(2, priority=0)
    work()
    row = say()
    work()

    assert (states(urgent), states(row)) == ({"delivered": 2}, {"pending": 1})
    assert used() == {("all", "day"): 2}


@committed
def test_tests_and_other_tenants_are_not_touched(acme: Tenant, say: Say) -> None:
    allow(acme, 0)
    other = a_tenant("globex")
    test, theirs = say(mode="test"), say(tenant=other)

    work()

    assert (states(test), states(theirs)) == ({"delivered": 1}, {"delivered": 1})
    assert used() == {}


@pytest.fixture
def a_dead_mail_server(settings: Settings) -> Iterator[str]:
    """The key of an account that nobody answers at."""
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    yield account.key
    forget_accounts()


def call_again() -> None:
    """Claim what waits, and call its provider."""
    Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)
    (claimed,) = claim_deliveries(4, limit=1) or claim_deliveries(1, limit=1)
    send_batch([claimed])


def test_trying_again_does_not_count_again_and_is_not_held_back(
    acme: Tenant, say: Say, a_dead_mail_server: str
) -> None:
    allow(acme, 1, channel="email")
    say(content=EMAIL)
    pipeline.plan(1)

    for _ in range(3):
        call_again()

    (delivery,) = Delivery.objects.all()
    assert (delivery.attempts, delivery.reason) == (3, "attempts_exhausted")
    assert used() == {("email", "day"): 1}


def test_what_a_dead_worker_began_is_counted_once(acme: Tenant, say: Say, a_dead_mail_server: str) -> None:
    allow(acme, 1)
    row = say(content=EMAIL)
    pipeline.plan(1)
    (delivery,) = claim_deliveries(1, limit=1)
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    message = make_message("email", address="p@example.org", delivery_id=delivery.id)
    begun = _begin([ProviderCall(delivery, account, Road(budget=3), message)], words_of({row.id}), at=delivery.at)
    assert len(begun) == 1
    Delivery.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))

    assert recover() == 1
    call_again()

    assert Delivery.objects.get().attempts == 2
    assert used() == {("all", "day"): 1}


def test_of_an_account_every_call_counts(acme: Tenant, say: Say, a_dead_mail_server: str) -> None:
    allow(acme, 2, account=a_dead_mail_server)
    say(content=EMAIL)
    pipeline.plan(1)

    for _ in range(3):
        call_again()

    (delivery,) = Delivery.objects.all()
    assert (delivery.attempts, delivery.wait_reason) == (2, "quota_exceeded")
    assert used() == {(a_dead_mail_server, "day"): 2}


def test_what_is_not_ours_to_begin_any_more_does_not_count(acme: Tenant, say: Say) -> None:
    allow(acme, 5)
    say(3)
    pipeline.plan(1)
    claimed = claim_deliveries(1, limit=3)
    Delivery.objects.filter(id=claimed[0].id).update(lease_epoch=99)

    send_batch(claimed)

    assert Attempt.objects.count() == 2
    assert used() == {("all", "day"): 2}


def told_of(model: Any, field: str) -> list[tuple[int, int]]:
    rows = model.objects.filter(**{field: "quota.reached"})
    return sorted((detail["percent"], detail["used"]) for detail in rows.values_list("detail", flat=True))


def test_each_mark_is_told_once_in_a_period(acme: Tenant, say: Say) -> None:
    allow(acme, 10)
    for many in (7, 1, 1, 5, 3):
        say(many)
        work()

    assert told_of(Event, "kind") == told_of(AuditEntry, "action") == [(80, 8), (100, 10)]
    assert set(AuditEntry.objects.filter(action="quota.reached").values_list("actor", "object")) == {
        ("system", "quota:all/day")
    }

    a_period_later()
    say(1)
    work()
    assert told_of(Event, "kind") == [(80, 8), (80, 8), (100, 10)]


def statements_of_sending(row: Notification) -> list[str]:
    """The statements that sending what was planned takes. The quotas of the tenant are known already."""
    pipeline.plan(1)
    claimed = claim_deliveries(1, limit=200)
    assert {delivery.notification_id for delivery in claimed} == {row.id}
    quotas_of({row.tenant_id})
    with CaptureQueriesContext(connection) as captured:
        send_batch(claimed)
    return [query["sql"] for query in captured]


def test_without_a_quota_nobody_is_asked(say: Say) -> None:
    statements = statements_of_sending(say(3))

    assert [sql for sql in statements if "quota" in sql] == []


@pytest.mark.parametrize("many", [2, 40])
def test_with_a_quota_it_is_one_statement_more_however_many(many: int, acme: Tenant, say: Say) -> None:
    allow(acme, 1000, period="month")
    allow(acme, 1000)

    statements = statements_of_sending(say(many))

    assert len([sql for sql in statements if "orchestrator_quota" in sql]) == 1


@pytest.mark.parametrize("many", [2, 40])
def test_at_its_end_it_is_two(many: int, acme: Tenant, say: Say) -> None:
    allow(acme, 0)

    statements = statements_of_sending(say(many))

    assert len([sql for sql in statements if "orchestrator_quota" in sql]) == 2


@committed
@pytest.mark.timeout(1800 if RACES > 1000 else 120)
def test_two_workers_never_begin_one_too_many(acme: Tenant, say: Say) -> None:
    """Both begin one each at the same moment, again and again, while there is room and when there is none."""
    allowed = RACES * 3 // 2
    allow(acme, allowed)
    row = say(2 * RACES)
    while pipeline.plan(1):
        pass
    pairs: dict[UUID, ClaimedDelivery] = {}

    def one(delivery: ClaimedDelivery) -> None:
        send_batch([delivery])

    def other(delivery: ClaimedDelivery) -> None:
        send_batch([pairs[delivery.id]])

    while claimed := claim_deliveries(1, limit=ROUND):  # few enough for their leases
        half = len(claimed) // 2
        pairs.update({delivery.id: claimed[half + n] for n, delivery in enumerate(claimed[:half])})
        race(claimed[:half], one, other)

    assert states(row) == {"delivered": allowed, "pending": 2 * RACES - allowed}
    assert Attempt.objects.count() == allowed
    assert used() == {("all", "day"): allowed}
    assert told_of(Event, "kind") == [(80, -(-allowed * 4 // 5)), (100, allowed)]


@committed
def test_batches_of_several_tenants_neither_block_each_other_nor_begin_one_too_many(acme: Tenant, say: Say) -> None:
    """Each side begins a batch of two tenants with two quotas each, the tenants in opposite orders."""
    globex, rounds, allowed = a_tenant("globex"), 12, 20
    for tenant in (acme, globex):
        allow(tenant, allowed)
        allow(tenant, allowed + 5, channel="in_app", period="month")
    rows = [say(4 * rounds), say(4 * rounds, tenant=globex)]
    pipeline.plan(1)
    pipeline.plan(1)
    ours, theirs = [], []
    for delivery in claim_deliveries(1, limit=8 * rounds):
        (ours if delivery.tenant_id == acme.id else theirs).append(delivery)
    batches = {ours[n].id: n for n in range(rounds)}
    free = [ours[n : 4 * rounds : rounds] + theirs[n : 4 * rounds : rounds] for n in range(rounds)]

    def one(delivery: ClaimedDelivery) -> None:
        send_batch(free[batches[delivery.id]][::2])

    def other(delivery: ClaimedDelivery) -> None:
        send_batch(free[batches[delivery.id]][:0:-2])

    race(ours[:rounds], one, other)

    assert [states(row) for row in rows] == [{"delivered": allowed, "pending": 4 * rounds - allowed}] * 2
    assert list(QuotaUse.objects.values_list("used", flat=True)) == [allowed] * 4


def test_a_tenant_cannot_change_what_it_is_allowed(acme: Tenant) -> None:
    allow(acme, 5)

    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(acme.id):
        Quota.objects.update(allowed=10**6)
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(acme.id):
        QuotaUse.objects.update(used=0)


def test_counters_of_long_ago_are_forgotten(acme: Tenant, say: Say) -> None:
    allow(acme, 5)
    say()
    work()
    long_ago = AT.date() - timedelta(days=402)
    QuotaUse.objects.create(tenant_id=acme.id, channel="", account="", period="day", starts_on=long_ago, used=1)

    assert quotas.purge(at=AT, limit=10) == 1
    (kept,) = QuotaUse.objects.values_list("starts_on", flat=True)
    assert kept == starts_on("day", at=datetime.now(UTC))


def test_quotas_are_kept_in_memory_for_a_moment(acme: Tenant) -> None:
    ids: set[UUID] = {acme.id}
    assert quotas_of(ids) == {acme.id: ()}
    Quota.objects.create(tenant=acme, period="day", allowed=1, updated_at=AT)

    assert quotas_of(ids) == {acme.id: ()}
    forget_quotas()
    assert [quota.allowed for quota in quotas_of(ids)[acme.id]] == [1]
