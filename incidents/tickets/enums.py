"""Fixed choices of tickets."""

from enum import StrEnum

from django.db import models

NO_SYMPTOM = 0  # what a ticket without any label counts as


class Clock(StrEnum):
    """Which time of a ticket counts: when the symptom began, where the reporter said so, or when it was reported."""

    ONSET = "onset"
    REPORT = "report"


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
