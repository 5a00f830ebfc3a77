"""A look at markup before anything reads it: every tag has an end.

Whoever looks for the end of a tag that has none goes through all the rest, once for every such tag: minutes for a text
of 128 KB, with regular expressions and with `html.parser` (Python 3.11) alike.
"""

import re

from templates_app.rules.source import BadSource

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_BEGIN = re.compile(r"<[a-zA-Z/][a-zA-Z0-9-]*")
_REST = re.compile(r"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")


def look_over_markup(text: str) -> None:
    """Raises `BadSource` at the first tag that is never closed."""
    bare = _LIQUID.sub(lambda found: re.sub(r"[^\n]", "x", found.group()), text)
    at = 0
    while begun := _BEGIN.search(bare, at):
        rest = _REST.match(bare, begun.end())
        if rest is None:
            message = f"'{begun.group()[:40]}' is never closed by '>'; &lt; would do where a '<' is meant"
            raise BadSource(message, position=begun.start())
        at = rest.end()
