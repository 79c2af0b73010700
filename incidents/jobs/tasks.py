"""What Celery runs: one job by its number, and the sweep."""

from celery import shared_task

from incidents.jobs import pulse, runner, services
from incidents.jobs.wake import RUN_JOB


@shared_task(name=RUN_JOB)
def run_job(job_id: int) -> None:
    """Do the job, if nobody else does."""
    runner.run(job_id)


@shared_task(name="incidents.sweep_jobs")
def sweep_jobs() -> None:
    """Bring back what was lost."""
    pulse.sweep()
    services.forget_silent()
