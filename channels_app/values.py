"""What travels between the pipeline and a road: messages out, results back, receipts later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

NOT_BEGUN = "not_begun"  # the code of a `Retry` for a message whose turn did not come before the deadline


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery, ready to go: words rendered, address chosen. The same delivery always makes the same message."""

    delivery_id: UUID
    tenant_id: UUID
    notification_id: UUID
    recipient_id: UUID
    recipient: str  # the tenant's own id of the person
    address: str = field(repr=False)  # in normal form; "" where the channel needs none
    content: Struct = field(repr=False)  # of the channel's `content` type, rendered
    idempotency_key: str  # stable over all attempts; the delivery's id unless the pipeline says otherwise
    kind: str = ""  # of the endpoint, where a channel has several: fcm, apns, slack, ...
    endpoint_extra: Mapping[str, Any] = field(default_factory=dict, repr=False)  # web-push keys, webhook secret
    mode: str = "live"  # live | test
    traceparent: str = ""  # W3C trace context of the send, "" = none
    metadata: Mapping[str, Any] = field(default_factory=dict)
    unsubscribe_url: str = field(default="", repr=False)  # one click leaves (RFC 8058), without login; "" = not offered
    written_at: datetime | None = None  # the moment the message bears, aware; None = the one its delivery's id carries


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `delivered`: it has even arrived, nothing more will be heard."""

    message_id: str  # the provider's own name for it, to match receipts by; "" = it gave none
    delivered: bool = False
    detail: str = ""  # what the provider said, without addresses
    units: int = 1  # what the provider charges for: segments of an SMS, messages of everything else


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not go out, and the same call may well succeed later."""

    code: str  # stable, snake_case: timeout, connection_lost, rate_limited, ...
    detail: str = ""  # for people; no secrets, no addresses
    after: timedelta | None = None  # the provider's Retry-After; None = our own backoff
    provider_fault: bool = True  # False: the recipient's side or our own queue; the breaker does not count it


@dataclass(frozen=True, slots=True)
class Refused:
    """It did not go out, and the same call will never succeed."""

    code: str  # stable, snake_case
    detail: str = ""  # for people; no secrets, no addresses
    reason: str = "provider_rejected"  # a reason code of the API: invalid_address, provider_rejected, render_error, ...
    provider_fault: bool = False  # True: every message would be refused (bad credentials), so the breaker counts it
    address_gone: bool = False  # True: the address will never work again (unregistered, 410), so it is put out of use


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have gone out: the request was written and the answer did not come back."""

    code: str  # stable, snake_case
    detail: str = ""  # for people; no secrets, no addresses
    provider_fault: bool = True  # False: the address is a server of its own; the breaker does not count it


SendResult = Sent | Retry | Refused | Unknown
RESULT_TYPES = (Sent, Retry, Refused, Unknown)

ReceiptKind = Literal[
    "accepted", "deferred", "delivered", "bounced", "failed", "complained", "unsubscribed", "opened", "clicked"
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider tells us later about one message. It names the delivery, or its own id of the message."""

    kind: ReceiptKind
    at: datetime  # aware; when it happened, by the provider's clock
    delivery_id: UUID | None = None  # what the message itself carried, where the provider hands it back
    provider_message_id: str = ""  # otherwise: `Sent.message_id`
    code: str = ""  # the provider's own word for it, e.g. 5.1.1
    permanent: bool = False  # of a bounce or failure: the address will not work later either
    event_id: str = ""  # the provider's own name of this event, never given twice; "" = told apart by `raw`
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a person wrote back: the text of an SMS to one of our numbers."""

    sender: str = field(repr=False)  # the address of the person, in normal form
    to: str  # our own number or sender
    text: str = field(repr=False)
    message_id: str  # the provider's own name for it
    at: datetime  # aware


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A call of a provider to `/hooks/{account_token}`, as it came over the wire."""

    method: str
    url: str  # exactly as the provider called it, with scheme, public host and query
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a call of a provider said, once its signature was found good.

    `once` holds tokens that must never be seen again (Mailgun's): a call that brings one a second time is refused.
    """

    receipts: tuple[Receipt, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    once: tuple[str, ...] = ()
    visit: str = ""  # a URL to GET through the safe client, to confirm a subscription (SNS); "" = none
    answer: str = ""  # the body of our 200, where the provider wants one (TwiML)
    answer_type: str = "text/plain"


class Forged(Exception):
    """A call that claims to come from a provider, and whose signature, age or host says otherwise.

    The message says which check failed and repeats nothing of the call.
    """


class NotUnderstood(ValueError):
    """A call with a good signature whose body is not what the provider's documentation says."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, so that the pipeline can use it and no more."""

    idempotency: Literal["key", "lookup", "none"] = (
        "none"  # how an unknown outcome may be tried again (RELIABILITY 2.5)
    )
    idempotency_window: timedelta | None = None  # how long the provider remembers a key; None = for ever
    reports_delivery: bool = False  # it tells later whether a message arrived
    reports_engagement: Literal["", "read", "clicked"] = (
        ""  # the most it tells of what people did, where it is asked to
    )
    max_batch: int = 1  # messages in one call of the provider's API
    concurrency: int = 8  # calls at a time from one process; 1 = in the caller's own thread


@dataclass(frozen=True, slots=True)
class Terms:
    """On what conditions an account is used: which of several carries what, how fast, and what it costs."""

    priority: int = 0  # lower is preferred
    weight: int = 100  # its part among accounts of one priority, as evidence left it
    per_second: int | None = None  # None = no limit
    per_minute: int | None = None
    per_hour: int | None = None
    cost_micros: int = 0  # millionths of `currency` per unit
    currency: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One configured provider: where it is and who we are there. `config` holds secrets and is never shown."""

    key: str  # its name in attempts, metrics, breaker and limits: smtp, smtp:test, twilio:main:1f3a9c2e77ab
    provider: str
    channel: str
    mode: str  # live | test
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    hook_url: str = field(default="", repr=False)  # where the provider reports to: /hooks/{token}; "" = nowhere
    id: UUID | None = None  # of its row; None = the settings name it
    tenant_id: UUID | None = None  # whose it is; None = the platform's, which everybody shares
    terms: Terms = field(default=Terms(), compare=False)


class WrongCredentials(ValueError):
    """What is configured for a provider will not do. The message says what would, and repeats no secret."""


@dataclass(frozen=True, slots=True)
class ContentFault:
    """What is wrong with one place of a content: an RFC 6901 pointer into it, a stable code, what would do instead."""

    pointer: str
    code: str
    message: str
