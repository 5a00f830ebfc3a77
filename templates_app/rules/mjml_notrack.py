"""`data-notrack` on elements of MJML: the compiler (mrml 0.2.4, 2026-11) drops attributes it does not know. Pure."""

import re

from templates_app.rules.tracked_links import NO_TRACK

_MARK = "carillon-no-track-5b1d:"
_TAG = re.compile(r"<mj-[a-z-]+\s(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+>", re.IGNORECASE)
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_WANTED = re.compile(rf"\s{NO_TRACK}[\s=/>]", re.IGNORECASE)
_HREF = re.compile(r"(?<=\s)href\s*=\s*[\"']", re.IGNORECASE)


def mark(source: str) -> str:
    """MJML whose links that are not to be tracked bear a mark that the compiler keeps."""
    return _TAG.sub(_marked, source) if NO_TRACK in source.lower() else source


def unmark(page: str) -> str:
    """The compiled page with `data-notrack` where there was a mark."""
    return page.replace(f'href="{_MARK}', f'{NO_TRACK} href="').replace(_MARK, "")


def _marked(tag: re.Match[str]) -> str:
    if not _WANTED.search(_VALUE.sub("", tag.group())):
        return tag.group()
    return _HREF.sub(lambda href: href.group() + _MARK, tag.group(), count=1)
