"""A call of SNS to a hook: what is signed, where the certificate must come from, whether the signature is good.

docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html, read 2026-11.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate

from channels_app.rules.hooks import moment_of_text, require_fresh, text_of
from channels_app.values import Forged, NotUnderstood

FRESH = timedelta(hours=1)
NOTIFICATION, CONFIRMATIONS = "Notification", ("SubscriptionConfirmation", "UnsubscribeConfirmation")

_HOST = r"https://sns\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE_URL = re.compile(rf"{_HOST}/SimpleNotificationService-[A-Za-z0-9]+\.pem", re.ASCII)
_SUBSCRIBE_URL = re.compile(rf"{_HOST}/\?[!-~]+", re.ASCII)
_HASHES = {"1": SHA1, "2": SHA256}


def require_expected(said: Mapping[str, Any], *, topic_arns: Collection[str], at: datetime) -> None:
    """Topic and age. Raises `Forged`."""
    if text_of(said, "TopicArn") not in topic_arns:
        raise Forged("a topic that the account does not name in topic_arns")
    try:
        moment = moment_of_text(text_of(said, "Timestamp"))
    except NotUnderstood as trouble:
        raise Forged(str(trouble)) from None
    require_fresh(moment, at=at, within=FRESH)


def certificate_url(said: Mapping[str, Any], *, also_below: str = "") -> str:
    """Where the certificate is, at Amazon (or below `also_below`) and nowhere else. Raises `Forged`."""
    url = text_of(said, "SigningCertURL")
    if _is_amazons(_CERTIFICATE_URL.fullmatch(url), said) or _is_below(url, also_below):
        return url
    raise Forged("a certificate from somebody else than Amazon")


def subscribe_url(said: Mapping[str, Any], *, also_below: str = "") -> str:
    """Where a subscription is confirmed, at Amazon (or below `also_below`). Raises `Forged`."""
    url = text_of(said, "SubscribeURL")
    if _is_amazons(_SUBSCRIBE_URL.fullmatch(url), said) or _is_below(url, also_below):
        return url
    raise Forged("a subscription to be confirmed at somebody else than Amazon")


def require_signature(said: Mapping[str, Any], *, pem: bytes, at: datetime) -> None:
    """RSA over the canonical text. Raises `Forged`."""
    version, given = text_of(said, "SignatureVersion"), text_of(said, "Signature")
    if version not in _HASHES:
        raise Forged("a version of signatures that nobody documents")
    try:
        signature = b64decode(given, validate=True)
        if b64encode(signature).decode() != given:
            raise Forged("the signature is not spelled as base64 spells it")
        key = _valid(load_pem_x509_certificate(pem), at=at).public_key()
        if not isinstance(key, RSAPublicKey):
            raise Forged("the certificate holds no RSA key")
        key.verify(signature, signed_text(said).encode(), PKCS1v15(), _HASHES[version]())
    except (InvalidSignature, binascii.Error, ValueError):
        raise Forged("the signature is not right") from None


def signed_text(said: Mapping[str, Any]) -> str:
    """Names and values in the order of their names, each on a line."""
    kind = text_of(said, "Type")
    if kind == NOTIFICATION:
        names = ["Message", "MessageId", *(["Subject"] if said.get("Subject") is not None else []), "Timestamp"]
    elif kind in CONFIRMATIONS:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token"]
    else:
        raise Forged("a kind of call that SNS does not make")
    return "".join(f"{name}\n{text_of(said, name)}\n" for name in [*names, "TopicArn", "Type"])


def _valid(certificate: Certificate, *, at: datetime) -> Certificate:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise Forged("the certificate is not valid today")
    return certificate


def _is_amazons(found: re.Match[str] | None, said: Mapping[str, Any]) -> bool:
    """Whether it is the SNS of the topic's own region: arn:aws:sns:<region>:<account>:<name>."""
    return found is not None and text_of(said, "TopicArn").split(":")[3:4] == [found["region"]]


def _is_below(url: str, prefix: str) -> bool:
    return bool(prefix) and url.startswith(prefix) and re.fullmatch(r"[\w./?=&:-]+", url[len(prefix) :]) is not None
