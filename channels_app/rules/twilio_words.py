"""Twilio's codes and statuses in our words. twilio.com/docs/api/errors and /docs/messaging/api/message-resource,
read 2026-11.
"""

from channels_app.rules.api_replies import Words
from channels_app.values import ReceiptKind

WORDS = Words(
    bad_address=frozenset(
        {
            "21211",  # invalid 'To'
            "21217",  # does not appear to be valid
            "21401",  # invalid number
            "21407",  # this kind of number takes no SMS
            "21614",  # not a mobile number
        }
    ),
    busy=frozenset({"14107", "20429", "21611", "30022"}),  # rates and queues
    ours=frozenset({"20003", "20005", "20404", "21606", "21620", "21701", "21703", "21705", "30002"}),
    not_ours=frozenset({"21408", "21610", "21612", "63038"}),  # country not enabled, opted out, no route
)

KINDS: dict[str, ReceiptKind] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
}
PERMANENT = frozenset({"21211", "21610", "21614", "30005", "30006", "30011"})  # unknown number, landline, no SMS at all
