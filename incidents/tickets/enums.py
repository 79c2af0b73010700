"""Fixed choices of tickets."""

from django.db import models


class LabelSource(models.TextChoices):
    """Who says that a ticket shows a symptom."""

    BUNDLE = "bundle", "Came with the ticket"
    TERMS = "terms", "Terms of the taxonomy"
    MODEL = "model", "Learned classifier"
    PERSON = "person", "A person"


class TicketStatus(models.TextChoices):
    """Where a ticket stands in triage."""

    NEW = "new", "New"
    TRIAGED = "triaged", "Triaged"
    DISMISSED = "dismissed", "Dismissed"
