"""What templates can speak of: the data of the notification, the person, the notification, and the present."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from templates_app.rules.directions import direction_of
from templates_app.rules.filters import MESSAGES

RESERVED = (
    "data",
    "recipient",
    "notification",
    "now",
    "brand",
    "locale",
    "dir",
    "unsubscribe_url",
    "preference_centre_url",
)
COMMON = tuple(name for name in RESERVED if name != "data")  # what every template has, whatever data it is given


def build_context(
    *,
    data: Mapping[str, Any],
    recipient: Mapping[str, Any],
    notification: Mapping[str, Any],
    now: datetime,
    brand: Mapping[str, Any] | None = None,
    messages: Mapping[str, Any] | None = None,
    locale: str = "",
    unsubscribe_url: str = "",
    preference_centre_url: str = "",
) -> dict[str, Any]:
    """The names at the top level: every key of `data`, and the reserved names, which win.

    `recipient` has id, locale, timezone and attributes; `notification` has id and type. `now` is aware, and the same
    over all attempts of a delivery, so that they say the same. Give the very same `data` object for people who share
    it: batches fill in once what reads the same objects. `brand` is the tenant's look; `messages` are translations by
    key, as `rules.translate` says them. `locale` is that of the words, and `dir` follows from it. `unsubscribe_url` is
    nothing (`nil`) where there is nothing to leave, unless the data brings one; `preference_centre_url` is where this
    person chooses what they receive.
    """
    return {
        **data,
        "data": data,
        "recipient": recipient,
        "notification": notification,
        "now": now.isoformat(),
        "brand": brand or {},
        "locale": locale,
        "dir": direction_of(locale),
        "unsubscribe_url": unsubscribe_url or data.get("unsubscribe_url") or None,
        "preference_centre_url": preference_centre_url or data.get("preference_centre_url") or None,
        MESSAGES: messages or {},
    }
