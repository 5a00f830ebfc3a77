"""An answer over the wire as the rules judge it."""

from typing import Any

import msgspec

from channels_app.rules.api_replies import Reply, retry_after
from channels_app.wire.line import Answer
from kernel.clock import now


def reply_of(answer: Answer, *, code: str = "", text: str = "") -> Reply:
    """The status, the provider's words as its caller found them, and how long to wait."""
    return Reply(answer.status, code, text, retry_after(answer.header("retry-after"), at=now()))


def json_of(answer: Answer) -> dict[str, Any]:
    """The JSON object an answer holds; an empty one when it holds anything else."""
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
