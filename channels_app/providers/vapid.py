"""Web push to any browser's push service: RFC 8030, encrypted by RFC 8291, with pywebpush; we are known by VAPID keys.

A subscription's endpoint is a URL that a browser gave to a person's page, so it is called through the safe client.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]
from pywebpush import WebPusher, WebPushException  # type: ignore[import-untyped]

from channels_app.addressed import DELIVERY_HEADER, post
from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Message,
    Provider,
    Refused,
    SendResult,
    Sent,
    WrongCredentials,
)
from channels_app.credentials import Form, Plain, Sandbox, Secret
from channels_app.registry import providers
from channels_app.rules import push_payloads
from channels_app.rules.api_replies import Reply, judge, retry_after
from channels_app.rules.push_content import PushContent
from channels_app.sandbox import push_identities
from kernel.clock import now
from kernel.safe_http import Answer

TOKEN_LIFE = timedelta(hours=12)  # RFC 8292, 2: at most 24 hours
GONE = (404, 410)  # RFC 8030, 7.3


class Credentials(Form, frozen=True):
    """The key pair of the application server, whose public half pages give to `pushManager.subscribe`."""

    private_key: Secret  # 32 bytes in base64url, or PEM
    subject: Plain  # whom push services write to: mailto:… or https://…


@providers.register
class Vapid(Provider):
    """Every browser vendor runs a push service of its own; what one of them says is about its subscription alone."""

    key = "vapid"
    channel = "web_push"
    title = "Web push (VAPID)"
    capabilities = Capabilities(idempotency="none", concurrency=16)
    credentials = Credentials
    one_server = False

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        self._key = _key_of(account.config["private_key"])

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check that the key is one and that the subject says whom to write to."""
        config = super().configure(credentials)
        try:
            _check(config["private_key"], config["subject"])
        except (ValueError, TypeError, AttributeError, IndexError):
            raise WrongCredentials("private_key is not a P-256 key in base64url or PEM") from None
        except VapidException:
            raise WrongCredentials("subject is not mailto: with an address, or https:// with a host") from None
        return config

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:  # noqa: ARG003
        """A key of our own: the sandbox's push service takes any, as browsers' do."""
        return {"private_key": push_identities.vapid_key(), "subject": push_identities.VAPID_SUBJECT}

    def public_key(self) -> str:
        """What pages give to `pushManager.subscribe` as `applicationServerKey`."""
        encoding, form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        return urlsafe_b64encode(self._key.public_key.public_bytes(encoding, form)).decode().rstrip("=")

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Encrypt for one browser and hand over to its push service."""
        call.nothing_went_out()
        content = cast(PushContent, message.content)
        parts = urlsplit(message.address)
        text = msgspec.json.encode(push_payloads.web_push(content, delivery_id=message.delivery_id))
        try:
            body = _encrypted(text, message)
            signed = _signed(self._key, f"{parts.scheme}://{parts.netloc}", subject=self.account.config["subject"])
        except (WebPushException, VapidException, ValueError, TypeError, IndexError):
            return Refused("bad_subscription", "its endpoint or its keys are none", reason="invalid_address")
        headers = {
            **signed,
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(content.ttl_seconds),
            "Urgency": "high",
            DELIVERY_HEADER: str(message.delivery_id),
            **({"Topic": push_payloads.topic(content.collapse_key)} if content.collapse_key else {}),
        }
        answer = post(message.address, headers=headers, body=body, call=call)
        return _judged(answer, message) if isinstance(answer, Answer) else answer


def _judged(answer: Answer, message: Message) -> SendResult:
    if answer.status in (200, 201, 202):
        return Sent(str(message.delivery_id))
    result = judge(Reply(answer.status, after=retry_after(answer.headers.get("retry-after", ""), at=now())))
    if not isinstance(result, Refused):
        return result
    if answer.status in GONE:
        return replace(result, code="unsubscribed", reason="invalid_address", address_gone=True)
    return replace(result, reason="render_error") if answer.status == 413 else result


def _encrypted(text: bytes, message: Message) -> bytes:
    """For the browser alone: RFC 8291. Raises WebPushException or ValueError for keys that are none."""
    subscription = {"endpoint": message.address, "keys": dict(message.endpoint_extra.get("keys") or {})}
    return bytes(WebPusher(subscription).encode(text)["body"])


def _signed(key: Vapid02, origin: str, *, subject: str) -> dict[str, str]:
    """Who we are, for one push service. Raises VapidException for a subject or an origin that is none."""
    claims = {"aud": origin, "sub": subject, "exp": int((now() + TOKEN_LIFE).timestamp())}
    return dict(key.sign(claims))


@lru_cache(maxsize=256)
def _check(private_key: str, subject: str) -> None:
    """Raise what there is to raise. Accounts are looked up for every batch, so it is tried once."""
    _signed(_key_of(private_key), "https://push.example.com", subject=subject)


def _key_of(text: str) -> Vapid02:
    if "-----BEGIN" in text:
        key = serialization.load_pem_private_key(text.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("not a P-256 key")
        return Vapid02(key)
    return Vapid02.from_string(text)
