"""Moments that PostgreSQL tells, read by Python's own parser.

psycopg leaves moments to Python as soon as Django has a say in their zone, and takes six times as long; a delivery that
is sent has half a dozen of them.
"""

from datetime import UTC, datetime

from django.db.backends.postgresql.psycopg_any import get_adapters_template
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader


class PlainMomentLoader(TimestamptzLoader):
    """For sessions in UTC, as ours are."""

    timezone = UTC  # which Django compares with its own

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:  # infinite, before Christ or after 9999: psycopg has the words for it
            return super().load(data)


def use_plain_moments() -> None:
    """For all connections of this process that are made from now on."""
    get_adapters_template(True, UTC).register_loader("timestamptz", PlainMomentLoader)
