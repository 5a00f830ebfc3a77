"""What the answer of a stranger's server means: nothing is known of it but the status. Providers: `api_replies.py`."""

from collections.abc import Mapping
from datetime import datetime

from channels_app.rules.api_replies import retry_after
from channels_app.values import Refused, Retry

LATER = frozenset({408, 425, 429})

_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 410: "gone", 413: "too_large", 429: "rate_limited"}


def judge(status: int, headers: Mapping[str, str], *, at: datetime) -> Retry | Refused:
    """The result of an answer that is no success. `headers` have names in lower case; `at` is aware."""
    if 300 <= status < 400:
        return Refused("redirect_refused", f"answered {status}; redirects are not followed")
    code = _CODES.get(status, f"http_{status}")
    if status in LATER or status >= 500:
        return Retry(code, f"answered {status}", after=retry_after(headers.get("retry-after", ""), at=at))
    return Refused(code, f"answered {status}")
