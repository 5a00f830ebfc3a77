"""HTML that came in as data: what may stay of it. Cleaning what is clean changes nothing."""

from html import escape, unescape

import nh3

# What a mail can show and nothing that runs, loads by itself, or asks for input.
_TAGS_TEXT = """
a abbr b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre s small span strong sub sup
table tbody td tfoot th thead tr u ul
"""
TAGS = frozenset(_TAGS_TEXT.split())
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "title"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "*": {"dir", "lang"},
}
SCHEMES = frozenset(("http", "https", "mailto"))
MOST_ROUNDS = 8  # two do for anything a person writes


def clean(html: str) -> str:
    """`html` without anything but plain markup; links and images lead to http, https and mailto alone.

    Cleaned until that changes nothing: what is nested against the rules reads differently once it was written out, and
    a browser has to read what was judged. What does not come to rest is left as words.
    """
    for _ in range(MOST_ROUNDS):
        cleaned = _cleaned(html)
        if cleaned == html:
            return cleaned
        html = cleaned
    return escape(words_of(html))


def _cleaned(html: str) -> str:
    return nh3.clean(
        html, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(SCHEMES), link_rel="noopener noreferrer"
    )


def words_of(html: str) -> str:
    """The words of `html`, for texts that are no HTML."""
    return unescape(nh3.clean(html, tags=set(), attributes={}))
