"""Who does a kind of job, and what the one doing it holds in hand.

A concept registers its handlers in its `tasks` module:

    @handles("metrics.rebuild")
    def rebuild(context: JobContext) -> None:
        rows = expensive(context.payload, on_step=context.progress)
        with context.finishing() as outcome:
            services.store(rows)
            outcome["n_rows"] = len(rows)

All that must happen once is written inside `finishing()`: one transaction that also marks the job as done and that the
database refuses to anyone who no longer holds the job. What is computed before may be computed again.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import transaction

from incidents.jobs import services
from incidents.jobs.lease import Lease

Handler = Callable[["JobContext"], Mapping[str, Any] | None]
_handlers: dict[str, Handler] = {}
_patient: set[str] = set()


class JobContext:
    """One attempt at one job, as its handler sees it."""

    def __init__(self, lease: Lease) -> None:
        """Take the lease; the runner keeps it renewed."""
        self._lease = lease
        self.finished = False

    @property
    def job_id(self) -> int:
        """The job's number."""
        return self._lease.job_id

    @property
    def payload(self) -> dict[str, Any]:
        """What was asked for, as given to `enqueue`."""
        return self._lease.payload

    @property
    def created_by_id(self) -> int | None:
        """Who asked for it."""
        return self._lease.created_by_id

    @property
    def attempt(self) -> int:
        """Which attempt this is, counted from 1."""
        return self._lease.attempt

    def progress(self, n_done: int, n_total: int | None = None, message: str = "") -> None:
        """Say how far the work is; cheap enough for every step of a loop.

        Raises JobCancelled once somebody asked for the end, LeaseLost once another worker holds the job: let both pass.
        """
        self._lease.note(n_done, n_total, message)
        self._lease.check()

    def check(self) -> None:
        """Raise as `progress` does, where there is nothing to report."""
        self._lease.check()

    @contextlib.contextmanager
    def finishing(self) -> Iterator[dict[str, Any]]:
        """Open the one transaction that stores the effects and finishes the job; what it yields is the result.

        If the job is no longer held, everything written inside is rolled back and LeaseLost is raised.
        """
        self._lease.check()
        outcome: dict[str, Any] = {}
        with transaction.atomic():
            yield outcome
            services.finish(job_id=self.job_id, token=self._lease.token, result=outcome)
        self.finished = True


def handles(kind: str, *, patient: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of one kind of job.

    `patient` work takes minutes on a large product and nobody sits before it: little of it is done at a time, so that
    the rest of the workers is there for what people wait for.
    """

    def register(handler: Handler) -> Handler:
        known = _handlers.setdefault(kind, handler)
        if known is not handler:
            raise RuntimeError(f"Two handlers for jobs of kind {kind!r}: {known!r} and {handler!r}.")
        if patient:
            _patient.add(kind)
        return handler

    return register


def handler_of(kind: str) -> Handler | None:
    """Return the handler of a kind, or None."""
    return _handlers.get(kind)


def kinds() -> frozenset[str]:
    """Return all kinds with a handler."""
    return frozenset(_handlers)


def patient_kinds() -> frozenset[str]:
    """Return the kinds of which little is done at a time."""
    return frozenset(_patient)
