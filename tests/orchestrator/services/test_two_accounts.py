"""Two mail servers, an account for each: who carries what, and who takes over when one is in trouble."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import close_all, forget_accounts
from channels_app.breaker import breaker
from channels_app.call import Call
from channels_app.contract import Account, Capabilities, Message, Provider, Refused, SendResult
from channels_app.models import ProviderAccount
from channels_app.providers.smtp import Smtp
from channels_app.services import Facts, create
from events.models import Event
from kernel.metrics import COST_MICROS
from notifications.fields import AT_ONCE
from notifications.models import Attempt, Delivery
from orchestrator import pipeline
from orchestrator.models import DeadLetter
from orchestrator.services import routing, sending
from tests.channels_app.smtp_server import DROP, ScriptedServer
from tests.make import a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

RETRY_LANE = 4


@dataclass(frozen=True)
class Two:
    """A tenant with two accounts; the first is preferred."""

    tenant: Any
    first: ScriptedServer
    second: ScriptedServer
    rows: tuple[ProviderAccount, ProviderAccount]

    @property
    def keys(self) -> list[str]:
        return [f"smtp:{row.key}:{row.id.hex[-12:]}" for row in self.rows]

    def send(self, count: int = 1, **facts: Any) -> None:
        """Plan a mail to each of so many people, and send what can go at once."""
        people = recipients(self.tenant, *(f"p{n}" for n in range(count)))
        a_notification(self.tenant, people, **facts)
        pipeline.plan(1)
        pipeline.send(1)

    def tried(self) -> list[str]:
        """The accounts of all calls in their order, `1` or `2`."""
        calls = Attempt.objects.order_by("begun_at", "number").values_list("account", flat=True)
        return [str(self.keys.index(key) + 1) for key in calls]


@pytest.fixture
def two(settings: Settings) -> Iterator[Two]:
    settings.PROVIDER_CREDENTIALS = {}
    servers = ScriptedServer(), ScriptedServer()
    for server in servers:
        server.start()
    settings.EGRESS_ALLOW = tuple(f"127.0.0.1:{server.port}" for server in servers)
    tenant = a_tenant()
    rows = [account(tenant.id, server, key=f"mail-{n}", priority=n) for n, server in enumerate(servers)]
    yield Two(tenant, *servers, (rows[0], rows[1]))
    close_all()
    forget_accounts()
    for server in servers:
        server.stop()


def account(tenant_id: UUID | None, server: ScriptedServer, **facts: Any) -> ProviderAccount:
    said = Facts(provider="smtp", credentials={"url": server.url}, **facts)
    return create(said, tenant_id=tenant_id, actor="test", at=datetime.now(UTC))


def again() -> int:
    """All waits are over."""
    Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)
    return pipeline.send(RETRY_LANE) + pipeline.send(1)


def states() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("id").values_list("state", "reason"))


def test_the_preferred_account_carries_everything_while_it_can(two: Two) -> None:
    two.send(5)

    assert two.tried() == ["1"] * 5
    assert (len(two.first.received), len(two.second.received)) == (5, 0)


def test_accounts_of_one_priority_share(two: Two) -> None:
    ProviderAccount.objects.update(priority=0)
    forget_accounts()

    two.send(50)

    assert (len(two.first.received) + len(two.second.received), len(two.first.received) in range(10, 41)) == (50, True)


def test_after_its_calls_the_next_account_takes_over_at_once(two: Two) -> None:
    two.first.answers["mail"] = "451 4.3.0 not now"
    two.send()
    waits = []

    while states()[0][0] == "pending":
        waits.append(Delivery.objects.get().due_at)
        again()

    assert two.tried() == ["1", "1", "1", "2"]
    assert states() == [("sent", "")]
    assert [wait == AT_ONCE for wait in waits] == [False, False, True]
    assert len(two.second.received) == 1


def test_bad_credentials_go_on_to_the_next_account_at_once(two: Two) -> None:
    two.first.answers["mail"] = "530 5.7.0 authentication required"
    two.send()

    assert Delivery.objects.get().due_at == AT_ONCE
    again()

    assert two.tried() == ["1", "2"]
    assert states() == [("sent", "")]


def test_bad_credentials_everywhere_are_a_dead_letter(two: Two) -> None:
    for server in (two.first, two.second):
        server.answers["mail"] = "530 5.7.0 authentication required"
    two.send()

    while again():
        continue

    assert two.tried() == ["1", "2"]
    assert states() == [("dead", "provider_rejected")]
    assert DeadLetter.objects.get().error["code"] == "bad_credentials"


def test_an_open_breaker_is_passed_over_at_once(two: Two) -> None:
    breaker.record(two.keys[0], 0, 20, at=datetime.now(UTC))

    two.send(5)

    assert two.tried() == ["2"] * 5
    assert states() == [("sent", "")] * 5


def test_a_breaker_that_another_process_has_opened_is_passed_over_too(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker.record(two.keys[0], 0, 20, at=datetime.now(UTC))
    monkeypatch.setattr(routing.breaker, "wait_seconds", knows_of_nothing)

    two.send(5)

    assert two.tried() == ["2"] * 5


def knows_of_nothing(*_: Any, **__: Any) -> float:
    return 0.0


def test_what_nobody_can_take_waits_uncounted(two: Two) -> None:
    for key in two.keys:
        breaker.record(key, 0, 20, at=datetime.now(UTC))

    two.send(3)

    assert states() == [("pending", "circuit_open")] * 3
    assert (two.tried(), set(Delivery.objects.values_list("attempts", flat=True))) == ([], {0})


def test_the_secondary_takes_over_within_five_seconds(two: Two) -> None:
    """R22 in short: the primary is hard down, everything arrives, nothing twice."""
    two.first.stop()
    two.send(50)
    while again():
        continue

    assert states() == [("sent", "")] * 50
    assert len({received.recipient for received in two.second.received}) == len(two.second.received) == 50
    waited: dict[UUID, timedelta] = {}
    for event in Event.objects.filter(kind="delivery.moved", detail__has_key="due_at"):
        wait = max(datetime.fromisoformat(event.detail["due_at"]) - event.at, timedelta())
        waited[event.delivery_id] = waited.get(event.delivery_id, timedelta()) + wait
    assert max(waited.values()) < timedelta(seconds=5)


def test_a_lost_answer_is_not_repeated_elsewhere_when_it_may_not_be(two: Two) -> None:
    two.first.answers["dot"] = DROP
    two.send(unknown_policy="at_most_once")

    again()

    assert (two.tried(), states()) == (["1"], [("unknown", "unknown_outcome")])


def test_a_lost_answer_is_repeated_only_where_the_key_is_known(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Smtp, "capabilities", Capabilities(idempotency="key"))
    two.first.answers["dot"] = [DROP, "250 2.0.0 ok"]
    two.send(unknown_policy="at_most_once")
    breaker.record(two.keys[0], 0, 20, at=datetime.now(UTC))

    again()
    waiting = states()
    later = datetime.now(UTC) + timedelta(minutes=1)
    breaker.allow(two.keys[0], 5, at=later)
    breaker.record(two.keys[0], 5, 0, at=later)
    again()

    assert waiting == [("pending", "circuit_open")]
    assert (two.tried(), states()) == (["1", "1"], [("sent", "")])


def test_one_person_is_not_written_to_more_often_than_people_may_be(two: Two, settings: Settings) -> None:
    settings.RATE_LIMIT_RECIPIENT_HOUR = 2

    for _ in range(4):
        two.send()
    two.send(priority=0)
    pipeline.plan(0)
    pipeline.send(0)

    assert sorted(states()) == [("pending", "frequency_cap")] * 2 + [("sent", "")] * 3
    held = Delivery.objects.filter(state="pending")
    assert set(held.values_list("wait_reason", "attempts")) == {("rate_limit", 0)}
    assert min(held.values_list("due_at", flat=True)) > datetime.now(UTC) + timedelta(minutes=20)


def test_nothing_is_asked_of_an_account_before_its_retry_after_and_the_other_one_carries_on(two: Two) -> None:
    """R9 in short."""
    two.first.answers["mail"] = "451 4.7.0 slow down retry_after=600"
    two.send()
    before = len(two.first.commands)

    two.send(5)
    again()

    assert len(two.first.commands) == before
    assert two.tried() == ["1"] + ["2"] * 6
    assert {state for state, _ in states()} == {"sent"}


def test_an_account_alone_is_waited_for_as_long_as_it_asked(two: Two) -> None:
    ProviderAccount.objects.filter(id=two.rows[1].id).delete()
    forget_accounts()
    two.first.answers["mail"] = ["451 4.7.0 slow down retry_after=600", "250 ok"]
    two.send()

    for _ in range(3):
        again()
    two.send(5)

    assert two.tried() == ["1"]
    waits = Delivery.objects.filter(reason="rate_limited").values_list("due_at", flat=True)
    assert len(waits) == 6
    assert min(waits) > datetime.now(UTC) + timedelta(seconds=500)


def test_what_has_no_room_at_one_account_goes_to_the_other(two: Two) -> None:
    ProviderAccount.objects.filter(id=two.rows[0].id).update(per_hour=20, updated_at=datetime.now(UTC))
    forget_accounts()

    two.send(10)
    while again():
        continue

    assert states() == [("sent", "")] * 10
    assert two.tried().count("1") == 2  # a tenth of the hour's at once
    assert len(two.second.received) == 8


def test_another_tenant_has_no_part_in_them(two: Two, settings: Settings) -> None:
    stranger = a_tenant("globex")
    a_notification(stranger, recipients(stranger, "eve"))
    pipeline.plan(1)

    assert states() == [("skipped", "channel_disabled")]
    assert two.tried() == []


def test_a_delivery_costs_what_its_account_charges(two: Two) -> None:
    ProviderAccount.objects.update(cost_micros=650, currency="EUR")
    forget_accounts()
    counter = COST_MICROS.labels("email", "EUR")
    before = counter._value.get()

    two.send(2)

    assert set(Delivery.objects.values_list("cost_micros", "currency")) == {(650, "EUR")}
    assert counter._value.get() - before == 1300
    assert Event.objects.filter(kind="delivery.moved", detail__cost_micros=650).count() == 2


class Unregistered(Provider):
    """Every address is gone."""

    key = "smtp"
    channel = "email"

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        return Refused("unregistered", address_gone=True)


def test_an_address_that_is_gone_is_not_used_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(account: Account) -> Provider:
        return Unregistered(account, timeout_seconds=5)

    monkeypatch.setattr(sending, "provider_for", gone)
    two.send(3)
    two.send(3)

    assert states() == [("failed", "provider_rejected")] * 3 + [("skipped", "no_endpoint")] * 3
    assert Event.objects.filter(kind="endpoint.disabled", reason="address_gone").count() == 3


def test_tries_cost_the_same_statements_for_one_as_for_many(two: Two, settings: Settings) -> None:
    for server in (two.first, two.second):
        server.answers["mail"] = "451 4.3.0 not now"

    def statements(count: int) -> int:
        Delivery.objects.all().delete()
        two.send(count)
        Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)
        forget_accounts()
        with CaptureQueriesContext(connection) as queries:
            assert pipeline.send(RETRY_LANE) == count
        return len(queries)

    assert statements(2) == statements(15)
