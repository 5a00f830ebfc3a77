"""Statements that do not need each other's answers, asked in one round trip.

A round trip costs a Python process more than most statements cost PostgreSQL. They go as one pipeline, in their order,
each prepared, each seeing what those before it have done; an error undoes what an error of any of them would.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import ClientCursor

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """One statement with its values, and what makes an answer of its rows; see `unasked` for one without `sql`."""

    sql: str
    values: Sequence[Any]
    read: Callable[[Rows], T]


def unasked(answer: T) -> Statement[T]:
    """Stands for a statement where its answer is known without PostgreSQL."""
    return Statement("", (), lambda _: answer)


@overload
def ask(first: Statement[A], /) -> tuple[A]: ...
@overload
def ask(first: Statement[A], second: Statement[B], /) -> tuple[A, B]: ...


def ask(*statements: Statement[Any]) -> tuple[Any, ...]:
    """The answers, in the order of the statements."""
    asked = {number: statement for number, statement in enumerate(statements) if statement.sql}
    cursors = {number: connection.cursor() for number in asked}
    with _one_round_trip(len(asked)):
        for number, statement in asked.items():
            cursors[number].execute(statement.sql, statement.values)
    rows = {number: _rows(cursor) for number, cursor in cursors.items()}
    return tuple(statement.read(rows.get(number, ())) for number, statement in enumerate(statements))


@contextmanager
def cursor_of_texts() -> Iterator[CursorWrapper]:
    """A cursor that takes several statements in one text, separated by `;`. Those of all others are prepared, which
    only single ones can be.
    """
    connection.ensure_connection()
    wrapped: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with ClientCursor(connection.connection) as bare:
        yield wrapped(bare)


@contextmanager
def _one_round_trip(statements: int) -> Iterator[None]:
    """What is executed within has its answers afterwards."""
    if statements < 2:
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def _rows(cursor: CursorWrapper) -> Rows:
    """The rows of a statement that was asked; none where it is not one that answers with any."""
    with cursor:
        return cursor.fetchall() if cursor.description else ()
