"""What makes two things a provider told us the same, and how long one that fits nothing waits: pure."""

import json
from datetime import timedelta
from hashlib import blake2b, sha256

from channels_app.values import Account, Heard, Inbound, Receipt

DIGEST_BYTES = 20
# SendGrid repeated events for 29 h (github.com/sendgrid/docs/issues/2933), Twilio for 4 h; read 2026-11.
REMEMBERED = timedelta(days=7)
FIRST_WAIT = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(minutes=15)
PATIENCE = timedelta(days=1)  # after it, a report that fits nothing is given up


def digest_of_receipt(account: Account, receipt: Receipt) -> bytes:
    """The same for every repetition: by the provider's name of the event, else by everything it said."""
    named = (receipt.kind, str(receipt.delivery_id or ""), receipt.provider_message_id)
    if receipt.event_id:
        return _digest(account, "event", receipt.event_id, *named)
    said = json.dumps(receipt.raw, sort_keys=True, default=str) if receipt.raw else receipt.at.isoformat()
    return _digest(account, "receipt", receipt.code, *named, sha256(said.encode()).hexdigest())


def digest_of_inbound(account: Account, inbound: Inbound) -> bytes:
    """By the provider's name of the message."""
    return _digest(account, "inbound", inbound.message_id, inbound.sender, inbound.to)


def digest_of_visit(account: Account, heard: Heard) -> bytes:
    return _digest(account, "visit", heard.visit)


def digest_of_body(account: Account, body: bytes) -> bytes:
    """Of a call that made no sense."""
    return _digest(account, "body", sha256(body).hexdigest())


def digest_of_token(account: Account, token: str) -> bytes:
    """Of a token that may come once."""
    return _digest(account, "once", token)


def wait_before(tries: int) -> timedelta:
    """How long a report that fitted nothing `tries` times waits until it is looked at again."""
    doublings: int = min(tries - 1, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _digest(account: Account, *parts: str) -> bytes:
    whose = str(account.id or account.key)
    return blake2b("\x1f".join((whose, *parts)).encode(), digest_size=DIGEST_BYTES).digest()
