"""A message can lead to its reader's preference centre: the same link in every attempt, and never a tracked one."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from channels_app.accounts import forget_accounts
from notifications.models import NotificationType
from orchestrator import pipeline
from preferences.services.centre_links import centre_link, opening_of
from tenants.scope import tenant_scope
from tenants.services import issue_key
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import AT, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_preview_shows_a_link_of_the_same_length_that_opens_nothing(settings: Settings) -> None:
    tenant = a_tenant()
    recipients(tenant, "ana")
    with tenant_scope(tenant.id):
        key = issue_key(tenant.id, mode="live", scopes=["send"], actor="test", at=AT).text

    answer = Client().post(
        "/api/v1/notifications/preview",
        {"recipients": ["ana"], "content": {"in_app": {"title": "x", "body": "{{ preference_centre_url }}"}}},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )

    (step,) = answer.json()["results"][0]["steps"]
    link, real = step["content"]["body"], centre_link(tenant.id, uuid4(), at=AT)[0]
    assert len(link) == len(real)
    assert link.startswith(f"{settings.PUBLIC_URL}/p/")
    assert Client().get(link.removeprefix(settings.PUBLIC_URL)).status_code == 404


def test_a_mail_leads_to_the_preference_centre_of_its_reader(settings: Settings) -> None:
    server = ScriptedServer()
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    tenant = a_tenant()
    policy = {"tracking": {"clicks": True, "opens": True}}
    NotificationType.objects.create(tenant_id=tenant.id, key="news", channels=["email"], policy=policy)
    people = recipients(tenant, "ana")
    words = {"subject": "News", "html": '<p><a href="{{ preference_centre_url }}">Choose</a></p>', "text": "x"}
    a_notification(tenant, people, type="news", content={"email": words})

    pipeline.work("plan.high")

    server.stop()
    (mail,) = server.received
    text = re.sub(r"=\r?\n", "", mail.data.decode()).replace("=3D", "=")
    found = re.search(rf'href="({re.escape(settings.PUBLIC_URL)}/p/([\w-]+))"', text)
    assert found, text
    opening = opening_of(found[2], at=datetime.now(UTC))
    assert opening is not None
    assert (opening.tenant_id, opening.recipient_id) == (tenant.id, people["ana"])
    assert Client().get(found[1].removeprefix(settings.PUBLIC_URL)).status_code == 200
