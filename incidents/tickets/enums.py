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


class ReadingSource(models.TextChoices):
    """Where a segment value comes from that the ticket's own fields do not give."""

    RULE = "rule", "A rule found it in the words"
    PERSON = "person", "A person"


class ProposalState(models.TextChoices):
    """Where something that the machine proposes stands."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DISMISSED = "dismissed", "Dismissed"


class DuplicateKind(models.TextChoices):
    """Why two tickets may be one."""

    NEAR_COPY = "near_copy", "Nearly the same words"
    SAME_PERSON = "same_person", "Same person, same symptom"
