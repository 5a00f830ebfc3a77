"""Plans that PostgreSQL keeps for workers go by an index, also when they were made while tables were empty."""

import re
from collections import defaultdict
from itertools import pairwise

import pytest
from django.db import connection, transaction

from config.settings.database import _BY_INDEX
from orchestrator.services import calls, canaries, caps, digests_closing, moves, next_steps, plan_writing, settle

pytestmark = pytest.mark.django_db

STATEMENTS = {
    "begin": calls._BEGIN,
    "close": calls._CLOSE_ATTEMPTS,
    "move": moves._MOVE,
    "late proof": moves._LATE_PROOF,
    "later steps": next_steps._SKIP_LATER_STEPS,
    "next step": next_steps._HASTEN_NEXT_STEP,
    "plan": plan_writing._INSERT_DELIVERIES,
    "settle": settle._CLOSE,
    "uses": caps._USES,
    "items": digests_closing._ITEMS,
    "canary": canaries._READ,
}

# Nobody has ever analyzed them; another test, or PostgreSQL by itself, may have.
_FORGET = """
SELECT count(pg_clear_relation_stats('public', relname)) FROM pg_class
WHERE relkind = 'r' AND relname ~ '^notifications_(notification|delivery|attempt)_[0-9]'
"""


def _kept_plan(statement: str) -> list[str]:
    numbers: dict[str, str] = defaultdict(lambda: f"${len(numbers) + 1}")
    text = re.sub(r"%(\(\w+\))?s", lambda found: numbers[found[1] or str(found.start())], statement)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")  # the owner's
        cursor.execute(_FORGET)
        cursor.execute("RESET ROLE")
        for setting in _BY_INDEX.split("-c ")[1:]:
            cursor.execute(f"SET LOCAL {setting}")
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {text}")
        return [line for (line,) in cursor.fetchall()]


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_neither_a_table_nor_an_index_is_read_as_a_whole(statement: str) -> None:
    """Nor all leases there are, which is nearly the same."""
    plan = _kept_plan(statement)

    looks = [(line, below) for line, below in pairwise([*plan, ""]) if " on notifications_" in line and "Scan" in line]
    assert not [line for line, _ in looks if "Seq Scan" in line]
    by_index = [below for line, below in looks if "Index" in line]
    assert all("Index Cond" in below and "lease_until" not in below for below in by_index), "\n".join(plan)


def test_what_comes_again_is_prepared() -> None:
    statement = "SELECT id FROM notifications_delivery WHERE id = ANY (%s::uuid[])"
    with connection.cursor() as cursor:
        for _ in range(10):
            cursor.execute(statement, ([],))
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert (statement.replace("%s", "$1"),) in cursor.fetchall()
