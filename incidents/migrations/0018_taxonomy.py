"""The history of symptoms and the labels that moved with them; dismissed suggestions; answers of support.

Topics may be shown on the overlay: their tables mark the product's data as migration 0010 does for the others.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


def triggers(table: str, products: str) -> tuple[str, str]:
    """Return the statements that make and drop a table's three triggers."""
    made = "".join(
        f"CREATE TRIGGER data_{name} AFTER {event} ON incidents_{table} REFERENCING {rows} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION incidents_mark_touched('{products}');"
        for name, event, rows in (
            ("inserted", "INSERT", "NEW TABLE AS touched"),
            ("updated", "UPDATE", "NEW TABLE AS touched OLD TABLE AS gone"),
            ("deleted", "DELETE", "OLD TABLE AS touched"),
        )
    )
    dropped = "".join(f"DROP TRIGGER data_{name} ON incidents_{table};" for name in ("inserted", "updated", "deleted"))
    return made, dropped


# A misspelled word is looked up among the commonest ones, which the statistics of the index on words hold.
WORDS_KEPT = "ALTER INDEX ticket_words ALTER COLUMN 1 SET STATISTICS 1000"
WORDS_AS_BEFORE = "ALTER INDEX ticket_words ALTER COLUMN 1 SET STATISTICS -1"


class Migration(migrations.Migration):
    """Adds tables and an empty column: nothing is rewritten."""

    dependencies = [
        ("incidents", "0017_inbox"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DismissedRise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("reason", models.CharField(max_length=300)),
                ("dismissed_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["on"],
            },
        ),
        migrations.CreateModel(
            name="MovedLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("confidence", models.FloatField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("bundle", "Came with the ticket"),
                            ("terms", "Terms of the taxonomy"),
                            ("model", "Learned classifier"),
                            ("person", "A person"),
                        ],
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("replaced", models.JSONField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SupportAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "standing",
                    models.CharField(
                        choices=[("known", "Known"), ("suspected", "Suspected"), ("unknown", "Not known")],
                        max_length=10,
                    ),
                ),
                ("segment", models.JSONField(default=dict)),
                ("text", models.TextField(blank=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("draft", models.TextField(blank=True)),
                ("drafted_at", models.DateTimeField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["standing", "id"],
            },
        ),
        migrations.CreateModel(
            name="SymptomChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("added", "Added"),
                            ("renamed", "Renamed"),
                            ("reworded", "Reworded"),
                            ("merged", "Merged"),
                            ("split", "Split"),
                            ("retired", "Retired"),
                            ("brought_back", "Brought back"),
                        ],
                        max_length=12,
                    ),
                ),
                ("detail", models.JSONField(default=dict)),
                ("n_labels", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(auto_now_add=True)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-changed_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="symptom",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.symptom",
            ),
        ),
        migrations.AddConstraint(
            model_name="symptom",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None), models.Q(("merged_into", models.F("pk")), _negated=True), _connector="OR"
                ),
                name="symptom_merged_two",
            ),
        ),
        migrations.AddField(
            model_name="dismissedrise",
            name="dismissed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="dismissedrise",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="dismissed_rises", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="movedlabel",
            name="decided_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="movedlabel",
            name="symptom",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.symptom"
            ),
        ),
        migrations.AddField(
            model_name="movedlabel",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.symptom"
            ),
        ),
        migrations.AddField(
            model_name="movedlabel",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.ticket"
            ),
        ),
        migrations.AddField(
            model_name="supportanswer",
            name="approved_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="supportanswer",
            name="change",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="support_answers",
                to="incidents.change",
            ),
        ),
        migrations.AddField(
            model_name="supportanswer",
            name="drafted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="supportanswer",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="support_answers", to="incidents.product"
            ),
        ),
        migrations.AddField(
            model_name="symptomchange",
            name="changed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="symptomchange",
            name="other",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.symptom"
            ),
        ),
        migrations.AddField(
            model_name="symptomchange",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="symptom_changes", to="incidents.product"
            ),
        ),
        migrations.AddField(
            model_name="symptomchange",
            name="symptom",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="incidents.symptom"
            ),
        ),
        migrations.AddField(
            model_name="symptomchange",
            name="undone_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="movedlabel",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="moved", to="incidents.symptomchange"
            ),
        ),
        migrations.AddConstraint(
            model_name="dismissedrise",
            constraint=models.UniqueConstraint(fields=("incident", "on"), name="dismissed_rise_once"),
        ),
        migrations.AddConstraint(
            model_name="supportanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("standing__in", ["known", "suspected", "unknown"])), name="support_answer_standing"
            ),
        ),
        migrations.AddConstraint(
            model_name="supportanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("change", None), models.Q(("standing", "unknown"), _negated=True), _connector="OR"),
                name="support_answer_change",
            ),
        ),
        migrations.AddConstraint(
            model_name="supportanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), ("approved_at__isnull", False), _connector="OR"),
                name="support_answer_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="supportanswer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at", None)),
                fields=("product", "standing", "change", "segment"),
                name="support_answer_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="symptomchange",
            index=models.Index(fields=["product", "-changed_at"], name="symptom_change_newest"),
        ),
        migrations.AddConstraint(
            model_name="symptomchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("step__in", ["added", "renamed", "reworded", "merged", "split", "retired", "brought_back"])
                ),
                name="symptom_change_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="movedlabel",
            constraint=models.UniqueConstraint(fields=("change", "ticket"), name="moved_label_once"),
        ),
        TrigramExtension(),
        migrations.RunSQL(WORDS_KEPT, WORDS_AS_BEFORE),
        migrations.RunSQL(*triggers("topic", "SELECT product_id FROM touched")),
        migrations.RunSQL(
            *triggers(
                "topicticket", "SELECT t.product_id FROM touched JOIN incidents_topic t ON t.id = touched.topic_id"
            )
        ),
    ]
