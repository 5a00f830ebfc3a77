"""The same request twice is done once: answers are remembered per tenant and key, for seven days.

A key in flight is a transaction-level advisory lock and the answer is a row of the request's own transaction, so a
request that fails or dies leaves nothing behind. The lock only makes the second request's answer quick: that a key is
done once is the primary key's promise, which `remember` checks. Keys of the header and of bodies share one space.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import connection

from tenants.asking import Rows, Statement, ask, unasked
from tenants.scope import platform_scope

KEPT_FOR = timedelta(days=7)
# Advisory locks live in a shared table of about 6,400 entries by default: a big batch does without, see `LostRace`.
MOST_LOCKS = 64


class LostRace(Exception):
    """Another transaction finished with the same key while this one worked: undo everything, the client asks again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to be the first with `key`. `fingerprint` tells whether a later request is the same one."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody was here before: do it, then `remember`."""


@dataclass(frozen=True, slots=True)
class Replay:
    """It was done: answer this again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reused:
    """The key belongs to another request."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """The first request with this key is still running."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The same request as claim number `of` (from 0) of this batch, which is `Fresh`: give the same answer."""

    of: int


Verdict = Fresh | Replay | Reused | InFlight | Twin


@dataclass(frozen=True, slots=True)
class Done:
    """What to answer when `key` comes again."""

    key: str
    fingerprint: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Known:
    """A key that is not free: the answer it has, or none while another transaction is at it."""

    fingerprint: bytes
    replay: Replay | None


def reserve(tenant_id: UUID, *, claims: Sequence[Claim], at: datetime) -> list[Verdict]:
    """One verdict per claim, in order, in one query for any number. Call it inside the transaction that works."""
    (verdicts,) = ask(reserving(tenant_id, claims=claims, at=at))
    return verdicts


def reserving(tenant_id: UUID, *, claims: Sequence[Claim], at: datetime) -> Statement[list[Verdict]]:
    """`reserve`, to be asked together with something else.

    Tries to hold each key until the end of the transaction, and finds those that are not free.
    """
    if not claims:
        return unasked([])
    keys = list({claim.key for claim in claims})
    values = (tenant_id, msgspec.json.encode(keys).decode(), len(keys) <= MOST_LOCKS, at)

    def verdicts(rows: Rows) -> list[Verdict]:
        return _verdicts(claims, known={key: _known(*answer) for key, *answer in rows})

    return Statement("SELECT * FROM tenants_reserve(%s, %s, %s, %s)", values, verdicts)


def _verdicts(claims: Sequence[Claim], *, known: Mapping[str, _Known]) -> list[Verdict]:
    first: dict[str, int] = {}
    verdicts: list[Verdict] = []
    for number, claim in enumerate(claims):
        before = first.setdefault(claim.key, number)
        if claim.key in known:
            verdicts.append(_verdict(claim, known=known[claim.key]))
        elif before == number:
            verdicts.append(Fresh())
        else:
            verdicts.append(Twin(of=before) if claims[before].fingerprint == claim.fingerprint else Reused())
    return verdicts


def _verdict(claim: Claim, *, known: _Known) -> Verdict:
    if known.replay is None:
        return InFlight()
    return known.replay if known.fingerprint == claim.fingerprint else Reused()


def _known(fingerprint: bytes | None, status: int, headers: str, body: bytes) -> _Known:
    if fingerprint is None:
        return _Known(b"", None)
    return _Known(bytes(fingerprint), Replay(status=status, headers=json.loads(headers), body=bytes(body)))


def remember(tenant_id: UUID, *, done: Sequence[Done], at: datetime) -> None:
    """Keep the answers to claims that were `Fresh`, successes only, in the same transaction, in one query.

    Raises `LostRace` when another transaction was first after all; whoever catches it must roll back.
    """
    ask(remembering(tenant_id, done=done, at=at))


def remembering(tenant_id: UUID, *, done: Sequence[Done], at: datetime) -> Statement[None]:
    """`remember`, to be asked together with something else."""
    if not done:
        return unasked(None)
    # In one order everywhere, so that two batches with common keys wait for each other instead of locking up.
    answers = [
        {
            "key": answer.key,
            "fingerprint": answer.fingerprint.hex(),
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body.hex(),
        }
        for answer in sorted(done, key=lambda answer: answer.key)
    ]

    def check(rows: Rows) -> None:
        ((kept,),) = rows
        if kept != len(answers):
            raise LostRace(f"{len(answers) - kept} of {len(answers)} keys were finished by another request")

    text = msgspec.json.encode(answers).decode()
    return Statement("SELECT tenants_remember(%s, %s, %s, %s)", (tenant_id, text, at, at + KEPT_FOR), check)


def purge(*, at: datetime, limit: int) -> int:
    """Delete up to `limit` expired answers of all tenants; returns how many. Fewer than `limit`: none is left."""
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM tenants_idempotencyrecord WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM tenants_idempotencyrecord WHERE expires_at <= %s
                ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))
            """,
            (at, limit),
        )
        return int(cursor.rowcount)
