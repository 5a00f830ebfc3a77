"""What becomes of the items of a digest when it closes, and what its template sees of them: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

LeftOut = Literal["", "cancelled", "retracted", "expired"]


@dataclass(frozen=True, slots=True)
class Item:
    """One message that a digest gathered. `id` is its notification's, which is also its place in the order."""

    id: UUID
    type: str
    at: datetime
    data: Mapping[str, Any]
    expires_at: datetime | None = None
    left_out: LeftOut = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a digest. `together`: one message with all `items`; else each is sent by itself."""

    items: tuple[Item, ...]
    together: bool
    left_out: Mapping[UUID, LeftOut]  # those that expired while they waited


def told(items: Sequence[Item], *, min_items: int, at: datetime) -> Told:
    """Judge each item once more at the moment of closing; items in the order of their acceptance."""
    there = [item for item in sorted(items, key=lambda item: item.id) if not item.left_out]
    outlived: dict[UUID, LeftOut] = {
        item.id: "expired" for item in there if item.expires_at is not None and item.expires_at <= at
    }
    going = tuple(item for item in there if item.id not in outlived)
    return Told(going, len(going) >= min_items, outlived)


def data_of(items: Sequence[Item], *, key: str) -> dict[str, Any]:
    """What a digest's template sees: `items` in order, `count`, `key` and `first`.

    An item is the data of its notification. What that does not say is filled in: `title` (the type), `body`, `url`, and
    `notification`, which tells where it is from.
    """
    shown = [
        {
            "title": item.type,
            "body": "",
            "url": "",
            "notification": {"id": str(item.id), "type": item.type, "at": item.at.isoformat()},
            **item.data,
        }
        for item in items
    ]
    return {"items": shown, "count": len(shown), "key": key, "first": shown[0] if shown else {}}
