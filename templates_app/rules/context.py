"""What templates can speak of: the data of the notification, the person, the notification, and the present."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from templates_app.rules.filters import MESSAGES

RESERVED = ("data", "recipient", "notification", "now", "brand")


def build_context(
    *,
    data: Mapping[str, Any],
    recipient: Mapping[str, Any],
    notification: Mapping[str, Any],
    now: datetime,
    brand: Mapping[str, Any] | None = None,
    messages: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The names at the top level: every key of `data`, and the reserved names, which win.

    `recipient` has id, locale, timezone and attributes; `notification` has id and type. `now` is aware, and the same
    over all attempts of a delivery, so that they say the same. Give the very same `data` object for people who share
    it: batches fill in once what reads the same objects. `brand` is the tenant's look; `messages` are translations by
    key, as `rules.translate` says them.
    """
    return {
        **data,
        "data": data,
        "recipient": recipient,
        "notification": notification,
        "now": now.isoformat(),
        "brand": brand or {},
        MESSAGES: messages or {},
    }
