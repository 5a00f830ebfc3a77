"""Moments come back from PostgreSQL as they went, in UTC."""

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DataError, connection
from hypothesis import given
from hypothesis import strategies as st

from config.moments import PlainMomentLoader

pytestmark = pytest.mark.django_db


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_as_it_went(moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", (moment,))
        (found,) = cursor.fetchone()
    assert found == moment
    assert found.tzinfo is UTC


def test_what_is_no_moment_of_python_is_refused_as_ever() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT '-infinity'::timestamptz")
        with pytest.raises(DataError, match="too small"):
            cursor.fetchone()


def test_every_connection_of_ours_reads_them_so() -> None:
    connection.ensure_connection()
    oid = psycopg.postgres.types["timestamptz"].oid
    assert connection.connection.adapters.get_loader(oid, psycopg.pq.Format.TEXT) is PlainMomentLoader
