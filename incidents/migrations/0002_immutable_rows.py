"""Rows that record what happened cannot be rewritten: the audit trail, attribution runs, revisions, publications."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION incidents_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never rewritten', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON incidents_auditentry
    FOR EACH ROW EXECUTE FUNCTION incidents_refuse_rewrite();
CREATE TRIGGER run_is_immutable BEFORE UPDATE ON incidents_attributionrun
    FOR EACH ROW WHEN (OLD.created_by_id IS NOT DISTINCT FROM NEW.created_by_id)
    EXECUTE FUNCTION incidents_refuse_rewrite();
CREATE TRIGGER revision_is_immutable BEFORE UPDATE ON incidents_revision
    FOR EACH ROW WHEN (OLD.author_id IS NOT DISTINCT FROM NEW.author_id)
    EXECUTE FUNCTION incidents_refuse_rewrite();
-- A publication may only be replaced (is_current) or withdrawn; what was said stays as it was said.
CREATE TRIGGER publication_is_frozen BEFORE UPDATE ON incidents_publication
    FOR EACH ROW WHEN (
        (OLD.product_id, OLD.document_id, OLD.kind, OLD.slug, OLD.number, OLD.revision_number, OLD.title, OLD.heading,
         OLD.summary, OLD.body, OLD.html, OLD.content_hash, OLD.effective_at, OLD.timezone, OLD.correction,
         OLD.published_at)
        IS DISTINCT FROM
        (NEW.product_id, NEW.document_id, NEW.kind, NEW.slug, NEW.number, NEW.revision_number, NEW.title, NEW.heading,
         NEW.summary, NEW.body, NEW.html, NEW.content_hash, NEW.effective_at, NEW.timezone, NEW.correction,
         NEW.published_at))
    EXECUTE FUNCTION incidents_refuse_rewrite();
"""

ALLOW = """
DROP TRIGGER publication_is_frozen ON incidents_publication;
DROP TRIGGER revision_is_immutable ON incidents_revision;
DROP TRIGGER run_is_immutable ON incidents_attributionrun;
DROP TRIGGER audit_is_append_only ON incidents_auditentry;
DROP FUNCTION incidents_refuse_rewrite();
"""


class Migration(migrations.Migration):
    """Adds the triggers."""

    dependencies = [("incidents", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
