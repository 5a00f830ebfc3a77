"""Migration operations that put a table under row-level security and grant the two roles what they need.

A tenant's table: `carillon_app` sees rows whose `tenant_id` is the transaction's `carillon.tenant`;
`carillon_dispatcher` sees all rows, and so does a login that inherits it. FORCE binds the owner too. No policy needs a
superuser, so managed PostgreSQL will do.
"""

from django.db.migrations.operations import RunSQL

# `current_setting(…, true)` is NULL when never set but '' after a SET LOCAL has ended: NULLIF makes both see nothing.
_MINE = "tenant_id = (SELECT NULLIF(current_setting('carillon.tenant', true), '')::uuid)"

CREATE_ROLES = """
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['carillon_app', 'carillon_dispatcher'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(session_user, role_name, 'USAGE') THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', role_name, session_user);
      EXCEPTION WHEN unique_violation OR internal_error THEN NULL;  -- granted by a migration beside this one
      END;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role_name);
  END LOOP;
END $$;
"""


class TenantTable(RunSQL):
    """Put `table` under row-level security.

    `app` and `dispatcher` are the rights a tenant's request and the platform get; `column` tells whose the row is.
    """

    def __init__(
        self,
        table: str,
        *,
        app: str = "SELECT, INSERT, UPDATE, DELETE",
        dispatcher: str = "SELECT, INSERT, UPDATE, DELETE",
        column: str = "tenant_id",
    ) -> None:
        mine = _MINE.replace("tenant_id =", f"{column} =", 1)
        super().__init__(
            sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant_rows ON {table} TO carillon_app USING ({mine}) WITH CHECK ({mine});
            CREATE POLICY all_rows ON {table} TO carillon_dispatcher USING (true) WITH CHECK (true);
            GRANT {app} ON {table} TO carillon_app;
            GRANT {dispatcher} ON {table} TO carillon_dispatcher;
            """,
            reverse_sql=RunSQL.noop,
        )


class PlatformTable(RunSQL):
    """Grant the roles their rights on a table that belongs to no tenant. `app` may be empty: no right at all."""

    def __init__(self, table: str, *, app: str = "") -> None:
        grant_app = f"GRANT {app} ON {table} TO carillon_app;" if app else ""
        super().__init__(
            sql=f"{grant_app} GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO carillon_dispatcher;",
            reverse_sql=RunSQL.noop,
        )


class AppendOnly(RunSQL):
    """Let rows of `table` be added and read, never changed: refused for everybody, the owner included."""

    def __init__(self, table: str) -> None:
        super().__init__(
            sql=f"""
            CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              RAISE EXCEPTION '{table} is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
            END $$;
            CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
              FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse();
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
              FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse();
            """,
            reverse_sql=f"""
            DROP TRIGGER {table}_no_truncate ON {table};
            DROP TRIGGER {table}_no_change ON {table};
            DROP FUNCTION {table}_refuse();
            """,
        )


class TenantForeignKey(RunSQL):
    """A foreign key that cannot cross tenants: (tenant_id, `column`) → `target` (tenant_id, id)."""

    def __init__(self, table: str, column: str, target: str, *, on_delete: str = "CASCADE") -> None:
        name = f"{table}_{column}_same_tenant"
        super().__init__(
            sql=f"""ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column})
                    REFERENCES {target} (tenant_id, id) ON DELETE {on_delete} DEFERRABLE INITIALLY DEFERRED""",
            reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )
