"""When a step of a strategy has succeeded, so that the later ones are left out: pure.

What is known of a message grows: sent < delivered < seen < read < clicked. Each proves the ones before it. A channel
that cannot tell as much as was asked for is judged by the most that it can tell, and one that tells nothing at all by
having been sent: a strategy must not wait for what nobody will ever report.

| Asked for | In-app            | E-mail with engagement | Only receipts (most SMS) | Neither |
|-----------|-------------------|------------------------|--------------------------|---------|
| sent      | sent              | sent                   | sent                     | sent    |
| delivered | delivered         | delivered              | delivered                | sent    |
| seen      | seen in the inbox | opened                 | delivered                | sent    |
| read      | read in the inbox | opened                 | delivered                | sent    |
| clicked   | read in the inbox | clicked                | delivered                | sent    |
"""

from collections.abc import Iterable, Mapping
from typing import Literal

Level = Literal["sent", "delivered", "seen", "read", "clicked"]
LEVELS: tuple[Level, ...] = ("sent", "delivered", "seen", "read", "clicked")  # each proves the ones before it
ORDINARY: Level = "delivered"
BY_PEOPLE: tuple[Level, ...] = ("seen", "read", "clicked")  # the levels that somebody has to do something for

# What receipts and the inbox call it, and what it proves. Opening a mail loads its pictures: as good as reading it.
PROVES: Mapping[str, Level] = {
    "sent": "sent",
    "delivered": "delivered",
    "seen": "seen",
    "read": "read",
    "opened": "read",
    "clicked": "clicked",
}


def criterion_for(asked: str, *, tells: Level) -> Level:
    """What counts as success where `asked` (empty: the ordinary) is wanted and at most `tells` is ever heard."""
    wanted = asked or ORDINARY
    return LEVELS[min(_rank(wanted), _rank(tells))]


def is_success(criterion: str, proof: str) -> bool:
    """Whether `proof`, one of `PROVES`, fulfils `criterion` (empty: the ordinary); what proves nothing never does."""
    proven = PROVES.get(proof)
    return proven is not None and _rank(proven) >= _rank(criterion or ORDINARY)


def most_told(levels: Iterable[Level]) -> Level:
    """The most that is told by any of several; by none of them nothing but that it was sent."""
    return LEVELS[max(map(_rank, levels), default=0)]


def _rank(level: str) -> int:
    return LEVELS.index(level)
