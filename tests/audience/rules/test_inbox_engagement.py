from datetime import UTC, datetime, timedelta

import pytest

from audience.rules.engagement import ENGAGEMENTS, Moments, what_happened

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEFORE = AT - timedelta(hours=1)
UNTOUCHED = Moments()
SEEN = Moments(seen_at=BEFORE)
READ = Moments(seen_at=BEFORE, read_at=BEFORE)
ARCHIVED = Moments(archived_at=BEFORE)


@pytest.mark.parametrize(
    ("engagement", "before", "after", "kinds"),
    [
        ("seen", UNTOUCHED, Moments(seen_at=AT), ("inbox.seen",)),
        ("seen", SEEN, SEEN, ()),
        ("read", UNTOUCHED, Moments(seen_at=AT, read_at=AT), ("inbox.seen", "inbox.read")),
        ("read", SEEN, Moments(seen_at=BEFORE, read_at=AT), ("inbox.read",)),
        ("read", READ, READ, ()),
        ("unread", READ, SEEN, ("inbox.unread",)),
        ("unread", UNTOUCHED, UNTOUCHED, ()),
        ("archive", UNTOUCHED, Moments(archived_at=AT), ("inbox.archived",)),
        ("archive", ARCHIVED, ARCHIVED, ()),
        ("unarchive", ARCHIVED, UNTOUCHED, ("inbox.unarchived",)),
        ("unarchive", READ, READ, ()),
    ],
)
def test_an_engagement_changes_only_what_is_new(
    engagement: str, before: Moments, after: Moments, kinds: tuple[str, ...]
) -> None:
    assert ENGAGEMENTS[engagement](before, AT) == after
    assert what_happened(before, after) == kinds
