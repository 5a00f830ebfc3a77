"""What mail that promotes something must carry: a way to leave and the sender's postal address.

Asked of templates when they are published, and kept for everything else when it is sent: what lacks them gets a footer.
CAN-SPAM, 15 U.S.C. 7704(a)(3) and (5); Directive 2002/58/EC article 13(4); Gmail and Yahoo ask bulk senders for a
link in the body beside the header; all read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from templates_app.rules.analysis import variables
from templates_app.rules.directions import direction_of
from templates_app.rules.liquid import parse
from templates_app.rules.making import Made, Piece
from templates_app.rules.source import has_tags
from templates_app.rules.walk import HTML, TEXT
from templates_app.values import Finding, RenderError

S = TypeVar("S", bound=Struct)
PROMOTIONAL = ("marketing",)  # categories, unless the tenant says otherwise
LINK = ("unsubscribe_url",)
ADDRESSES = (("brand", "postal_address"), ("brand", "address"), ("postal_address",), ("data", "postal_address"))
LINK_MISSING, ADDRESS_MISSING = "unsubscribe_missing", "postal_address_missing"
DUTIES = frozenset((LINK_MISSING, ADDRESS_MISSING))
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BODIES = (("html", HTML), ("text", TEXT))

_LEAVE = {"en": "Unsubscribe", "fr": "Se désinscrire", "de": "Abmelden", "ar": "إلغاء الاشتراك"}
_STYLE = "padding:16px 24px;text-align:center;font:13px/1.6 sans-serif;color:#6b6560"


def duties(made: Made, *, brand: Mapping[str, Any]) -> Iterator[Finding]:
    """What the mails of a template lack, as warnings; publishing makes errors of them."""
    address = address_of(brand)
    for piece in made.pieces:
        for field, treatment in _BODIES:
            text = str(getattr(piece.ready, field, ""))
            if not text or not hasattr(piece.ready, "html"):
                continue
            reads = _reads(text, treatment)
            if LINK not in reads:
                yield _lacks(piece, field, LINK_MISSING, 'no way to leave; <a href="{{ unsubscribe_url }}"> would do')
            if not address and not any(read[0] != "brand" for read in reads & set(ADDRESSES)):
                message = "no postal address of the sender; brand.postal_address in the template settings would do"
                yield _lacks(piece, field, ADDRESS_MISSING, message)
            elif not reads & set(ADDRESSES) and address not in text:
                yield _lacks(piece, field, ADDRESS_MISSING, "no postal address; {{ brand.postal_address }} would do")


def with_footer(content: S, *, unsubscribe_url: str, brand: Mapping[str, Any], locale: str) -> S:
    """A finished mail that says how to leave and who sent it: what it lacks is added at its end. Adding twice changes
    nothing. Without a URL (its category cannot be left) and without an address there is nothing to add.
    """
    address = address_of(brand)
    changes: dict[str, str] = {}
    for field, add in (("html", _add_html), ("text", _add_text)):
        text = str(getattr(content, field, ""))
        link = "" if not text or _says(text, unsubscribe_url) else unsubscribe_url
        sender = "" if not text or _says(text, address) else address
        if link or sender:
            changes[field] = add(text, link, sender, locale)
    return msgspec.structs.replace(content, **changes) if changes else content


def address_of(brand: Mapping[str, Any]) -> str:
    """The sender's postal address as the tenant tells it; empty when it does not."""
    return str(brand.get("postal_address") or brand.get("address") or "").strip()


def _reads(text: str, treatment: str) -> set[tuple[str | int, ...]]:
    if not has_tags(text):
        return set()
    try:
        return {read.steps for read in variables(parse(text, treatment), text)}
    except RenderError:
        return set()  # told already


def _lacks(piece: Piece, field: str, code: str, message: str) -> Finding:
    from_mjml = field == "html" and bool(getattr(piece.written, "mjml", ""))
    written = "mjml" if from_mjml else field
    return Finding(code, message, "warning", f"{piece.pointer}/{written}", piece.channel, piece.locale)


def _says(page: str, said: str) -> bool:
    """Whether something stands in a page or a text, however it is escaped and broken into lines there."""
    return said in page or escape(said) in page or _words(said) in _words(_BREAK.sub(" ", page))


def _words(text: str) -> str:
    return " ".join(unescape(text).split())


def _leave(locale: str) -> str:
    return _LEAVE.get(locale.partition("-")[0], _LEAVE["en"])


def _add_html(page: str, link: str, sender: str, locale: str) -> str:
    lines = [escape(sender).replace("\n", "<br>")] if sender else []
    if link:
        lines.append(f'<a href="{escape(link)}" data-notrack style="color:#6b6560">{_leave(locale)}</a>')
    footer = f'<div dir="{direction_of(locale)}" style="{_STYLE}">{"<br>".join(lines)}</div>'
    end = page.lower().rfind("</body>")
    return page + footer if end < 0 else page[:end] + footer + page[end:]


def _add_text(text: str, link: str, sender: str, locale: str) -> str:
    lines = [sender] if sender else []
    if link:
        lines.append(f"{_leave(locale)}: {link}")
    return f"{text.rstrip()}\n\n-- \n" + "\n".join(lines)
