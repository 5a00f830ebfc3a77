"""A version for some first, through the real pipeline: watched, promoted, rolled back by itself or ended by people."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audience.models import InboxItem
from events.models import Event
from events.services import record
from events.values import NewEvent
from kernel.gauges import gauge_sources
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.services import canaries
from orchestrator.services.canaries import PAUSE
from preferences.address_hash import Contact
from preferences.rules import Reason
from preferences.rules.consent import EVERY_CHANNEL
from preferences.services import NewSuppression, suppress
from templates_app.models import Canary, CanaryHarm, TemplateVersion
from templates_app.rules.canary import gets_canary
from tests.log_reading import wait_until_readable
from tests.templates_app.asking import Api, errors, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

HIGH = 1
NOW = datetime(2027, 1, 1, tzinfo=UTC)  # long after anything here happens
HELLO: dict[str, Any] = {
    "parts": {"in_app": {"title": "Hello", "body": "{{ name }}"}},
    "variables": {"type": "object", "properties": {"name": {"type": "string"}, "points": {"type": "integer"}}},
    "example_data": {"name": "Ana", "points": 1},
}
GOOD = HELLO | {"parts": {"in_app": {"title": "Good day", "body": "{{ name }}"}}}
BAD = HELLO | {"parts": {"in_app": {"title": "Good day", "body": "{{ name }}: {{ points }}"}}}
SOON = {"min_minutes": 0, "min_deliveries": 10}
# Who gets the new words is drawn anew in every run. Of 40 people fewer than 10 got them once in 2,900 runs, and fewer
# than the 11 that a rollback takes once in 900. Of 60 neither happens in ten million, nor the 50 that are held back.
PEOPLE = 60


@pytest.fixture(autouse=True)
def hello(api: Api) -> None:  # noqa: F811
    """A template in use, and the type that names it."""
    assert api("PUT", "/templates/hello", HELLO).status_code == 201
    api.publish("hello")
    api("PUT", "/types/hello", {"template": "hello", "priority": "high"})


def begin(api: Api, words: dict[str, Any], **canary: Any) -> Any:  # noqa: F811
    assert api("PUT", "/templates/hello", words).status_code == 200
    answer = api("POST", "/templates/hello/publish", {"canary": {"percent": 50, **SOON, **canary}})
    assert answer.status_code == 200, answer.content
    return said(answer)


def notify(api: Api, people: range = range(PEOPLE), **changes: Any) -> None:  # noqa: F811
    body = {"type": "hello", "recipients": [{"id": f"p{n}"} for n in people], "data": {"name": "Ana"}}
    answer = api("POST", "/notifications", body | changes)
    assert answer.status_code == 202, answer.content


def work() -> None:
    """Plan and send until nothing is left; what is held back all the same fails the test and says why."""
    while pipeline.plan(HIGH) or pipeline.send(HIGH):
        pass
    left = Delivery.objects.filter(state__in=("pending", "claimed", "sending", "unknown"))
    assert Counter(left.values_list("state", "reason", "wait_reason")) == {}


def watch(*, at: datetime) -> int:
    """Look at everything that was written so far."""
    wait_until_readable()
    return canaries.watch(at=at)


def canary(api: Api) -> Any:  # noqa: F811
    return said(api("GET", "/templates/hello/canary"))


def titles() -> Counter[str]:
    return Counter(InboxItem.objects.values_list("title", flat=True))


def test_some_get_the_new_words_and_keep_getting_them(api: Api) -> None:  # noqa: F811
    published = begin(api, GOOD)

    notify(api)
    notify(api)
    work()

    version = TemplateVersion.objects.get(number=2)
    first = {
        row.recipient_id
        for row in Delivery.objects.all()
        if gets_canary(version.template_id, version.id, row.recipient_id, percent=50)
    }
    assert (published["version"], published["live"]) == (2, False)
    assert 10 < len(first) < PEOPLE - 10
    assert {row.recipient_id for row in Delivery.objects.filter(template_version_id=version.id)} == first
    assert titles() == {"Good day": 2 * len(first), "Hello": 2 * (PEOPLE - len(first))}
    shown = said(api("GET", "/templates/hello"))
    assert (shown["live_version"], shown["canary"]) == (1, {"version": 2, "percent": 50})
    assert said(api("GET", "/templates"))["results"][0]["canary"] == {"version": 2, "percent": 50}


def test_words_that_harm_are_held_back_and_rolled_back_by_themselves(api: Api, tenant_id: UUID) -> None:  # noqa: F811
    begin(api, BAD)
    notify(api)
    work()

    assert watch(at=NOW) == 1

    shown = canary(api)
    failed = Delivery.objects.filter(state="failed", reason="render_error").count()
    harm = next(one for one in shown["harms"] if one["harm"] == "render_error")
    assert shown["state"] == "rolled_back"
    assert shown["ended_by"] == "canary"
    assert shown["note"] == f"render error: {failed} people with the new words, 0 with those before, at 50 %"
    assert (harm["canary"], harm["control"]) == (failed, 0)
    assert harm["evidence"] > shown["threshold"]
    told = Event.objects.get(kind="template.rolled_back")
    assert (told.tenant_id, told.detail["template"], told.detail["version"]) == (tenant_id, "hello", 2)
    assert TemplateVersion.objects.get(number=2).quarantined_at == NOW
    assert not CanaryHarm.objects.exists()
    head = said(api("GET", "/templates/hello"))
    assert (head["live_version"], head["canary"]) == (1, None)

    before = titles()["Hello"]
    notify(api)
    work()
    assert titles()["Hello"] == before + PEOPLE


def test_what_was_planned_with_words_that_were_rolled_back_says_those_before(api: Api) -> None:  # noqa: F811
    begin(api, BAD)
    notify(api)
    while pipeline.plan(HIGH):
        pass
    new = Delivery.objects.filter(template_version_id=TemplateVersion.objects.get(number=2).id)
    planned = new.count()

    api("POST", "/templates/hello/canary/abort", {"note": "no"})

    assert planned > 10
    assert not new.exists()
    work()
    assert titles() == {"Hello": PEOPLE}


def test_words_that_do_no_harm_are_promoted(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)
    notify(api)
    work()

    assert watch(at=NOW) == 1

    shown = canary(api)
    assert (shown["state"], shown["ended_by"]) == ("promoted", "canary")
    assert shown["note"].endswith(" deliveries, and nothing speaks against it")
    assert said(api("GET", "/templates/hello"))["live_version"] == 2
    assert said(api("GET", "/audit"))["results"][0]["action"] == "template.canary_promoted"


@pytest.mark.parametrize("lines", [20_000, 7])
def test_every_line_counts_once_however_it_is_looked_at(
    api: Api,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    lines: int,
) -> None:
    monkeypatch.setattr(canaries, "MOST_LINES", lines)
    begin(api, GOOD, min_deliveries=1000)
    notify(api)
    work()

    for number in range(3):
        watch(at=NOW + number * 2 * PAUSE)
    notify(api, range(10))
    work()
    watch(at=NOW + 9 * PAUSE)

    assert sum(canary(api)["deliveries"].values()) == PEOPLE + 10


@pytest.mark.parametrize("how", ["page", "consent"])
def test_whoever_leaves_counts_once_against_the_words_they_got_last(
    api: Api,  # noqa: F811
    tenant_id: UUID,  # noqa: F811
    how: str,
) -> None:
    begin(api, GOOD, min_deliveries=1000)
    notify(api, range(1))
    work()
    row = Delivery.objects.get()
    at = datetime.now(UTC)
    for address in ("ana@example.org", "ana@example.com"):
        if how == "page":
            contact = Contact(tenant_id, "in_app", address)
            suppress([NewSuppression(contact, Reason.UNSUBSCRIBE, recipient_id=row.recipient_id)], source=how, at=at)
        else:
            with transaction.atomic():
                record([NewEvent(tenant_id, "consent.withdrawn", at, detail=_withdrawn(row.recipient_id))])

    watch(at=NOW)

    new = row.template_version_id == TemplateVersion.objects.get(number=2).id
    harm = next(one for one in canary(api)["harms"] if one["harm"] == "unsubscribed")
    assert (harm["canary"], harm["control"]) == ((1, 0) if new else (0, 1))


def _withdrawn(recipient_id: UUID) -> dict[str, Any]:
    return {"recipient": str(recipient_id), "purpose": "marketing", "channel": EVERY_CHANNEL}


@pytest.mark.parametrize(
    ("kind", "reason", "detail", "harm"),
    [
        ("delivery.moved", "provider_rejected", {"to": "bounced"}, "bounced"),
        ("delivery.moved", "invalid_number", {"to": "failed"}, "refused"),
        ("delivery.moved", "render_error", {"to": "failed"}, "render_error"),
        ("delivery.complained", "", {"receipt": "complained"}, "complained"),
        ("delivery.unsubscribed", "", {"receipt": "unsubscribed"}, "unsubscribed"),
    ],
)
def test_what_the_log_tells_is_counted_by_whose_words_it_was(
    api: Api,  # noqa: F811
    kind: str,
    reason: str,
    detail: dict[str, Any],
    harm: str,
) -> None:
    begin(api, GOOD, min_deliveries=1000)
    notify(api, range(10))
    work()
    at = datetime.now(UTC)
    rows = Delivery.objects.all()
    told = [NewEvent(d.tenant_id, kind, at, d.notification_id, d.id, reason, detail) for d in rows for _ in range(2)]
    with transaction.atomic():
        record(told)

    watch(at=NOW)

    found = {one["harm"]: (one["canary"], one["control"]) for one in canary(api)["harms"]}
    new = sum(d.template_version_id == TemplateVersion.objects.get(number=2).id for d in rows)
    assert found.pop(harm) == (new, 10 - new)
    assert set(found.values()) == {(0, 0)}


def test_a_test_send_while_a_canary_runs_says_what_is_in_use(api: Api) -> None:  # noqa: F811
    begin(api, GOOD, percent=99)
    for number in range(5):
        body = {"to": f"p{number}", "channel": "in_app", "version": "live"}
        api("PUT", f"/recipients/p{number}", {})
        assert api("POST", "/templates/hello/test-send", body).status_code == 202
    work()

    assert titles() == {"Hello": 5}


def test_versions_that_requests_name_themselves_prove_nothing(api: Api) -> None:  # noqa: F811
    begin(api, BAD)
    notify(api, range(20), template="hello@2")
    work()

    assert watch(at=NOW) == 0
    assert [(one["canary"], one["control"]) for one in canary(api)["harms"]] == [(0, 0)] * 5


def test_a_version_that_people_hold_back_is_rolled_back(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)
    api("POST", "/templates/hello/quarantine", {"reason": "wrong", "version": 2})

    watch(at=NOW)

    assert (canary(api)["state"], canary(api)["note"]) == ("rolled_back", "the version is held back")


def test_a_share_grows_and_never_shrinks(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)

    assert said(api("PATCH", "/templates/hello/canary", {"percent": 80}))["percent"] == 80
    assert errors(api("PATCH", "/templates/hello/canary", {"percent": 20})) == [("/percent", "too_small")]
    assert Canary.objects.get().stages[1]["percent"] == 80


def test_people_may_promote_and_abort(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)
    promoted = api("POST", "/templates/hello/canary/promote", {"note": "fine"})
    begin(api, BAD)
    aborted = api("POST", "/templates/hello/canary/abort")

    assert (said(promoted)["state"], said(promoted)["note"]) == ("promoted", "fine")
    assert (said(aborted)["state"], said(aborted)["version"], said(aborted)["before"]) == ("aborted", 3, 2)
    assert said(api("POST", "/templates/hello/canary/promote"))["code"] == "no_canary"
    assert said(api("GET", "/templates/hello"))["live_version"] == 2


def test_one_canary_at_a_time_and_none_without_a_version_before(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)
    api("PUT", "/templates/hello", BAD)
    api("PUT", "/templates/new", HELLO)

    again = api("POST", "/templates/hello/publish")
    first = api("POST", "/templates/new/publish", {"canary": {"percent": 5}})

    assert (again.status_code, said(again)["code"]) == (409, "canary_running")
    assert (first.status_code, said(first)["code"]) == (409, "nothing_before")
    assert said(api("GET", "/templates/new"))["has_draft"] is True
    assert api("GET", "/templates/new/canary").status_code == 404


def test_rolling_back_ends_a_canary(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)

    assert api("POST", "/templates/hello/rollback", {"version": 1}).status_code == 200

    assert (canary(api)["state"], canary(api)["note"]) == ("aborted", "rolled back to version 1")
    assert said(api("GET", "/templates/hello"))["live_version"] == 3


def test_a_look_costs_the_same_for_many_canaries(api: Api) -> None:  # noqa: F811
    begin(api, GOOD, min_deliveries=1000)
    notify(api)
    work()
    wait_until_readable()
    with CaptureQueriesContext(connection) as one:
        canaries.watch(at=NOW)
    for key in ("a", "b", "c"):
        api("PUT", f"/templates/{key}", HELLO)
        api.publish(key)
        api("PUT", f"/templates/{key}", GOOD)
        api("POST", f"/templates/{key}/publish", {"canary": {"percent": 50}})
    notify(api)
    work()
    wait_until_readable()
    with CaptureQueriesContext(connection) as four:
        canaries.watch(at=NOW + 2 * PAUSE)

    assert len(four) == len(one)


def test_metrics_tell_what_became_of_canaries(api: Api) -> None:  # noqa: F811
    begin(api, GOOD)
    gauge = gauge_sources.get("carillon_template_canaries")

    assert dict(gauge.read())[("running",)] == 1.0
    api("POST", "/templates/hello/canary/abort")
    assert dict(gauge.read()) == {("running",): 0.0, ("promoted",): 0.0, ("rolled_back",): 0.0, ("aborted",): 1.0}
