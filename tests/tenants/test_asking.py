"""Statements in one round trip, as PostgreSQL has it."""

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.asking import Rows, Statement, ask, unasked
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db


def numbers(rows: Rows) -> list[int]:
    return [number for (number,) in rows]


def test_answers_come_in_the_order_of_the_statements_from_one_round_trip() -> None:
    several = Statement("SELECT generate_series(1, %s)", (3,), numbers)
    none = Statement("SELECT 1 WHERE %s", (False,), numbers)

    def work() -> None:
        assert ask(several, none) == ([1, 2, 3], [])
        assert ask(none, several) == ([], [1, 2, 3])

    ask(several)  # a transaction has begun
    assert round_trips(work) == 2


def test_one_that_changes_rows_has_none_and_the_next_sees_what_it_did() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE asked (number int) ON COMMIT DROP")

    found = ask(
        Statement("INSERT INTO asked SELECT generate_series(1, %s)", (2,), numbers),
        Statement("SELECT number FROM asked ORDER BY 1", (), numbers),
    )

    assert found == ([], [1, 2])


def test_what_is_known_already_is_not_asked() -> None:
    with CaptureQueriesContext(connection) as captured:
        assert ask(unasked("a"), unasked("b")) == ("a", "b")
    assert len(captured) == 0

    assert ask(unasked("a"), Statement("SELECT 1", (), numbers)) == ("a", [1])


def test_values_are_values_whatever_they_hold() -> None:
    text = "'; DROP TABLE tenants_tenant; -- %s \\"

    assert ask(unasked(1), Statement("SELECT %s, 10 %% 3", (text,), tuple)) == (1, ((text, 1),))


def test_an_error_in_one_undoes_them_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE asked (number int) ON COMMIT DROP")

    with pytest.raises(DataError), transaction.atomic():
        ask(
            Statement("INSERT INTO asked VALUES (%s)", (1,), numbers),
            Statement("SELECT 1 / %s", (0,), numbers),
        )

    assert ask(Statement("SELECT number FROM asked", (), numbers)) == ([],)


def test_statements_that_come_again_are_prepared() -> None:
    first, second = "SELECT %s::int + 1", "SELECT %s::int + 2"
    for number in range(8):
        assert ask(Statement(first, (number,), numbers), Statement(second, (number,), numbers)) == (
            [number + 1],
            [number + 2],
        )

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = {text for (text,) in cursor.fetchall()}
    assert {first.replace("%s", "$1"), second.replace("%s", "$1")} <= prepared
