"""What a key may do.

| Scope    | Opens                                                                          | Implies             |
|----------|--------------------------------------------------------------------------------|---------------------|
| `read`   | every list, detail, timeline and report                                        | nothing             |
| `send`   | notifications, events, cancelling: speaking to people                          | nothing             |
| `manage` | recipients, preferences, templates, types, strategies, providers, dead letters | `read`              |
| `admin`  | keys, members, the audit trail, privacy requests                               | everything above    |

`send` does not imply `read`: a product's back end that only sends has no business listing everyone it wrote to.
"""

from collections.abc import Iterable

SEND, READ, MANAGE, ADMIN = "send", "read", "manage", "admin"

IMPLIES: dict[str, frozenset[str]] = {
    READ: frozenset({READ}),
    SEND: frozenset({SEND}),
    MANAGE: frozenset({MANAGE, READ}),
    ADMIN: frozenset({ADMIN, MANAGE, READ, SEND}),
}
ALL_SCOPES: tuple[str, ...] = tuple(IMPLIES)


class UnknownScope(ValueError):
    """A scope nobody knows."""


def implied(scopes: Iterable[str]) -> frozenset[str]:
    """Everything that `scopes` open. Raises `UnknownScope`, whose message names the known ones."""
    opened: frozenset[str] = frozenset()
    for scope in scopes:
        if scope not in IMPLIES:
            raise UnknownScope(f"no scope '{scope}'; known: {', '.join(ALL_SCOPES)}")
        opened |= IMPLIES[scope]
    return opened
