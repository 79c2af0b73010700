"""A notice to the people of one segment: whom it is for, and the text that it was cut from."""

import django.db.models.deletion
from django.db import migrations, models

_COLUMNS = (
    "product_id", "document_id", "kind", "slug", "number", "revision_number", "title", "heading", "summary", "body",
    "html", "content_hash", "effective_at", "timezone", "correction", "published_at", "shows_earlier", "change_kind",
    "versions", "incident_key", "incident_step",
)  # fmt: skip


def _frozen(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    return f"""
DROP TRIGGER publication_is_frozen ON incidents_publication;
CREATE TRIGGER publication_is_frozen BEFORE UPDATE ON incidents_publication
    FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new}))
    EXECUTE FUNCTION incidents_refuse_rewrite();
"""


class Migration(migrations.Migration):
    """Adds empty columns: nothing is rewritten."""

    dependencies = [
        ("incidents", "0019_public_site"),
    ]

    operations = [
        migrations.AddField("document", "segment", models.JSONField(blank=True, default=dict)),
        migrations.AddField(
            "document",
            "made_from",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="made_of_it",
                to="incidents.document",
            ),
        ),
        migrations.AddField("document", "made_from_version", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("publication", "readers", models.CharField(blank=True, max_length=300)),
        # What was said stays as it was said: to whom belongs to it.
        migrations.RunSQL(_frozen((*_COLUMNS, "readers")), _frozen(_COLUMNS)),
    ]
