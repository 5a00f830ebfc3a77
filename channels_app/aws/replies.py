"""What boto3 raises, as a result."""

from typing import Any

from botocore.exceptions import ClientError

from channels_app.aws.client import Use
from channels_app.contract import Account, SendResult, Unknown
from channels_app.rules.api_replies import Reply, judge, retry_after
from channels_app.rules.aws_words import WORDS, told
from channels_app.wire.replies import reply_of, without_secrets
from kernel.clock import now


def judged(no: ClientError, *, account: Account, is_bad_address: bool) -> SendResult:
    """What Amazon's error means. `is_bad_address`: the service says so in its words alone."""
    error: dict[str, Any] = no.response.get("Error", {})
    meta: dict[str, Any] = no.response.get("ResponseMetadata", {})
    after = retry_after(str(meta.get("HTTPHeaders", {}).get("retry-after", "")), at=now())
    code = "InvalidTo" if is_bad_address else str(error.get("Code", ""))
    text = without_secrets(str(error.get("Message", "")), account=account)
    status = int(meta.get("HTTPStatusCode", 0))
    # boto3 puts the status where there is no code.
    return judge(told(Reply(status, "" if code == str(status) else code, text, after)), WORDS)


def unreadable(surprise: Exception, *, use: Use, account: Account) -> SendResult:
    """An answer that boto3 could not read: an error page of something in between, or nonsense. Raises what happened
    before there was one.
    """
    if use.answer is None:
        raise surprise
    if use.answer.status >= 300:
        return judge(reply_of(use.answer, account=account))
    return Unknown("bad_answer", type(surprise).__name__)
