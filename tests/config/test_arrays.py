"""Lists reach PostgreSQL as psycopg would bring them there, whatever is in them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DataError, connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.array import ListDumper

from config.arrays import PlainListDumper

pytestmark = pytest.mark.django_db

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))
ZONES = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-720, 840))
MOMENTS = st.datetimes(timezones=ZONES).filter(lambda moment: 1900 < moment.year < 2200)
# Of each kind, with the type it has in PostgreSQL.
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS | st.sampled_from(["", "NULL", "null", '"', "\\", "{}", "a,b", " ", "'", '{"a": "\\"b\\""}']),
    "uuid": st.uuids(),
    "bytea": st.binary(max_size=20),
    "bool": st.booleans(),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "timestamptz": MOMENTS,
}
CASES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(KINDS[kind] | st.none(), max_size=8))
)


@given(CASES)
def test_a_list_comes_back_as_it_went(case: tuple[str, list[Any]]) -> None:
    kind, items = case
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", (items,))
        assert cursor.fetchone() == (items,)


@given(CASES)
def test_it_means_what_psycopg_writes(case: tuple[str, list[Any]]) -> None:
    kind, items = case
    ours, theirs = (_literal(dumper, items) for dumper in (PlainListDumper, ListDumper))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[] IS NOT DISTINCT FROM %s::{kind}[]", (ours, theirs))
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("items", [["a", "b\x00c"], [None, "b\x00c"], ["\x00"]])
def test_a_zero_in_a_text_is_refused_as_ever(items: list[str | None]) -> None:
    with pytest.raises(psycopg.DataError, match="NUL"):
        _literal(PlainListDumper, items)


def test_lists_in_lists_and_lists_of_several_kinds_are_left_to_psycopg() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int[], %s::numeric[]", ([[1, 2], [3, 4]], [1.5, None]))
        assert cursor.fetchone() == ([[1, 2], [3, 4]], [1.5, None])
        with pytest.raises(DataError, match="mixed types"):
            cursor.execute("SELECT %s", (["a", UUID(int=1), datetime.now(UTC)],))


def test_every_connection_of_ours_writes_lists_so() -> None:
    connection.ensure_connection()
    assert connection.connection.adapters.get_dumper(list, psycopg.adapt.PyFormat.TEXT) is PlainListDumper


def _literal(dumper: type[ListDumper], items: list[Any]) -> str:
    tx = psycopg.adapt.Transformer()
    written = dumper(list, tx).upgrade(items, psycopg.adapt.PyFormat.TEXT).dump(items)
    assert written is not None
    return bytes(written).decode()
