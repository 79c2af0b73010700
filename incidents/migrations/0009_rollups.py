"""Rollups of points and complaints, what of them is stale, and marks of what was written."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0008_publication_marks_and_theme")]

    operations = [
        migrations.CreateModel(
            name="DataMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.BigIntegerField()),
                ("transaction", models.BigIntegerField()),
                ("n", models.BigIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="MetricRollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series_id", "width", "at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("series_id", models.BigIntegerField()),
                ("width", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("n_points", models.IntegerField()),
                ("at_total", models.FloatField()),
                ("total", models.FloatField()),
                ("weighted", models.FloatField(null=True)),
                ("least", models.FloatField()),
                ("greatest", models.FloatField()),
                ("n", models.FloatField(null=True)),
                ("n_or_one", models.FloatField()),
                ("n_stderr", models.IntegerField()),
                ("variance", models.FloatField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="MetricStale",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series_id", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TicketRollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "product_id",
                        "clock",
                        "width",
                        "at",
                        "day_only",
                        "symptom_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("product_id", models.BigIntegerField()),
                ("clock", models.CharField(max_length=6)),
                ("width", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("day_only", models.BooleanField()),
                ("symptom_id", models.BigIntegerField()),
                ("amount", models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name="TicketStale",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("product"),
                django.db.models.functions.comparison.Coalesce("onset_at", "reported_at"),
                name="ticket_onset",
            ),
        ),
        migrations.AddConstraint(
            model_name="datamark",
            constraint=models.UniqueConstraint(fields=("product_id", "transaction"), name="data_mark_once"),
        ),
        migrations.AddIndex(
            model_name="metricstale",
            index=models.Index(fields=["series_id", "hour"], name="metric_stale_hour"),
        ),
        migrations.AddIndex(
            model_name="ticketstale",
            index=models.Index(fields=["product_id", "hour"], name="ticket_stale_hour"),
        ),
    ]
