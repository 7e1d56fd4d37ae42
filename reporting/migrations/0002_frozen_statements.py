from django.db import migrations

# What is closed stays as it is, whoever asks and however: these triggers stand below every program, and the roles
# that tenants work with do not own the tables, so they cannot switch them off. Removing a whole tenant drops its
# schema, which no trigger sees.
FUNCTIONS = """
CREATE FUNCTION reporting_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $frozen$
BEGIN
    RAISE EXCEPTION '% is closed and cannot be changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$frozen$;

CREATE FUNCTION reporting_refuse_closed_statement() RETURNS trigger LANGUAGE plpgsql AS $frozen$
BEGIN
    IF OLD.revision > 0 THEN
        RAISE EXCEPTION 'statement % is closed and cannot be changed', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.revision > 0 THEN
        RAISE EXCEPTION 'a preliminary statement does not become a closed one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$frozen$;

CREATE FUNCTION reporting_refuse_late_statement() RETURNS trigger LANGUAGE plpgsql AS $frozen$
BEGIN
    IF EXISTS (
        SELECT 1 FROM reporting_periodclose c
        WHERE c.period_id = NEW.period_id AND c.revision = NEW.revision
    ) THEN
        RAISE EXCEPTION 'revision % of this month is closed: it gets no further statement', NEW.revision
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$frozen$;

CREATE FUNCTION reporting_refuse_late_lines() RETURNS trigger LANGUAGE plpgsql AS $frozen$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT statement_id FROM added) a
        JOIN reporting_statement s ON s.id = a.statement_id
        JOIN reporting_periodclose c ON c.period_id = s.period_id AND c.revision = s.revision
    ) THEN
        RAISE EXCEPTION 'a closed statement gets no further lines'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$frozen$;

CREATE FUNCTION reporting_refuse_closed_lines() RETURNS trigger LANGUAGE plpgsql AS $frozen$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT statement_id FROM touched) t
        JOIN reporting_statement s ON s.id = t.statement_id WHERE s.revision > 0
    ) THEN
        RAISE EXCEPTION 'lines of a closed statement cannot be changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$frozen$;
"""

TRIGGERS = """
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON reporting_periodclose
    FOR EACH ROW EXECUTE FUNCTION reporting_refuse_change();
CREATE TRIGGER frozen_whole BEFORE TRUNCATE ON reporting_periodclose
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON reporting_statement
    FOR EACH ROW EXECUTE FUNCTION reporting_refuse_closed_statement();
CREATE TRIGGER frozen_whole BEFORE TRUNCATE ON reporting_statement
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_change();
CREATE TRIGGER complete BEFORE INSERT ON reporting_statement
    FOR EACH ROW EXECUTE FUNCTION reporting_refuse_late_statement();
CREATE TRIGGER frozen_changed AFTER UPDATE ON reporting_statementline
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_closed_lines();
CREATE TRIGGER frozen_removed AFTER DELETE ON reporting_statementline
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_closed_lines();
CREATE TRIGGER frozen_whole BEFORE TRUNCATE ON reporting_statementline
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_change();
CREATE TRIGGER complete AFTER INSERT ON reporting_statementline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_late_lines();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON reporting_reviewevent
    FOR EACH ROW EXECUTE FUNCTION reporting_refuse_change();
CREATE TRIGGER frozen_whole BEFORE TRUNCATE ON reporting_reviewevent
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_refuse_change();
"""

UNDO = """
DROP TRIGGER frozen ON reporting_periodclose;
DROP TRIGGER frozen_whole ON reporting_periodclose;
DROP TRIGGER frozen ON reporting_statement;
DROP TRIGGER frozen_whole ON reporting_statement;
DROP TRIGGER complete ON reporting_statement;
DROP TRIGGER frozen_changed ON reporting_statementline;
DROP TRIGGER frozen_removed ON reporting_statementline;
DROP TRIGGER frozen_whole ON reporting_statementline;
DROP TRIGGER complete ON reporting_statementline;
DROP TRIGGER frozen ON reporting_reviewevent;
DROP TRIGGER frozen_whole ON reporting_reviewevent;
DROP FUNCTION reporting_refuse_change();
DROP FUNCTION reporting_refuse_closed_statement();
DROP FUNCTION reporting_refuse_late_statement();
DROP FUNCTION reporting_refuse_late_lines();
DROP FUNCTION reporting_refuse_closed_lines();
"""


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_reporting")]

    operations = [migrations.RunSQL(FUNCTIONS, "SELECT 1"), migrations.RunSQL(TRIGGERS, UNDO)]
