"""Words on their way to people: a test to oneself, some first, held back, and what did harm."""

from datetime import datetime
from uuid import UUID

from playwright import sync_api

from audience.services.people import upsert_recipients
from audience.values import RecipientInput
from notifications.models import Notification
from templates_app.models import Canary
from templates_app.rules.canary import Terms
from templates_app.selectors import template_of
from templates_app.services.canaries import end
from templates_app.services.drafts import Saved, save_draft
from templates_app.services.publishing import FirstFor, Published, publish
from templates_app.values import TemplateSource
from tenants.models import Tenant
from tenants.scope import platform_scope, tenant_scope
from tests.browser.chromium import needs_chromium
from tests.browser.templates.editing import Editor, expect

pytestmark = needs_chromium


def test_a_draft_is_sent_to_oneself(page: sync_api.Page, editor: Editor, tenant: Tenant, at: datetime) -> None:
    editor.open("welcome")
    editor.subject.fill("Only for me")
    page.locator("#locale").select_option("de")
    page.locator("#test").click()
    editor.answer("Send", to="nobody")
    expect(page.locator("#trouble")).to_contain_text("must have an @-sign")
    editor.tab("in app").click()

    with platform_scope():
        upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="eve")], at=at)
    page.locator("#test").click()
    editor.answer("Send", to="eve")

    editor.says("The test is on its way")
    with platform_scope():
        notification = Notification.objects.get(tenant_id=tenant.id)
        assert (notification.template, notification.tags) == ("welcome@draft", ["test-send"])


def test_a_version_is_held_back_and_released(page: sync_api.Page, editor: Editor, tenant: Tenant, at: datetime) -> None:
    with tenant_scope(tenant.id):
        put_into_use(tenant.id, "welcome", subject="Hello", at=at)
    editor.open("welcome")
    editor.tab("Versions").click()

    page.get_by_role("button", name="Hold back").click()
    editor.answer("Hold back", reason="Wrong prices")
    expect(page.locator("[data-version='1']")).to_contain_text("Held back: Wrong prices")
    page.get_by_role("button", name="Release").click()

    expect(page.locator("[data-version='1']")).not_to_contain_text("Held back")


def test_new_words_go_to_some_first_and_are_put_into_use(
    page: sync_api.Page, editor: Editor, tenant: Tenant, at: datetime
) -> None:
    with tenant_scope(tenant.id):
        put_into_use(tenant.id, "welcome", subject="Hello", at=at)
    editor.open("welcome")

    editor.subject.fill("Good day")
    page.locator("#publish").click()
    editor.answer("Publish", note="More formal", percent="5")
    editor.says("Version 2 goes to 5 of 100 people first")
    expect(page.locator("#canary-chip")).to_have_text("version 2 for 5 %")
    expect(page.locator(".title")).to_contain_text("version 1 in use")

    editor.tab("Versions").click()
    card = page.locator("#canary")
    expect(card).to_contain_text("Version 2 is with 5 of 100 people")
    expect(card).to_contain_text("0 of 500 messages")
    expect(page.locator("[data-version='2']")).to_contain_text("for 5 %")
    card.get_by_role("button", name="Give to more").click()
    editor.answer("Give", percent="20")
    expect(card).to_contain_text("Version 2 is with 20 of 100 people")
    with platform_scope():
        Canary.objects.update(
            tallies=[{"harm": "bounced", "percent": 20, "canary": 9, "control": 14}],
            deliveries={"canary": 214, "control": 801},
        )
    editor.tab("Words").click()
    editor.tab("Versions").click()
    expect(card.locator("[data-harm=bounced]")).to_contain_text("bounced914")
    assert editor.faint() == []
    editor.look("canary")
    card.get_by_role("button", name="Put into use").click()
    editor.answer("Put into use", note="Nobody minded")

    expect(card).to_contain_text("Version 2 was put into use")
    expect(page.locator(".title")).to_contain_text("version 2 in use")


def test_words_that_did_harm_say_so(page: sync_api.Page, editor: Editor, tenant: Tenant, at: datetime) -> None:
    with tenant_scope(tenant.id):
        put_into_use(tenant.id, "welcome", subject="Hello", at=at)
        put_into_use(tenant.id, "welcome", subject="Good day", at=at, canary=FirstFor(10, Terms()))
        template = template_of(tenant.id, "welcome")
        assert template is not None
        end(template, state="rolled_back", why="bounced: 41 people with the new words", actor="canary", at=at)

    editor.open("welcome")
    editor.tab("Versions").click()

    expect(page.locator("#canary")).to_contain_text("did harm and was rolled back")
    expect(page.locator("[data-version='2']")).to_contain_text("held back")
    editor.look("rolled-back")


def put_into_use(tenant_id: UUID, key: str, *, subject: str, at: datetime, canary: FirstFor | None = None) -> None:
    """As the editor does it: written, and published."""
    source = TemplateSource(parts={"email": {"subject": subject, "html": "<p>Hello</p>"}})
    assert isinstance(save_draft(key, tenant_id=tenant_id, name=key, source=source, actor="eve", at=at), Saved)
    assert isinstance(publish(key, tenant_id=tenant_id, note="", actor="eve", at=at, canary=canary), Published)
