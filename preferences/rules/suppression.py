"""Decide whether a suppressed address may be used: pure.

| Reason        | Whose word  | Said about                        | Code           | Holds for required categories |
|---------------|-------------|-----------------------------------|----------------|-------------------------------|
| `hard_bounce` | the address | everything on the channel         | `suppressed`   | yes: it cannot arrive         |
| `manual`      | the tenant  | everything, or a category or type | `suppressed`   | yes: somebody decided it      |
| `complaint`   | the person  | everything on the channel         | `suppressed`   | yes: the next one costs more  |
| `stop`        | the person  | everything on the channel         | `unsubscribed` | yes: carriers block it too    |
| `unsubscribe` | the person  | a category, or a type without one | `unsubscribed` | no: a lost password arrives   |

Several may be in force for one address; lifting one leaves the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from preferences.rules.wishes import REQUIRED_CATEGORIES

SUPPRESSED, UNSUBSCRIBED = "suppressed", "unsubscribed"
EVERYTHING = ""


class Reason(StrEnum):
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    STOP = "stop"
    MANUAL = "manual"


CODES = {
    Reason.HARD_BOUNCE: SUPPRESSED,
    Reason.MANUAL: SUPPRESSED,
    Reason.COMPLAINT: SUPPRESSED,
    Reason.STOP: UNSUBSCRIBED,
    Reason.UNSUBSCRIBE: UNSUBSCRIBED,
}
_SAID_BY_THE_PERSON = frozenset({Reason.COMPLAINT, Reason.STOP, Reason.UNSUBSCRIBE})


@dataclass(frozen=True, slots=True)
class Ban:
    """A suppression in force. `scope` is `EVERYTHING`, `category:…` or `type:…`."""

    reason: Reason
    scope: str = EVERYTHING

    @property
    def code(self) -> str:
        """The reason code of what is not sent because of it."""
        return CODES[self.reason]

    @property
    def follows_the_person(self) -> bool:
        """The person said no, so their other addresses on the channel are not used in its place."""
        return self.reason in _SAID_BY_THE_PERSON


def barred(bans: Iterable[Ban], *, category: str = "", type: str = "") -> Ban | None:
    """The ban that keeps something of this category and type away; the person's own word first. `None`: none does."""
    scopes = {EVERYTHING, f"category:{category}", f"type:{type}"}
    binding = [
        ban
        for ban in bans
        if ban.scope in scopes and not (ban.reason is Reason.UNSUBSCRIBE and category in REQUIRED_CATEGORIES)
    ]
    return min(binding, key=lambda ban: (not ban.follows_the_person, ban.reason, ban.scope), default=None)


def barred_everywhere(addresses: Sequence[Iterable[Ban]], *, category: str = "", type: str = "") -> Ban | None:
    """The ban that keeps something away from a person who has these addresses on a channel; `None`: none does.

    A dead address gives way to the next one. Who said no is not reached at another address instead.
    """
    against = [ban for bans in addresses if (ban := barred(bans, category=category, type=type))]
    no = next((ban for ban in against if ban.follows_the_person), None)
    return no or (against[0] if against and len(against) == len(addresses) else None)


def scope_of(*, category: str, type: str) -> str:
    """What somebody leaves who unsubscribes from a message: its category, else its type, else the channel."""
    if category:
        return f"category:{category}"
    return f"type:{type}" if type else EVERYTHING
