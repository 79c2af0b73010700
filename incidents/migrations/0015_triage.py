"""What triage keeps: readings of words, rules, duplicates and their merges, topics, how long texts stay.

Tickets may count at the onset that their words state: the triggers of 0010 mark that hour as stale, too.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

TOUCHED = """
CREATE OR REPLACE FUNCTION incidents_tickets_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incidents_ticketstale (product_id, hour)
    SELECT DISTINCT product_id, incidents_hour(at) FROM touched, unnest(ARRAY[{moments}]) at WHERE at IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO incidents_ticketstale (product_id, hour)
        SELECT DISTINCT product_id, incidents_hour(at) FROM gone, unnest(ARRAY[{moments}]) at WHERE at IS NOT NULL;
    END IF;
    PERFORM incidents_mark_products(array(SELECT DISTINCT product_id FROM touched));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION incidents_labels_touched() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE products bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO incidents_ticketstale (product_id, hour)
        SELECT t.product_id, incidents_hour(at) FROM gone g JOIN incidents_ticket t ON t.id = g.ticket_id,
            unnest(ARRAY[{of_tickets}]) at WHERE at IS NOT NULL GROUP BY 1, 2;
    END IF;
    WITH hours AS (
        INSERT INTO incidents_ticketstale (product_id, hour)
        SELECT t.product_id, incidents_hour(at) FROM touched g JOIN incidents_ticket t ON t.id = g.ticket_id,
            unnest(ARRAY[{of_tickets}]) at WHERE at IS NOT NULL GROUP BY 1, 2
        RETURNING product_id
    )
    SELECT array_agg(DISTINCT product_id) INTO products FROM hours;
    PERFORM incidents_mark_products(products);
    RETURN NULL;
END $$;
"""


def touched(*moments: str) -> str:
    """Return the two functions for tickets that may count at any of these moments."""
    return TOUCHED.format(moments=", ".join(moments), of_tickets=", ".join(f"t.{one}" for one in moments))


class Migration(migrations.Migration):
    """Adds tables, and columns with constant defaults: no row is rewritten."""

    dependencies = [
        ("incidents", "0014_saved_scenarios"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DuplicateProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("near_copy", "Nearly the same words"), ("same_person", "Same person, same symptom")],
                        max_length=12,
                    ),
                ),
                ("alike", models.FloatField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("accepted", "Accepted"), ("dismissed", "Dismissed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("gained_weight", models.FloatField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("proposed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="SegmentRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rules", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="TextRetention",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="text_retention",
                        serialize=False,
                        to="incidents.product",
                    ),
                ),
                ("days", models.PositiveIntegerField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="TicketReading",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="reading",
                        serialize=False,
                        to="incidents.ticket",
                    ),
                ),
                ("segment", models.JSONField(default=dict)),
                ("onset_from", models.DateTimeField(null=True)),
                ("onset_to", models.DateTimeField(null=True)),
                ("onset_words", models.TextField(blank=True)),
                ("onset_source", models.CharField(blank=True, max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=160)),
                ("terms", models.JSONField(default=list)),
                ("centre", models.JSONField(default=dict)),
                ("n_tickets", models.PositiveIntegerField(default=0)),
                ("spike", models.JSONField(default=dict)),
                ("raised_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("accepted", "Accepted"), ("dismissed", "Dismissed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-n_tickets", "id"],
            },
        ),
        migrations.CreateModel(
            name="TopicTicket",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="topic_place",
                        serialize=False,
                        to="incidents.ticket",
                    ),
                ),
            ],
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_onset",
        ),
        migrations.AddField(
            model_name="ticket",
            name="merged_into",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="merged",
                to="incidents.ticket",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="merged_weight",
            field=models.FloatField(db_default=0.0, default=0.0, editable=False),
        ),
        migrations.AddField(
            model_name="ticket",
            name="stated_confidence",
            field=models.FloatField(db_default=1.0, default=1.0, editable=False),
        ),
        migrations.AddField(
            model_name="ticket",
            name="stated_onset_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="stated_segment",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="incidents.segment",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("product"),
                django.db.models.functions.comparison.Coalesce("onset_at", "stated_onset_at", "reported_at"),
                name="ticket_onset",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("stated_segment__isnull", False)),
                fields=["product", "reported_at"],
                name="ticket_stated",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("reporter", ""), _negated=True),
                fields=["product", "reporter"],
                name="ticket_reporter",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_weight__gte", 0)), name="ticket_merged_weight"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("stated_confidence__gt", 0), ("stated_confidence__lte", 1)),
                name="ticket_stated_confidence",
            ),
        ),
        migrations.AddField(
            model_name="duplicateproposal",
            name="decided_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="duplicateproposal",
            name="kept",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.ticket"
            ),
        ),
        migrations.AddField(
            model_name="duplicateproposal",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.ticket"
            ),
        ),
        migrations.AddField(
            model_name="duplicateproposal",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="duplicate_proposals", to="incidents.product"
            ),
        ),
        migrations.AddField(
            model_name="segmentrules",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="segmentrules",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="segment_rules", to="incidents.product"
            ),
        ),
        migrations.AddField(
            model_name="textretention",
            name="changed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketreading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("onset_from__isnull", True), ("onset_to__isnull", True)),
                    ("onset_from__lt", models.F("onset_to")),
                    _connector="OR",
                ),
                name="ticket_reading_onset",
            ),
        ),
        migrations.AddField(
            model_name="topic",
            name="decided_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="topic",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="topics", to="incidents.product"
            ),
        ),
        migrations.AddField(
            model_name="topic",
            name="symptom",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="incidents.symptom"
            ),
        ),
        migrations.AddField(
            model_name="topicticket",
            name="topic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="places", to="incidents.topic"
            ),
        ),
        migrations.AddIndex(
            model_name="duplicateproposal",
            index=models.Index(fields=["product", "state", "-alike"], name="duplicate_proposal_open"),
        ),
        migrations.AddConstraint(
            model_name="duplicateproposal",
            constraint=models.UniqueConstraint(fields=("kept", "other"), name="duplicate_proposal_once"),
        ),
        migrations.AddConstraint(
            model_name="duplicateproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept", models.F("other")), _negated=True), name="duplicate_proposal_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="duplicateproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "accepted", "dismissed"])), name="duplicate_proposal_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="textretention",
            constraint=models.CheckConstraint(condition=models.Q(("days__gte", 1)), name="text_retention_days"),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "accepted", "dismissed"])), name="topic_state"
            ),
        ),
        migrations.RunSQL(touched("reported_at", "onset_at", "stated_onset_at"), touched("reported_at", "onset_at")),
    ]
