"""What people would get, as the editor shows it: languages, devices, schemes, real data; and nothing of it runs."""

import pytest
from playwright import sync_api

from audience.services.people import upsert_recipients
from audience.values import RecipientInput
from tenants.models import Tenant
from tenants.scope import platform_scope
from tests.browser.chromium import needs_chromium
from tests.browser.templates.editing import Editor, expect, seen_in
from tests.make import AT, a_notification

pytestmark = needs_chromium
CODE = "parent.document.title='hacked'"
ATTACK = f"<script>{CODE}</script><img src='https://localhost:9/x' alt='x' onerror=\"{CODE}\"/>"


def test_every_language_device_and_scheme_can_be_looked_at(page: sync_api.Page, editor: Editor) -> None:
    editor.open("order_confirmation")
    body = editor.mail.locator("body")
    expect(editor.mail.locator("h1")).to_have_text("Thank you for your order")
    page.get_by_role("button", name="Light").click()
    light = seen_in(editor.mail.locator(".card"), "node => getComputedStyle(node).backgroundColor")

    page.keyboard.press("Alt+d")
    expect(editor.mail.locator(".card")).not_to_have_css("background-color", light)
    page.get_by_role("button", name="Phone").click()
    assert seen_in(body, "node => innerWidth") <= 377
    page.locator("#locale").select_option("ar")
    expect(editor.mail.locator("h1")).to_have_attribute("dir", "rtl")
    page.get_by_role("button", name="Text").click()
    expect(page.locator("#stage pre")).to_contain_text("شكرًا على طلبك")
    page.get_by_label("Sample data").select_option("required")
    expect(page.locator("#stage pre")).not_to_contain_text("Teapot")

    for channel, words in (("push", "تم تأكيد الطلب"), ("in app", "تم تأكيد الطلب"), ("webhook", "order.confirmed")):
        editor.tab(channel).click()
        expect(page.locator("#stage")).to_contain_text(words)


def test_a_real_message_is_looked_at_without_learning_whose(
    page: sync_api.Page, editor: Editor, tenant: Tenant
) -> None:
    with platform_scope():
        people = upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ana")], at=AT)
        data = {"first_name": "Mariana"}
        a_notification(tenant, people, template="welcome", data=data, created_at=AT)
    editor.open("welcome")
    expect(page.locator("#sample optgroup option")).to_have_count(1)

    page.get_by_label("Sample data").select_option("real-0")

    expect(editor.mail.locator("body")).to_contain_text("•••••••")
    expect(editor.mail.locator("body")).not_to_contain_text("Mariana")
    editor.look("sample")


def test_no_words_can_run_in_the_editor(page: sync_api.Page, editor: Editor) -> None:
    editor.open("welcome")
    editor.subject.fill(ATTACK)
    page.get_by_label("Body in MJML").fill(
        f"<mj-section><mj-column><mj-text><b>Hi</b>{ATTACK}</mj-text></mj-column></mj-section>"
    )
    expect(editor.mail.locator("b")).to_have_text("Hi")

    expect(page.locator(".mail-head .subject")).to_have_text(ATTACK)
    expect(page.locator("#stage iframe")).to_have_attribute("sandbox", "")
    assert page.title() == "welcome · Templates · Carillon"
    with pytest.raises(sync_api.Error, match=r"Content Security Policy|Trusted"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")
