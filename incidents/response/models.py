"""The case: its window, timeline, duties, candidate changes, pinned evidence, and what was said in public."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from incidents.catalog.models import Product, Source
from incidents.changes.models import Change
from incidents.core.models import Foreign, Stamped
from incidents.response.enums import (
    AnswerStanding,
    CandidateStatus,
    EvidenceKind,
    IncidentDuty,
    IncidentStatus,
    Severity,
)


class Incident(Stamped):
    """A case over the half-open window [starts_at, ends_at)."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="incidents")
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents")
    slug = models.SlugField(max_length=120)
    title = models.CharField(max_length=300)
    summary = models.TextField(blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    bucket = models.CharField(max_length=4, choices=[("hour", "Hour"), ("day", "Day")], default="day")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Which of the two edges were given as bare dates.
    day_fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.UNKNOWN)
    status = models.CharField(max_length=14, choices=IncidentStatus.choices, default=IncidentStatus.INVESTIGATING)
    restricted = models.BooleanField(default=False)
    extra = models.JSONField(default=dict, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "slug"], name="incident_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="incident_window"),
            models.CheckConstraint(condition=Q(status__in=IncidentStatus.values), name="incident_status"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="incident_severity"),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentRole(models.Model):
    """Who holds which duty; people with a duty see a restricted case."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="duties")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="duties")
    duty = models.CharField(max_length=12, choices=IncidentDuty.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user", "duty"], name="incident_duty_once")]


class PublicityEvent(models.Model):
    """Something that made people complain more in every segment at once: a viral post, a news article."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="publicity")
    at = models.DateTimeField()
    title = models.CharField(max_length=300)
    day_only = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "at", "title"], name="publicity_once")]


class DismissedRise(models.Model):
    """A day on which everything rose at once and that was no publicity, with the reason; it is not suggested again."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="dismissed_rises")
    on = models.DateField()
    reason = models.CharField(max_length=300)
    dismissed_at = models.DateTimeField(auto_now_add=True)
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["incident", "on"], name="dismissed_rise_once")]


class SupportAnswer(models.Model):
    """What support may answer where a ticket's cause stands so: `text` is approved and in use, `draft` waits for it.

    Without a change it holds for every cause of that standing; `segment` {dimension: [values]} narrows it.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="support_answers")
    standing = models.CharField(max_length=10, choices=AnswerStanding.choices)
    change = models.ForeignKey(Change, null=True, on_delete=models.CASCADE, related_name="support_answers")
    segment = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    draft = models.TextField(blank=True)
    drafted_at = models.DateTimeField(null=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["standing", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(standing__in=AnswerStanding.values), name="support_answer_standing"),
            # Where nobody knows the cause there is no change to speak of.
            models.CheckConstraint(
                condition=Q(change=None) | ~Q(standing=AnswerStanding.UNKNOWN), name="support_answer_change"
            ),
            models.CheckConstraint(condition=Q(text="") | Q(approved_at__isnull=False), name="support_answer_approved"),
            models.UniqueConstraint(
                fields=["product", "standing", "change", "segment"],
                condition=Q(retired_at=None),
                name="support_answer_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_standing_display()}: {(self.text or self.draft)[:60]}"


class TimelineEntry(models.Model):
    """One line of the case's own timeline, written by a person or by the workbench."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField()
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "id"]


class CandidateChange(Stamped):
    """What people hold of a change in this case, and why."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="candidates")
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="candidacies")
    status = models.CharField(max_length=14, choices=CandidateStatus.choices, default=CandidateStatus.CANDIDATE)
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "change"], name="candidate_once")]


class Evidence(models.Model):
    """A window of the overlay, a change, a metric or a ticket that somebody pinned, with a note."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=10, choices=EvidenceKind.choices)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    segment_filter = models.JSONField(default=dict, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    figures = models.JSONField(default=dict, blank=True)
    note = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="evidence_window"
            )
        ]


class Statement(Foreign):
    """What was said in public: when, where, to whom, and the claims in it."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="statements")
    at = models.DateTimeField()
    channel = models.CharField(max_length=80, blank=True)
    audience = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    claims = models.JSONField(default=list, blank=True)
    day_fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "external_id"], name="statement_once")]


class Reference(Foreign):
    """Where facts of the case come from."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="references")
    position = models.PositiveIntegerField(default=0)
    url = models.TextField(blank=True)
    title = models.TextField(blank=True)
    used_for = models.TextField(blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "external_id"], name="reference_once")]
