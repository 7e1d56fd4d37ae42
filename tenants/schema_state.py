"""How schemas compare: which migrations each has, and whether its definitions are the template's.

One statement answers for many schemas, as the owner role. A fingerprint covers tables, columns,
constraints, indexes, triggers and functions by name and text, with the schema's own name taken out.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.db import connection, transaction
from psycopg import sql

_SCHEMAS_AT_ONCE = 200
# Constants inside definitions are printed by these.
_PRINTING = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL intervalstyle = 'postgres'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1"
)

# Each part gives (schema, kind, table, name, definition). Columns in no order: a column that was added
# later stands last in old tables and elsewhere in replayed ones.
_DEFINITIONS = r"""
WITH wanted AS (
    SELECT oid, nspname::text AS schema FROM pg_namespace WHERE nspname = ANY(%(schemas)s)
), tables AS (
    SELECT c.oid, w.schema::text AS schema, c.relname::text AS relname
    FROM wanted w JOIN pg_class c ON c.relnamespace = w.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
)
SELECT schema, 'relation' AS kind, relname AS relation, '' AS name,
       (SELECT relkind::text || relpersistence::text FROM pg_class WHERE oid = tables.oid) AS definition
FROM tables
UNION ALL
SELECT t.schema, 'column', t.relname, a.attname::text,
       format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || a.attidentity::text || ' '
       || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM tables t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
UNION ALL
SELECT t.schema, 'constraint', t.relname, c.conname::text,
       c.convalidated || ' ' || pg_get_constraintdef(c.oid)
FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype IN ('p', 'u', 'x', 'f', 'c')
UNION ALL
SELECT t.schema, 'index', t.relname, i.relname::text, x.indisvalid || ' ' || pg_get_indexdef(x.indexrelid)
FROM tables t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
UNION ALL
SELECT t.schema, 'trigger', t.relname, g.tgname::text, g.tgenabled::text || ' ' || pg_get_triggerdef(g.oid)
FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION ALL
SELECT w.schema, 'function', '',
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid)
FROM wanted w JOIN pg_proc p ON p.pronamespace = w.oid AND p.prokind IN ('f', 'p')
"""
_PLAIN = r"regexp_replace({}, '\y' || schema || '\y', '<schema>', 'g')"
_FINGERPRINTS = f"""
SELECT schema, md5(string_agg(md5(line), '' ORDER BY line COLLATE "C"))
FROM (
    SELECT schema, kind || ' ' || relation || ' ' || {_PLAIN.format("name")} || ' '
                   || {_PLAIN.format("definition")} AS line
    FROM ({_DEFINITIONS}) AS definitions
) AS lines
GROUP BY schema
"""  # noqa: S608  # put together from the texts above only
_LINES = f"""
SELECT kind, relation, {_PLAIN.format("name")}, {_PLAIN.format("definition")}
FROM ({_DEFINITIONS}) AS definitions
"""  # noqa: S608  # as above

Migration = tuple[str, str]


def fingerprints(schemas: Sequence[str]) -> dict[str, str]:
    """The fingerprint of each schema that exists and has a table."""
    found: dict[str, str] = {}
    for some in _batches(schemas):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_PRINTING)
            cursor.execute(_FINGERPRINTS, {"schemas": some})
            found.update(cursor.fetchall())
    return found


def differences(schema: str, expected: str) -> list[str]:
    """What `schema` has more or less than `expected`, one line each."""
    mine, theirs = _lines(schema), _lines(expected)
    return [
        *(f"missing {_named(line)}" for line in sorted(theirs - mine)),
        *(f"unexpected {_named(line)}" for line in sorted(mine - theirs)),
    ]


def _lines(schema: str) -> set[tuple[str, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PRINTING)
        cursor.execute(_LINES, {"schemas": [schema]})
        return set(cursor.fetchall())


def _named(line: tuple[str, ...]) -> str:
    kind, relation, name, definition = line
    where = ".".join(part for part in (relation, name) if part)
    return f"{kind} {where}: {' '.join(definition.split())[:120]}"


def applied_migrations(schemas: Sequence[str]) -> dict[str, frozenset[Migration]]:
    """The migrations recorded in each schema; schemas without the table are left out."""
    found: dict[str, set[Migration]] = {}
    for some in _batches(_with_migrations(schemas)):
        parts = [
            sql.SQL("SELECT {}, app, name FROM {}").format(
                sql.Literal(schema), sql.Identifier(schema, "django_migrations")
            )
            for schema in some
        ]
        for schema in some:
            found[schema] = set()
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(parts))
            for schema, app, name in cursor.fetchall():
                found[schema].add((app, name))
    return {schema: frozenset(migrations) for schema, migrations in found.items()}


def _with_migrations(schemas: Sequence[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname FROM pg_tables "
            "WHERE tablename = 'django_migrations' AND schemaname = ANY(%s)",
            [list(schemas)],
        )
        return [schema for (schema,) in cursor.fetchall()]


def _batches(schemas: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(schemas)
    while some := list(islice(rest, _SCHEMAS_AT_ONCE)):
        yield some
