"""Quotas are set by operators, in the admin and by command, and read by tenants."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client

from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.models import Quota, QuotaUse
from orchestrator.rules.quotas import ends_at, starts_on
from orchestrator.selectors_quotas import forget_quotas
from orchestrator.services.quota_setting import Place, lift_quota, set_quota
from tenants.models import AuditEntry, Tenant
from tests.answers import answers_keep_their_promise  # noqa: F401 - holds every answer of this file
from tests.make import IN_APP, a_notification, recipients
from tests.orchestrator.conftest import Api

pytestmark = pytest.mark.django_db
ADMIN = "/admin/orchestrator/quota/"


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    forget_quotas()


def allow(tenant_id: UUID, place: Place, allowed: int, over: str = "wait") -> None:
    set_quota(tenant_id, place, allowed=allowed, over=over, actor="test", at=datetime.now(UTC))


def use(tenant_id: UUID, period: str, used: int, *, channel: str = "", ago: timedelta = timedelta()) -> None:
    since = starts_on(period, at=datetime.now(UTC)) - ago
    QuotaUse.objects.create(tenant_id=tenant_id, channel=channel, account="", period=period, starts_on=since, used=used)


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("quotas", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_a_tenant_reads_its_quotas_with_use_so_far(
    tenant_id: UUID, other_tenant_id: UUID, api_of: Callable[..., Api]
) -> None:
    allow(tenant_id, Place("month"), 100)
    allow(tenant_id, Place("day", "email"), 10, "skip")
    allow(other_tenant_id, Place("day"), 7)
    use(tenant_id, "month", 42)
    use(tenant_id, "day", 12, channel="email")
    use(tenant_id, "day", 3, channel="email", ago=timedelta(days=1))

    answer = api_of(tenant_id, "read")("GET", "/quotas")

    at = datetime.now(UTC)
    until = {period: ends_at(period, at=at).isoformat().replace("+00:00", "Z") for period in ("day", "month")}
    assert answer.status_code == 200
    assert sorted(answer.json()["results"], key=lambda quota: quota["period"]) == [
        {"channel": "email", "account": None, "period": "day", "limit": 10, "used": 12, "left": 0, "over": "skip",
         "resets_at": until["day"]},
        {"channel": None, "account": None, "period": "month", "limit": 100, "used": 42, "left": 58, "over": "wait",
         "resets_at": until["month"]},
    ]  # fmt: skip


def test_reading_takes_the_scope_and_setting_is_not_for_tenants(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    assert api_of(tenant_id, "send")("GET", "/quotas").status_code == 403
    assert api_of(tenant_id, "manage")("POST", "/quotas", {"limit": 10**6}).status_code == 405


def test_the_command_sets_shows_and_lifts(tenant_id: UUID, other_tenant_id: UUID) -> None:
    allow(other_tenant_id, Place("day"), 7)
    use(tenant_id, "day", 3, channel="email")

    (shown,) = run("set", "10", "--tenant", "acme", "--channel", "email", "--per", "day", "--over", "skip")
    (changed,) = run("set", "20", "--tenant", "acme", "--channel", "email", "--per", "day")

    assert shown.startswith("acme  email  3 of 10 a day until ")
    assert changed.endswith(", the others wait")
    assert [line.split()[0] for line in run()] == ["acme", "globex"]
    assert run("lift", "--tenant", "acme", "--channel", "email", "--per", "day") == ["acme: quota:email/day is lifted"]
    assert run("show", "acme") == []
    trail = AuditEntry.objects.filter(tenant_id=tenant_id, actor="command:quotas").order_by("id")
    assert list(trail.values_list("action", "object")) == [
        ("quota.set", "quota:email/day"),
        ("quota.set", "quota:email/day"),
        ("quota.lifted", "quota:email/day"),
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("set", "5", "--tenant", "nobody", "--per", "day"), "no tenant 'nobody'; make it with create_tenant"),
        (("set", "5", "--tenant", "acme", "--per", "day", "--channel", "fax"), "no channel 'fax'; known: "),
        (("set", "-5", "--tenant", "acme", "--per", "day"), "-5 messages cannot be allowed"),
        (("lift", "--tenant", "acme", "--per", "day"), "acme has no quota:all/day"),
        (("show", "nobody"), "no tenant 'nobody'"),
    ],
)
def test_the_command_says_what_will_not_do(tenant_id: UUID, arguments: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        run(*arguments)
    assert not Quota.objects.exists()


@pytest.fixture
def operator(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("eve"))
    return client


def filled(tenant_id: UUID, **facts: Any) -> dict[str, Any]:
    return {"tenant": str(tenant_id), "channel": "", "account": "", "period": "day", "allowed": 5, "over": "wait",
            **facts}  # fmt: skip


def test_an_operator_sets_changes_and_lifts_in_the_admin(operator: Client, tenant_id: UUID) -> None:
    assert operator.post(f"{ADMIN}add/", filled(tenant_id, channel="sms")).status_code == 302
    quota = Quota.objects.get()
    use(tenant_id, "day", 4321, channel="sms")
    assert "4321" in operator.get(ADMIN).content.decode()

    assert operator.post(f"{ADMIN}{quota.id}/change/", {"allowed": 9, "over": "skip"}).status_code == 302
    quota.refresh_from_db()
    assert (quota.channel, quota.period, quota.allowed, quota.over) == ("sms", "day", 9, "skip")

    assert operator.post(f"{ADMIN}{quota.id}/delete/", {"post": "yes"}).status_code == 302
    assert not Quota.objects.exists()
    trail = AuditEntry.objects.filter(actor="user:eve").order_by("id").values_list("action", "object")
    assert list(trail) == [(f"quota.{verb}", "quota:sms/day") for verb in ("set", "set", "lifted")]


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ({"channel": "fax"}, "no channel &#x27;fax&#x27;"),
        ({"channel": "sms", "account": "smtp"}, "name the account alone"),
        ({"allowed": -1}, "-1 messages cannot be allowed"),
        ({"period": "hour"}, "hour is not one of the available choices"),
    ],
)
def test_what_will_not_do_is_asked_again(
    operator: Client, tenant_id: UUID, facts: dict[str, Any], complaint: str
) -> None:
    asked = operator.post(f"{ADMIN}add/", filled(tenant_id, **facts))

    assert complaint in asked.content.decode()
    assert not Quota.objects.exists()


def test_who_may_only_look_changes_nothing(client: Client, tenant_id: UUID) -> None:
    reader = User.objects.create_user("bob", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_quota"))
    client.force_login(reader)

    assert client.get(ADMIN).status_code == 200
    assert client.post(f"{ADMIN}add/", filled(tenant_id)).status_code == 403
    assert not Quota.objects.exists()


@pytest.fixture
def waiting(tenant_id: UUID) -> Delivery:
    """A delivery that waits, for nothing is allowed."""
    allow(tenant_id, Place("month"), 0)
    tenant = Tenant.objects.get(id=tenant_id)
    a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)
    pipeline.plan(1)
    pipeline.send(1)
    (delivery,) = Delivery.objects.filter(state="pending", wait_reason="quota_exceeded")
    assert delivery.due_at == ends_at("month", at=datetime.now(UTC))
    return delivery


def soon(delivery: Delivery) -> bool:
    delivery.refresh_from_db()
    assert delivery.due_at is not None
    return delivery.due_at - datetime.now(UTC) <= timedelta(seconds=2)


def test_with_more_room_what_waits_is_looked_at_again(tenant_id: UUID, waiting: Delivery) -> None:
    allow(tenant_id, Place("month"), 0)
    assert not soon(waiting)

    allow(tenant_id, Place("month"), 1)
    assert soon(waiting)


def test_without_the_quota_nothing_waits_for_it(tenant_id: UUID, waiting: Delivery) -> None:
    lift_quota(tenant_id, Place("month"), actor="test", at=datetime.now(UTC))

    assert soon(waiting)
