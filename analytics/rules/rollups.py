"""What lines of the log count for, and at which grains the counts are kept: pure, and the same every time it is read.

| Outcome                                                        | Counted when a delivery …                    |
|----------------------------------------------------------------|----------------------------------------------|
| `planned`                                                      | was decided on, skips included               |
| `skipped`                                                      | was not to be made, at planning or later     |
| `sent delivered bounced failed dead cancelled expired unknown` | came to be so                                |
| `retried`                                                      | is to be tried again after a provider call   |
| `opened clicked complained unsubscribed converted`             | moved a person to it for the first time      |

One delivery counts once for everything that becomes of it: `sent` and later `delivered`, `dead` and, replayed, `sent`.
Whoever clicked has opened. What a machine opens or follows counts for nothing. Who leaves by a link of ours leaves a
category, not a message: that counts as `unsubscribed` of the channel, without a type.
"""

from collections.abc import Mapping

PLANNED, MOVED = "delivery.planned", "delivery.moved"
MANY_CANCELLED = "deliveries.cancelled"  # one line for all of a large notification
LEFT = "suppression.added"  # with the reason `unsubscribe`, and no delivery
LEFT_BECAUSE = "unsubscribe"
AUTOMATED = "automated"  # the reason of lines about machines that open and follow what people get

ENDS = ("sent", "delivered", "bounced", "failed", "dead", "cancelled", "expired", "skipped", "unknown")
ENGAGED: Mapping[str, tuple[str, ...]] = {
    "opened": ("delivery.opened", "delivery.clicked", "inbox.seen", "inbox.read"),
    "clicked": ("delivery.clicked",),
    "complained": ("delivery.complained",),
    "unsubscribed": ("delivery.unsubscribed",),
    "converted": ("delivery.converted",),
}
OUTCOMES = ("planned", "sent", "delivered", "retried", "unknown", "bounced", "failed", "dead", "expired", "cancelled",
            "skipped", *ENGAGED)  # fmt: skip
COUNTED_KINDS = tuple(sorted({PLANNED, MOVED, MANY_CANCELLED, LEFT, *(k for kinds in ENGAGED.values() for k in kinds)}))

# Minutes that a row is about, counted from 1970 on (UTC). Each grain is four to eight of the one before, so that any
# span is made of few rows: coarse ones within, fine ones at the edges. Quarters are for zones whose hours do not begin
# with those of UTC: all offsets in use are multiples of 15 minutes (IANA tzdata 2025b, read 2026-11).
QUARTER, HOUR, SIX_HOURS, DAY, EIGHT_DAYS = 15, 60, 360, 1440, 11_520
GRAINS = (QUARTER, HOUR, SIX_HOURS, DAY, EIGHT_DAYS)
