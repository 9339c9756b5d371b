"""PostgreSQL roles that make the audit trail append-only for the running house: no trigger, only privileges.

Two roles: the owner migrates, the application works. What the application may not do, no mistake and no injection in
it can do either.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection

# Rows are added and never changed or removed; a column that may change is named.
APPEND_ONLY: dict[str, tuple[str, ...]] = {
    "connections_event": ("announced_at",),
    "connections_personaldataview": (),
    "billing_closing": (),
    "billing_entry": (),
    "billing_payment": (),
}
# Rows are added and, when a person is erased, removed; never changed.
ERASABLE = ("connections_eventwords",)
# The application need not know which migrations ran by writing to them.
OWNERS_OWN = ("django_migrations",)


def role_statements(application: str, owner: str) -> Iterator[str]:
    """The SQL, to be run by the owner of the tables or a superuser once the migrations ran; safe to run again.

    The roles themselves are made if they are missing, without a password: how they log in is the server's business.
    """
    app, own, schema = quoted(application), quoted(owner), "public"
    for role in (application, owner):
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(role)}) THEN"
            f" CREATE ROLE {quoted(role)} LOGIN; END IF; END $$;"
        )
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC;"
    yield f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {own};"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {app};"
    for table in tables():
        yield f"ALTER TABLE {quoted(table)} OWNER TO {own};"
        yield f"REVOKE ALL ON {quoted(table)} FROM {app};"
        yield f"GRANT {privileges(table)} ON {quoted(table)} TO {app};"
    for table, columns in APPEND_ONLY.items():
        for column in columns:
            yield f"GRANT UPDATE ({quoted(column)}) ON {quoted(table)} TO {app};"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {app};"
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {own} IN SCHEMA {schema}"
    yield f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};"
    yield f"{defaults} GRANT USAGE, SELECT ON SEQUENCES TO {app};"


def who_may_rewrite() -> list[str]:
    """Roles that may change or remove what is append-only, its owner aside: those `database_roles` is to be run for."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END"
            " FROM pg_class, aclexplode(relacl) WHERE relnamespace = current_schema()::regnamespace"
            " AND relname = ANY(%s) AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') AND grantee <> relowner"
            " ORDER BY 1",
            [list(APPEND_ONLY)],
        )
        return [role for (role,) in cursor.fetchall()]


def privileges(table: str) -> str:
    """What the application may do with a table."""
    if table in OWNERS_OWN:
        return "SELECT"
    if table in APPEND_ONLY:
        return "SELECT, INSERT"
    return "SELECT, INSERT, DELETE" if table in ERASABLE else "SELECT, INSERT, UPDATE, DELETE"


def tables() -> list[str]:
    """Every table of ours, Django's own among them."""
    models = (model._meta for model in apps.get_models(include_auto_created=True))
    return sorted({*OWNERS_OWN, *(meta.db_table for meta in models if meta.managed and not meta.proxy)})


def quoted(name: str) -> str:
    return connection.ops.quote_name(name.replace('"', '""'))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
