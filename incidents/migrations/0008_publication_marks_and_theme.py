"""What public texts are filed under, and how a product looks in public."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# What was said stays as it was said: the new columns belong to it.
FREEZE = """
DROP TRIGGER publication_is_frozen ON incidents_publication;
CREATE TRIGGER publication_is_frozen BEFORE UPDATE ON incidents_publication
    FOR EACH ROW WHEN (
        (OLD.product_id, OLD.document_id, OLD.kind, OLD.slug, OLD.number, OLD.revision_number, OLD.title,
         OLD.heading, OLD.summary, OLD.body, OLD.html, OLD.content_hash, OLD.effective_at, OLD.timezone,
         OLD.correction, OLD.published_at, OLD.shows_earlier, OLD.change_kind, OLD.versions,
         OLD.incident_key, OLD.incident_step)
        IS DISTINCT FROM
        (NEW.product_id, NEW.document_id, NEW.kind, NEW.slug, NEW.number, NEW.revision_number, NEW.title,
         NEW.heading, NEW.summary, NEW.body, NEW.html, NEW.content_hash, NEW.effective_at, NEW.timezone,
         NEW.correction, NEW.published_at, NEW.shows_earlier, NEW.change_kind, NEW.versions,
         NEW.incident_key, NEW.incident_step))
    EXECUTE FUNCTION incidents_refuse_rewrite();
"""

THAW = """
DROP TRIGGER publication_is_frozen ON incidents_publication;
CREATE TRIGGER publication_is_frozen BEFORE UPDATE ON incidents_publication
    FOR EACH ROW WHEN (
        (OLD.product_id, OLD.document_id, OLD.kind, OLD.slug, OLD.number, OLD.revision_number, OLD.title,
         OLD.heading, OLD.summary, OLD.body, OLD.html, OLD.content_hash, OLD.effective_at, OLD.timezone,
         OLD.correction, OLD.published_at)
        IS DISTINCT FROM
        (NEW.product_id, NEW.document_id, NEW.kind, NEW.slug, NEW.number, NEW.revision_number, NEW.title,
         NEW.heading, NEW.summary, NEW.body, NEW.html, NEW.content_hash, NEW.effective_at, NEW.timezone,
         NEW.correction, NEW.published_at))
    EXECUTE FUNCTION incidents_refuse_rewrite();
"""


class Migration(migrations.Migration):
    """Adds empty columns and a table: nothing is rewritten."""

    dependencies = [
        ("incidents", "0007_document_templates"),
    ]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="change_kind",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="publication",
            name="incident_key",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="publication",
            name="incident_step",
            field=models.CharField(
                blank=True,
                choices=[("identified", "Identified"), ("resolved", "Resolved"), ("postmortem", "Postmortem")],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="shows_earlier",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="publication",
            name="versions",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80), blank=True, default=list, size=None
            ),
        ),
        migrations.CreateModel(
            name="Theme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("site_name", models.CharField(blank=True, max_length=120)),
                ("accent", models.CharField(blank=True, max_length=7)),
                ("accent_dark", models.CharField(blank=True, max_length=7)),
                ("css", models.TextField(blank=True)),
                ("logo", models.BinaryField(null=True)),
                ("logo_type", models.CharField(blank=True, max_length=20)),
                ("home_url", models.URLField(blank=True, max_length=300)),
                ("domain", models.CharField(blank=True, max_length=253)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="theme", to="incidents.product"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("domain", ""), _negated=True), fields=("domain",), name="theme_domain_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(FREEZE, THAW),
    ]
