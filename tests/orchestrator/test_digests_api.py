"""`/digests`: seeing what is gathered, closing it early, taking back and changing what waits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from notifications.models import Notification, NotificationType
from notifications.rules.policy import DigestPolicy, DigestWindow
from orchestrator.models import Digest, DigestItem
from orchestrator.services.digests import Joining, Place, join
from orchestrator.services.digests_closing import close_due
from tenants.models import Tenant
from tests.answers import answers_keep_their_promise  # noqa: F401 - holds every answer of this file
from tests.make import a_notification, recipients
from tests.orchestrator.conftest import Api
from tests.templates_app.asking import said

pytestmark = pytest.mark.django_db

DAY = DigestPolicy(window=DigestWindow(seconds=86_400))


@pytest.fixture
def api(tenant_id: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(tenant_id, "send", "manage")


@pytest.fixture
def waiting(tenant_id: UUID) -> Callable[..., Notification]:
    """`waiting("ana", n=1)`: a notification that waits in Ana's digest of comments."""
    NotificationType.objects.create(tenant_id=tenant_id, key="comment")

    def make(name: str, **data: Any) -> Notification:
        tenant = Tenant.objects.get(id=tenant_id)
        people = recipients(tenant, name)
        row = a_notification(
            tenant, people, type="comment", data=data, due_at=None, status="completed", cancellation_key="c",
            finished_at=datetime.now(UTC), planned_at=datetime.now(UTC),
        )  # fmt: skip
        place = Place(tenant_id, people[name], "live", "comment", "digest", "")
        with transaction.atomic():
            join([Joining(place, row.id, DAY, datetime.now(UTC), "UTC", 2, None, data)])
        return row

    return make


def digest_of(row: Notification) -> UUID:
    return DigestItem.objects.values_list("digest_id", flat=True).get(notification_id=row.id)


def told() -> list[dict[str, Any]]:
    Digest.objects.exclude(state="closed").update(closes_at=datetime.now(UTC) - timedelta(hours=1))
    close_due()
    return [row.data for row in Notification.objects.filter(actor="digest").order_by("id")]


def test_digests_are_listed_by_person_and_status(api: Api, waiting: Callable[..., Notification]) -> None:
    waiting("ana", n=1)
    waiting("ana", n=2)
    waiting("bo", n=3)

    (anas,) = said(api("GET", "/digests?recipient=ana&status=open"))["results"]

    assert (anas["recipient"], anas["type"], anas["count"], anas["status"]) == ("ana", "comment", 2, "open")
    assert len(said(api("GET", "/digests"))["results"]) == 2
    assert said(api("GET", "/digests?recipient=nobody"))["results"] == []
    assert said(api("GET", "/digests?status=closed"))["results"] == []
    assert api("GET", "/digests?status=ajar").status_code == 422


def test_a_digest_shows_its_items_in_order(api: Api, waiting: Callable[..., Notification]) -> None:
    rows = [waiting("ana", n=n) for n in (1, 2, 3)]

    shown = said(api("GET", f"/digests/{digest_of(rows[0])}"))

    assert [(item["notification"], item["data"]) for item in shown["items"]] == [
        (str(row.id), {"n": n}) for n, row in enumerate(rows, start=1)
    ]


def test_closing_early_tells_at_once_and_twice_is_once(api: Api, waiting: Callable[..., Notification]) -> None:
    row = waiting("ana", n=1)
    path = f"/digests/{digest_of(row)}/close"

    first, again = api("POST", path), api("POST", path)
    later = waiting("ana", n=2)

    assert (first.status_code, said(first)["status"], said(again)["status"]) == (200, "closing", "closing")
    assert digest_of(later) != digest_of(row)
    close_due()
    shown = said(api("GET", f"/digests/{digest_of(row)}"))
    assert (shown["status"], shown["outcome"]) == ("closed", "one_by_one")
    assert said(api("GET", f"/digests/{digest_of(later)}"))["status"] == "open"


def test_an_item_can_be_said_differently_until_the_digest_closes(
    api: Api, waiting: Callable[..., Notification]
) -> None:
    row = waiting("ana", n=1)
    path = f"/digests/{digest_of(row)}/items/{row.id}"

    answer = api("PUT", path, {"data": {"n": "one"}})

    assert (answer.status_code, said(answer)["data"]) == (200, {"n": "one"})
    assert told() == [{"n": "one"}]
    late = api("PUT", path, {"data": {"n": "two"}})
    assert (late.status_code, said(late)["code"]) == (409, "digest_item_over")


def test_an_item_can_be_taken_out_until_the_digest_closes(api: Api, waiting: Callable[..., Notification]) -> None:
    gone, stays = waiting("ana", n=1), waiting("ana", n=2)
    path = f"/digests/{digest_of(gone)}/items/{gone.id}"

    assert api("DELETE", path).status_code == 204
    assert api("DELETE", path).status_code == 409
    assert told() == [{"n": 2}]
    assert api("DELETE", f"/digests/{digest_of(stays)}/items/{stays.id}").status_code == 409
    assert api("DELETE", f"/digests/{digest_of(stays)}/items/{uuid4()}").status_code == 404


def test_cancelling_a_notification_takes_it_out_of_its_digest(api: Api, waiting: Callable[..., Notification]) -> None:
    gone = waiting("ana", n=1)
    waiting("ana", n=2)

    answer = api("POST", f"/notifications/{gone.id}/cancel")

    assert answer.status_code == 200, answer.content
    assert said(answer)["cancelled"] == 1
    assert DigestItem.objects.get(notification_id=gone.id).left_out == "cancelled"
    assert told() == [{"n": 2}]


def test_cancelling_by_key_takes_all_of_them_out(api: Api, waiting: Callable[..., Notification]) -> None:
    waiting("ana", n=1)
    waiting("bo", n=2)

    answer = api("POST", "/notifications/cancel", {"cancellation_key": "c"})

    assert answer.status_code == 200, answer.content
    assert told() == []
    assert set(DigestItem.objects.values_list("left_out", flat=True)) == {"cancelled"}


def test_cancelling_what_was_told_already_is_too_late(api: Api, waiting: Callable[..., Notification]) -> None:
    row = waiting("ana", n=1)
    told()

    assert api("POST", f"/notifications/{row.id}/cancel").status_code == 409


def test_another_tenant_sees_and_changes_none(
    api_of: Callable[..., Api], other_tenant_id: UUID, waiting: Callable[..., Notification]
) -> None:
    row = waiting("ana", n=1)
    theirs = api_of(other_tenant_id, "manage")
    root = f"/digests/{digest_of(row)}"

    assert said(theirs("GET", "/digests"))["results"] == []
    assert {
        theirs("GET", root).status_code,
        theirs("POST", f"{root}/close").status_code,
        theirs("DELETE", f"{root}/items/{row.id}").status_code,
        theirs("PUT", f"{root}/items/{row.id}", {"data": {}}).status_code,
    } == {404}


def test_reading_keys_change_nothing(
    api_of: Callable[..., Api], tenant_id: UUID, waiting: Callable[..., Notification]
) -> None:
    row = waiting("ana", n=1)

    assert api_of(tenant_id, "read")("POST", f"/digests/{digest_of(row)}/close").status_code == 403
