"""When a ticket's reporter was erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds an empty column: nothing is rewritten."""

    dependencies = [("incidents", "0005_classifier_version")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
