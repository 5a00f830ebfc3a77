"""Mail of a promotional category as it arrives: with a link that leaves and the sender's address, whoever wrote it."""

from email import message_from_bytes
from email.policy import default

import msgspec
import pytest
from django.test import Client
from pytest_django import Settings

from channels_app.accounts import forget_accounts
from notifications.models import NotificationType
from notifications.values import NotificationRequest
from orchestrator import pipeline
from orchestrator.services.preview import preview
from preferences.models import Suppression
from templates_app.models import TemplateSettings
from templates_app.selectors import forget
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import AT, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "<html><body><p>Sale, {{ recipient.id }}</p></body></html>"
OWN = '<p>Sale <a href="{{ unsubscribe_url }}">no more</a>, 1 Quay St</p>'
ASKS = "{% if unsubscribe_url %}leave: {{ unsubscribe_url }}{% else %}stay{% endif %}"


def arrived(settings: Settings, html: str, *, category: str, text: str = "") -> tuple[str, str, str]:
    """The page and the text of a mail, and the link in its head."""
    tenant = a_tenant()
    TemplateSettings.objects.create(tenant=tenant, brand={"postal_address": "1 Quay St"}, updated_at=AT)
    server = ScriptedServer()
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    forget()
    content = {"email": {"subject": "Sale", "html": html, "text": text}}
    a_notification(tenant, recipients(tenant, "ana"), content=content, category=category)
    pipeline.work("plan.high")
    server.stop()
    mail = message_from_bytes(server.received[0].data, policy=default)
    said = {kind: mail.get_body((kind,)) for kind in ("html", "plain")}
    page, plain = (part.get_content() if part else "" for part in said.values())
    return page, plain, "".join(str(mail["List-Unsubscribe"] or "").split()).strip("<>")


def test_words_of_a_request_get_what_they_lack(settings: Settings) -> None:
    page, plain, link = arrived(settings, PAGE, category="marketing", text="Sale")

    assert f'href="{link}"' in page
    assert "1 Quay St<br>" in page
    assert plain.splitlines() == ["Sale", "", "-- ", "1 Quay St", f"Unsubscribe: {link}"]

    assert Client().post(link.removeprefix(settings.PUBLIC_URL), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Suppression.objects.get().reason == "unsubscribe"


def test_words_that_have_them_are_left_as_they_are(settings: Settings) -> None:
    page, _, link = arrived(settings, OWN, category="marketing")

    assert page.strip() == f'<p>Sale <a href="{link}">no more</a>, 1 Quay St</p>'


@pytest.mark.parametrize(
    ("category", "leaves"), [("orders", True), ("security", False), ("", False)], ids=["orders", "security", "none"]
)
def test_other_mail_may_name_the_link_where_there_is_something_to_leave(
    settings: Settings, category: str, leaves: bool
) -> None:
    page, _, link = arrived(settings, f"<p>{ASKS}</p>", category=category)

    assert page.strip() == (f"<p>leave: {link}</p>" if leaves else "<p>stay</p>")
    assert bool(link) is leaves


def test_a_preview_shows_the_same_end_with_a_link_that_leaves_nothing(settings: Settings) -> None:
    tenant = a_tenant()
    TemplateSettings.objects.create(tenant=tenant, brand={"postal_address": "1 Quay St"}, updated_at=AT)
    NotificationType.objects.create(tenant_id=tenant.id, key="sale", category="marketing")
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:9"}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    forget()
    recipients(tenant, "ana")
    content = {"email": {"subject": "Sale", "html": PAGE, "text": "Sale"}}
    asked = msgspec.convert({"type": "sale", "recipients": ["ana"], "content": content}, NotificationRequest)

    found = preview(tenant_id=tenant.id, request=asked, mode="live", at=AT)

    (step,) = found[0].steps  # type: ignore[union-attr]
    link = f"{settings.PUBLIC_URL}/u/preview"
    assert step["content"].text.splitlines() == ["Sale", "", "-- ", "1 Quay St", f"Unsubscribe: {link}"]
    assert f'href="{link}"' in step["content"].html
    assert Client().get("/u/preview").status_code == 404
