"""Whose rows a transaction may touch. PostgreSQL enforces it by row-level security; this says it.

`tenant_scope` sees one tenant; `platform_scope` sees all. Both are transactions and both undo themselves, also when
nested inside a caller's own transaction. Entering the scope one is in already costs nothing and joins it: an error
inside then undoes the whole, as with `atomic(savepoint=False)`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

APP_ROLE = "carillon_app"
DISPATCHER_ROLE = "carillon_dispatcher"

_ENTER = "SELECT set_config('role', %s, true), set_config('carillon.tenant', %s, true)"
_WHERE_AM_I = "SELECT current_setting('role'), coalesce(current_setting('carillon.tenant', true), '')"


class _Scope(NamedTuple):
    role: str
    tenant: str


# The scope each connection is in; a connection that is in none is not here.
_entered: WeakKeyDictionary[BaseDatabaseWrapper, _Scope] = WeakKeyDictionary()


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[None]:
    """A transaction that sees and writes rows of one tenant only."""
    with _scope(_Scope(APP_ROLE, str(tenant_id))):
        yield


@contextmanager
def platform_scope() -> Iterator[None]:
    """A transaction that sees every tenant: for workers, authentication and operators, never for a tenant's request."""
    with _scope(_Scope(DISPATCHER_ROLE, "")):
        yield


@contextmanager
def seeing_every_tenant() -> Iterator[None]:
    """For a look at what holds for everybody: leaves a tenant's scope for a moment, and stays in any other."""
    here = _entered.get(connections[DEFAULT_DB_ALIAS])
    if here is None or here.role != APP_ROLE:
        yield
        return
    with platform_scope():
        yield


@contextmanager
def _scope(wanted: _Scope) -> Iterator[None]:
    connection = connections[DEFAULT_DB_ALIAS]
    nested = connection.in_atomic_block
    outer = _entered.get(connection) if nested else None
    if outer == wanted:
        with transaction.atomic(savepoint=False):
            yield
        return
    if not nested:
        with _transaction(connection, wanted):
            yield
        return
    with transaction.atomic():
        before = outer or _where(connection)
        _enter(connection, wanted)
        _entered[connection] = wanted
        try:
            yield
        finally:
            _forget(connection, back_to=outer)
        # A rollback undoes SET LOCAL by itself; leaving well must hand the caller's own scope back.
        if not connection.needs_rollback:
            _enter(connection, before)


@contextmanager
def _transaction(connection: BaseDatabaseWrapper, wanted: _Scope) -> Iterator[None]:
    """A transaction that begins in the scope. Beginning it tells whether the connection still works: asking before,
    as Django does, would be a round trip for every request.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    kept = connection.connection
    with ExitStack() as ending:
        try:
            ending.enter_context(_begun(connection, wanted))
        except OperationalError:
            if kept is None or connection.connection in (None, kept):
                raise
            ending.enter_context(_begun(connection, wanted))  # it had died meanwhile and Django has opened another
        _entered[connection] = wanted
        ending.callback(_forget, connection, back_to=None)
        yield


def _begun(connection: BaseDatabaseWrapper, wanted: _Scope) -> ExitStack:
    """A transaction that has begun; it ends with the stack."""
    with ExitStack() as beginning:
        beginning.enter_context(transaction.atomic())
        _begin(connection, wanted)
        return beginning.pop_all()


def _begin(connection: BaseDatabaseWrapper, scope: _Scope) -> None:
    """As `_enter`, in the round trip that begins the transaction: every request pays for it.

    psycopg asks libpq whether a transaction has begun, so it sends no BEGIN of its own afterwards.
    """
    enter = f"set_config('role', '{scope.role}', true), set_config('carillon.tenant', '{scope.tenant}', true)"
    with connection.wrap_database_errors:
        result = connection.connection.pgconn.exec_(f"BEGIN; SELECT {enter}".encode())
        if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
            error = psycopg.errors.error_from_result(result)
            raise error if error.sqlstate else psycopg.OperationalError(str(error))  # no state: the server is gone


def _enter(connection: BaseDatabaseWrapper, scope: _Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, scope)


def _where(connection: BaseDatabaseWrapper) -> _Scope:
    with connection.cursor() as cursor:
        cursor.execute(_WHERE_AM_I)
        role, tenant = cursor.fetchone()
    return _Scope(role, tenant)


def _forget(connection: BaseDatabaseWrapper, *, back_to: _Scope | None) -> None:
    if back_to is None:
        _entered.pop(connection, None)
    else:
        _entered[connection] = back_to
