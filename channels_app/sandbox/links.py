"""The links of an HTML text, as a list: in the preview nothing can be followed, so they are shown beside it."""

from html.parser import HTMLParser

MAX_LINKS = 500
SCHEMES = ("http://", "https://", "mailto:", "tel:")


def links_of(html: str) -> list[dict[str, str]]:
    """The links in order of appearance, `{"text", "url"}`; only schemes that are safe to show as a link."""
    collector = _Collector()
    try:
        collector.feed(html)
        collector.close()
    except AssertionError:  # html.parser gives up on declarations it does not know: keep what came before
        return collector.links[:MAX_LINKS]
    return collector.links[:MAX_LINKS]


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[dict[str, str]] = []
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        url = (named.get("href") or "").strip()
        if tag == "a" and url.lower().startswith(SCHEMES):
            self._open = {"text": "", "url": url}
            self.links.append(self._open)
        elif tag == "img" and self._open is not None:
            self._say(named.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._say(data)

    def _say(self, text: str) -> None:
        if self._open is not None:
            self._open["text"] = " ".join(f"{self._open['text']} {text}".split())
