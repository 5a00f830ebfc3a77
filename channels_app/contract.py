"""What every channel and every provider is: the facts it declares and the promises it keeps.

A new channel is one file in `channels_app/channels/`, a new provider one file in `channels_app/providers/`; the shared
contract tests pick both up. `docs/adding-a-channel.md` tells how to judge while writing one.
"""

import logging
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar

from msgspec import Struct

from channels_app.call import Abandoned, Call
from channels_app.credentials import Sandbox, checked
from channels_app.crew import Crew
from channels_app.values import (
    RESULT_TYPES,
    Account,
    Capabilities,
    ContentFault,
    Forged,
    Heard,
    HookRequest,
    Inbound,
    Message,
    NotUnderstood,
    Receipt,
    Refused,
    Retry,
    SendResult,
    Sent,
    Unknown,
    WrongCredentials,
)
from kernel.env_kinds import Rate

__all__ = [
    "Account",
    "Call",
    "Capabilities",
    "Channel",
    "ContentFault",
    "Forged",
    "Heard",
    "HookRequest",
    "Inbound",
    "Message",
    "NotUnderstood",
    "Provider",
    "Receipt",
    "Refused",
    "Retry",
    "SendResult",
    "Sent",
    "Unknown",
    "WrongCredentials",
]

GRACE_SECONDS = 0.2  # how long past its deadline a call may take to say what it knows

log = logging.getLogger(__name__)


class Channel(ABC):
    """A road to a person: what its addresses are, what can be said on it, how patient it is."""

    key: ClassVar[str]
    title: ClassVar[str]  # as people say it: "E-mail"
    address_kind: ClassVar[str]  # email, phone, token, subscription, url, inbox
    content: ClassVar[type[Struct]]  # frozen, forbids unknown fields; see `channels_app/parts.py` for its texts
    needs_endpoint: ClassVar[bool] = True  # False: the person itself is the address
    fan_out: ClassVar[bool] = False  # True: all endpoints of a person; False: the newest one
    patient: ClassVar[bool] = False  # True: retries grow to hours and go on until the notification expires
    interrupts: ClassVar[bool] = True  # it reaches out to people: their limits count it, quiet hours hold it back
    limit: ClassVar[Rate | None] = None  # deliveries altogether, unless RATE_LIMIT_CHANNEL_<KEY> says otherwise
    timeout_setting: ClassVar[str]  # the field of settings.ORCHESTRATOR that bounds one call, in seconds

    def validate(self, content: Any) -> tuple[ContentFault, ...]:
        """Judge a content as it was written, before anything is filled in: `{{` and `{%` may stand for anything."""
        return ()

    def validate_rendered(self, content: Any) -> tuple[ContentFault, ...]:
        """Judge a content whose texts are final: sizes, addresses, and nothing that could be taken for structure."""
        return ()

    def fit(self, content: Any) -> Any:
        """A content whose texts are final, cut to what the road carries where a cut does no harm."""
        return content

    def closed_with(self, content: Any, words: str) -> Any:
        """A content whose texts are final with `words` at its end, cut before them where there is no room. A road whose
        messages need no such words leaves it as it is."""
        return content

    def units(self, text: str) -> int | None:
        """What the text costs, in what providers charge for; `None` where length costs nothing."""
        return None


class Provider(ABC):
    """Somebody who takes messages of one channel. One instance per account and process, used by many threads.

    A subclass writes `send_one` or, where the provider takes several messages in one call, `send_many`. It narrows
    what may have gone out with `call.before_bytes()`, and lets surprises rise: the base class turns each into a result.
    """

    key: ClassVar[str]
    channel: ClassVar[str]
    title: ClassVar[str]
    capabilities: ClassVar[Capabilities] = Capabilities()
    kinds: ClassVar[tuple[str, ...]] = ()  # of endpoints it can reach (fcm, slack, ...); () = its channel has no kinds
    credentials: ClassVar[type[Struct] | None] = None  # what an operator fills in; see `channels_app/credentials.py`
    needs_credentials: ClassVar[bool] = True  # False: always there, in live and in test mode
    sandbox_priority: ClassVar[int] = 0  # in the sandbox the lowest of a channel carries, the others take over
    one_server: ClassVar[bool] = True  # False: every address is a server of its own, so its trouble is no one else's

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        """`timeout_seconds` bounds one call: connecting, writing and reading together. Opens nothing yet."""
        self.account = account
        self.timeout_seconds = timeout_seconds
        self._crew = Crew(self.capabilities.concurrency, name=account.key)

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Turn what the operator wrote (a JSON object, or `{"url": …}`) into `Account.config`, checked.

        Raises `WrongCredentials`.
        """
        return credentials if cls.credentials is None else checked(credentials, cls.credentials)

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:  # noqa: ARG003
        """What an operator would write to send through the provider sandbox; empty: it does not speak this protocol."""
        return {}

    @classmethod
    def answerable(cls, config: Mapping[str, Any], *, address: str) -> bool:  # noqa: ARG003
        """Whether people can write back to whom a message to this address comes from under a configuration."""
        return True

    @classmethod
    def has_hook(cls) -> bool:
        """Whether it tells us later what became of its messages."""
        return cls.hear is not Provider.hear

    def send(self, messages: Sequence[Message], *, deadline: float) -> list[SendResult]:
        """Send messages, `capabilities.concurrency` calls at a time; one result per message, in their order.

        Never raises for what happens outside. `deadline` is monotonic: messages whose turn has not come by then are
        `Retry("not_begun")`, calls still running are given up as `Unknown`, or as `Retry` where nothing had gone out.
        """
        size = self.capabilities.max_batch
        calls = [
            Call(messages[start : start + size], deadline=deadline, timeout_seconds=self.timeout_seconds)
            for start in range(0, len(messages), size)
        ]
        self._crew.run([partial(self._make, call) for call in calls], until=deadline + GRACE_SECONDS)
        results = [result for call in calls for result in call.collect()]
        return results if self.one_server else [_blaming_nobody(result) for result in results]

    def send_many(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        """Hand over up to `capabilities.max_batch` messages in one call; one result per message, in their order."""
        return [self.send_one(message, call=call) for message in messages]

    @abstractmethod
    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Hand over one message. Return within `call.remaining()` seconds."""

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """Read a call of the provider to our hook: first its signature over the raw bytes, then what it says.

        `at` is aware and judges freshness. Raises `Forged`, or `NotUnderstood` when a genuine call makes no sense.
        """
        raise Forged(f"{self.key} reports nothing")

    def close(self) -> None:  # noqa: B027 - most providers keep nothing open
        """Let go of what is kept open between calls."""

    def _make(self, call: Call) -> None:
        if not call.begin():
            return
        try:
            call.finish(self._attempt(call.messages, call=call))
        except Abandoned:
            return

    def _attempt(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        try:
            results = self.send_many(messages, call=call)
            if len(results) != len(messages) or not all(isinstance(result, RESULT_TYPES) for result in results):
                raise BrokenPromise(f"{self.key} gave {len(results)} results for {len(messages)} messages")
        except Abandoned:
            raise
        except Exception as surprise:  # noqa: BLE001 - the edge of the house: one bad message must not stop its batch
            if len(messages) > 1 and not call.may_have_sent:
                return [result for message in messages for result in self._attempt([message], call=call)]
            return [self._outcome_of(surprise, call=call)] * len(messages)
        return results

    def _outcome_of(self, surprise: Exception, *, call: Call) -> SendResult:
        code = _code_of(surprise)
        if code == "provider_broken":
            # Only its kind and place: the text of a foreign exception may hold addresses.
            log.error("provider.surprised", extra={"account": self.account.key, "surprise": _place_of(surprise)})
        detail = type(surprise).__name__
        return Unknown(code, detail) if call.may_have_sent else Retry(code, detail)


class BrokenPromise(Exception):
    """A provider did not keep to its contract."""


def _blaming_nobody(result: SendResult) -> SendResult:
    return result if isinstance(result, Sent) else replace(result, provider_fault=False)


def _code_of(surprise: Exception) -> str:
    match surprise:
        case TimeoutError():
            return "timeout"
        case ConnectionError():
            return "connection_lost"
        case OSError():
            return "network_error"
        case _:
            return "provider_broken"


def _place_of(surprise: Exception) -> str:
    frames = traceback.extract_tb(surprise.__traceback__)[-3:]
    places = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(surprise).__name__} at {places}"
