"""Health is counted by all processes together, and evidence moves the shares of accounts once a minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_app import services_evidence
from channels_app.accounts import accounts_for, forget_accounts
from channels_app.health import HealthBook
from channels_app.models import AccountChange, ProviderAccount
from channels_app.rules.health import Health
from channels_app.services import Facts, create
from channels_app.services_evidence import weigh
from channels_app.shared_state import SharedState
from channels_app.values import Refused, Retry, SendResult, Sent
from tests.make import a_tenant

pytestmark = pytest.mark.django_db

SENT, RETRY = Sent("m"), Retry("503")


@pytest.fixture
def tenant_id() -> UUID:
    return a_tenant().id


@pytest.fixture
def book(shared: SharedState, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthBook]:
    """What all processes share; the evidence is read from it."""
    book = HealthBook(shared)
    monkeypatch.setattr(services_evidence, "health", book)
    yield book
    forget_accounts()


@pytest.fixture
def rows(tenant_id: UUID, at: datetime) -> list[ProviderAccount]:
    facts = [Facts(key=key, provider="smtp", credentials={"url": "smtp://mail.example.org"}) for key in ("a", "b")]
    return [create(one, tenant_id=tenant_id, actor="test", at=at) for one in facts]


def told(book: HealthBook, tenant_id: UUID, said: dict[str, list[SendResult]], *, at: datetime) -> None:
    for account in accounts_for("email", mode="live", tenant_id=tenant_id):
        book.record(account, said[account.key.split(":")[1]], seconds=0.08, at=at)


def test_what_processes_tell_adds_up(
    shared: SharedState, tenant_id: UUID, rows: list[ProviderAccount], at: datetime
) -> None:
    here, there = HealthBook(shared), HealthBook(shared)
    (account, other) = accounts_for("email", mode="live", tenant_id=tenant_id)

    here.record(account, [SENT] * 8, seconds=0.2, at=at)
    there.record(account, [SENT] * 4 + [RETRY] * 4, seconds=0.2, at=at - timedelta(minutes=5))
    there.record(account, [Refused("21211")] * 8, seconds=0.2, at=at)  # an answer about a recipient
    there.record(account, [RETRY] * 50, seconds=9, at=at - timedelta(minutes=10))
    found = here.of([account.key, other.key], at=at)

    assert found[account.key] == Health(24, 20 / 24, 150, 195)
    assert found[other.key] == Health(0, None, None, None)


def test_a_batch_larger_than_what_goes_at_once_is_timed_by_its_turns(
    shared: SharedState, tenant_id: UUID, rows: list[ProviderAccount], at: datetime
) -> None:
    (account, _) = accounts_for("email", mode="live", tenant_id=tenant_id)
    book = HealthBook(shared)

    book.record(account, [SENT] * 40, seconds=1.0, at=at)  # eight at a time

    assert book.of([account.key], at=at)[account.key].p50_ms == 150


def test_a_process_alone_counts_for_itself(
    alone: SharedState, tenant_id: UUID, rows: list[ProviderAccount], at: datetime
) -> None:
    (account, _) = accounts_for("email", mode="live", tenant_id=tenant_id)
    book = HealthBook(alone)

    for minute in range(15):
        book.record(account, [SENT, RETRY], seconds=0.2, at=at + timedelta(minutes=minute))

    found = book.of([account.key], at=at + timedelta(minutes=14))[account.key]
    assert (found.calls, found.success) == (20, 0.5)


def test_a_failing_account_loses_share_with_its_reason_once_a_minute(
    book: HealthBook, tenant_id: UUID, rows: list[ProviderAccount], at: datetime
) -> None:
    at = datetime.now(UTC)  # ids carry the moment of a change
    told(book, tenant_id, {"a": [RETRY] * 40, "b": [SENT] * 40}, at=at)

    moved = [weigh(at=at), weigh(at=at + timedelta(seconds=20)), weigh(at=at + timedelta(seconds=60))]

    assert moved == [1, 0, 1]
    assert list(ProviderAccount.objects.order_by("key").values_list("weight", "share")) == [(100, 42), (100, 100)]
    story = AccountChange.objects.filter(account_id=rows[0].id).order_by("id")
    assert [(c.actor, c.field, c.before, c.after, c.reason) for c in story] == [
        ("evidence", "share", 100, 70, "0% of 40 calls succeeded"),
        ("evidence", "share", 70, 42, "0% of 40 calls succeeded"),
    ]


def test_the_choice_goes_by_the_share(book: HealthBook, tenant_id: UUID, rows: list[ProviderAccount]) -> None:
    at = datetime.now(UTC)
    told(book, tenant_id, {"a": [RETRY] * 40, "b": [SENT] * 40}, at=at)

    weigh(at=at)
    forget_accounts()

    weights = {
        account.key.split(":")[1]: account.terms.weight
        for account in accounts_for("email", mode="live", tenant_id=tenant_id)
    }
    assert weights == {"a": 70, "b": 100}


def test_many_accounts_cost_the_statements_of_one(book: HealthBook, at: datetime) -> None:
    def statements(count: int) -> int:
        tenant = a_tenant(f"tenant-{count}")
        for number in range(count):
            for key in ("a", "b"):
                facts = Facts(
                    key=f"{key}{number}", provider="smtp", priority=number,
                    credentials={"url": "smtp://mail.example.org"},
                )  # fmt: skip
                create(facts, tenant_id=tenant.id, actor="test", at=at)
        forget_accounts()
        now = datetime.now(UTC)
        for account in accounts_for("email", mode="live", tenant_id=tenant.id):
            book.record(account, [RETRY if ":a" in account.key[:6] else SENT] * 40, seconds=0.1, at=now)
        with CaptureQueriesContext(connection) as queries:
            assert weigh(at=now) == count
        return len(queries)

    assert statements(1) == statements(20)
