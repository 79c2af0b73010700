"""Fixed choices of metrics."""

from django.db import models


class Better(models.TextChoices):
    """Which direction of a metric is good."""

    HIGHER = "higher", "Higher is better"
    LOWER = "lower", "Lower is better"
    UNKNOWN = "", "No direction"
