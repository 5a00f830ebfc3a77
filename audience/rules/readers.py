"""What is a good address: e-mail, phone, device token, URL, web-push subscription. Nothing is looked up anywhere.

Every reader returns the normal form or raises `BadAddress` with a stable code and a message that says what would do.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import email_validator
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from audience.rules.text import steering_character

REMEMBERED = 4096  # addresses: a request is often judged twice, by its route and by the service, at 20 µs each
MAX_CHARS = 2048  # of any address; what an index entry holds (2,704 bytes) with room for the ids beside it

# Mail inside a company and mail in tests goes to names that the public DNS does not know: an address at `mail.local`,
# `shop.test` or plain `localhost` is as good as its owner says. `.invalid`, `.onion` and `.arpa` never have a mailbox.
# The list is the library's documented way to say so (email-validator 2.4 README, read 2026-11).
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = ["arpa", "invalid", "onion"]
_HOSTS_WITHOUT_A_DOT = ("@localhost", "@test")

_PHONE = re.compile(r"\+[0-9][0-9 ().\-/\u00a0]{3,40}", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]+")
_URL = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_P256DH_BYTES = 65  # an uncompressed P-256 point, RFC 8291 section 3.2
_AUTH_BYTES = 16


class BadAddress(Exception):
    """An address that cannot be one. `at` is a pointer below the address itself, mostly empty."""

    def __init__(self, code: str, message: str, *, at: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at


@lru_cache(maxsize=REMEMBERED)
def read_email(text: str) -> str:
    """`Ana@EXAMPLE.org` → `Ana@example.org`: syntax only. The local part keeps its case, as RFC 5321 wants."""
    character = steering_character(text)
    if character is not None:
        raise BadAddress("invalid_email", f"contains {character}; an address is one line of visible characters")
    dotless = text.lower().endswith(_HOSTS_WITHOUT_A_DOT)
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=not dotless)
    except EmailNotValidError as trouble:
        raise BadAddress("invalid_email", str(trouble)) from None
    return found.normalized


@lru_cache(maxsize=REMEMBERED)
def read_phone(text: str) -> str:
    """`+33 6 12 34 56 78` → `+33612345678` (E.164). The country code is required.

    *Possible* numbers pass (a country's lengths), not only *valid* ones (its published ranges): ranges open faster
    than the metadata is released, and the numbers reserved for tests and fiction are not valid. The operator decides.
    """
    if not _PHONE.fullmatch(text):
        raise BadAddress("invalid_phone", "is not a phone number with its country code; write it like +33612345678")
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as trouble:
        raise BadAddress("invalid_phone", f"{trouble} Write it like +33612345678.") from None
    if not phonenumbers.is_possible_number(number):
        raise BadAddress("invalid_phone", f"has a wrong length for country code +{number.country_code}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_token(text: str) -> str:
    """A device token or subscription id as a push service gave it out."""
    if not _TOKEN.fullmatch(text) or len(text) > MAX_CHARS:
        raise BadAddress("invalid_token", f"a token is 1 to {MAX_CHARS} visible ASCII characters without spaces")
    return text


def read_url(text: str, *, plain_http: frozenset[str] = frozenset()) -> str:
    """An absolute https URL without credentials. Hosts (`host:port`) of `plain_http` may be reached by http.

    Only syntax: whether it leads into a private network is judged when it is called, by what it resolves to then.
    """
    if not _URL.fullmatch(text) or "\\" in text or len(text) > MAX_CHARS:
        raise BadAddress(
            "invalid_url", f"a URL is 1 to {MAX_CHARS} visible ASCII characters, percent-encoded where needed"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as trouble:
        raise BadAddress("invalid_url", f"{trouble}; write an absolute https URL") from None
    if parts.username is not None or parts.password is not None:
        raise BadAddress(
            "invalid_url", "carries a user name or password; put secrets into the path or a header instead"
        )
    if not _is_host(parts):
        raise BadAddress("invalid_url", "has no valid host; write an absolute https URL")
    if parts.scheme == "https" or (parts.scheme == "http" and f"{parts.hostname}:{port or 80}" in plain_http):
        return text
    raise BadAddress("invalid_url", f"has the scheme '{parts.scheme}'; only https is called")


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if parts.netloc.startswith("["):  # urlsplit has checked the IPv6 address between the brackets
        return bool(host)
    return len(host) <= 253 and _HOST.fullmatch(host) is not None


def read_subscription(
    given: str | Mapping[str, Any], *, plain_http: frozenset[str] = frozenset()
) -> tuple[str, dict[str, Any]]:
    """A browser's PushSubscription → its URL (see `read_url`) and the keys messages to it are encrypted with."""
    if not isinstance(given, Mapping):
        raise BadAddress("invalid_subscription", "is not an object; give what PushSubscription.toJSON() returned")
    endpoint, keys = given.get("endpoint"), given.get("keys")
    if not isinstance(endpoint, str):
        raise BadAddress("invalid_subscription", "`endpoint` is missing or not a text", at="/endpoint")
    if not isinstance(keys, Mapping):
        raise BadAddress("invalid_subscription", "`keys` is missing or not an object", at="/keys")
    try:
        url = read_url(endpoint, plain_http=plain_http)
    except BadAddress as trouble:
        raise BadAddress(trouble.code, trouble.message, at="/endpoint") from None
    checked = {
        "p256dh": _key(keys.get("p256dh"), "p256dh", size=_P256DH_BYTES),
        "auth": _key(keys.get("auth"), "auth", size=_AUTH_BYTES),
    }
    return url, {"keys": checked}


def _key(given: object, name: str, *, size: int) -> str:
    trouble = BadAddress("invalid_subscription", f"`{name}` is not {size} bytes in base64url", at=f"/keys/{name}")
    if not isinstance(given, str):
        raise trouble
    try:
        plain = given.rstrip("=")
        decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise trouble from None
    if len(decoded) != size:
        raise trouble
    return plain


def read_secret(text: str) -> str:
    """A webhook secret as Standard Webhooks writes it: `whsec_` and base64 of 24 to 64 bytes, or `whsk_` and that of an
    ed25519 key, 32 bytes or 64 with its public half.
    """
    prefix = "whsk_" if text.startswith("whsk_") else "whsec_"
    try:
        size = len(base64.b64decode(text.removeprefix(prefix), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if prefix == "whsk_" and size not in (32, 64):
        raise BadAddress("invalid_secret", "is not `whsk_` followed by the base64 of an ed25519 key of 32 or 64 bytes")
    if not 24 <= size <= 64:
        raise BadAddress("invalid_secret", "is not `whsec_` followed by the base64 of 24 to 64 random bytes")
    return f"{prefix}{text.removeprefix(prefix)}"
