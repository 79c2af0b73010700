"""Doing one job: claim it, run its handler, store how it ended."""

import logging
import uuid
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from incidents.core.errors import WorkbenchError
from incidents.jobs import services
from incidents.jobs.errors import JobCancelled, LeaseLost
from incidents.jobs.handlers import JobContext, handler_of, patient_kinds
from incidents.jobs.lease import Lease
from incidents.jobs.models import Job

logger = logging.getLogger(__name__)


def run(job_id: int, *, background: bool = True) -> bool:
    """Do a job if it can be had; return whether it was done by this call.

    `background=False` renews the lease only when the handler reports, all on one connection: for tests.
    """
    token = uuid.uuid4()
    patient = patient_kinds()
    job = services.claim(job_id=job_id, token=token, patient=patient)
    if job is None:
        return False
    try:
        with Lease(job, token, background=background) as lease:
            was_done = _attempt(job, JobContext(lease), token)
    except LeaseLost as error:
        logger.warning("%s This attempt left no trace.", error)
        was_done = False
    if job.kind in patient:
        services.wake_next(patient=patient)
    return was_done


def _attempt(job: Job, context: JobContext, token: uuid.UUID) -> bool:
    """Run the handler and store the end. LeaseLost passes."""
    handler = handler_of(job.kind)
    if handler is None:
        services.fail(job_id=job.pk, token=token, message=f"No part of this release does jobs of kind {job.kind!r}.")
        return False
    try:
        result = handler(context)
        if not context.finished:
            services.finish(job_id=job.pk, token=token, result=result or {})
    except LeaseLost:
        raise
    except JobCancelled:
        services.cancel(job_id=job.pk, token=token)
    except WorkbenchError as error:
        services.fail(job_id=job.pk, token=token, message=str(error))
    except (SystemExit, KeyboardInterrupt):
        # The worker is being stopped: the job goes back at once instead of waiting for its lease to end.
        services.give_back(job_id=job.pk, token=token)
        raise
    except SoftTimeLimitExceeded:
        services.retry(job=job, token=token, error="The job took longer than one attempt may.")
    except Exception as error:  # noqa: BLE001 - whatever a handler raises ends its attempt, not the worker
        _after_error(job, context, token, error)
    else:
        return True
    return False


def _after_error(job: Job, context: JobContext, token: uuid.UUID, error: Exception) -> None:
    logger.exception("Attempt %s at job %s (%s) failed.", job.attempts, job.pk, job.kind, exc_info=error)
    if context.finished:
        # The effects are stored and the job is done: what came after them is only worth a log line.
        return
    services.retry(job=job, token=token, error=f"{type(error).__name__}: {error}"[:2000])


def outcome(job_id: int) -> dict[str, Any]:
    """Return state, result and error of a job, for a command that did it on the spot."""
    job = Job.objects.get(pk=job_id)
    return {"state": job.state, "result": job.result, "error": job.error}
