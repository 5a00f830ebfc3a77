"""One genuine call of each provider to its hook, signed here: by their own libraries where they have any."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks.webhooks import Webhook
from twilio.request_validator import RequestValidator

from channels_app.aws.sns_hook import certificates
from channels_app.contract import Provider
from channels_app.registry import providers
from channels_app.values import Account, HookRequest
from tests.channels_app.providers.sandboxed import AT
from tests.channels_app.worlds.sns import AWS

DELIVERY = "0190f3a2-7c1e-7b2a-9d4f-000000000001"
URL = f"https://shop.example/hooks/token?carillon_delivery={DELIVERY}"
SECONDS = int(AT.timestamp())
ISO = AT.isoformat().replace("+00:00", "Z")
SECRET = "a secret that is long enough for everybody, I hope"
SVIX_SECRET = f"whsec_{b64encode(SECRET.encode()).decode()}"
TOPIC = "arn:aws:sns:eu-west-1:000000000000:ses-events"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"


@dataclass(frozen=True, slots=True)
class Signed:
    """A call, what the account needs to believe it, and which of its parts vouch for it."""

    key: str
    credentials: dict[str, Any]
    request: HookRequest
    headers: tuple[str, ...] = ()  # of which every bit counts
    body: bool = True  # whether every bit of the body counts

    def provider(self, **changes: Any) -> Provider:
        kind = providers.get(self.key)
        config = kind.configure(self.credentials | changes)
        return kind(Account(self.key, self.key, kind.channel, "live", config), timeout_seconds=1)


def twilio(at: datetime = AT) -> Signed:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+14155550100"}
    headers = {"x-twilio-signature": RequestValidator(SECRET).compute_signature(URL, form)}
    credentials = {"account_sid": "AC1", "auth_token": SECRET, "sender": "+15005550006"}
    request = HookRequest("POST", URL, headers, urlencode(form).encode())
    return Signed("twilio", credentials, request, ("x-twilio-signature",))


def vonage(at: datetime = AT) -> Signed:
    said = {"message_uuid": "m1", "status": "delivered", "timestamp": ISO, "client_ref": DELIVERY}
    body = json.dumps(said).encode()
    claims = {"iat": int(at.timestamp()), "payload_hash": sha256(body).hexdigest()}
    headers = {"authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}
    credentials = {"api_key": "k", "api_secret": "s", "sender": "Shop", "signature_secret": SECRET}
    return Signed("vonage", credentials, HookRequest("POST", URL, headers, body), ("authorization",))


def resend(at: datetime = AT) -> Signed:
    said = {
        "type": "email.delivered",
        "created_at": ISO,
        "data": {"email_id": "e1", "tags": {"carillon_delivery": DELIVERY}},
    }
    body = json.dumps(said).encode()
    signature = Webhook(SVIX_SECRET).sign("msg_1", at, body.decode())
    headers = {"svix-id": "msg_1", "svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}
    credentials = {"api_key": "k", "hook_secret": SVIX_SECRET, "sender": "shop@example.org"}
    return Signed("resend", credentials, HookRequest("POST", URL, headers, body), tuple(headers))


def sendgrid(at: datetime = AT) -> Signed:
    event = {
        "event": "delivered",
        "timestamp": SECONDS,
        "sg_event_id": "e1",
        "sg_message_id": "m1.x",
        "carillon_delivery": DELIVERY,
    }
    body, key, timestamp = json.dumps([event]).encode(), _ec_key(), str(int(at.timestamp()))
    signature = b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": timestamp,
    }
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    credentials = {"api_key": "k", "verification_key": b64encode(public).decode(), "sender": "shop@example.org"}
    return Signed("sendgrid", credentials, HookRequest("POST", URL, headers, body), tuple(headers))


def mailgun(at: datetime = AT) -> Signed:
    """Its signature is in the body, and covers no more than its own block."""
    timestamp, token = str(int(at.timestamp())), "b" * 50
    digest = hmac.digest(SECRET.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    event = {
        "id": "e1",
        "event": "delivered",
        "timestamp": SECONDS,
        "message": {"headers": {"message-id": "m1@example.org"}},
        "user-variables": {"carillon_delivery": DELIVERY},
    }
    said = {"signature": {"timestamp": timestamp, "token": token, "signature": digest}, "event-data": event}
    credentials = {"api_key": "k", "signing_key": SECRET, "sender": "shop@example.org"}
    return Signed("mailgun", credentials, HookRequest("POST", URL, {}, json.dumps(said).encode()), body=False)


def postmark(at: datetime = AT) -> Signed:
    said = {
        "RecordType": "Delivery",
        "MessageID": "m1",
        "DeliveredAt": ISO,
        "Metadata": {"carillon_delivery": DELIVERY},
    }
    credentials = {"server_token": "k", "hook_password": SECRET, "sender": "shop@example.org"}
    return Signed("postmark", credentials, _behind_password(said), ("authorization",), body=False)


def brevo(at: datetime = AT) -> Signed:
    custom = json.dumps({"carillon_delivery": DELIVERY})
    said = {"event": "delivered", "message-id": "<m1@relay>", "ts_epoch": SECONDS * 1000, "X-Mailin-custom": custom}
    credentials = {"api_key": "k", "hook_password": SECRET, "sender": "shop@example.org"}
    return Signed("brevo", credentials, _behind_password(said), ("authorization",), body=False)


def ses(at: datetime = AT, *, version: str = "2") -> Signed:
    tags = {"carillon_delivery": [DELIVERY]}
    event = {"eventType": "Delivery", "mail": {"messageId": "m1", "tags": tags}, "delivery": {"timestamp": ISO}}
    credentials = {**AWS, "topic_arns": [TOPIC], "sender": "shop@example.org"}
    body = sns_body({"Type": "Notification", "Message": json.dumps(event)}, at=at, version=version)
    return Signed("ses", credentials, HookRequest("POST", URL, {}, body))


def ses_version_1(at: datetime = AT) -> Signed:
    return ses(at, version="1")


def sns(at: datetime = AT) -> Signed:
    said = {"originationNumber": "+33612345678", "destinationNumber": "+15005550006", "messageBody": "STOP"}
    body = sns_body({"Type": "Notification", "Message": json.dumps(said)}, at=at)
    return Signed("sns", {**AWS, "topic_arns": [TOPIC]}, HookRequest("POST", URL, {}, body))


EVERY: tuple[Callable[..., Signed], ...] = (
    twilio,
    vonage,
    resend,
    sendgrid,
    mailgun,
    postmark,
    brevo,
    ses,
    ses_version_1,
    sns,
)


def sns_body(said: dict[str, Any], *, at: datetime = AT, version: str = "2", **changes: Any) -> bytes:
    """A call of SNS, signed with a certificate that is known already; `changes` come after signing."""
    key, pem = _sns_key()
    certificates._known[CERTIFICATE_URL] = pem
    said = {
        "MessageId": "n1",
        "TopicArn": TOPIC,
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **said,
    }
    names = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
    signature = key.sign(text.encode(), padding.PKCS1v15(), SHA256() if version == "2" else SHA1())
    return json.dumps({**said, "Signature": b64encode(signature).decode(), **changes}).encode()


def _behind_password(said: dict[str, Any]) -> HookRequest:
    login = b64encode(f"carillon:{SECRET}".encode()).decode()
    return HookRequest("POST", URL, {"authorization": f"Basic {login}"}, json.dumps(said).encode())


@lru_cache(maxsize=1)
def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@lru_cache(maxsize=1)
def _sns_key() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=365))
        .not_valid_after(AT + timedelta(days=365))
        .sign(key, SHA256())
    )
    return key, certificate.public_bytes(Encoding.PEM)
