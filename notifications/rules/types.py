"""Judge a notification type, whether it comes by the API or by hand: pure."""

import re
from collections.abc import Collection, Iterator, Sequence

from notifications.values import Trouble

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")


def type_troubles(
    *,
    key: str,
    strategy: str,
    channels: Sequence[str],
    known_strategies: Collection[str],
    known_channels: Collection[str],
) -> Iterator[Trouble]:
    """Everything wrong with a type's key, its strategy (empty: the default one) and its channels."""
    if not _KEY.fullmatch(key):
        shape = "use 1 to 100 of A-Z a-z 0-9 _ . : - and begin with a letter or digit"
        yield Trouble("/key", "invalid_key", f"'{key[:100]}' cannot name a type; {shape}")
    if strategy and strategy not in known_strategies:
        what = f"no strategy '{strategy}'; known: {', '.join(sorted(known_strategies))}"
        yield Trouble("/strategy", "unknown_strategy", what)
    for index, channel in enumerate(channels):
        if channel not in known_channels:
            what = f"no channel '{channel}'; known: {', '.join(known_channels)}"
            yield Trouble(f"/channels/{index}", "unknown_channel", what)
