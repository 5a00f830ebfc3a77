"""Who sees whose rows, as PostgreSQL has it."""

from datetime import datetime
from uuid import uuid4

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kernel.ids import uuid7
from tenants.models import ApiKey, AuditEntry, IdempotencyRecord, Tenant
from tenants.scope import APP_ROLE, DISPATCHER_ROLE, platform_scope, tenant_scope
from tenants.services import audit

pytestmark = pytest.mark.django_db


def where_am_i() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, coalesce(current_setting('carillon.tenant', true), '')")
        role, tenant = cursor.fetchone()
    return role, tenant


def as_the_web_process_outside_any_request() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE carillon_app")


def write_and_fail(tenant: Tenant, *, at: datetime) -> None:
    audit(tenant.id, actor="test", action="undone", at=at)
    raise RuntimeError


def new_key(tenant: Tenant) -> ApiKey:
    return ApiKey(tenant_id=tenant.id, mode="live", public_id=uuid4().hex[:8], secret_hash=b"", scopes=["read"])


def test_a_tenant_scope_is_the_role_and_the_tenant(acme: Tenant) -> None:
    with tenant_scope(acme.id):
        assert where_am_i() == (APP_ROLE, str(acme.id))


def test_the_platform_scope_is_the_dispatcher_and_nobody() -> None:
    with platform_scope():
        assert where_am_i() == (DISPATCHER_ROLE, "")


def test_without_a_tenant_no_row_is_seen(acme: Tenant) -> None:
    new_key(acme).save()
    as_the_web_process_outside_any_request()

    seen = [model.objects.count() for model in (Tenant, ApiKey, IdempotencyRecord, AuditEntry)]

    assert seen == [0, 0, 0, 0]


def test_without_a_tenant_no_row_is_seen_after_a_scope_has_ended(acme: Tenant) -> None:
    with tenant_scope(acme.id):
        assert Tenant.objects.count() == 1
    as_the_web_process_outside_any_request()

    assert Tenant.objects.count() == 0


def test_a_tenant_sees_itself_alone(acme: Tenant, globex: Tenant) -> None:
    new_key(globex).save()

    with tenant_scope(acme.id):
        assert list(Tenant.objects.all()) == [acme]
        assert ApiKey.objects.count() == 0
        assert {entry.tenant_id for entry in AuditEntry.objects.all()} == {acme.id}


def test_the_platform_sees_everybody(acme: Tenant, globex: Tenant) -> None:
    with platform_scope():
        assert set(Tenant.objects.all()) == {acme, globex}


def test_a_row_cannot_be_written_for_somebody_else(acme: Tenant, globex: Tenant) -> None:
    with pytest.raises(ProgrammingError, match="violates row-level security policy"), tenant_scope(acme.id):
        new_key(globex).save()

    assert ApiKey.objects.count() == 0


def test_a_row_cannot_be_given_away(acme: Tenant, globex: Tenant) -> None:
    moment = acme.created_at
    record = IdempotencyRecord.objects.create(
        tenant=acme, key="k", fingerprint=b"", status=202, body=b"", created_at=moment, expires_at=moment
    )

    with pytest.raises(ProgrammingError, match="violates row-level security policy"), tenant_scope(acme.id):
        IdempotencyRecord.objects.filter(key="k").update(tenant_id=globex.id)

    assert IdempotencyRecord.objects.get(key=record.key).tenant_id == acme.id


@pytest.mark.parametrize(
    "forbidden",
    [
        "TRUNCATE tenants_idempotencyrecord",
        "DELETE FROM tenants_apikey",
        "UPDATE tenants_apikey SET secret_hash = ''",
        "UPDATE tenants_apikey SET scopes = '{admin}'",
        "UPDATE tenants_tenant SET name = 'x'",
        "INSERT INTO tenants_tenant SELECT * FROM tenants_tenant",
        "UPDATE tenants_auditentry SET actor = 'x'",
        "DELETE FROM tenants_auditentry",
        "SELECT * FROM auth_user",
        "SELECT * FROM django_session",
        "CREATE TABLE mine (id int)",
    ],
)
def test_what_a_tenants_request_has_no_business_doing(acme: Tenant, forbidden: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenant_scope(acme.id),
        connection.cursor() as cursor,
    ):
        cursor.execute(forbidden)


def test_nested_scopes_hand_back_what_was(acme: Tenant, globex: Tenant) -> None:
    outside = where_am_i()
    with tenant_scope(acme.id):
        with platform_scope():
            with tenant_scope(globex.id):
                assert where_am_i() == (APP_ROLE, str(globex.id))
            assert where_am_i() == (DISPATCHER_ROLE, "")
        assert where_am_i() == (APP_ROLE, str(acme.id))

    assert where_am_i() == outside


def test_nested_scopes_hand_back_what_was_after_an_error(acme: Tenant) -> None:
    with tenant_scope(acme.id):
        with pytest.raises(RuntimeError), platform_scope():
            raise RuntimeError

        assert where_am_i() == (APP_ROLE, str(acme.id))


def test_nested_scopes_hand_back_what_was_after_a_rollback(acme: Tenant) -> None:
    with tenant_scope(acme.id):
        with platform_scope():
            transaction.set_rollback(True)

        assert where_am_i() == (APP_ROLE, str(acme.id))


def test_an_error_in_a_nested_scope_undoes_that_scope_alone(acme: Tenant, globex: Tenant, at: datetime) -> None:
    with platform_scope():
        audit(acme.id, actor="test", action="kept", at=at)
        with pytest.raises(RuntimeError), tenant_scope(globex.id):
            write_and_fail(globex, at=at)

    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"tenant.created", "kept"}


def test_entering_the_scope_one_is_in_asks_the_database_nothing(acme: Tenant) -> None:
    with tenant_scope(acme.id), CaptureQueriesContext(connection) as asked, tenant_scope(acme.id):
        pass

    assert asked.captured_queries == []


def test_a_scope_joined_twice_still_ends_where_it_began(acme: Tenant) -> None:
    with tenant_scope(acme.id):
        with tenant_scope(acme.id), tenant_scope(acme.id):
            pass
        assert where_am_i() == (APP_ROLE, str(acme.id))


@pytest.mark.django_db(transaction=True)
def test_a_scope_is_a_transaction_of_its_own(acme: Tenant, at: datetime) -> None:
    with pytest.raises(RuntimeError), tenant_scope(acme.id):
        write_and_fail(acme, at=at)

    assert not AuditEntry.objects.filter(action="undone").exists()
    assert not connection.in_atomic_block


def terminate_connection() -> None:
    """As a PostgreSQL that was restarted: the connection is there and leads nowhere."""
    connection.ensure_connection()
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute(f"SET ROLE NONE; SELECT pg_terminate_backend({connection.connection.info.backend_pid})")
    killer.close()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_meanwhile_is_replaced(acme: Tenant) -> None:
    terminate_connection()

    with tenant_scope(acme.id):
        assert where_am_i() == (APP_ROLE, str(acme.id))

    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_beginning_is_the_only_question_whether_a_connection_works(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "health_check_enabled", True)
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("it was asked"))
    connection.close_if_unusable_or_obsolete()  # as after each request: the next use would ask first

    with tenant_scope(acme.id):
        assert where_am_i() == (APP_ROLE, str(acme.id))


@pytest.mark.django_db(transaction=True)
def test_a_scope_that_cannot_begin_says_so_and_leaves_nothing_open(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminate_connection()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patched.setitem(connection.settings_dict, "PORT", "1")

        with pytest.raises(OperationalError), tenant_scope(acme.id):
            raise AssertionError("the scope began")

    assert not connection.in_atomic_block
    with tenant_scope(acme.id):
        assert where_am_i() == (APP_ROLE, str(acme.id))


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_scope_leaks_into_the_next_transaction(acme: Tenant) -> None:
    before = where_am_i()
    with tenant_scope(acme.id):
        pass

    assert where_am_i() == before


@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
def test_nobody_changes_the_audit_trail_not_even_the_platform(acme: Tenant, change: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|append-only"),
        platform_scope(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format("tenants_auditentry"))


@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_the_audit_trail_not_even_its_owner(acme: Tenant, change: str) -> None:
    as_the_login = "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL ROLE NONE"  # which owns the tables
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{as_the_login}; {change.format('tenants_auditentry')}")


def test_a_key_of_another_tenant_is_as_good_as_none(acme: Tenant, globex: Tenant) -> None:
    key = new_key(globex)
    key.save()

    with tenant_scope(acme.id):
        assert not ApiKey.objects.filter(id=key.id).exists()
        assert not ApiKey.objects.filter(id=uuid7()).exists()
