"""HTML as mail programs read it: styles within the elements. Nothing is fetched."""

from functools import lru_cache

import css_inline

from templates_app.rules.placeholders import veil
from templates_app.rules.workshop import NotMade, made, register_maker

KEPT = 64  # pages: those who send words along send the same ones again and again, and one takes milliseconds


class BadPage(Exception):
    """HTML that cannot be prepared; the message says why."""


def inline_styles(source: str) -> str:
    """`source` with its style sheets written into the elements, its Liquid untouched. Raises `BadPage`.

    A page without any is left as it is. The sheets stay, for the rules that cannot be inlined (media, `:hover`).
    """
    if "<style" not in source.lower():
        return source
    return _inlined(source)


@lru_cache(maxsize=KEPT)
def _inlined(source: str) -> str:
    try:
        return made("page", source)
    except NotMade as trouble:
        raise BadPage(trouble.message) from None


def _inline(source: str) -> str:
    hidden = veil(source, comments=True)
    try:
        page = css_inline.inline(hidden.text, load_remote_stylesheets=False, keep_style_tags=True)
    except (css_inline.InlineError, ValueError) as trouble:
        raise NotMade(f"the styles cannot be written into the page: {str(trouble)[:200]}") from None
    return hidden.unveil(page)


register_maker("page", _inline)
