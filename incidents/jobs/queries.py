"""Reading jobs, and whether somebody is there to do them."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from incidents.core.errors import NotThere
from incidents.jobs.enums import FINAL_STATES, OPEN_STATES, JobState, Part
from incidents.jobs.models import Heartbeat, Job

# A worker shows a sign of life every five seconds; after four missed ones it is taken for dead.
SILENT_AFTER = dt.timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignsOfLife:
    """When workers and the sweeper were last seen; None: never."""

    worker_seen_at: dt.datetime | None
    sweeper_seen_at: dt.datetime | None
    at: dt.datetime

    @property
    def worker_alive(self) -> bool:
        """Whether at least one worker was seen lately."""
        return self.worker_seen_at is not None and self.at - self.worker_seen_at < SILENT_AFTER

    @property
    def sweeper_alive(self) -> bool:
        """Whether lost jobs are being brought back."""
        return self.sweeper_seen_at is not None and self.at - self.sweeper_seen_at < SILENT_AFTER


def job_by_id(job_id: int) -> Job:
    """Return a job. Raises NotThere."""
    try:
        return Job.objects.select_related("created_by").get(pk=job_id)
    except Job.DoesNotExist:
        raise NotThere("There is no such job.") from None


def jobs_newest_first(*, kind: str | None = None) -> QuerySet[Job]:
    """Return jobs, of one kind if asked, the newest first."""
    jobs = Job.objects.select_related("created_by").order_by("-id")
    return jobs.filter(kind=kind) if kind else jobs


def open_jobs(*, kind: str | None = None) -> QuerySet[Job]:
    """Return the jobs that wait or run, the newest first."""
    return jobs_newest_first(kind=kind).filter(state__in=OPEN_STATES)


def latest_job(*, kind: str, **payload: object) -> Job | None:
    """Return the newest job of a kind whose payload holds these values."""
    return Job.objects.filter(kind=kind, payload__contains=payload).order_by("-id").first()


def waiting_job(*, kind: str, **payload: object) -> Job | None:
    """Return a job of a kind with just this payload that nobody has begun."""
    rows = Job.objects.filter(kind=kind, payload=payload, state=JobState.QUEUED, attempts=0)
    return rows.order_by("id").first()


def succeeded(*, kind: str) -> bool:
    """Say whether a job of this kind was ever done."""
    return Job.objects.filter(kind=kind, state=JobState.SUCCEEDED).exists()


def is_final(job: Job) -> bool:
    """Say whether nothing more happens to a job by itself."""
    return job.state in FINAL_STATES


def signs_of_life() -> SignsOfLife:
    """Return when each part was last seen, all by the database's clock."""
    seen = dict(
        Heartbeat.objects.values_list("part").annotate(seen_at=Max("seen_at")).values_list("part", "seen_at").order_by()
    )
    at = Heartbeat.objects.values_list(Now(), flat=True).first() or timezone.now()
    return SignsOfLife(worker_seen_at=seen.get(Part.WORKER), sweeper_seen_at=seen.get(Part.SWEEPER), at=at)


def swept_lately(within: dt.timedelta = dt.timedelta(seconds=10)) -> bool:
    """Say whether somebody swept within this time."""
    return Heartbeat.objects.filter(part=Part.SWEEPER, seen_at__gt=Now() - within).exists()
