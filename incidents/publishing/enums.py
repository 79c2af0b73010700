"""Fixed choices of publishing."""

from django.db import models


class IncidentStep(models.TextChoices):
    """How far a public text takes an incident, in the words of status pages."""

    IDENTIFIED = "identified", "Identified"
    RESOLVED = "resolved", "Resolved"
    POSTMORTEM = "postmortem", "Postmortem"
