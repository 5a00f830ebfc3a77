"""The starter set's mails in a real Chromium, narrow, light and dark: every word stands out and nothing sticks out."""

from pathlib import Path

import pytest
from playwright import sync_api

from tests.browser.chromium import needs_chromium
from tests.templates_app.starter.goldens import GOLDEN

pytestmark = needs_chromium
CONTRAST = Path(__file__).parents[2] / "browser" / "contrast.js"
NARROW = 375
MAILS = sorted(GOLDEN.glob("*/*.html"))


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
