"""The steps of a job's life. Each is one statement guarded by the job's state and, while it runs, by its lease.

All times are the database's: clocks of several machines need not agree.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, Now

from incidents.jobs.enums import OPEN_STATES, JobState, Part
from incidents.jobs.errors import LeaseLost
from incidents.jobs.models import Heartbeat, Job
from incidents.jobs.wake import wake

# Short, so that the work of a killed worker is taken up soon; a living one renews it every 1.5 s.
LEASE = dt.timedelta(seconds=6)
# How long a wake-up may take to be answered before it counts as lost.
WAKE_AGAIN_AFTER = dt.timedelta(seconds=6)
_LONGEST_PAUSE_SECONDS = 60
_WAKES_PER_SWEEP = 100
_NO_LEASE: dict[str, None] = {"lease_token": None, "leased_until": None}


def enqueue(
    *,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    idempotency_key: str = "",
    created_by: AbstractBaseUser | None = None,
    max_attempts: int = 5,
    due_at: dt.datetime | None = None,
) -> Job:
    """Write down a job in the caller's transaction; a worker is woken once that commits.

    With `due_at` nobody takes it before that time; the sweep wakes a worker then.

    With an idempotency key, an open or succeeded job of the same kind and key is returned instead of a second one.
    """
    if idempotency_key and (known := _known(kind, idempotency_key)):
        return known
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                payload=dict(payload or {}),
                idempotency_key=idempotency_key,
                created_by_id=created_by.pk if created_by is not None else None,
                max_attempts=max_attempts,
                woken_at=Now() if due_at is None else None,
                **({} if due_at is None else {"available_at": due_at}),
            )
    except IntegrityError:
        # Somebody else was faster with the same key.
        if idempotency_key and (known := _known(kind, idempotency_key)):
            return known
        raise
    job.refresh_from_db()
    if due_at is None:
        transaction.on_commit(lambda: wake(job.pk))
    return job


def claim(*, job_id: int, token: uuid.UUID, patient: Collection[str] = ()) -> Job | None:
    """Take a waiting job; None where it is not there to be taken (held, finished, not due yet).

    Of the `patient` kinds no more than `settings.PATIENT_JOBS` run at a time; one that finds no place keeps waiting.
    """
    with transaction.atomic():
        if patient and Job.objects.filter(pk=job_id, state=JobState.QUEUED, kind__in=patient).exists():
            # Two that looked at the same moment would both see a place.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('incidents.jobs.patient'))")
            if Job.objects.filter(state=JobState.RUNNING, kind__in=patient).count() >= settings.PATIENT_JOBS:
                return None
        taken = Job.objects.filter(
            pk=job_id, state=JobState.QUEUED, available_at__lte=Now(), cancel_requested_at=None
        ).update(
            state=JobState.RUNNING,
            lease_token=token,
            leased_until=Now() + LEASE,
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", Now()),
            n_done=0,
            n_total=None,
            message="",
        )
    return Job.objects.get(pk=job_id) if taken else None


def wake_next(*, patient: Collection[str]) -> None:
    """Tell a worker of the next waiting job of these kinds: one that somebody asked for before one of the clock's."""
    waiting = Job.objects.filter(state=JobState.QUEUED, kind__in=patient, available_at__lte=Now())
    asked_first = Case(When(created_by=None, then=1), default=0)
    for pk in list(waiting.order_by(asked_first, "available_at", "id").values_list("pk", flat=True)[:1]):
        Job.objects.filter(pk=pk).update(woken_at=Now())
        wake(pk)


def renew(
    *, job_id: int, token: uuid.UUID, n_done: int | None = None, n_total: int | None = None, message: str = ""
) -> bool:
    """Renew the lease and store the progress, if given; return whether the job's end was asked for.

    Raises LeaseLost.
    """
    fields: dict[str, Any] = {"leased_until": Now() + LEASE}
    if n_done is not None:
        fields |= {"n_done": n_done, "n_total": n_total, "message": message[:300]}
    held = Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_token=token)
    if not held.update(**fields):
        raise LeaseLost(f"Job {job_id} is held by another worker or finished.")
    return held.filter(cancel_requested_at__isnull=False).exists()


def finish(*, job_id: int, token: uuid.UUID, result: Mapping[str, Any]) -> None:
    """Mark a held job as done; to be called in the transaction that writes its effects. Raises LeaseLost."""
    _leave(job_id, token, state=JobState.SUCCEEDED, finished_at=Now(), result=dict(result), error="")


def fail(*, job_id: int, token: uuid.UUID, message: str) -> None:
    """Mark a held job as failed for good: trying again would not help. Raises LeaseLost."""
    _leave(job_id, token, state=JobState.FAILED, finished_at=Now(), error=message)


def cancel(*, job_id: int, token: uuid.UUID) -> None:
    """Mark a held job as cancelled, once its handler stopped. Raises LeaseLost."""
    _leave(job_id, token, state=JobState.CANCELLED, finished_at=Now())


def retry(*, job: Job, token: uuid.UUID, error: str) -> None:
    """Put a held job back after an error, later each time, or give it up after its last attempt. Raises LeaseLost."""
    if job.attempts >= job.max_attempts:
        _leave(job.pk, token, state=JobState.DEAD, finished_at=Now(), error=error)
        return
    pause = dt.timedelta(seconds=min(_LONGEST_PAUSE_SECONDS, 2**job.attempts))
    _leave(job.pk, token, state=JobState.QUEUED, available_at=Now() + pause, woken_at=None, error=error)


def give_back(*, job_id: int, token: uuid.UUID) -> None:
    """Put a held job back at once, the attempt not counted: the worker is being stopped. Raises LeaseLost."""
    _leave(job_id, token, state=JobState.QUEUED, available_at=Now(), woken_at=None, attempts=F("attempts") - 1)


def record_done(*, kind: str, result: Mapping[str, Any] | None = None) -> None:
    """Write down work that was done on the spot, by a command, so that it is not done again."""
    Job.objects.create(
        kind=kind, state=JobState.SUCCEEDED, started_at=Now(), finished_at=Now(), result=dict(result or {})
    )


def request_cancel(*, job_id: int) -> bool:
    """Ask for a job's end: a waiting one is cancelled at once, a running one at its next step.

    Return False where it was finished already.
    """
    if Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished_at=Now(), cancel_requested_at=Now()
    ):
        return True
    running = Job.objects.filter(pk=job_id, state=JobState.RUNNING)
    return bool(running.update(cancel_requested_at=Coalesce("cancel_requested_at", Now())))


def run_again(*, job_id: int) -> bool:
    """Put a failed, given-up or cancelled job back into the queue with fresh attempts; False where it is none."""
    try:
        with transaction.atomic():
            n = Job.objects.filter(pk=job_id, state__in=(JobState.FAILED, JobState.DEAD, JobState.CANCELLED)).update(
                state=JobState.QUEUED,
                attempts=0,
                available_at=Now(),
                woken_at=Now(),
                finished_at=None,
                cancel_requested_at=None,
                error="",
            )
    except IntegrityError:
        # Another job with the same key is open or has succeeded meanwhile.
        return False
    if n:
        transaction.on_commit(lambda: wake(job_id))
    return bool(n)


def sweep(*, patient: Collection[str] = ()) -> int:
    """Bring back what was lost: jobs whose worker died, wake-ups that never arrived. Return how many were woken.

    Of the `patient` kinds no more are woken than may run: many that wait would push the others out of the line.
    """
    expired = Q(state=JobState.RUNNING, leased_until__lt=Now())
    Job.objects.filter(expired, cancel_requested_at__isnull=False).update(
        state=JobState.CANCELLED, finished_at=Now(), **_NO_LEASE
    )
    Job.objects.filter(expired, attempts__gte=F("max_attempts")).update(
        state=JobState.DEAD,
        finished_at=Now(),
        error="The worker ended during each attempt at this job; the worker's log says how.",
        **_NO_LEASE,
    )
    Job.objects.filter(expired).update(state=JobState.QUEUED, available_at=Now(), woken_at=None, **_NO_LEASE)
    unheard = Q(woken_at=None) | Q(woken_at__lt=Now() - WAKE_AGAIN_AFTER)
    waiting = Job.objects.filter(unheard, state=JobState.QUEUED, available_at__lte=Now()).order_by("available_at", "id")
    numbers = list(waiting.exclude(kind__in=patient).values_list("pk", flat=True)[:_WAKES_PER_SWEEP])
    numbers += list(waiting.filter(kind__in=patient).values_list("pk", flat=True)[: settings.PATIENT_JOBS])
    # Marked before they are told: a second sweeper meanwhile leaves them alone.
    Job.objects.filter(unheard, pk__in=numbers).update(woken_at=Now())
    for number in numbers:
        wake(number)
    return len(numbers)


def record_heartbeat(*, name: str, part: Part) -> None:
    """Store a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"part": part, "seen_at": Now()})


def remove_heartbeat(*, name: str) -> None:
    """Drop the sign of life of a process that ends in order."""
    Heartbeat.objects.filter(name=name).delete()


def forget_silent(*, after: dt.timedelta = dt.timedelta(days=1)) -> None:
    """Drop signs of life of processes that are long gone."""
    Heartbeat.objects.filter(seen_at__lt=Now() - after).delete()


def _known(kind: str, key: str) -> Job | None:
    states = (*OPEN_STATES, JobState.SUCCEEDED)
    return Job.objects.filter(kind=kind, idempotency_key=key, state__in=states).first()


def _leave(job_id: int, token: uuid.UUID, **fields: Any) -> None:
    """Let go of a held job; the token decides, so an attempt that lost its lease changes nothing."""
    held = Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_token=token)
    if not held.update(**fields, **_NO_LEASE):
        raise LeaseLost(f"Job {job_id} is held by another worker or finished.")
