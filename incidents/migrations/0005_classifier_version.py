"""Classifiers learned in the product, and labels that say they come from one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table; the choices of a label's source change nothing in the database."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("incidents", "0004_review_request"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ticketsymptom",
            name="source",
            field=models.CharField(
                choices=[
                    ("bundle", "Came with the ticket"),
                    ("terms", "Terms of the taxonomy"),
                    ("model", "Learned classifier"),
                    ("person", "A person"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="ClassifierVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("n_labels", models.PositiveIntegerField()),
                ("metrics", models.JSONField(default=dict)),
                ("artefact", models.BinaryField()),
                ("is_active", models.BooleanField(default=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="classifiers",
                        to="incidents.product",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)), fields=("product",), name="classifier_one_active"
                    )
                ],
            },
        ),
    ]
