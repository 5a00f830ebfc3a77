"""The plain text of a page in HTML, for mails that were written without one. Liquid stays as it is."""

import re
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

from templates_app.rules.placeholders import veil

KEPT = 64  # pages, as in `page`
_BLOCKS_TEXT = """
address article blockquote div dl dt dd fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre
section table tr ul
"""
_BLOCKS = frozenset(_BLOCKS_TEXT.split())
_SPACED_TEXT = """
p h1 h2 h3 h4 h5 h6 ul ol table blockquote
"""
_SPACED = frozenset(_SPACED_TEXT.split())
_SILENT = frozenset(("style", "script", "head", "title", "template"))
_VOID_TEXT = """
area base br col embed hr img input link meta source track wbr
"""
_VOID = frozenset(_VOID_TEXT.split())
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


@lru_cache(maxsize=KEPT)
def text_of(page: str) -> str:
    """What the page says, with links as `words (address)`. Text that is hidden is left out."""
    hidden = veil(page, comments=False)
    reader = _Reader()
    reader.feed(hidden.text)
    reader.close()
    lines = [re.sub(r"[ \t\xa0\u200c]+", " ", line).strip() for line in reader.text().split("\n")]
    return hidden.unveil(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: list[str] = []
        self._silent: list[str] = []  # the elements that are open since something was not to be read
        self._links: list[tuple[str, int]] = []  # address, and where its words begin

    def text(self) -> str:
        return "".join(self._said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._silent or tag in _SILENT or _HIDDEN.search(given.get("style", "")):
            if tag not in _VOID:
                self._silent.append(tag)
            return
        if tag == "br":
            self._said.append("\n")
        elif tag == "li":
            self._said.append("\n- ")
        elif tag in _BLOCKS:
            self._said.append("\n\n" if tag in _SPACED else "\n")
        elif tag == "td":
            self._said.append(" ")
        elif tag == "img" and given.get("alt"):
            self._said.append(given["alt"])
        elif tag == "a":
            self._links.append((given.get("href", ""), len(self._said)))

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            address, start = self._links.pop()
            words = "".join(self._said[start:]).strip()
            if address and not address.startswith("#") and unescape(address) not in (words, f"mailto:{words}"):
                self._said.append(f" ({address})" if words else address)
        elif tag in _SPACED:
            self._said.append("\n\n")
        elif tag in _BLOCKS:
            self._said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._said.append(re.sub(r"\s+", " ", data))
