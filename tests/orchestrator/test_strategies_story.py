"""From a strategy over HTTP to what somebody did with their inbox, and what came of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from audience.models import InboxItem
from audience.tokens import issue
from channels_app.accounts import forget_accounts
from orchestrator import pipeline
from tenants.services import create_tenant
from tests.orchestrator.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

UNTIL_SEEN = {
    "kind": "sequential",
    "configuration": {"steps": [{"channel": "in_app"}, {"channel": "email", "after_seconds": 3600}], "success": "seen"},
}
ORDER = {
    "type": "order",
    "recipients": [{"id": "ana", "email": "ana@example.org"}],
    "content": {"in_app": {"title": "Sent", "body": "It is on its way"}, "email": {"subject": "Sent", "text": "…"}},
}


@pytest.fixture
def tenant_id(settings: Settings) -> UUID:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()
    return create_tenant("acme", name="Acme", actor="test", at=datetime.now(UTC)).id


def said(response: HttpResponse, *statuses: int) -> Any:
    assert response.status_code in (statuses or (200, 201, 202)), response.content
    return json.loads(response.content)


def states(api: Api, notification: str) -> dict[str, tuple[str, str | None]]:
    page = said(api("GET", f"/notifications/{notification}/deliveries"))
    return {row["channel"]: (row["status"], row["reason"]) for row in page["results"]}


def test_what_was_seen_in_the_inbox_is_not_mailed(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api = api_of(tenant_id, "manage", "send")
    said(api("PUT", "/strategies/until-seen", UNTIL_SEEN))
    said(api("PUT", "/types/order", {"strategy": "until-seen"}))
    first, second = (said(api("POST", "/notifications", ORDER))["id"] for _ in range(2))
    while pipeline.plan(2) or pipeline.send(2):
        pass
    before = states(api, first)

    item = InboxItem.objects.get(notification_id=first)
    me = Api(issue(tenant_id, item.recipient_id, seconds=60, at=datetime.now(UTC)).text)
    said(me("POST", f"/inbox/{item.id}/seen"))

    assert before == {"in_app": ("delivered", None), "email": ("waiting", "earlier_step")}
    assert states(api, first) == {"in_app": ("delivered", None), "email": ("skipped", "earlier_step_succeeded")}
    assert states(api, second) == before
    assert said(api("GET", f"/notifications/{first}"))["status"] == "completed"


def test_an_experiment_from_its_draft_to_its_results(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api = api_of(tenant_id, "manage", "send")
    said(api("PUT", "/strategies/until-seen", UNTIL_SEEN))
    said(api("PUT", "/types/order", {"strategy": "immediate"}))
    arms = [{"key": "at_once"}, {"key": "one_by_one", "strategy": "until-seen"}]
    said(api("PUT", "/experiments/inbox-first", {"arms": arms, "types": ["order"], "goal": "opened"}))
    said(api("POST", "/experiments/inbox-first/start"))
    people = [{"id": f"p{number}", "email": f"p{number}@example.org"} for number in range(30)]
    preview = said(api("POST", "/notifications/preview", {**ORDER, "recipients": people}))
    sent = said(api("POST", "/notifications", {**ORDER, "recipients": people}))["id"]
    while pipeline.plan(2) or pipeline.send(2):
        pass

    found = said(api("GET", "/experiments/inbox-first"))

    foreseen = {one["recipient"]: max(step["step"] for step in one["steps"]) for one in preview["results"]}
    by_arm = {arm["key"]: arm["people"] for arm in found["results"]}
    assert by_arm == {
        "at_once": sum(step == 0 for step in foreseen.values()),
        "one_by_one": sum(step == 1 for step in foreseen.values()),
    }
    assert all(number > 0 for number in by_arm.values())
    assert {arm["key"]: arm["sent"]["people"] for arm in found["results"]} == by_arm
    assert states(api, sent)["in_app"] == ("delivered", None)
