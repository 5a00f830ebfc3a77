"""How decisions are kept: compactly, without anybody's address, name or data, and so that they can be taken again.

A record holds the case of one notification and the situations of a page of its recipients, as zlib-compressed
MessagePack. What requests said (`data`) is not copied into it: it is in the ledger, and is given back for a replay.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from kernel import structs
from orchestrator.rules.planning import Decision, decide
from orchestrator.rules.situation import Case, Situation, Usable

RULES = 2
"""The version of the rules. Raise it when the same facts lead to another decision than before: older records are then
still explained, and no longer held against the present rules."""

_LEVEL = 1  # of 9: three times as fast as the default and hardly larger
_MOST_BYTES = 64 * 1024 * 1024  # of one record, unpacked


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of decisions of one notification."""

    case: Case
    situations: tuple[Situation, ...]


class Said(msgspec.Struct, frozen=True):
    """What a request said: for everybody, and for single recipients."""

    to_all: Mapping[str, Any] = {}
    to_one: Mapping[UUID, Mapping[str, Any]] = {}


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = structs.packed_decoder(Record)


def packed(decisions: Sequence[Decision]) -> bytes:
    """The record of decisions, at least one, that were taken on one case."""
    case = decisions[0].case
    notification = replace(case.notification, recipients=(), data={})
    record = Record(replace(case, notification=notification), tuple(_without_data(d.situation) for d in decisions))
    return zlib.compress(_encoder.encode(record), _LEVEL)


def unpacked(facts: bytes) -> Record:
    """A record as it was packed. Raises `ValueError` for what is none."""
    opened = zlib.decompressobj()
    try:
        found: Record = _decoder.decode(opened.decompress(facts, _MOST_BYTES))
    except (zlib.error, msgspec.DecodeError) as error:
        raise ValueError(f"not a record of decisions: {error}") from error
    return found


def again(record: Record, *, said: Said, only: UUID | None = None) -> Iterator[Decision]:
    """Take the decisions of a record again, or `only` one recipient's."""
    case = replace(record.case, notification=replace(record.case.notification, data=said.to_all))
    for situation in record.situations:
        if only is None or situation.recipient_id == only:
            yield decide(case, msgspec.structs.replace(situation, data=said.to_one.get(situation.recipient_id)))


def _without_data(situation: Situation) -> Situation:
    return situation if situation.data is None else msgspec.structs.replace(situation, data=None)


def outcome(decisions: Iterable[Decision]) -> bytes:
    """16 bytes that differ as soon as anything does that was decided."""
    digest = hashlib.sha256()
    for decision in decisions:
        digest.update(_encoder.encode(_told(decision)))
    return digest.digest()[:16]


def _told(decision: Decision) -> tuple[object, ...]:
    verdicts = tuple(
        (name, found.endpoints) if isinstance(found, Usable) else (name, found.reason, dict(found.detail), found.rule)
        for name, found in decision.verdicts.items()
    )
    deliveries = tuple(
        (d.id, d.channel, d.step, d.last_step, d.state, d.reason, d.wait_reason, d.due_at, d.expires_at)
        for d in decision.deliveries
    )
    return decision.situation.recipient_id, verdicts, deliveries
