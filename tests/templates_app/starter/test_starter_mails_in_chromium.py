"""The starter set's mails in a real Chromium, narrow, light and dark: every word stands out and nothing sticks out."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates_app.starter.goldens import GOLDEN

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = os.environ.get("PLAYWRIGHT_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium found: install `chromium` or name one in PLAYWRIGHT_CHROMIUM"
)
CONTRAST = Path(__file__).parents[2] / "browser" / "contrast.js"
NARROW = 375
MAILS = sorted(GOLDEN.glob("*/*.html"))


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_mail_can_be_read_on_a_phone(browser: sync_api.Browser, scheme: str) -> None:
    page = browser.new_page(viewport={"width": NARROW, "height": 800}, color_scheme=scheme)
    found = {}
    for path in MAILS:
        page.goto(path.as_uri())
        faint = page.evaluate(CONTRAST.read_text())
        if faint or page.evaluate("document.documentElement.scrollWidth") > NARROW:
            found[f"{path.parent.name}/{path.name}"] = faint
    page.close()

    assert len(MAILS) == 32
    assert found == {}
