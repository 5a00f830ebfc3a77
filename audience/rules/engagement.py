"""What a person can do with an item of their inbox, and what that changes. Doing the same twice changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moments:
    """When an item was seen, read and archived; `None` = it is not (any more)."""

    seen_at: datetime | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None


def _seen(before: Moments, at: datetime) -> Moments:
    return replace(before, seen_at=before.seen_at or at)


def _read(before: Moments, at: datetime) -> Moments:
    return replace(before, seen_at=before.seen_at or at, read_at=before.read_at or at)


def _unread(before: Moments, at: datetime) -> Moments:  # noqa: ARG001 - one signature for all
    return replace(before, read_at=None)


def _archive(before: Moments, at: datetime) -> Moments:
    return replace(before, archived_at=before.archived_at or at)


def _unarchive(before: Moments, at: datetime) -> Moments:  # noqa: ARG001 - one signature for all
    return replace(before, archived_at=None)


ENGAGEMENTS: Mapping[str, Callable[[Moments, datetime], Moments]] = {
    "seen": _seen,
    "read": _read,
    "unread": _unread,
    "archive": _archive,
    "unarchive": _unarchive,
}

_SET = (("seen_at", "inbox.seen"), ("read_at", "inbox.read"), ("archived_at", "inbox.archived"))
_TAKEN_BACK = (("read_at", "inbox.unread"), ("archived_at", "inbox.unarchived"))


def what_happened(before: Moments, after: Moments) -> tuple[str, ...]:
    """The kinds of events between two states of one item, in order; reading an unseen item is two."""
    return tuple(
        kind for field, kind in _SET if getattr(before, field) is None and getattr(after, field) is not None
    ) + tuple(
        kind for field, kind in _TAKEN_BACK if getattr(before, field) is not None and getattr(after, field) is None
    )
