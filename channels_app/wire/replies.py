"""An answer over the wire as the rules judge it."""

from typing import Any

import msgspec

from channels_app.credentials import secret_fields
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, retry_after
from channels_app.values import Account
from channels_app.wire.line import Answer
from kernel.clock import now
from kernel.scrubbing import HIDDEN


def reply_of(answer: Answer, *, account: Account, code: str = "", text: str = "") -> Reply:
    """The status, the provider's words as its caller found them, and how long to wait."""
    after = retry_after(answer.header("retry-after"), at=now())
    return Reply(answer.status, code, without_secrets(text, account=account), after)


def without_secrets(text: str, *, account: Account) -> str:
    """A text of the provider without our own secrets, which some repeat to us."""
    form = providers.get(account.provider).credentials
    for name in secret_fields(form) if form is not None else ():
        secret = str(account.config.get(name) or "")
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def json_of(answer: Answer) -> dict[str, Any]:
    """The JSON object an answer holds; an empty one when it holds anything else."""
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
