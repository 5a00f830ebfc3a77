"""Lets render children make pages: a bomb costs one of them and one clear error, never the process that asked."""

import logging

from templates_app.children import NoChildren, children
from templates_app.rules.batch import Blank, Source
from templates_app.rules.workshop import NotMade, makers
from templates_app.values import RenderError

TOO_MUCH = "it takes more time or memory than a page may; fewer elements, and fewer within each other, would do"

log = logging.getLogger(__name__)


def make_in_child(kind: str, source: str) -> str:
    """What becomes of `source`; where no child can be had it is made here, for words to go out. Raises `NotMade`."""
    try:
        (made,) = children.fill([Blank(Source(source, kind, False), {})])
    except NoChildren as trouble:
        log.error("template.no_children", extra={"trouble": str(trouble)})
        return makers()[kind](source)
    if isinstance(made, RenderError):
        raise NotMade(made.message, made.line) if made.code == "not_made" else NotMade(TOO_MUCH)
    return made
