"""Error codes of SNS and SES in our words: docs.aws.amazon.com "Common Errors" of both, read 2026-11."""

from channels_app.rules.api_replies import Reply, Words

THROTTLED = frozenset({"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"})
WORDS = Words(
    bad_address=frozenset({"InvalidPhoneNumber", "OptedOut", "InvalidTo"}),
    busy=frozenset({"RequestLimitExceeded", "LimitExceededException", "ConcurrentModificationException"}),
    ours=frozenset(
        {
            "AccountSendingPausedException",
            "AccountSuspendedException",
            "ExpiredToken",
            "IncompleteSignature",
            "MailFromDomainNotVerifiedException",
            "RequestExpired",
            "SendingPausedException",
            "UnrecognizedClientException",
        }
    ),
    not_ours=frozenset({"EndpointDisabled"}),
)


def told(reply: Reply) -> Reply:
    """The same, with a throttle as the 429 it is: Amazon's older services answer 400."""
    return Reply(429, reply.code, reply.text, reply.after) if reply.code in THROTTLED else reply
