"""Addresses of a page by one slow expression: what the quick search has to find."""

import re
from collections.abc import Iterator

_ATTRIBUTE = re.compile(
    r"\b(?:href|src|srcset|action|formaction|background|poster)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))",
    re.IGNORECASE,
)


def simple_addresses(page: str) -> Iterator[tuple[str, int]]:
    """Each address and where its attribute stands."""
    for found in _ATTRIBUTE.finditer(page):
        yield next(value for value in found.groups() if value is not None), found.start()
