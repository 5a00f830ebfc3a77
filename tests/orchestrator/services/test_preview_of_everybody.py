"""The preview tells of everybody what planning then does, whatever rules speak of them."""

from collections.abc import Iterable
from typing import Any

import pytest
from pytest_django import Settings

from audience.selectors import external_ids
from channels_app.accounts import forget_accounts
from notifications.models import Delivery, NotificationType
from orchestrator import pipeline
from tenants.models import Tenant
from tests.orchestrator.services.population import CONTENT, a_population
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db

PEOPLE = 30
Line = tuple[str, str, int, str]  # recipient, channel, step, why not


@pytest.fixture(autouse=True)
def mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()


@pytest.mark.parametrize("strategy", ["immediate", "sequential-email-first", "priority_based", "smart"])
def test_what_is_planned_is_what_the_preview_said(api: Api, strategy: str) -> None:  # noqa: F811
    people = a_population(Tenant.objects.get(), PEOPLE)
    NotificationType.objects.update(priority=1)
    body = {"type": "offer", "recipients": list(people), "content": CONTENT, "data": {"n": 1}, "strategy": strategy}

    told: set[str] = set()
    for _ in range(2):  # the second one says what the first has said
        promised = said(api("POST", "/notifications/preview", body))["results"]
        accepted = said(api("POST", "/notifications", body))
        while pipeline.plan(1):
            pass

        assert sorted(planned(accepted["id"])) == sorted(lines(promised))
        told |= {why for *_, why in lines(promised)}

    refused = {"preference_off", "consent_missing", "suppressed", "unsubscribed"}
    assert told >= {"", *refused, "quiet_hours", "frequency_cap", "duplicate"}


def lines(previewed: Iterable[dict[str, Any]]) -> list[Line]:
    found: list[Line] = []
    for one in previewed:
        found += [(one["recipient"], step["channel"], step["step"], "") for step in one["steps"]]
        found += [(one["recipient"], no["channel"], 0, no["reason"]) for no in one["skipped"]]
    return found


def planned(notification_id: str) -> list[Line]:
    rows = Delivery.objects.filter(notification_id=notification_id)
    names = external_ids({row.recipient_id for row in rows})
    return [(names[row.recipient_id], row.channel, row.step, row.reason) for row in rows]
