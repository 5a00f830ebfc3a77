"""What the answer of an HTTP server means for a message, where a provider's own table does not know better."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from channels_app.values import Refused, Retry

LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
MOST_SECONDS = 86_400 * 7

_CODES = {
    401: "bad_credentials",
    403: "forbidden",
    404: "not_found",
    410: "gone",
    413: "too_large",
    429: "rate_limited",
}


def judge(status: int, headers: Mapping[str, str], *, at: datetime) -> Retry | Refused:
    """The result of an answer that is no success. `headers` have names in lower case; `at` is aware."""
    if 300 <= status < 400:
        return Refused("redirect_refused", f"answered {status}; redirects are not followed")
    code = _CODES.get(status, f"http_{status}")
    if status in LATER or status >= 500:
        return Retry(code, f"answered {status}", after=retry_after(headers.get("retry-after", ""), at=at))
    return Refused(code, f"answered {status}")


def retry_after(text: str, *, at: datetime) -> timedelta | None:
    """How long to wait as a Retry-After header says it: in seconds or by a date. `None`: it says nothing."""
    text = text.strip()
    try:
        seconds = float(text) if text[:1].isdigit() else (_date(text) - at).total_seconds()
    except (ValueError, OverflowError):
        return None
    return timedelta(seconds=min(max(seconds, 0), MOST_SECONDS))


def _date(text: str) -> datetime:
    moment = parsedate_to_datetime(text)  # raises ValueError
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
