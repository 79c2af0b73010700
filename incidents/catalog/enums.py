"""Fixed choices of the catalogue."""

from django.db import models


class SourceKind(models.TextChoices):
    """Where rows come from."""

    BUNDLE = "bundle", "Case bundle"
    MANUAL = "manual", "Entered by hand"


class SymptomStep(models.TextChoices):
    """What happened to a symptom of the taxonomy."""

    ADDED = "added", "Added"
    RENAMED = "renamed", "Renamed"
    REWORDED = "reworded", "Reworded"
    MERGED = "merged", "Merged"
    SPLIT = "split", "Split"
    RETIRED = "retired", "Retired"
    BROUGHT_BACK = "brought_back", "Brought back"
