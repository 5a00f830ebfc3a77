"""The hook of providers: who gets in, what is kept of a call, and that no repetition counts twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from channels_app.hooks.store import private_of, purge_seen, raw_of
from channels_app.models import HookCall, Report, Seen
from channels_app.services import Facts, create
from channels_app.values import Account
from events import bells
from tests.channels_app import reporting
from tests.channels_app.reporting import Reporter, call, say
from tests.make import AT, a_tenant

pytestmark = pytest.mark.django_db

DELIVERED = {"kind": "delivered", "provider_message_id": "m1", "event_id": "e1"}


@pytest.fixture(autouse=True)
def reporters(settings: Settings) -> Iterator[None]:
    """Two providers that report, and nothing else."""
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    settings.PUBLIC_URL = "https://carillon.example.org"
    forget_accounts()
    with reporting.reporting():
        yield
    forget_accounts()


@pytest.fixture
def account() -> Account:
    """The platform's account, which the settings name."""
    (found,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == Reporter.key)
    return found


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(bells._ringer, "add", heard.extend)
    return heard


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_is_said_is_kept_and_the_lane_is_rung(account: Account, rung: list[str]) -> None:
    before = figure("carillon_receipts_total", provider="reporter", kind="delivered")

    answer = say(account, {**DELIVERED, "code": "ok", "permanent": True})

    assert (answer.status_code, answer.content, rung) == (200, b"", ["receipts"])
    report = Report.objects.defer("due_at").get()
    assert (report.kind, report.provider_message_id, report.code, report.permanent) == ("delivered", "m1", "ok", True)
    assert (report.account, report.provider, report.channel, report.outcome) == ("reporter", "reporter", "sms", "")
    kept = HookCall.objects.get()
    assert (kept.id, kept.said, kept.understood) == (report.call_id, 1, True)
    assert b'"provider_message_id": "m1"' in raw_of(kept)
    assert b"m1" not in bytes(kept.sealed)
    assert figure("carillon_receipts_total", provider="reporter", kind="delivered") == before + 1


@pytest.mark.parametrize("times", [1, 50])
def test_an_event_counts_once_however_often_it_comes(account: Account, times: int) -> None:
    for _ in range(times):
        assert say(account, DELIVERED, {**DELIVERED, "event_id": "e2", "kind": "opened"}).status_code == 200

    assert sorted(Report.objects.values_list("kind", flat=True)) == ["delivered", "opened"]
    assert HookCall.objects.count() == 1


def test_events_without_a_name_are_told_apart_by_what_they_say(account: Account) -> None:
    said = {"kind": "delivered", "provider_message_id": "m1", "raw": {"a": 1, "b": 2}}

    say(account, said)
    say(account, {**said, "at": "2026-11-20T12:00:05Z", "raw": {"b": 2, "a": 1}})
    say(account, {**said, "raw": {"a": 1, "b": 3}})

    assert Report.objects.count() == 2


def test_the_same_event_id_of_another_account_is_another_event(account: Account) -> None:
    (other,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == "other_reporter")

    say(account, DELIVERED)
    say(other, DELIVERED)

    assert sorted(Report.objects.values_list("account", flat=True)) == ["other_reporter", "reporter"]


def test_a_call_with_hundreds_of_events_costs_as_many_queries_as_one(account: Account) -> None:
    queries = []
    for size in (1, 300):
        with CaptureQueriesContext(connection) as captured:
            say(account, *({**DELIVERED, "event_id": f"{size}-{n}"} for n in range(size)))
        queries.append([q["sql"].split()[0] for q in captured])

    assert queries[0] == queries[1]
    assert len([verb for verb in queries[0] if verb in ("WITH", "INSERT")]) == 1
    assert Report.objects.count() == 301


def test_a_token_that_may_come_once_is_refused_the_second_time(account: Account) -> None:
    refused = figure("carillon_receipts_forged_total", provider="reporter")
    assert say(account, DELIVERED, once=["t1"]).status_code == 200

    answer = say(account, {**DELIVERED, "event_id": "e9"}, once=["t2", "t1"])

    assert answer.status_code == 403
    assert Report.objects.count() == 1
    assert figure("carillon_receipts_forged_total", provider="reporter") == refused + 1
    assert say(account, {**DELIVERED, "event_id": "e9"}, once=["t2"]).status_code == 200


def test_an_unknown_token_is_an_unknown_address(account: Account) -> None:
    wrong, elsewhere = Client().post("/hooks/nobody"), Client().post("/nothing/here")

    assert wrong.status_code == elsewhere.status_code == 404
    assert wrong.json()["detail"] == elsewhere.json()["detail"]


@pytest.mark.parametrize("place", ["body", "signature", "query"])
def test_a_call_that_was_changed_on_the_way_is_refused(
    account: Account, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, query = b'{"receipts": []}', "x=1"
    url = f"{account.hook_url}?{query}"
    good = reporting.signature("POST", url, body)
    match place:
        case "body":
            body = body[:-1] + b" }"
        case "signature":
            good = good[:-1] + ("0" if good[-1] != "0" else "1")
        case "query":
            query = "x=2"

    answer = call(account, body, query=query, **{"X-Signature": good})

    assert answer.status_code == 403
    assert "receipts" not in answer.content.decode()
    assert not HookCall.objects.exists()
    (line,) = (record for record in caplog.records if record.message == "hook.forged")
    assert line.check == "the signature does not fit"  # type: ignore[attr-defined]


def test_the_url_is_the_one_the_provider_was_given_whatever_proxies_say(account: Account) -> None:
    answer = call(account, b"{}", query="d=a%2Fb&x=%7B1", Host="localhost:8000", **{"X-Forwarded-Host": "evil.example"})

    assert answer.status_code == 200


def test_a_provider_may_verify_by_get_and_is_answered_as_it_wants(account: Account) -> None:
    verified = say(account, method="GET")
    answered = say(account, answer="<Response/>", answer_type="text/xml")

    assert (verified.status_code, verified.content) == (200, b"here I am")
    assert (answered.content, answered["Content-Type"]) == (b"<Response/>", "text/xml")
    assert not HookCall.objects.exists()


def test_other_methods_are_refused(account: Account) -> None:
    assert say(account, method="PUT").status_code == 405


def test_a_genuine_call_that_makes_no_sense_is_kept_once_and_stops_the_provider(account: Account) -> None:
    for _ in range(2):
        assert call(account, b"\x00 not json").status_code == 200

    kept = HookCall.objects.get()
    assert (kept.understood, kept.trouble, kept.said) == (False, "no JSON of theirs", 0)
    assert raw_of(kept).endswith(b"\x00 not json")
    assert not Report.objects.exists()


def test_a_body_beyond_a_megabyte_is_not_read(account: Account) -> None:
    assert call(account, b"x" * 1_048_577).status_code == 413


def test_what_people_write_is_encrypted(account: Account) -> None:
    said = {"sender": "+33612345678", "to": "+1888", "text": "STOP", "message_id": "i1", "at": reporting.AT}

    say(account, inbound=[said])

    report = Report.objects.defer("due_at").get()
    assert private_of(report) == {"sender": "+33612345678", "to": "+1888", "text": "STOP"}
    assert b"33612345678" not in bytes(report.private)


def test_a_tenants_account_keeps_its_reports_to_the_tenant() -> None:
    tenant = a_tenant()
    create(Facts(key="own", provider="reporter"), tenant_id=tenant.id, actor="user:ops", at=AT)
    forget_accounts()
    (own,) = accounts_for("sms", mode=LIVE, tenant_id=tenant.id)

    say(own, DELIVERED)

    report = Report.objects.defer("due_at").get()
    assert (report.tenant_id, report.account_id, report.account) == (tenant.id, own.id, own.key)


def test_what_was_seen_is_forgotten_when_repetitions_come_no_more(account: Account) -> None:
    say(account, DELIVERED)
    assert purge_seen(limit=10) == 0

    Seen.objects.update(until=AT - timedelta(days=400))

    assert (purge_seen(limit=10), Seen.objects.count()) == (1, 0)
