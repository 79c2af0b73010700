"""Fixed choices of cases."""

from django.db import models


class Severity(models.TextChoices):
    """How much harm is done."""

    CRITICAL = "critical", "Critical"
    MAJOR = "major", "Major"
    MINOR = "minor", "Minor"
    UNKNOWN = "unknown", "Not yet known"


class IncidentStatus(models.TextChoices):
    """Where the case stands."""

    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"


class IncidentDuty(models.TextChoices):
    """Who does what in this case."""

    LEAD = "lead", "Incident lead"
    SUPPORT = "support", "Support lead"
    ENGINEERING = "engineering", "Engineering lead"
    COMMS = "comms", "Comms lead"


class CandidateStatus(models.TextChoices):
    """What people hold of a change in this case; only a person promotes one."""

    CANDIDATE = "candidate", "Candidate"
    CONTRIBUTING = "contributing", "Contributing factor"
    REJECTED = "rejected", "Tested and rejected"


class EvidenceKind(models.TextChoices):
    """What was pinned."""

    WINDOW = "window", "Time range"
    CHANGE = "change", "Change"
    METRIC = "metric", "Metric"
    TICKET = "ticket", "Ticket"


class AnswerStanding(models.TextChoices):
    """How surely the cause of a ticket is known, for an answer to who wrote it."""

    KNOWN = "known", "Known"
    SUSPECTED = "suspected", "Suspected"
    UNKNOWN = "unknown", "Not known"
