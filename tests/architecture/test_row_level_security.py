"""What the catalog of a migrated database says about tenants' tables: promises no table may forget to make."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

# Tables that hold rows of a tenant without a column `tenant_id`, and the column that tells whose they are.
OWN_COLUMN = {"tenants_tenant": "id"}
# Uniques across tenants, each with the reason why no tenant learns of another one by it.
GLOBAL_UNIQUES = {
    "tenant_key_unique": "tenants are made by operators, who see all of them",
    "api_key_public_id_unique": "a random id that finds the tenant; nobody chooses one",
    "orchestrator_keptlink_pkey": "a keyed hash that finds the link; nobody chooses one",
    "provider_account_hook_unique": "the hash of a random token that finds the account; nobody chooses one",
}
MINE = "(({column} = ( SELECT (NULLIF(current_setting('carillon.tenant'::text, true), ''::text))::uuid AS \"nullif\")))"
Rows = list[tuple[Any, ...]]
Ask = Callable[..., Rows]


@pytest.fixture
def ask() -> Ask:
    """Query the catalog."""

    def rows(sql: str, *parameters: Any) -> Rows:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())

    return rows


TABLES = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, c.oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


@pytest.fixture
def tenant_tables(ask: Ask) -> dict[str, str]:
    """Every table of tenants' rows, with the column that tells whose a row is."""
    found = ask(
        f"""SELECT t.relname FROM ({TABLES}) t JOIN pg_attribute a ON a.attrelid = t.oid
            WHERE a.attname = 'tenant_id' AND NOT a.attisdropped"""
    )
    return {name: "tenant_id" for (name,) in found} | OWN_COLUMN


def test_there_are_tenant_tables_at_all(tenant_tables: dict[str, str]) -> None:
    assert {"tenants_apikey", "tenants_auditentry", "events_event"} <= set(tenant_tables)


def test_row_level_security_is_on_and_binds_the_owner_too(ask: Ask, tenant_tables: dict[str, str]) -> None:
    open_tables = [name for name, on, forced, _ in ask(TABLES) if name in tenant_tables and not (on and forced)]

    assert open_tables == []


def test_a_tenant_sees_and_writes_its_own_rows_alone(ask: Ask, tenant_tables: dict[str, str]) -> None:
    policies = ask(
        """SELECT tablename, qual, with_check FROM pg_policies
           WHERE schemaname = 'public' AND 'carillon_app' = ANY (roles) AND permissive = 'PERMISSIVE' AND cmd = 'ALL'"""
    )
    expected = {name: MINE.format(column=column) for name, column in tenant_tables.items()}

    assert {name: qual for name, qual, _ in policies} == {name: rule[1:-1] for name, rule in expected.items()}
    assert {name: check for name, _, check in policies} == {name: rule[1:-1] for name, rule in expected.items()}


def test_no_other_policy_opens_a_table_to_a_tenants_request(ask: Ask) -> None:
    others = ask(
        """SELECT tablename, policyname FROM pg_policies
           WHERE roles && '{carillon_app,public}' AND policyname <> 'tenant_rows'"""
    )

    assert others == []


def test_no_role_that_serves_bypasses_row_level_security(ask: Ask) -> None:
    roles = ask(
        """SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb FROM pg_roles
           WHERE rolname IN ('carillon_app', 'carillon_dispatcher') ORDER BY 1"""
    )

    assert roles == [
        ("carillon_app", False, False, False, False, False),
        ("carillon_dispatcher", False, False, False, False, False),
    ]


def test_the_app_cannot_become_the_dispatcher(ask: Ask) -> None:
    assert ask("SELECT pg_has_role('carillon_app', 'carillon_dispatcher', 'MEMBER')") == [(False,)]


def test_nobody_who_serves_may_truncate_reference_or_trigger(ask: Ask) -> None:
    found = ask(
        f"""SELECT t.relname, r.role, p.privilege FROM ({TABLES}) t
            CROSS JOIN (VALUES ('carillon_app'), ('carillon_dispatcher')) r (role)
            CROSS JOIN (VALUES ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) p (privilege)
            WHERE has_table_privilege(r.role, t.oid, p.privilege)"""
    )

    assert found == []


def test_a_tenants_request_writes_to_no_table_of_the_platform(ask: Ask, tenant_tables: dict[str, str]) -> None:
    found = ask(
        f"""SELECT t.relname FROM ({TABLES}) t
            WHERE has_any_column_privilege('carillon_app', t.oid, 'INSERT,UPDATE')
               OR has_table_privilege('carillon_app', t.oid, 'DELETE')"""
    )

    assert {name for (name,) in found} <= set(tenant_tables)


def test_partitions_are_reached_through_their_table_alone(ask: Ask) -> None:
    """A policy of the parent does not bind who asks a partition directly."""
    found = ask(
        """SELECT c.relname FROM pg_class c
           WHERE c.relispartition AND c.relkind = 'r'
             AND (has_any_column_privilege('carillon_app', c.oid, 'SELECT,INSERT,UPDATE')
                  OR has_table_privilege('carillon_app', c.oid, 'DELETE'))"""
    )

    assert found == []


def test_the_platform_can_work_on_every_table(ask: Ask) -> None:
    """A table nobody granted would stop a worker or the admin."""
    found = ask(
        f"SELECT t.relname FROM ({TABLES}) t WHERE NOT has_table_privilege('carillon_dispatcher', t.oid, 'SELECT')"
    )

    assert found == []


def test_the_owner_of_the_tables_is_no_superuser(ask: Ask) -> None:
    owners = ask(
        f"""SELECT DISTINCT r.rolname, r.rolsuper, r.rolbypassrls FROM ({TABLES}) t
            JOIN pg_class c ON c.oid = t.oid JOIN pg_roles r ON r.oid = c.relowner"""
    )

    assert len(owners) == 1
    assert owners[0][1:] == (False, False)


def test_uniques_do_not_tell_of_other_tenants(ask: Ask, tenant_tables: dict[str, str]) -> None:
    """Every unique index begins within a tenant, or is a key of ids that nobody chooses, or is listed above."""
    found = ask(
        f"""SELECT t.relname, i.relname, x.indisprimary,
                   array(SELECT a.attname::text FROM pg_attribute a
                         WHERE a.attrelid = t.oid AND a.attnum = ANY (x.indkey::int2[])),
                   array(SELECT a.atttypid::regtype::text FROM pg_attribute a
                         WHERE a.attrelid = t.oid AND a.attnum = ANY (x.indkey::int2[]))
            FROM ({TABLES}) t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
            WHERE x.indisunique"""
    )
    telling = {
        index
        for table, index, primary, columns, types in found
        if table in tenant_tables
        and "tenant_id" not in columns
        and not (primary and "uuid" in types)
        and index not in GLOBAL_UNIQUES
    }

    assert telling == set()


def test_the_list_of_global_uniques_has_nothing_that_is_gone(ask: Ask) -> None:
    indexes = {name for (name,) in ask("SELECT relname FROM pg_class WHERE relkind IN ('i', 'I')")}

    assert set(GLOBAL_UNIQUES) <= indexes


def test_foreign_keys_between_tenants_tables_cannot_cross(ask: Ask, tenant_tables: dict[str, str]) -> None:
    """They carry `tenant_id` on both sides; PostgreSQL checks a foreign key without row-level security."""
    found = ask(
        """SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text,
                  array(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (n, o)
                        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.o),
                  array(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k (n, o)
                        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.o)
           FROM pg_constraint c WHERE c.contype = 'f'"""
    )
    crossing = {
        name
        for name, table, target, columns, target_columns in found
        if table in tenant_tables
        and target in tenant_tables
        and ("tenant_id", OWN_COLUMN.get(target, "tenant_id")) not in zip(columns, target_columns, strict=True)
    }

    assert crossing == set()


def test_a_view_shows_no_more_than_its_reader_may_see(ask: Ask) -> None:
    """A view runs with its owner's rights unless it says otherwise."""
    views = ask(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'public' AND (c.relkind = 'm' AND has_table_privilege('carillon_app', c.oid, 'SELECT')
              OR c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false))"""
    )

    assert views == []


def test_no_function_lends_its_owners_rights(ask: Ask) -> None:
    found = ask(
        """SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'public' AND p.prosecdef AND has_function_privilege('carillon_app', p.oid, 'EXECUTE')"""
    )

    assert found == []


def test_without_a_tenant_every_table_is_empty(ask: Ask, tenant_tables: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE carillon_app")
        readable = [
            name
            for name in tenant_tables
            if ask("SELECT has_table_privilege('carillon_app', %s, 'SELECT')", name)[0][0]
        ]
        seen = {name: ask(f"SELECT count(*) FROM {name}")[0][0] for name in readable}

    assert set(seen.values()) == {0}
