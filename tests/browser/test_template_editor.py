"""The editor of templates in a real Chromium: write, preview, break it, fix it, publish, compare, roll back."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright import sync_api
from pytest_django.live_server_helper import LiveServer

from audience.services.people import upsert_recipients
from audience.values import RecipientInput
from notifications.models import Notification
from templates_app.models import Canary
from templates_app.selectors import forget, template_of, versions_of
from templates_app.services.canaries import end
from templates_app.starter.loading import load_starter_set
from tenants.models import AuditEntry, Tenant
from tenants.scope import platform_scope, tenant_scope
from tenants.services import create_tenant
from tests.browser.chromium import needs_chromium
from tests.make import AT, a_notification

expect = sync_api.expect

pytestmark = needs_chromium
CONTRAST = Path(__file__).parent / "contrast.js"
CODE = "parent.document.title='hacked'"
ATTACK = f"<script>{CODE}</script><img src='https://localhost:9/x' alt='x' onerror=\"{CODE}\"/>"


@pytest.fixture
def tenant(live_server: LiveServer, at: datetime) -> Tenant:
    """A tenant who wrote nothing yet, and the starter set."""
    forget()
    with platform_scope():
        load_starter_set(at=at)
    return create_tenant("acme", name="Acme", actor="test", at=at)


@pytest.fixture
def context(browser: sync_api.Browser, live_server: LiveServer, tenant: Tenant) -> Iterator[sync_api.BrowserContext]:
    """The browser of somebody who is logged in at the admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("eve"))
    opened = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    opened.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield opened
    opened.close()


@pytest.fixture
def page(context: sync_api.BrowserContext) -> Iterator[sync_api.Page]:
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    opened.close()
    assert errors == []


def open_editor(page: sync_api.Page, live_server: LiveServer, key: str) -> None:
    page.goto(f"{live_server.url}/admin/templates/{key}?tenant=acme")
    expect(page.locator(".title code")).to_have_text(key)


def mail(page: sync_api.Page) -> sync_api.FrameLocator:
    return page.frame_locator("#stage iframe")


def seen_in(element: sync_api.Locator, script: str) -> Any:
    """What a script says of an element of a preview; asked again where the preview was drawn anew meanwhile."""
    for _ in range(20):
        try:
            return element.evaluate(script)
        except sync_api.Error as error:
            if "Execution context was destroyed" not in str(error):
                raise
    raise AssertionError("the preview is drawn again and again")


def errors(page: sync_api.Page) -> sync_api.Locator:
    return page.locator("#findings button[data-severity=error]")


def answer(page: sync_api.Page, yes: str, **fields: str) -> None:
    """Fill in the question that is asked, and say yes."""
    dialog = page.get_by_role("dialog")
    for name, words in fields.items():
        dialog.locator(f"[name={name}]").fill(words)
    dialog.get_by_role("button", name=yes).click()


def publish(page: sync_api.Page, note: str) -> None:
    page.locator("#publish").click()
    answer(page, "Publish", note=note)


def look(page: sync_api.Page, name: str) -> None:
    """Keep a picture for people, where `EDITOR_SCREENSHOTS` names a folder."""
    if folder := os.environ.get("EDITOR_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def tab(page: sync_api.Page, name: str) -> sync_api.Locator:
    return page.get_by_role("tab", name=re.compile(f"^{name}"))


def test_the_list_says_how_each_template_stands(page: sync_api.Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/templates/?tenant=acme")

    card = page.locator("[data-key=welcome]")
    expect(page.locator(".card-link")).to_have_count(8)
    expect(card).to_contain_text("version 1 in use")
    expect(card).to_contain_text("comes with Carillon")
    expect(card).to_contain_text("ar, de, default, fr")

    page.get_by_label("Find a template").fill("welc")
    expect(page.locator(".card-link")).to_have_count(1)
    card.click()
    expect(page.locator(".title h1")).to_have_text("Welcome")


def test_write_break_fix_publish_compare_and_roll_back(
    page: sync_api.Page, live_server: LiveServer, tenant: Tenant
) -> None:
    open_editor(page, live_server, "welcome")
    subject = page.get_by_label("Subject")
    expect(mail(page).locator("h1")).to_have_text("Good to have you here")

    subject.fill("Hello {{ frist_name }}")
    expect(errors(page)).to_contain_text("did you mean 'first_name'?")
    page.locator("#save").click()
    expect(page.locator("#trouble")).to_contain_text("cannot be saved yet")
    errors(page).first.click()
    expect(subject).to_be_focused()

    subject.fill("Hello {{ first_name }}")
    expect(page.locator(".mail-head .subject")).to_have_text("Hello Ana")
    expect(errors(page)).to_have_count(0)
    publish(page, "A shorter subject")
    expect(page.locator("#toast")).to_have_text("Version 1 is in use")

    subject.fill("Good day, {{ first_name }}")
    page.keyboard.press("Control+s")
    expect(page.locator("#toast")).to_have_text("Draft saved")
    page.keyboard.press("Control+Enter")
    answer(page, "Publish", note="More formal")
    expect(page.locator("#toast")).to_have_text("Version 2 is in use")

    tab(page, "Versions").click()
    newest = page.locator("[data-version='2']")
    expect(newest).to_contain_text("More formal")
    expect(newest).to_contain_text("by eve")
    newest.get_by_role("button", name="What changed").click()
    expect(page.locator(".diff td.went")).to_contain_text("Hello {{ first_name }}")
    expect(page.locator(".diff td.came")).to_contain_text("Good day, {{ first_name }}")
    page.get_by_role("button", name="Close").click()

    page.locator("[data-version='1']").get_by_role("button", name="Roll back").click()
    answer(page, "Roll back", note="Too formal")

    expect(page.locator("[data-version='3']")).to_contain_text("says version 1 again")
    tab(page, "Words").click()
    expect(subject).to_have_value("Hello {{ first_name }}")
    with platform_scope():
        template = template_of(tenant.id, "welcome")
        assert template is not None
        rows = versions_of(template).order_by("number")
        assert [(row.number, row.note, row.publisher) for row in rows] == [
            (1, "A shorter subject", "user:eve"),
            (2, "More formal", "user:eve"),
            (3, "Too formal", "user:eve"),
        ]
        trail = AuditEntry.objects.filter(tenant=tenant, action__startswith="template.").order_by("id")
        assert list(trail.values_list("action", flat=True)) == [
            "template.saved", "template.published", "template.saved", "template.published", "template.rolled_back",
        ]  # fmt: skip


def test_a_new_template_in_two_languages_from_nothing(page: sync_api.Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/templates/?tenant=acme")
    page.get_by_role("button", name="New template").click()
    answer(page, "Begin", key="parcel")
    tab(page, "Variables").click()
    page.locator("#field-variables").fill('{"type": "object", "properties": {"parcel": {"type": "string"}}')
    expect(page.locator(".field .fault")).to_contain_text("no JSON yet")
    page.locator("#field-variables").fill('{"type": "object", "properties": {"parcel": {"type": "string"}}}')
    tab(page, "Example data").click()
    page.locator("#field-example_data").fill('{"parcel": "P-1"}')
    tab(page, "Words").click()

    tab(page, "sms").click()
    page.get_by_role("button", name="Write it").click()
    page.get_by_label("Message").fill("Parcel {{ parcel }} is here.")
    expect(page.locator("#stage .bubble")).to_have_text("Parcel P-1 is here.")
    expect(page.locator("#stage .cost")).to_have_text("1 segment")
    page.locator("#add-locale").click()
    answer(page, "Add", locale="ar")
    page.get_by_role("button", name="Begin with a copy").click()
    page.get_by_label("Message").fill("وصل الطرد {{ parcel }}.")
    expect(page.locator("#stage .bubble")).to_have_text("وصل الطرد P-1.")
    publish(page, "First words")

    expect(page.locator("#toast")).to_have_text("Version 1 is in use")
    page.locator("#locale").select_option("")
    expect(page.locator("#stage .bubble")).to_have_text("Parcel P-1 is here.")


def test_every_language_device_and_scheme_can_be_looked_at(page: sync_api.Page, live_server: LiveServer) -> None:
    open_editor(page, live_server, "order_confirmation")
    body = mail(page).locator("body")
    expect(mail(page).locator("h1")).to_have_text("Thank you for your order")
    page.get_by_role("button", name="Light").click()
    light = seen_in(mail(page).locator(".card"), "node => getComputedStyle(node).backgroundColor")

    page.keyboard.press("Alt+d")
    expect(mail(page).locator(".card")).not_to_have_css("background-color", light)
    page.get_by_role("button", name="Phone").click()
    assert seen_in(body, "node => innerWidth") <= 377
    page.locator("#locale").select_option("ar")
    expect(mail(page).locator("h1")).to_have_attribute("dir", "rtl")
    page.get_by_role("button", name="Text").click()
    expect(page.locator("#stage pre")).to_contain_text("شكرًا على طلبك")
    page.get_by_label("Sample data").select_option("required")
    expect(page.locator("#stage pre")).not_to_contain_text("Teapot")

    for channel, words in (("push", "تم تأكيد الطلب"), ("in app", "تم تأكيد الطلب"), ("webhook", "order.confirmed")):
        tab(page, channel).click()
        expect(page.locator("#stage")).to_contain_text(words)


def test_a_draft_is_sent_to_oneself(page: sync_api.Page, live_server: LiveServer, tenant: Tenant, at: datetime) -> None:
    open_editor(page, live_server, "welcome")
    page.get_by_label("Subject").fill("Only for me")
    page.locator("#locale").select_option("de")
    page.locator("#test").click()
    answer(page, "Send", to="nobody")
    expect(page.locator("#trouble")).to_contain_text("must have an @-sign")
    tab(page, "in app").click()

    with platform_scope():
        upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="eve")], at=at)
    page.locator("#test").click()
    answer(page, "Send", to="eve")

    expect(page.locator("#toast")).to_have_text("The test is on its way")
    with platform_scope():
        notification = Notification.objects.get(tenant_id=tenant.id)
        assert (notification.template, notification.tags) == ("welcome@draft", ["test-send"])


def test_a_version_is_held_back_and_released(page: sync_api.Page, live_server: LiveServer) -> None:
    open_editor(page, live_server, "welcome")
    page.get_by_label("Subject").fill("Hello")
    publish(page, "Hello")
    expect(page.locator("#toast")).to_have_text("Version 1 is in use")
    tab(page, "Versions").click()

    page.get_by_role("button", name="Hold back").click()
    answer(page, "Hold back", reason="Wrong prices")
    expect(page.locator("[data-version='1']")).to_contain_text("Held back: Wrong prices")
    page.get_by_role("button", name="Release").click()

    expect(page.locator("[data-version='1']")).not_to_contain_text("Held back")


def test_what_somebody_else_saved_meanwhile_is_not_lost(
    page: sync_api.Page, context: sync_api.BrowserContext, live_server: LiveServer
) -> None:
    open_editor(page, live_server, "welcome")
    other = context.new_page()
    open_editor(other, live_server, "welcome")
    other.get_by_label("Subject").fill("Theirs")
    other.locator("#save").click()
    expect(other.locator("#toast")).to_have_text("Draft saved")

    page.get_by_label("Subject").fill("Mine")
    page.locator("#save").click()

    expect(page.locator("#trouble")).to_contain_text("Somebody was faster")
    expect(page.get_by_label("Subject")).to_have_value("Mine")


def test_no_words_can_run_in_the_editor(page: sync_api.Page, live_server: LiveServer) -> None:
    open_editor(page, live_server, "welcome")
    page.get_by_label("Subject").fill(ATTACK)
    page.get_by_label("Body in MJML").fill(
        f"<mj-section><mj-column><mj-text><b>Hi</b>{ATTACK}</mj-text></mj-column></mj-section>"
    )
    expect(mail(page).locator("b")).to_have_text("Hi")

    expect(page.locator(".mail-head .subject")).to_have_text(ATTACK)
    expect(page.locator("#stage iframe")).to_have_attribute("sandbox", "")
    assert page.title() == "welcome · Templates · Carillon"
    with pytest.raises(sync_api.Error, match=r"Content Security Policy|Trusted"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(page: sync_api.Page, live_server: LiveServer, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/admin/templates/?tenant=acme")
    expect(page.locator(".card-link")).to_have_count(8)
    faint = page.evaluate(CONTRAST.read_text())

    open_editor(page, live_server, "order_confirmation")
    page.get_by_label("Subject").fill("{{ nobody }}")
    expect(errors(page)).to_have_count(1)
    faint += page.evaluate(CONTRAST.read_text())
    tab(page, "push").click()
    expect(page.locator("#stage .note-card")).to_be_visible()
    faint += page.evaluate(CONTRAST.read_text())
    page.get_by_role("button", name="Keyboard shortcuts").click()
    faint += page.evaluate(CONTRAST.read_text())

    assert faint == []


def test_every_field_has_a_name_and_the_keys_work(page: sync_api.Page, live_server: LiveServer) -> None:
    open_editor(page, live_server, "order_confirmation")
    for _ in range(7):
        nameless: Any = page.evaluate(
            "[...document.querySelectorAll('#main input, #main textarea, #main select')]"
            ".filter((each) => !each.labels?.length && !each.getAttribute('aria-label')).map((each) => each.id)"
        )
        assert nameless == []
        page.keyboard.press("Alt+.")
    expect(tab(page, "chat").or_(tab(page, "email"))).to_have_count(2)

    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+l")
    expect(page.locator("#locale")).to_have_value("ar")


def test_a_small_screen_scrolls_one_way_only(page: sync_api.Page, live_server: LiveServer) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_editor(page, live_server, "order_confirmation")
    expect(mail(page).locator("h1")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_new_words_go_to_some_first_and_are_put_into_use(
    page: sync_api.Page, live_server: LiveServer, tenant: Tenant
) -> None:
    open_editor(page, live_server, "welcome")
    page.get_by_label("Subject").fill("Hello")
    publish(page, "Hello")
    expect(page.locator("#toast")).to_have_text("Version 1 is in use")

    page.get_by_label("Subject").fill("Good day")
    page.locator("#publish").click()
    answer(page, "Publish", note="More formal", percent="5")
    expect(page.locator("#toast")).to_have_text("Version 2 goes to 5 of 100 people first")
    expect(page.locator("#canary-chip")).to_have_text("version 2 for 5 %")
    expect(page.locator(".title")).to_contain_text("version 1 in use")

    tab(page, "Versions").click()
    card = page.locator("#canary")
    expect(card).to_contain_text("Version 2 is with 5 of 100 people")
    expect(card).to_contain_text("0 of 500 messages")
    expect(page.locator("[data-version='2']")).to_contain_text("for 5 %")
    card.get_by_role("button", name="Give to more").click()
    answer(page, "Give", percent="20")
    expect(card).to_contain_text("Version 2 is with 20 of 100 people")
    with platform_scope():
        Canary.objects.update(
            tallies=[{"harm": "bounced", "percent": 20, "canary": 9, "control": 14}],
            deliveries={"canary": 214, "control": 801},
        )
    tab(page, "Words").click()
    tab(page, "Versions").click()
    expect(card.locator("[data-harm=bounced]")).to_contain_text("bounced914")
    assert page.evaluate(CONTRAST.read_text()) == []
    look(page, "canary")
    card.get_by_role("button", name="Put into use").click()
    answer(page, "Put into use", note="Nobody minded")

    expect(card).to_contain_text("Version 2 was put into use")
    expect(page.locator(".title")).to_contain_text("version 2 in use")


def test_words_that_did_harm_say_so(page: sync_api.Page, live_server: LiveServer, tenant: Tenant, at: datetime) -> None:
    open_editor(page, live_server, "welcome")
    for words, percent in (("Hello", ""), ("Good day", "10")):
        page.get_by_label("Subject").fill(words)
        page.locator("#publish").click()
        answer(page, "Publish", note=words, **({"percent": percent} if percent else {}))
        expect(page.locator("#toast")).to_contain_text("Version")
    expect(page.locator("#canary-chip")).to_be_visible()
    with tenant_scope(tenant.id):
        template = template_of(tenant.id, "welcome")
        assert template is not None
        end(template, state="rolled_back", why="bounced: 41 people with the new words", actor="canary", at=at)

    page.reload()
    tab(page, "Versions").click()

    expect(page.locator("#canary")).to_contain_text("did harm and was rolled back")
    expect(page.locator("[data-version='2']")).to_contain_text("held back")
    look(page, "rolled-back")


def test_a_real_message_is_looked_at_without_learning_whose(
    page: sync_api.Page, live_server: LiveServer, tenant: Tenant
) -> None:
    with platform_scope():
        people = upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ana")], at=AT)
        data = {"first_name": "Mariana"}
        a_notification(tenant, people, template="welcome", data=data, created_at=AT)
    open_editor(page, live_server, "welcome")
    expect(page.locator("#sample optgroup option")).to_have_count(1)

    page.get_by_label("Sample data").select_option("real-0")

    expect(mail(page).locator("body")).to_contain_text("•••••••")
    expect(mail(page).locator("body")).not_to_contain_text("Mariana")
    look(page, "sample")


def test_the_admin_leads_to_the_editor(page: sync_api.Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/")
    expect(page.get_by_role("link", name="Notification types").first).to_be_visible()
    look(page, "admin")

    page.get_by_role("link", name="Template editor").click()

    expect(page.locator(".card-link")).to_have_count(8)
