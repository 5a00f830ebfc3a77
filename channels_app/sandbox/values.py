"""What the sandbox carries around: messages it accepted, receipts it owes, sends it turned away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """What one provider call handed over. One call may name several recipients; each becomes a row of the ledger."""

    channel: str  # "email"
    provider: str  # "smtp"
    to: tuple[str, ...]
    raw: bytes  # the call as it came over the wire
    sender: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)
    delivery_id: str | None = None  # what the message itself carried; None = not ours
    hook: str = ""  # the URL its receipts are reported to; "" = nowhere


@dataclass(frozen=True, slots=True)
class Receipt:
    """A later word of the provider about one accepted message."""

    kind: str  # delivered, bounced, complained, opened, clicked
    due_at: datetime  # aware
    status: int | None = None  # the code the provider gives as its reason

    def as_json(self) -> dict[str, Any]:
        """This receipt as it stands in `payload.receipts`, with its `state`: planned, reported or given_up."""
        due_at = iso(microseconds(self.due_at))
        return {"kind": self.kind, "due_at": due_at, "status": self.status, "state": "planned"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message of the ledger, to one recipient, as a report about it needs it."""

    id: str  # msg-17
    provider: str
    to: str = field(repr=False)
    sender: str
    subject: str
    text: str = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    delivery_id: str | None
    hook: str = field(repr=False)
    received_at: datetime  # aware


@dataclass(frozen=True, slots=True)
class OutgoingReport:
    """A call to a hook, signed as the provider signs it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DueReport:
    """A receipt whose time has come, and how often it was tried before."""

    seq: int  # of its row
    message: Accepted
    position: int  # among the receipts of the message
    receipt: Receipt
    tries: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """A send that a behaviour turned away: it is not in the ledger of accepted messages."""

    channel: str
    provider: str
    to: str
    sender: str
    subject: str
    delivery_id: str | None
    do: str  # the behaviour's word: error, throttle
    status: int  # the code that was answered, in the protocol's own numbers
    answer: str  # the answer in full


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC, the unit of time inside the ledger. `moment` is aware."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def iso(us: int) -> str:
    """A ledger time as ISO-8601 UTC with microseconds and `Z`."""
    return (EPOCH + timedelta(microseconds=us)).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def address(host: str, port: int) -> str:
    """`host:port`, with the brackets an IPv6 address needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def message_id(seq: int) -> str:
    """The public id of a ledger row: `msg-17`. Ids grow with arrival and are never given twice, even after a clear."""
    return f"msg-{seq}"


def sequence_of(identifier: str) -> int | None:
    """The ledger row a message id names, or None when the text is no message id."""
    prefix, _, digits = identifier.partition("-")
    if prefix != "msg" or not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        return None
    return int(digits)
