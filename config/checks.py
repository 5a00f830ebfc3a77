"""Warn before it hurts: settings that read well one by one but cannot work, or are not fit for production."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags
from django.core.checks import Warning as Caution

from config.environment import TABLE, UNSAFE_SECRET_KEY
from kernel.env import unknown_names
from orchestrator.rules.strategy import strategies

TAG = "carillon"
_PREFIXES = ("ORCHESTRATOR_", "RATE_LIMIT_", "PROVIDER_", "CHANNEL_", "SECRET_", "RETRY_", "SCHEDULE_")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Check = Callable[..., list[CheckMessage]]


def secret_is_ours_alone(**_: Any) -> list[CheckMessage]:
    """The key that tests and builds use is public."""
    if settings.SECRET_KEY != UNSAFE_SECRET_KEY:
        return []
    return [Error("SECRET_KEY is the public one of tests and builds; set a random text", id="carillon.E001")]


def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """With '*' anybody's host name ends up in the links we make."""
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS is '*'; name the hosts people ask for", id="carillon.E002")]


def queues_are_apart(**_: Any) -> list[CheckMessage]:
    """Two lanes in one queue would delay each other."""
    shared = [queue for queue, count in Counter(settings.LANES.values()).items() if count > 1]
    return [
        Error(
            f"several lanes share the queue '{queue}'; give the ORCHESTRATOR_*_NAME different values",
            id="carillon.E003",
        )
        for queue in shared
    ]


def default_strategy_exists(**_: Any) -> list[CheckMessage]:
    """Every notification whose type names no strategy would fail."""
    name, known = settings.ORCHESTRATOR.default_strategy, strategies.keys()
    if not known or name in known:
        return []
    return [Error(f"ORCHESTRATOR_DEFAULT_STRATEGY is '{name}'; one of {', '.join(known)} would do", id="carillon.E004")]


def no_name_is_misspelt(**_: Any) -> list[CheckMessage]:
    """A setting that nothing reads is a setting that somebody believes in."""
    return [Caution(line, id="carillon.W001") for line in unknown_names(TABLE, os.environ, prefixes=_PREFIXES)]


def the_world_comes_by_https(**_: Any) -> list[CheckMessage]:
    """Keys and tokens travel in headers and links."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme == "https" or address.hostname in _LOOPBACK:
        return []
    return [Caution(f"PUBLIC_URL is {settings.PUBLIC_URL}; an https address would do", id="carillon.W002")]


ALL_CHECKS: Sequence[tuple[Check, tuple[str, ...], bool]] = (
    (secret_is_ours_alone, (TAG, Tags.security), True),
    (hosts_are_named, (TAG, Tags.security), False),
    (queues_are_apart, (TAG,), False),
    (default_strategy_exists, (TAG,), False),
    (no_name_is_misspelt, (TAG,), False),
    (the_world_comes_by_https, (TAG, Tags.security), True),
)
