"""Addresses against patterns: exact, or a shell-style glob; upper and lower case are the same."""

import fnmatch
import re
from functools import lru_cache

WILDCARDS = frozenset("*?[")


def is_glob(pattern: str) -> bool:
    """Whether the pattern holds a wildcard (`*`, `?`, `[`)."""
    return not WILDCARDS.isdisjoint(pattern)


def covers(pattern: str, address: str) -> bool:
    """Whether the pattern means this address: literally (a URL may hold `?`) or as a glob."""
    folded = address.casefold()
    return pattern.casefold() == folded or (is_glob(pattern) and _compiled(pattern).match(folded) is not None)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.casefold()))
