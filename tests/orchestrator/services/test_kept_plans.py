"""Plans that PostgreSQL keeps for workers go by an index, also when they were made while tables were empty."""

from itertools import count

import pytest
from django.db import connection, transaction

from config.settings.database import _BY_INDEX
from orchestrator.services import calls, moves, next_steps, plan_writing

pytestmark = pytest.mark.django_db

STATEMENTS = {
    "begin": calls._BEGIN,
    "close": calls._CLOSE_ATTEMPTS,
    "move": moves._MOVE,
    "late proof": moves._LATE_PROOF,
    "later steps": next_steps._SKIP_LATER_STEPS,
    "next step": next_steps._HASTEN_NEXT_STEP,
    "plan": plan_writing._INSERT_DELIVERIES,
}


def _kept_plan(statement: str) -> str:
    numbers = count(1)
    text = "".join(
        piece if place == 0 else f"${next(numbers)}{piece}" for place, piece in enumerate(statement.split("%s"))
    )
    with transaction.atomic(), connection.cursor() as cursor:
        name, value = _BY_INDEX.removeprefix("-c ").split("=")
        cursor.execute(f"SET LOCAL {name} = {value}")
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {text}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_no_table_is_read_as_a_whole(statement: str) -> None:
    assert "Seq Scan on notifications_" not in _kept_plan(statement)


def test_what_comes_again_is_prepared() -> None:
    statement = "SELECT id FROM notifications_delivery WHERE id = ANY (%s::uuid[])"
    with connection.cursor() as cursor:
        for _ in range(10):
            cursor.execute(statement, ([],))
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert (statement.replace("%s", "$1"),) in cursor.fetchall()
