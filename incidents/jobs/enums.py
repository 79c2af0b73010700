"""The words of a job's life."""

from django.db import models


class JobState(models.TextChoices):
    """Where a job stands. Queued and running are open; the other four are final."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    DEAD = "dead", "Given up"


OPEN_STATES: tuple[str, ...] = (JobState.QUEUED.value, JobState.RUNNING.value)
FINAL_STATES: tuple[str, ...] = (
    JobState.SUCCEEDED.value,
    JobState.FAILED.value,
    JobState.CANCELLED.value,
    JobState.DEAD.value,
)


class Part(models.TextChoices):
    """A process that must be alive for jobs to be done."""

    WORKER = "worker", "Worker"
    SWEEPER = "sweeper", "Sweeper"
