"""Look at the counts: added up over a span of time, by whatever they were asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from analytics.rules.rollups import HOUR, QUARTER
from analytics.rules.stretches import Piece, Span, days_of, pieces_of
from analytics.values import Figures, Group, Outcome
from kernel.clock import iso

Dimension = Literal["channel", "type", "strategy"]
Time = Literal["", "hour", "day"]
DIMENSIONS: tuple[Dimension, ...] = ("channel", "type", "strategy")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to count: a tenant's messages of a mode, from `since` on and before `until` (see `stretches.floor`).

    `by` tells groups apart, and within them `time`: hours, or days of `zone`. `only` narrows by equality.
    """

    tenant_id: UUID
    mode: str
    since: datetime
    until: datetime
    zone: ZoneInfo
    by: tuple[Dimension, ...] = ()
    time: Time = ""
    only: Mapping[str, str] = field(default_factory=dict)


def counted(asked: Asked) -> list[Group]:
    """Everything but the histogram, in one statement; groups in the order of their keys, `time` last.

    `only` may name an outcome too.
    """
    found: dict[tuple[str, ...], Figures] = {}
    for *key, outcome, currency, count, attempts, timed, latency_ms, cost_micros in _rows(_COUNTS, asked):
        figures = found.setdefault(_key(key), Figures())
        figures.count(outcome, Outcome(count, attempts, timed, latency_ms), currency=currency, cost_micros=cost_micros)
    return [Group(key, found[key]) for key in sorted(found)]


def counted_with_latency(asked: Asked) -> list[Group]:
    """The same with the histogram, in two statements."""
    groups = counted(asked)
    took: dict[tuple[str, ...], dict[int, int]] = {}
    for *key, bucket, count in _rows(_LATENCIES, asked):
        took.setdefault(_key(key), {})[bucket] = count
    for group in groups:
        group.figures.took = took.get(group.key, {})
    return groups


def together(groups: Iterable[Group]) -> Figures:
    """All of them as one."""
    total = Figures()
    for group in groups:
        total.add(group.figures)
    return total


@dataclass(frozen=True, slots=True)
class _Table:
    """Whose rows are added up: what tells them apart within a group, and what they count."""

    name: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]


_COUNTS = _Table(
    "analytics_outcomecount", ("outcome", "currency"), ("count", "attempts", "timed", "latency_ms", "cost_micros")
)
_LATENCIES = _Table("analytics_latencycount", ("bucket",), ("count",))


def _rows(table: _Table, asked: Asked) -> list[tuple[Any, ...]]:
    pieces = _pieces(asked)
    parts = {part: number for number, part in enumerate({(one.minutes, one.since, one.until) for one in pieces})}
    within = (*asked.by, *_HOUR[asked.time], *table.keys)
    names = {
        "table": table.name,
        "within": ", ".join(within),
        "columns": ", ".join((*asked.by, *_NAMES[asked.time], *table.keys)),
        "keys": ", ".join((*asked.by, *(("hour",) if asked.time == "hour" else ()), *table.keys)),
        "sums": ", ".join(f"sum({one})::bigint AS {one}" for one in table.sums),
        "totals": ", ".join(f"sum(sign * {one})::bigint" for one in table.sums),
        "only": "".join(f" AND {name} = %({name})s" for name in asked.only),
    }
    parameters: dict[str, Any] = {
        **asked.only,
        "tenant": asked.tenant_id,
        "mode": asked.mode,
        "first": asked.since,
        "parts": list(parts.values()),
        "minutes": [minutes for minutes, _, _ in parts],
        "sinces": [since for _, since, _ in parts],
        "untils": [until for _, _, until in parts],
        "names": [piece.name for piece in pieces],
        "parts_of_names": [parts[piece.minutes, piece.since, piece.until] for piece in pieces],
        "signs": [piece.sign for piece in pieces],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP.format(**names), parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _pieces(asked: Asked) -> Sequence[Piece]:
    match asked.time:
        case "hour":
            whole = asked.since.astimezone(UTC).minute == 0
            return (Piece("", HOUR if whole else QUARTER, asked.since, asked.until),)
        case "day":
            spans = days_of(asked.since, asked.until, zone=asked.zone)
            return tuple(piece for span in spans for piece in pieces_of(span))
        case _:
            return pieces_of(Span("", asked.since, asked.until))


def _key(found: Sequence[Any]) -> tuple[str, ...]:
    return tuple(iso(one) if isinstance(one, datetime) else str(one) for one in found)


_HOUR: Mapping[Time, tuple[str, ...]] = {
    "": (),
    "day": (),
    "hour": ("date_bin('1 hour', starts_at, %(first)s) AS hour",),
}
_NAMES: Mapping[Time, tuple[str, ...]] = {"": (), "day": ("day",), "hour": ("hour",)}

# Each part is looked up once by the primary key (OFFSET keeps the planner from anything else) and added up; one that
# lies between two days of a zone counts for the one and against the other.
_ADD_UP = """
WITH added AS MATERIALIZED (
  SELECT part, {within}, {sums}
  FROM unnest(%(parts)s::int[], %(minutes)s::smallint[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[])
    AS wanted (part, length, since, until)
  CROSS JOIN LATERAL (
    SELECT * FROM {table}
    WHERE tenant_id = %(tenant)s AND mode = %(mode)s AND minutes = length
      AND starts_at >= since AND starts_at < until{only} OFFSET 0) AS row
  GROUP BY part, {keys}
)
SELECT {columns}, {totals}
FROM added
JOIN unnest(%(parts_of_names)s::int[], %(names)s::text[], %(signs)s::int[]) AS piece (part, day, sign) USING (part)
GROUP BY {columns} HAVING sum(sign * count) <> 0
"""
