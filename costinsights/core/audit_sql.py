"""The audit log's functions and triggers, as text for one schema and its pair of tables.

Every function is SECURITY DEFINER with a fixed path, so that a role with nothing but SELECT on the log
still has its changes written there. An entry is written with the change itself; its place in the hash
chain is given by a deferred trigger when the transaction commits, so that writers wait for each other
only for that moment. docs/content/adr/0010 says why.
"""

from dataclasses import dataclass
from typing import Final

ACTOR_SETTING: Final = "costinsights.actor"
GENESIS: Final = "0" * 64
TRIGGER: Final = "audit"

# Functions a tenant's role may call. All others run from triggers only.
CALLABLE: Final = (
    "record_audit_event(text, text, text, jsonb)",
    "note_audit_check(bigint, text)",
)


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The tables of one audit log, without their schema."""

    entries: str
    head: str


TENANT_LOG: Final = AuditLog("accounts_auditentry", "accounts_audithead")
PLATFORM_LOG: Final = AuditLog("tenants_platformauditentry", "tenants_platformaudithead")

# The fields that the hash covers, in this order, each as text. Changing this list ends every chain.
HASHED: Final = (
    "sequence::text",
    "id::text",
    "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    "actor_kind",
    "actor_identifier",
    "actor_label",
    "actor_ip",
    "request_id",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "before::text",
    "after::text",
    "details::text",
    "transaction_id::text",
)

_WRITE = r"""
CREATE FUNCTION audit_write(
    action text, object_type text, object_id text, object_label text,
    before jsonb, after jsonb, details jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $audit$
DECLARE
    -- kind, identifier, label, address, request; empty when somebody works past the application
    actor text[] := string_to_array(current_setting('{setting}', true), chr(31));
BEGIN
    IF coalesce(actor[1], '') = '' THEN
        actor := ARRAY['database', session_user, session_user, host(inet_client_addr()), ''];
    END IF;
    INSERT INTO {entries} (
        at, actor_kind, actor_identifier, actor_label, actor_ip, request_id, action,
        object_type, object_id, object_label, before, after, details, transaction_id, prev_hash, hash
    ) VALUES (
        clock_timestamp(), left(actor[1], 16), left(coalesce(actor[2], ''), 64),
        left(coalesce(actor[3], ''), 254), left(coalesce(actor[4], ''), 45),
        left(coalesce(actor[5], ''), 64), left(action, 64), left(object_type, 63),
        left(coalesce(object_id, ''), 64), left(coalesce(object_label, ''), 254),
        before, after, details, pg_current_xact_id()::text::bigint, '', ''
    );
END
$audit$
"""

_ROW = r"""
-- Arguments: the key's column, the label's column, columns left out, columns whose values are not kept.
CREATE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $audit$
DECLARE
    left_out text[] := TG_ARGV[2];
    withheld text[] := TG_ARGV[3];
    was jsonb;
    becomes jsonb;
    present jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) - left_out; END IF;
    IF TG_OP <> 'DELETE' THEN becomes := to_jsonb(NEW) - left_out; END IF;
    IF was = becomes THEN RETURN NULL; END IF;
    present := coalesce(becomes, was);
    IF TG_OP = 'UPDATE' THEN
        withheld := ARRAY(
            SELECT name FROM unnest(withheld) AS name
            WHERE was -> name IS DISTINCT FROM becomes -> name
        );
    ELSE
        withheld := ARRAY(
            SELECT name FROM unnest(withheld) AS name
            WHERE coalesce(present ->> name, '') NOT IN ('', '\x')
        );
    END IF;
    was := was - TG_ARGV[3]::text[];
    becomes := becomes - TG_ARGV[3]::text[];
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{{}}'),
               coalesce(jsonb_object_agg(key, becomes -> key), '{{}}')
        INTO was, becomes
        FROM jsonb_each(was) WHERE value IS DISTINCT FROM becomes -> key;
    END IF;
    PERFORM audit_write(
        CASE TG_OP WHEN 'INSERT' THEN 'row.inserted' WHEN 'UPDATE' THEN 'row.updated'
                   ELSE 'row.deleted' END,
        TG_TABLE_NAME, present ->> TG_ARGV[0], present ->> TG_ARGV[1], was, becomes,
        CASE WHEN cardinality(withheld) > 0 THEN jsonb_build_object('withheld', withheld)
             ELSE '{{}}' END
    );
    RETURN NULL;
END
$audit$
"""

_EVENT = r"""
CREATE FUNCTION record_audit_event(action text, object_id text, object_label text, details jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $audit$
BEGIN
    IF action !~ '^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$' OR action LIKE 'row.%' THEN
        RAISE EXCEPTION 'an event is named noun.verb, and row.* is written by triggers: %', action
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM audit_write(
        action, split_part(action, '.', 1), object_id, object_label, NULL, NULL, details
    );
END
$audit$
"""

_SEAL = r"""
-- Runs at commit. The first entry of a transaction seals all of them under the head row's lock.
CREATE FUNCTION audit_seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $audit$
DECLARE
    last record;
    entry record;
    next_sequence bigint;
    last_hash text;
    next_hash text;
BEGIN
    PERFORM FROM {entries} WHERE id = NEW.id AND sequence IS NULL;
    IF NOT FOUND THEN RETURN NULL; END IF;
    LOOP
        SELECT * INTO last FROM {head} WHERE id = 1 FOR UPDATE;
        EXIT WHEN FOUND;
        -- A lost head leaves a gap in the sequence, for every later check to find.
        INSERT INTO {head} (id, sequence, hash)
        SELECT 1, coalesce(max(sequence) + 1, 0), repeat('0', 64) FROM {entries}
        ON CONFLICT DO NOTHING;
    END LOOP;
    next_sequence := last.sequence;
    last_hash := last.hash;
    FOR entry IN
        SELECT * FROM {entries}
        WHERE transaction_id = NEW.transaction_id AND sequence IS NULL ORDER BY id
    LOOP
        next_sequence := next_sequence + 1;
        entry.sequence := next_sequence;
        next_hash := encode(sha256(convert_to(last_hash || {hashed}, 'UTF8')), 'hex');
        UPDATE {entries} SET sequence = next_sequence, prev_hash = last_hash, hash = next_hash
        WHERE id = entry.id;
        last_hash := next_hash;
    END LOOP;
    UPDATE {head} SET sequence = next_sequence, hash = last_hash WHERE id = 1;
    RETURN NULL;
END
$audit$
"""

_KEEP = r"""
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $audit$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed and never removed'
        USING ERRCODE = 'insufficient_privilege';
END
$audit$
"""

_CHECKED = r"""
-- What the daily check found, for the page. An empty problem means that the chain held.
CREATE FUNCTION note_audit_check(up_to bigint, what text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {path} AS $audit$
BEGIN
    UPDATE {head} SET checked_at = clock_timestamp(), checked_sequence = up_to,
        problem = left(what, 250) WHERE id = 1;
END
$audit$
"""

_TRIGGERS = (
    "CREATE CONSTRAINT TRIGGER audit_seal AFTER INSERT ON {entries} "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_seal()",
    "CREATE TRIGGER audit_keep BEFORE UPDATE ON {entries} "
    "FOR EACH ROW WHEN (OLD.sequence IS NOT NULL) EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep_row BEFORE DELETE ON {entries} "
    "FOR EACH ROW EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep_all BEFORE TRUNCATE ON {entries} "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_keep()",
)
FUNCTIONS: Final = (
    "audit_write(text, text, text, text, jsonb, jsonb, jsonb)",
    "audit_row()",
    "audit_seal()",
    "audit_keep()",
    *CALLABLE,
)


def install(log: AuditLog, quoted_schema: str) -> list[str]:
    """Statements that make a schema's tables an audit log. The path must be that schema."""
    values = {
        "path": f"pg_catalog, {quoted_schema}, pg_temp",
        "entries": log.entries,
        "head": log.head,
        "setting": ACTOR_SETTING,
        "hashed": " || ".join(_netstring(_of_entry(field)) for field in HASHED),
    }
    functions = (_WRITE, _ROW, _EVENT, _SEAL, _KEEP, _CHECKED)
    return [text.format(**values).strip() for text in (*functions, *_TRIGGERS)]


def _of_entry(field: str) -> str:
    """`at AT TIME ZONE …` -> the same of the plpgsql record `entry`."""
    if field.startswith("to_char(at "):
        return field.replace("to_char(at ", "to_char(entry.at ")
    return f"entry.{field}"


def _netstring(text: str) -> str:
    """A field as the hash takes it: `length in bytes:text,`, or `-,` where there is none."""
    return f"coalesce(octet_length({text})::text || ':' || {text}, '-') || ','"


def remove(log: AuditLog) -> list[str]:
    """Statements that undo `install`."""
    triggers = ("audit_seal", "audit_keep", "audit_keep_row", "audit_keep_all")
    return [
        *(f"DROP TRIGGER {name} ON {log.entries}" for name in triggers),
        *(f"DROP FUNCTION {signature}" for signature in FUNCTIONS),
    ]


def protect(log: AuditLog, quoted_role: str) -> list[str]:
    """What a role that works in the schema may do with the log: read it and call two functions."""
    tables = f"{log.entries}, {log.head}"
    return [
        f"REVOKE ALL ON {tables} FROM {quoted_role}",
        f"GRANT SELECT ON {tables} TO {quoted_role}",
        *(f"GRANT EXECUTE ON FUNCTION {signature} TO {quoted_role}" for signature in CALLABLE),
    ]


def close_functions() -> list[str]:
    """Postgres lets everybody call a new function; these are nobody's to call."""
    return [f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC" for signature in FUNCTIONS]


def watch(
    table: str, *, key: str, label: str, ignore: tuple[str, ...], withhold: tuple[str, ...], on: str
) -> str:
    """The statement that has a table's changes written to the audit log of its schema."""
    arguments = ", ".join(
        f"'{text}'" for text in (key, label, f"{{{','.join(ignore)}}}", f"{{{','.join(withhold)}}}")
    )
    return (
        f"CREATE TRIGGER {TRIGGER} AFTER {on} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION audit_row({arguments})"
    )
