"""Monthly partitions of the big tables, cut by the time that a UUIDv7 carries.

A table is declared once by the floor that owns it; the `partitions` command creates months ahead and drops old ones.
Names and bounds follow from the month alone, so creating twice changes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from kernel.ids import lowest


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table partitioned by RANGE (id).

    `each` is SQL run for every new partition with `{partition}` filled in: indexes that only a partition can have.
    `open_rows` is a condition on rows that must not be dropped however old they are (work still to do).
    """

    name: str
    each: str = ""
    open_rows: str = ""


@dataclass(frozen=True, slots=True)
class Partition:
    """One month of one table: ids from `low` up to but not including `high`."""

    table: str
    month: str  # "2026_11"
    low: UUID
    high: UUID

    @property
    def name(self) -> str:
        return f"{self.table}_{self.month}"


_tables: dict[str, PartitionedTable] = {}


def declare(table: PartitionedTable) -> PartitionedTable:
    """Put `table` under the care of the `partitions` command."""
    _tables[table.name] = table
    return table


def declared() -> tuple[PartitionedTable, ...]:
    return tuple(_tables.values())


def months(*, at: datetime, behind: int, ahead: int) -> Iterator[datetime]:
    """First moments (UTC) of the months from `behind` before to `ahead` after the month of `at`."""
    number = at.year * 12 + at.month - 1
    for month in range(number - behind, number + ahead + 1):
        yield datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def partition_of(table: str, month: datetime) -> Partition:
    """The partition of `table` that holds the month which begins at `month`."""
    following = next(months(at=month, behind=-1, ahead=1))
    return Partition(table=table, month=f"{month:%Y_%m}", low=lowest(month), high=lowest(following))


def create(table: PartitionedTable, *, at: datetime, behind: int = 1, ahead: int = 3) -> list[str]:
    """Create the missing partitions around `at`; returns the names of those that are new. Needs the owner's role."""
    existing = set(existing_partitions(table.name))
    created = []
    with connection.cursor() as cursor:
        for month in months(at=at, behind=behind, ahead=ahead):
            partition = partition_of(table.name, month)
            if partition.name in existing:
                continue
            cursor.execute(
                f"CREATE TABLE {partition.name} PARTITION OF {table.name} "
                f"FOR VALUES FROM ('{partition.low}') TO ('{partition.high}')"
            )
            if table.each:
                cursor.execute(table.each.format(partition=partition.name))
            created.append(partition.name)
    return created


def existing_partitions(table: str) -> list[str]:
    """Names of the attached partitions of `table`, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(%s) ORDER BY 1",
            (table,),
        )
        return [name for (name,) in cursor.fetchall()]


def past_retention(table: PartitionedTable, *, at: datetime, keep_months: int) -> list[str]:
    """Partitions wholly older than the `keep_months` months before the month of `at`, oldest first."""
    oldest_kept = next(months(at=at, behind=keep_months, ahead=0))
    limit = f"{table.name}_{oldest_kept:%Y_%m}"
    return [name for name in existing_partitions(table.name) if _is_month(table.name, name) and name < limit]


def drop(table: PartitionedTable, name: str) -> bool:
    """Detach and drop one partition; `False` when it still holds open work and was kept."""
    with connection.cursor() as cursor:
        if table.open_rows:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {name} WHERE {table.open_rows})")
            if cursor.fetchone()[0]:
                return False
        cursor.execute(f"ALTER TABLE {table.name} DETACH PARTITION {name}")
        cursor.execute(f"DROP TABLE {name}")
    return True


def _is_month(table: str, name: str) -> bool:
    return re.fullmatch(rf"{table}_\d{{4}}_\d\d", name) is not None
