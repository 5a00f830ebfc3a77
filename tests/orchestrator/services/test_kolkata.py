"""Somebody in Kolkata with quiet hours, no text messages, a cap and a daily summary gets what the preview said."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels_app.accounts import forget_accounts
from notifications.models import Delivery
from orchestrator import pipeline
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db
CONTENT: dict[str, Any] = {
    "email": {"subject": "Hi", "text": "Hi"},
    "sms": {"body": "Hi"},
    "in_app": {"title": "Hi", "body": "There"},
}
PERSON = {"email": "ana@example.org", "phone": "+919820012345", "timezone": "Asia/Kolkata"}
WISHES = {
    "channels": {"sms": False},
    "quiet_hours": [{"from": "22:00", "to": "07:00"}],
    "frequency": {"channel:email": {"mode": "digest", "every": "day", "at": "09:00"}},
}


@pytest.fixture(autouse=True)
def somebody_in_kolkata(api: Api, settings: Settings) -> None:  # noqa: F811
    settings.SANDBOX_SMTP_URL = "smtp://127.0.0.1:1"
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    settings.SANDBOX_LIVE = True
    forget_accounts()
    api("PUT", "/types/offer", {"priority": "high", "policy": {"caps": [{"day": 1}]}})
    api("PUT", "/recipients/ana", PERSON)
    assert api("PUT", "/recipients/ana/preferences", WISHES).status_code == 200


def test_the_preview_says_what_planning_does(api: Api) -> None:  # noqa: F811
    body = {"type": "offer", "recipients": ["ana"], "content": CONTENT}
    waits = []

    for _ in range(2):
        (promised,) = said(api("POST", "/notifications/preview", body))["results"]
        accepted = said(api("POST", "/notifications", body))
        while pipeline.plan(1) or pipeline.send(1):
            pass

        rows = Delivery.objects.filter(notification_id=accepted["id"])
        skipped = {row.channel: row.reason for row in rows if row.state == "skipped"}
        assert {no["channel"]: no["reason"] for no in promised["skipped"]} == skipped
        assert skipped == {"email": "digest", "sms": "preference_off"}
        (step,) = promised["steps"]
        (going,) = [row for row in rows if row.channel == step["channel"]]
        waits.append(going.wait_reason)
        if going.state == "pending":
            assert abs(datetime.fromisoformat(step["at"]) - going.due_at) < timedelta(minutes=1)

    assert waits == ["", "frequency_cap"]
