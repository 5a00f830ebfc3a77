"""What the "no" of a provider's API means for a message: come back later, never, not at this address, or nobody knows.

RFC 9110 section 15 for the statuses, RFC 6585 for 429, RFC 8470 for 425 (read 2026-11). Servers of strangers, which
tell no more than a status, are judged in `http_replies.py`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from channels_app.values import Refused, Retry, Unknown
from kernel.scrubbing import scrub_text

DETAIL_CHARS = 300
MAX_RETRY_AFTER = timedelta(hours=24)

BUSY = frozenset({408, 425, 429})
BAD_CREDENTIALS = frozenset({401, 403})
NOT_TAKEN = frozenset({503})  # the server says that it did not take up the work: RFC 9110 15.6.4

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_DIGITS = re.compile(r"\d[\d -]{5,}\d")  # phone numbers without their plus
_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not a yes. `code` and `text` are the provider's own words, "" where it has none."""

    status: int
    code: str = ""
    text: str = ""
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The codes of a provider that mean more than their status does."""

    bad_address: frozenset[str] = frozenset()  # the address can never be reached
    busy: frozenset[str] = frozenset()  # later
    ours: frozenset[str] = frozenset()  # the account cannot send to anybody: suspended, out of money, wrong sender
    not_ours: frozenset[str] = frozenset()  # a 401 or 403 that is about this message alone


NO_WORDS = Words()


def judge(reply: Reply, words: Words = NO_WORDS) -> Retry | Refused | Unknown:
    """The result for the message. A 5xx may come from behind the door the message went through, so it is unknown."""
    code, detail = code_of(reply), readable(reply)
    if reply.code in words.bad_address:
        return Refused(code, detail, reason="invalid_address")
    if reply.status == 429:
        return Retry("rate_limited", detail, after=reply.after)
    if reply.status in BUSY or reply.status in NOT_TAKEN or reply.code in words.busy:
        return Retry(code, detail, after=reply.after)
    if reply.status >= 500:
        return Unknown(code, detail)
    if reply.status in BAD_CREDENTIALS and reply.code not in words.not_ours:
        return Refused("bad_credentials", detail, provider_fault=True)
    return Refused(code, detail, provider_fault=reply.code in words.ours or reply.status < 400)


def code_of(reply: Reply) -> str:
    """A stable word: the provider's own where it has one."""
    own = _WORD.sub("_", reply.code.lower()).strip("_")[:60]
    return own or f"http_{reply.status}"


def readable(reply: Reply) -> str:
    """The provider's words for people: one line, addresses masked, cut when long."""
    line = _DIGITS.sub("[number]", scrub_text(_CONTROL.sub(" ", reply.text))).strip()
    return f"{reply.status} {line[:DETAIL_CHARS]}".strip()


def retry_after(value: str, *, at: datetime) -> timedelta | None:
    """How long a `Retry-After` asks us to wait, in seconds or until a moment; `None` when it says nothing we know."""
    value = value.strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value, re.ASCII):
        return min(timedelta(seconds=float(value)), MAX_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:  # "-0000": a moment of UTC, RFC 5322 3.3
        until = until.replace(tzinfo=UTC)
    return min(max(until - at, timedelta()), MAX_RETRY_AFTER)


def until_reset(value: str, *, at: datetime) -> timedelta | None:
    """The same from a header that names the second since 1970 at which a limit ends; `None` when it says nothing."""
    if not re.fullmatch(r"\d{1,12}", value.strip(), re.ASCII):
        return None
    return min(max(datetime.fromtimestamp(int(value), UTC) - at, timedelta()), MAX_RETRY_AFTER)
