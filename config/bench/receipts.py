"""Calls as SendGrid makes them to a hook: a list of events, signed with the account's private key.

twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features, 2026-11
"""

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.bench.load import Request

IN_ONE_CALL = 100  # events; SendGrid closes a batch after 30 seconds or 768 KB
SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"


class Reporter:
    """A provider with a key pair, who says of deliveries that they arrived."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.verification_key = b64encode(public).decode()

    def calls(self, path: str, deliveries: Sequence[UUID], *, at_once: int = IN_ONE_CALL) -> Iterator[bytes]:
        """Requests to `path` with `at_once` events each, signed now."""
        at = int(time.time())
        for start in range(0, len(deliveries), at_once):
            events = [_event(delivery, at=at) for delivery in deliveries[start : start + at_once]]
            body = json.dumps(events).encode()
            signed = self._key.sign(str(at).encode() + body, ec.ECDSA(SHA256()))
            headers = {SIGNATURE: b64encode(signed).decode(), TIMESTAMP: str(at)}
            yield Request(path, body, headers=headers).encoded()


def _event(delivery: UUID, *, at: int) -> dict[str, object]:
    """With everything that SendGrid says of a delivered mail."""
    return {
        "email": "person@example.org",
        "timestamp": at,
        "smtp-id": f"<{delivery}@example.org>",
        "event": "delivered",
        "category": ["order"],
        "sg_event_id": uuid4().hex,
        "sg_message_id": f"reported-{delivery}.recvd-0001",
        "response": "250 OK",
        "carillon_delivery": str(delivery),
    }
