"""What somebody does at the editor, and what they see there."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright import sync_api

expect = sync_api.expect
CONTRAST = (Path(__file__).parents[1] / "contrast.js").read_text()


@dataclass(frozen=True, slots=True)
class Editor:
    """The page, and where it is served."""

    page: sync_api.Page
    url: str

    def open_list(self) -> None:
        self.page.goto(f"{self.url}/admin/templates/?tenant=acme")

    def open(self, key: str) -> None:
        self._open(f"/admin/templates/{key}", key)

    def open_partial(self, key: str) -> None:
        self._open(f"/admin/templates/-/partials/{key}", key)

    def _open(self, path: str, key: str) -> None:
        self.page.goto(f"{self.url}{path}?tenant=acme")
        expect(self.page.locator(".title code")).to_have_text(key)

    @property
    def subject(self) -> sync_api.Locator:
        return self.page.get_by_label("Subject")

    @property
    def mail(self) -> sync_api.FrameLocator:
        return self.page.frame_locator("#stage iframe")

    @property
    def errors(self) -> sync_api.Locator:
        return self.page.locator("#findings button[data-severity=error]")

    @property
    def templates(self) -> sync_api.Locator:
        """Those of the list."""
        return self.page.locator("[data-key].card-link")

    def tab(self, name: str) -> sync_api.Locator:
        return self.page.get_by_role("tab", name=re.compile(f"^{name}"))

    def answer(self, yes: str, **fields: str) -> None:
        """Fill in the question that is asked, and say yes."""
        dialog = self.page.get_by_role("dialog")
        for name, words in fields.items():
            dialog.locator(f"[name={name}]").fill(words)
        dialog.get_by_role("button", name=yes).click()

    def publish(self, note: str, **fields: str) -> None:
        self.page.locator("#publish").click()
        self.answer("Publish", note=note, **fields)

    def says(self, words: str) -> None:
        """Wait for what the page says of something that was done."""
        expect(self.page.locator("#toast")).to_have_text(words)

    def faint(self) -> Any:
        """Texts that do not stand out from their ground."""
        return self.page.evaluate(CONTRAST)

    def look(self, name: str) -> None:
        """Keep a picture for people, where `EDITOR_SCREENSHOTS` names a folder."""
        if folder := os.environ.get("EDITOR_SCREENSHOTS"):
            self.page.screenshot(path=f"{folder}/{name}.png")


def seen_in(element: sync_api.Locator, script: str) -> Any:
    """What a script says of an element of a preview; asked again where the preview was drawn anew meanwhile."""
    for _ in range(20):
        try:
            return element.evaluate(script)
        except sync_api.Error as error:
            if "Execution context was destroyed" not in str(error):
                raise
    raise AssertionError("the preview is drawn again and again")
