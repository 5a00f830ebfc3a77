"""What the pages have in common: the language of the reader, and headers under which they may load nothing."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from preferences.pages.words import DEFAULT, RIGHT_TO_LEFT, WORDS

_HERE = Path(__file__).parent


def style_of(*names: str) -> str:
    """The style sheets beside this file, as one."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8").strip() for name in names)


def headers_for(style: str) -> Mapping[str, str]:
    """Headers of a page with exactly this style, no script, and forms that go back to where they came from."""
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }


def language_of(request: HttpRequest, *, locale: str = "") -> str:
    """The language to speak: the one of `locale`, else the first of the browser's that the pages know."""
    wanted = [locale, *(tag for tag, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")))]
    spoken = (tag.partition("-")[0].lower() for tag in wanted)
    return next((language for language in spoken if language in WORDS), DEFAULT)


def direction_of(language: str) -> str:
    """Which way it is read."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"
