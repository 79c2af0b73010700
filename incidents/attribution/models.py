"""Stored attribution runs: immutable, reproducible by the hash of their inputs, the code's version and the seed."""

from django.conf import settings
from django.db import models

from incidents.response.models import Incident


class AttributionRun(models.Model):
    """What the model said of one state of the evidence. A database trigger refuses updates."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="runs")
    input_hash = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    seed = models.BigIntegerField(default=0)
    parameters = models.JSONField(default=dict)
    # What went in, in words a person can compare: number of tickets, changes with their edges, sources.
    inputs = models.JSONField(default=dict)
    # The result as FORMAT.md's object without tickets, and the layers over time for the overlay.
    result = models.JSONField(default=dict)
    # Probabilities per cell (bin, pattern, symptom): compressed NumPy archive; a ticket's are those of its cell.
    cells = models.BinaryField(null=True)
    n_tickets = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["incident", "-created_at"], name="run_incident_newest")]


class SavedScenario(models.Model):
    """A what-if that somebody kept: what was asked, what came out, and of which evidence and code."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=120)
    scenario = models.JSONField()
    # Findings as things were and as they might have been, without layers and checks.
    answer = models.JSONField()
    input_hash = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["incident", "name"], name="scenario_name_once")]

    def __str__(self) -> str:
        return self.name
