"""What an SMTP server's "no" means for the message: come back later, never, or not at this address.

Codes: RFC 5321 4.2; enhanced codes: RFC 3463 and its registry (iana.org/assignments/smtp-enhanced-status-codes,
read 2026-11).
"""

import re
from datetime import timedelta

from channels_app.values import Refused, Retry
from kernel.scrubbing import scrub_text

# How far a message had got.
HELLO, AUTH, MAIL, RCPT, DATA, BODY = "hello", "auth", "mail", "rcpt", "data", "body"

DETAIL_CHARS = 300
MAX_RETRY_AFTER = timedelta(hours=24)

_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_BAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1"})
_BAD_CREDENTIALS = frozenset({530, 534, 535, 538})
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_RETRY_AFTER = re.compile(r"\bretry_after=(\d{1,6}(?:\.\d{1,3})?)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Rejected(Exception):
    """The server answered, and the answer was no. `stage` is how far the message had got."""

    def __init__(self, stage: str, code: int, text: bytes | str) -> None:
        self.stage, self.code = stage, code
        self.text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        super().__init__(f"{code} at {stage}")


def judge(rejected: Rejected) -> Retry | Refused:
    """The result for the message that was turned away."""
    enhanced = _enhanced(rejected.text)
    detail = readable(rejected.code, rejected.text)
    code = f"smtp_{rejected.code}"
    if rejected.stage in (AUTH, MAIL) and rejected.code in _BAD_CREDENTIALS:
        return Refused("bad_credentials", detail, provider_fault=True)
    if rejected.code // 100 != 5:
        return Retry(code, detail, after=retry_after(rejected.text), provider_fault=not _is_mailbox_trouble(rejected))
    if _is_bad_address(rejected, enhanced=enhanced):
        return Refused(code, detail, reason="invalid_address")
    return Refused(code, detail, provider_fault=rejected.stage in (HELLO, AUTH))


def retry_after(text: str) -> timedelta | None:
    """How long the server asks us to wait: `retry_after=N` (seconds) in its words. A day at most."""
    found = _RETRY_AFTER.search(text)
    return None if found is None else min(timedelta(seconds=float(found[1])), MAX_RETRY_AFTER)


def readable(code: int, text: str) -> str:
    """The server's words for people: one line, addresses masked, cut when long."""
    line = scrub_text(_CONTROL.sub(" ", text)).strip()
    return f"{code} {line[:DETAIL_CHARS]}".strip()


def _enhanced(text: str) -> str:
    found = _ENHANCED.match(text)
    return found[1] if found else ""


def _is_bad_address(rejected: Rejected, *, enhanced: str) -> bool:
    """The enhanced code knows better than the plain one: 550 5.7.1 is a policy, not a missing mailbox."""
    if rejected.stage not in (RCPT, BODY):
        return False
    if enhanced:
        return enhanced in _BAD_ADDRESS
    return rejected.stage == RCPT and rejected.code in _NO_SUCH_MAILBOX


def _is_mailbox_trouble(rejected: Rejected) -> bool:
    """A full or locked mailbox (x.2.z) says nothing about the health of the provider."""
    return rejected.stage == RCPT and _enhanced(rejected.text).startswith("4.2.")
