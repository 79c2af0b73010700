"""The job of record, a row written in the transaction of what it belongs to, and its workers' signs of life."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from incidents.jobs.enums import OPEN_STATES, JobState, Part


class Job(models.Model):
    """One piece of work that is done once, whatever dies on the way.

    A worker holds a job by a lease: `lease_token` names the holder, `leased_until` says until when others
    keep away. Only the holder of the current token can finish the job, so its effects happen once.
    """

    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    # Two open or succeeded jobs of one kind never share a key; a failure frees it. Empty: no key.
    idempotency_key = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)

    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    # Not to be claimed before this time: the pause before a retry.
    available_at = models.DateTimeField(db_default=Now())
    # When a worker was last told of it; the sweeper tells again after a while.
    woken_at = models.DateTimeField(null=True, blank=True)

    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    n_done = models.BigIntegerField(default=0)
    n_total = models.BigIntegerField(null=True, blank=True)
    message = models.CharField(max_length=300, blank=True, default="")

    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="job_state_known", condition=Q(state__in=JobState.values)),
            models.CheckConstraint(name="job_kind_named", condition=~Q(kind="")),
            models.CheckConstraint(
                name="job_lease_while_running",
                condition=Q(state=JobState.RUNNING, lease_token__isnull=False, leased_until__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_token__isnull=True, leased_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="job_finish_when_final",
                condition=Q(state__in=OPEN_STATES, finished_at__isnull=True)
                | (~Q(state__in=OPEN_STATES) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="job_attempts_in_bounds",
                condition=Q(max_attempts__gte=1, attempts__lte=F("max_attempts")),
            ),
            models.CheckConstraint(
                name="job_progress_in_bounds",
                condition=Q(n_done__gte=0) & (Q(n_total__isnull=True) | Q(n_total__gte=F("n_done"))),
            ),
            models.UniqueConstraint(
                name="job_key_once",
                fields=["kind", "idempotency_key"],
                condition=~Q(idempotency_key="") & Q(state__in=(*OPEN_STATES, JobState.SUCCEEDED.value)),
            ),
        ]
        indexes = [
            models.Index(name="job_waiting", fields=["available_at", "id"], condition=Q(state=JobState.QUEUED)),
            models.Index(name="job_leases", fields=["leased_until"], condition=Q(state=JobState.RUNNING)),
            models.Index(name="job_by_kind", fields=["kind", "-id"]),
        ]


class Heartbeat(models.Model):
    """The last sign of life of one process."""

    name = models.CharField(max_length=200, primary_key=True)
    part = models.CharField(max_length=16, choices=Part)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="heartbeat_part_known", condition=Q(part__in=Part.values))]
        indexes = [models.Index(name="heartbeat_by_part", fields=["part", "-seen_at"])]
