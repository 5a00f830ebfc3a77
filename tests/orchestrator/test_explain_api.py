"""Why: `/notifications/{id}/decisions` and `/recipients/{id}/explain`."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from kernel.clock import now
from notifications.models import Notification
from orchestrator import pipeline
from orchestrator.models import Decision
from tests.orchestrator.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = {"in_app": {"title": "Hi", "body": "There"}, "push": {"title": "Hi", "body": "There"}}


@pytest.fixture
def api(tenant_id: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(tenant_id, "manage", "send")


@pytest.fixture
def other_api(other_tenant_id: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(other_tenant_id, "manage")


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content) if response.content else None
    assert response.status_code == status, body
    return body


def someone_asleep(api: Api, name: str = "asha") -> None:
    """In Kolkata, and left alone from an hour ago for the next three."""
    here = now().astimezone(ZoneInfo("Asia/Kolkata"))
    since, until = here - timedelta(hours=1), here + timedelta(hours=3)
    device = {"channel": "push", "kind": "fcm", "address": f"{name}-device-token"}
    said(api("PUT", f"/recipients/{name}", {"timezone": "Asia/Kolkata", "endpoints": [device]}), 201)
    quiet = [{"from": f"{since:%H:%M}", "to": f"{until:%H:%M}"}]
    said(api("PUT", f"/recipients/{name}/preferences", {"quiet_hours": quiet, "channels": {"in_app": False}}))


def test_every_channel_of_a_decision_is_told_with_its_reason(api: Api) -> None:
    someone_asleep(api)
    sent = said(api("POST", "/notifications", {"recipients": ["asha"], "content": WORDS}), 202)
    before = said(api("GET", f"/notifications/{sent['id']}/decisions"))
    assert pipeline.plan(2) == 1

    (told,) = said(api("GET", f"/notifications/{sent['id']}/decisions?recipient=asha"))["results"]

    assert before == {"results": []}
    assert (told["recipient"], told["timezone"], told["strategy"]) == ("asha", "Asia/Kolkata", sent["strategy"])
    skipped = {one["channel"]: (one["reason"], bool(one["rule"]), bool(one["flip"])) for one in told["skipped"]}
    assert skipped["in_app"] == ("preference_off", True, True)
    assert [one["channel"] for one in told["steps"]] == [name for name in WORDS if name not in skipped]


def test_what_would_be_decided_now_is_told_on_the_persons_own_clock_and_nothing_is_kept(api: Api) -> None:
    someone_asleep(api)
    said(api("PUT", "/types/parcel", {"channels": ["push", "in_app"], "strategy": "immediate"}), 201)

    told = said(api("GET", "/recipients/asha/explain?type=parcel"))

    assert {one["channel"] for one in (*told["steps"], *told["skipped"])} == {"push", "in_app"}
    for step in told["steps"]:
        assert step["waits_for"] == "quiet_hours"
        assert step["says"].endswith("Asia/Kolkata: the recipient wants to be left alone until then")
    assert not Notification.objects.exists()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/recipients/asha/explain", 422, "required"),
        ("/recipients/asha/explain?type=nothing", 422, "unknown_type"),
        ("/recipients/asha/explain?kind=parcel", 422, "unknown_field"),
        ("/recipients/nobody/explain?type=parcel", 404, None),
        ("/notifications/01a1f8ff-8345-72f1-8f36-42278ef4d083/decisions", 404, None),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(api: Api, path: str, status: int, code: str | None) -> None:
    someone_asleep(api)

    found = said(api("GET", path), status)

    assert [error["code"] for error in found.get("errors") or ()] == ([code] if code else [])


def test_another_tenants_decisions_are_not_there(api: Api, other_api: Api) -> None:
    someone_asleep(api)
    sent = said(api("POST", "/notifications", {"recipients": ["asha"], "content": WORDS}), 202)
    pipeline.plan(2)

    said(other_api("GET", f"/notifications/{sent['id']}/decisions"), 404)
    said(other_api("GET", "/recipients/asha/explain?type=parcel"), 404)


def test_support_reads_why_on_the_page_of_the_notification(api: Api) -> None:
    someone_asleep(api)
    sent = said(api("POST", "/notifications", {"recipients": ["asha"], "content": WORDS}), 202)
    pipeline.plan(2)
    support = Client()
    support.force_login(User.objects.create_superuser("olga", password="a long password"))

    page = support.get(f"/admin/notifications/notification/{sent['id']}/change/").content.decode()

    assert "what would turn it round" in page
    assert "preference_off" in page
