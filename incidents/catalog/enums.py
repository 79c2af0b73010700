"""Fixed choices of the catalogue."""

from django.db import models


class SourceKind(models.TextChoices):
    """Where rows come from."""

    BUNDLE = "bundle", "Case bundle"
    MANUAL = "manual", "Entered by hand"
