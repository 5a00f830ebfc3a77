"""Believes a call of SNS: topic, age, certificate and signature; certificates are fetched once."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from channels_app.contract import Account, Forged, HookRequest
from channels_app.rules.hooks import claimed_object, text_of
from channels_app.rules.sns_envelope import (
    NOTIFICATION,
    certificate_url,
    require_expected,
    require_signature,
    subscribe_url,
)
from kernel.safe_http import Blocked, fetch

FETCH_SECONDS = 5.0
CERTIFICATE_BYTES = 16 * 1024
MOST_CERTIFICATES = 64


@dataclass(frozen=True, slots=True)
class SnsCall:
    """A call that is Amazon's. `message` is what was published; "" where SNS itself has something to say."""

    message_id: str
    topic_arn: str
    message: str = ""
    visit: str = ""  # a URL to GET, to confirm the subscription


class Certificates:
    """Certificates by URL, of all accounts of this process. They are public, and an URL never gets another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, bytes] = {}

    def get(self, url: str) -> bytes:
        """The certificate in PEM. Raises OSError when it cannot be had now: the caller is to try again."""
        with self._lock:
            known = self._known.get(url)
        if known is not None:
            return known
        pem = _fetched(url)
        with self._lock:
            if len(self._known) >= MOST_CERTIFICATES:
                self._known.clear()
            self._known[url] = pem
        return pem


def believed(request: HookRequest, *, account: Account, at: datetime, certificates: Certificates) -> SnsCall:
    """What SNS said. Raises `Forged`, `NotUnderstood`, or OSError when its certificate cannot be had."""
    said = claimed_object(request.body)
    below = account.config["certificates_url"]
    require_expected(said, topic_arns=account.config["topic_arns"], at=at)
    require_signature(said, pem=certificates.get(certificate_url(said, also_below=below)), at=at)
    return _call_of(said, below=below)


def _call_of(said: Mapping[str, Any], *, below: str) -> SnsCall:
    name, topic = text_of(said, "MessageId"), text_of(said, "TopicArn")
    match text_of(said, "Type"):
        case kind if kind == NOTIFICATION:
            return SnsCall(name, topic, message=text_of(said, "Message"))
        case "SubscriptionConfirmation":
            return SnsCall(name, topic, visit=subscribe_url(said, also_below=below))
        case _:
            return SnsCall(name, topic)


def _fetched(url: str) -> bytes:
    allowed = frozenset(settings.EGRESS_ALLOW)
    try:
        answer = fetch(url, timeout_seconds=FETCH_SECONDS, max_bytes=CERTIFICATE_BYTES, allow=allowed)
    except Blocked:
        raise Forged("the certificate is where nothing may be fetched") from None
    if answer.status != 200 or answer.cut:
        raise OSError(f"the certificate cannot be had: answered {answer.status}")
    return answer.body


certificates = Certificates()
