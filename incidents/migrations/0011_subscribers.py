"""Who hears of what is published, and what is on its way to them."""

import django.db.models.deletion
from django.db import migrations, models

import incidents.publishing.subscribers.models


class Migration(migrations.Migration):
    """Adds two tables."""

    dependencies = [
        ("incidents", "0010_data_marks"),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscriber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("webhook", "Webhook"), ("slack", "Chat room")], max_length=8
                    ),
                ),
                ("address", models.CharField(max_length=500)),
                (
                    "pace",
                    models.CharField(
                        choices=[("instant", "At once"), ("digest", "Once a day")], default="instant", max_length=8
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=incidents.publishing.subscribers.models.new_secret, max_length=40, unique=True
                    ),
                ),
                ("secret", models.CharField(blank=True, max_length=80)),
                ("former_secret", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stopped_reason", models.CharField(blank=True, max_length=300)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="subscribers", to="incidents.product"
                    ),
                ),
            ],
            options={
                "ordering": ["channel", "address", "id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "On its way"),
                            ("sent", "Delivered"),
                            ("dropped", "Not needed any more"),
                            ("dead", "Given up"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="incidents.publication",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="incidents.subscriber",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.UniqueConstraint(fields=("product", "channel", "address"), name="subscriber_once"),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "webhook", "slack"])), name="subscriber_channel"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["state", "-created_at"], name="delivery_state"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("subscriber", "publication"), name="delivery_once"),
        ),
    ]
