"""Vonage's codes and statuses in our words. developer.vonage.com/api-errors/messages and /en/messages, read 2026-11."""

from channels_app.rules.api_replies import Words
from channels_app.values import ReceiptKind

WORDS = Words(
    bad_address=frozenset({"1050", "1170", "1190"}),  # barred, no number at all, absent for good
    busy=frozenset({"1000", "1100", "1180"}),  # throttled, no connection, absent for now
    ours=frozenset({"1060", "1070", "1080"}),  # barred account, no credit, not enabled
    not_ours=frozenset({"1120"}),  # a sender this country does not take
)
KINDS: dict[str, ReceiptKind] = {
    "submitted": "accepted",
    "delivered": "delivered",
    "read": "delivered",
    "rejected": "failed",
    "undeliverable": "failed",
}
