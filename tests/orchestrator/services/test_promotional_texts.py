"""Texts of a promotional category as they arrive: they say how to stop them, in words that work for their sender."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import forget_accounts
from channels_app.sandbox import identities
from notifications.models import Delivery, NotificationType
from notifications.values import NotificationRequest
from orchestrator import pipeline
from orchestrator.models import KeptLink
from orchestrator.services.preview import preview
from preferences.models import Suppression
from templates_app.models import TemplateSettings
from templates_app.selectors import forget
from tests.channels_app.sandbox.process import SandboxProcess
from tests.make import AT, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "+12125550123"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    running = SandboxProcess(Path(tmp_path_factory.mktemp("promotional-texts")) / "state").start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(process: SandboxProcess, settings: Settings) -> Iterator[SandboxProcess]:
    process.api("DELETE", "messages")
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    settings.EGRESS_ALLOW = (*settings.EGRESS_ALLOW, f"127.0.0.1:{process.http_port}")
    settings.PUBLIC_URL = "https://c.example"
    forget()
    yield process
    forget_accounts()


def sent_by(sandbox: SandboxProcess, settings: Settings, sender: str) -> None:
    settings.PROVIDER_CREDENTIALS = {
        "twilio": {
            "account_sid": identities.TWILIO_ACCOUNT_SID,
            "auth_token": identities.TWILIO_AUTH_TOKEN,
            "sender": sender,
            "base_url": f"http://127.0.0.1:{sandbox.http_port}/twilio",
        }
    }
    forget_accounts()


def shop(**brand: Any) -> Any:
    """A tenant to whom offers are promotion."""
    tenant = a_tenant()
    TemplateSettings.objects.create(tenant=tenant, brand=brand, promotional=["offers"], updated_at=AT)
    return tenant


def texts(
    tenant: Any, sandbox: SandboxProcess, *, category: str = "offers", body: str = "Sale", **facts: str
) -> list[str]:
    """What arrives at Ana's."""
    with transaction.atomic():
        people = recipients(tenant, "ana", phone=NUMBER, **facts)
    a_notification(tenant, people, content={"sms": {"body": body}}, category=category)
    pipeline.work("plan.high")
    while pipeline.send(1):
        pass
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"sent", "delivered"}
    return [taken["text"] for taken in sandbox.messages()]


def test_a_number_can_be_written_to(sandbox: SandboxProcess, settings: Settings) -> None:
    sent_by(sandbox, settings, identities.TWILIO_SENDER)

    assert texts(shop(), sandbox, locale="fr") == ["Sale\nRépondez STOP pour vous désinscrire"]
    assert not KeptLink.objects.exists()


def test_a_name_cannot_so_a_short_link_leaves(sandbox: SandboxProcess, settings: Settings) -> None:
    sent_by(sandbox, settings, "Shop")

    (body,) = texts(shop(), sandbox, body="Sale. Reply STOP to opt out")

    kept = KeptLink.objects.get()
    assert body == f"Sale. Reply STOP to opt out\nOpt out: https://c.example/t/{kept.code}"
    assert (kept.number, kept.counts) == (0, False)
    there = Client().get(f"/t/{kept.code}")
    page = there["Location"].removeprefix("https://c.example")
    assert (there.status_code, Client().get(page).status_code, Suppression.objects.count()) == (302, 200, 0)
    assert Client().post(page, {"List-Unsubscribe": "One-Click"}).status_code == 200
    found = Suppression.objects.get()
    assert (found.channel, found.reason, found.scope) == ("sms", "unsubscribe", "category:offers")


@pytest.mark.parametrize("category", ["orders", "security", ""])
def test_other_texts_are_left_as_they_are(sandbox: SandboxProcess, settings: Settings, category: str) -> None:
    sent_by(sandbox, settings, identities.TWILIO_SENDER)

    assert texts(shop(), sandbox, category=category) == ["Sale"]


def test_words_of_the_tenant_are_said_instead(sandbox: SandboxProcess, settings: Settings) -> None:
    sent_by(sandbox, settings, "Shop")

    assert texts(shop(sms_opt_out={"fr": "STOP au 36111"}), sandbox, locale="fr-FR") == ["Sale\nSTOP au 36111"]


def test_a_preview_counts_the_line_and_what_it_costs(sandbox: SandboxProcess, settings: Settings) -> None:
    sent_by(sandbox, settings, "Shop")
    tenant = shop()
    NotificationType.objects.create(tenant_id=tenant.id, key="sale", category="offers")
    with transaction.atomic():
        recipients(tenant, "ana", phone=NUMBER)

    def previewed(body: str) -> tuple[str, int, Any]:
        asked = {"type": "sale", "recipients": ["ana"], "content": {"sms": {"body": body}}}
        found = preview(tenant_id=tenant.id, request=msgspec.convert(asked, NotificationRequest), mode="live", at=AT)
        (step,) = found[0].steps  # type: ignore[union-attr]
        return step["content"].body, step["units"], step["cost_micros"]

    assert previewed("Sale") == ("Sale\nOpt out: https://c.example/t/unsubscribe", 1, None)
    assert previewed("x" * 150)[1:] == (2, None)
    assert not KeptLink.objects.exists()


def test_links_cost_one_statement_and_none_where_nothing_names_one(sandbox: SandboxProcess, settings: Settings) -> None:
    def statements(category: str) -> int:
        tenant = a_tenant(f"shop-{category}")
        TemplateSettings.objects.create(tenant=tenant, promotional=["offers"], updated_at=AT)
        forget()
        with CaptureQueriesContext(connection) as asked:
            texts(tenant, sandbox, category=category)
        return sum("orchestrator_keptlink" in query["sql"] for query in asked.captured_queries)

    sent_by(sandbox, settings, "Shop")

    assert statements("orders") == 0
    assert statements("offers") == 1
