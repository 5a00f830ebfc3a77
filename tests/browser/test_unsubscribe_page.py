"""The unsubscribe page in a real Chromium: readable in light and dark, right to left, by keyboard, without script."""

import os
from uuid import uuid4

import pytest
from playwright import sync_api
from pytest_django.live_server_helper import LiveServer

from preferences.address_hash import Contact, hash_of
from preferences.models import Suppression
from preferences.pages.words import WORDS
from preferences.services import unsubscribe_url
from tests.browser.axe import axe_findings
from tests.browser.chromium import needs_chromium
from tests.make import a_tenant

pytestmark = [
    needs_chromium,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def link(live_server: LiveServer) -> str:
    """Ana leaves the news of Acme."""
    tenant = a_tenant("acme", name="Acme")
    hash_of(Contact(None, "email", "x"))
    url = unsubscribe_url(
        tenant_id=tenant.id,
        recipient_id=uuid4(),
        endpoint_id=uuid4(),
        channel="email",
        address="ana@example.org",
        category="weekly_news",
        type="digest",
    )
    return f"{live_server.url}/u/{url.rpartition('/')[2]}"


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_on_a_phone(browser: sync_api.Browser, link: str, language: str, scheme: str) -> None:
    page = browser.new_page(
        viewport={"width": 360, "height": 640}, locale=language, color_scheme=scheme, java_script_enabled=True
    )
    page.goto(link)

    assert page.get_by_role("heading", level=1).inner_text() == WORDS[language]["question"].format(what="weekly news")
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it does not fit"
    assert axe_findings(page) == []
    button = page.get_by_role("button")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["width"] >= 44
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/unsubscribe-{language}-{scheme}.png")
    page.close()


def test_it_works_by_keyboard_and_without_script_and_can_be_taken_back(browser: sync_api.Browser, link: str) -> None:
    page = browser.new_page(locale="en", java_script_enabled=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    assert not Suppression.objects.exists()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert page.get_by_role("status").inner_text() == WORDS["en"]["done"]
    assert Suppression.objects.filter(lifted_at=None).count() == 1

    page.get_by_role("button", name=WORDS["en"]["again_button"]).click()
    page.get_by_text(WORDS["en"]["back"]).wait_for()
    assert not Suppression.objects.filter(lifted_at=None).exists()
    assert set(asked) <= {link, link.partition("/u/")[0] + "/favicon.ico"}
    page.close()
