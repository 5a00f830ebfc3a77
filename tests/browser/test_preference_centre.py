"""The preference centre in a real Chromium: readable everywhere, by keyboard, without script; what is saved stays."""

import os
from datetime import UTC, datetime

import pytest
from django.db import transaction
from playwright import sync_api
from pytest_django.live_server_helper import LiveServer

from audience.services import upsert_recipients
from audience.values import RecipientInput
from notifications.models import NotificationType
from preferences.address_hash import Contact, hash_of
from preferences.models import Consent, Preferences
from preferences.pages.centre_words import CENTRE_WORDS
from preferences.services.centre_links import centre_link
from tests.browser.axe import axe_findings
from tests.browser.chromium import needs_chromium
from tests.make import AT, a_tenant

pytestmark = [
    needs_chromium,
    pytest.mark.django_db(transaction=True),
]
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 360, "height": 740}

TYPES = (
    ("weekly_news", "Weekly newsletter", "news", ["email", "sms"]),
    ("order_update", "Order updates", "orders", ["email", "sms", "in_app", "push"]),
    ("order_refund", "Refunds", "orders", ["email", "in_app"]),
    ("flash_sale", "Flash sales", "marketing", ["email", "sms"]),
    ("new_login", "New sign-ins", "security", ["email"]),
)


@pytest.fixture
def link(live_server: LiveServer) -> str:
    """Ana hears of the news and orders of Acme."""
    tenant = a_tenant("acme", name="Acme Outfitters", timezone="Europe/Paris")
    hash_of(Contact(None, "email", "x"))
    for key, name, category, channels in TYPES:
        NotificationType.objects.create(tenant_id=tenant.id, key=key, name=name, category=category, channels=channels)
    with transaction.atomic():
        person = RecipientInput(id="ana", email="ana@example.org", phone="+33612345678")
        ana = upsert_recipients(tenant_id=tenant.id, recipients=[person], at=AT)["ana"]
    url, _ = centre_link(tenant.id, ana, at=datetime.now(UTC))
    return f"{live_server.url}/p/{url.rpartition('/')[2]}"


def snapshot(page: sync_api.Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/centre-{name}.png", full_page=True)


@pytest.mark.parametrize("language", sorted(CENTRE_WORDS))
def test_it_is_readable_in_light_and_dark_and_on_a_phone(browser: sync_api.Browser, link: str, language: str) -> None:
    page = browser.new_page(locale=language)
    for scheme, size in (("light", DESKTOP), ("dark", PHONE), ("light", PHONE)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.goto(link)

        assert page.get_by_role("heading", level=1).inner_text() == CENTRE_WORDS[language]["title"]
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it does not fit"
        assert axe_findings(page) == []
        snapshot(page, f"{language}-{scheme}-{size['width']}")
    page.close()


def test_what_is_saved_is_there_again_and_no_script_is_needed(browser: sync_api.Browser, link: str) -> None:
    page = browser.new_page(locale="en", java_script_enabled=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)

    news = page.get_by_role("group", name="News")
    news.get_by_role("switch", name="SMS").uncheck()
    news.get_by_role("combobox").select_option("day")
    period = page.get_by_role("group", name="Period 1")
    period.get_by_label("From").fill("22:00")
    period.get_by_label("To").fill("07:00")
    period.get_by_role("checkbox", name="Sunday").uncheck()
    page.get_by_role("group", name="Marketing · SMS").get_by_role("switch").check()
    page.get_by_label("Time zone").fill("Asia/Kolkata")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("status").wait_for()
    assert page.get_by_role("status").inner_text() == CENTRE_WORDS["en"]["saved"]
    page.goto(link)
    assert not news.get_by_role("switch", name="SMS").is_checked()
    assert news.get_by_role("switch", name="E-mail").is_checked()
    assert news.get_by_role("combobox").input_value() == "day"
    assert period.get_by_label("From").input_value() == "22:00"
    assert not period.get_by_role("checkbox", name="Sunday").is_checked()
    assert page.get_by_role("group", name="Marketing · SMS").get_by_role("switch").is_checked()
    assert page.get_by_label("Time zone").input_value() == "Asia/Kolkata"
    assert page.get_by_role("group", name="Security").get_by_role("switch").is_disabled()
    kept = Preferences.objects.get().document
    assert kept["categories"] == {"news": {"sms": False}}
    assert Consent.objects.get().state == "given"
    host = link.partition("/p/")[0]
    assert {url for url in asked if not url.startswith(link)} <= {f"{host}/favicon.ico"}
    page.close()


def test_a_mistake_is_shown_beside_its_field_and_nothing_typed_is_lost(browser: sync_api.Browser, link: str) -> None:
    page = browser.new_page(viewport=PHONE, locale="en", color_scheme="light")
    page.goto(link)
    page.get_by_role("group", name="Period 1").get_by_label("From").fill("22:00")
    page.get_by_label("Time zone").fill("Mars/Base")
    page.get_by_role("button", name="Save").click()

    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.get_by_role("link").all_inner_texts() == [
        CENTRE_WORDS["en"]["error_both"],
        CENTRE_WORDS["en"]["error_timezone"],
    ]
    zone = page.get_by_label("Time zone")
    assert zone.input_value() == "Mars/Base"
    assert zone.get_attribute("aria-invalid") == "true"
    described = (zone.get_attribute("aria-describedby") or "").split()
    assert CENTRE_WORDS["en"]["error_timezone"] in [page.locator(f"#{id}").inner_text() for id in described]
    assert page.get_by_role("group", name="Period 1").get_by_label("From").input_value() == "22:00"
    assert axe_findings(page) == []
    snapshot(page, "mistake")
    alert.get_by_role("link").nth(1).click()
    assert page.evaluate("document.activeElement.id || location.hash") in ("timezone", "#timezone")
    assert not Preferences.objects.exists()
    page.close()


def test_the_keyboard_alone_will_do(browser: sync_api.Browser, link: str) -> None:
    page = browser.new_page(viewport=DESKTOP, locale="en")
    page.goto(link)
    target = page.get_by_role("group", name="Orders").get_by_role("switch", name="E-mail")

    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_SEEN), page.evaluate("document.activeElement.outerHTML")
        if target.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    snapshot(page, "focus")
    for _ in range(80):
        if page.evaluate("document.activeElement.matches('button[value=choices]')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("status").wait_for()
    snapshot(page, "saved")
    assert Preferences.objects.get().document == {"categories": {"orders": {"email": False}}}
    page.close()


FOCUS_IS_SEEN = """() => {
  const one = document.activeElement, drawn = one.closest('.days label') ? one.nextElementSibling : one;
  const box = drawn.getBoundingClientRect(), style = getComputedStyle(drawn);
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const inside = drawn.contains(top) || (top && top.contains(drawn)) || top === one;
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && inside;
}"""
