"""The hold on one job, kept by a thread of its own while the handler works."""

import logging
import threading
import uuid
from typing import Any

from django.db import DatabaseError, connection

from incidents.jobs import services
from incidents.jobs.errors import JobCancelled, LeaseLost
from incidents.jobs.models import Job

logger = logging.getLogger(__name__)

# Progress is shown twice a second; the lease is renewed at least every 1.5 s of its six.
_TICK_SECONDS = 0.5
_RENEW_EVERY_TICKS = 3


class Lease:
    """What a worker knows of the job it holds.

    With `background=True` a thread with its own database connection renews the lease and stores the progress, so that
    both are seen while the handler computes or sits in a long transaction. Without, `note` does so itself (for tests
    inside one transaction, which a second connection cannot see).
    """

    def __init__(self, job: Job, token: uuid.UUID, *, background: bool) -> None:
        """Take over a claimed job."""
        self.job = job
        self.token = token
        self._background = background
        self._latest: tuple[int, int | None, str] | None = None
        self._cancelled = threading.Event()
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease of job {job.pk}", daemon=True)

    @property
    def job_id(self) -> int:
        """The job's number."""
        return self.job.pk

    @property
    def payload(self) -> dict[str, Any]:
        """What was asked for."""
        payload: dict[str, Any] = self.job.payload
        return payload

    @property
    def created_by_id(self) -> int | None:
        """Who asked for it."""
        return self.job.created_by_id

    @property
    def attempt(self) -> int:
        """Which attempt this is, counted from 1."""
        return self.job.attempts

    def __enter__(self) -> "Lease":
        """Begin to renew."""
        if self._background:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop renewing."""
        self._over.set()
        if self._background:
            self._thread.join()

    def note(self, n_done: int, n_total: int | None, message: str) -> None:
        """Remember the progress; it is stored soon."""
        if n_total is not None:
            n_done = min(n_done, n_total)
        self._latest = (max(0, n_done), n_total, message)
        if not self._background:
            self._renew()

    def check(self) -> None:
        """Raise JobCancelled or LeaseLost where the work is to end."""
        if not self._background:
            self._renew()
        if self._lost.is_set():
            raise LeaseLost(f"Job {self.job_id} is held by another worker or finished.")
        if self._cancelled.is_set():
            raise JobCancelled(f"Job {self.job_id} was cancelled.")

    def _keep(self) -> None:
        n_ticks = 0
        try:
            while not self._over.wait(_TICK_SECONDS):
                n_ticks += 1
                if self._latest is None and n_ticks % _RENEW_EVERY_TICKS:
                    continue
                self._renew()
                if self._lost.is_set():
                    return
        finally:
            connection.close()

    def _renew(self) -> None:
        latest, self._latest = self._latest, None
        try:
            if latest is None:
                asked = services.renew(job_id=self.job_id, token=self.token)
            else:
                n_done, n_total, message = latest
                asked = services.renew(
                    job_id=self.job_id, token=self.token, n_done=n_done, n_total=n_total, message=message
                )
        except LeaseLost:
            self._lost.set()
        except DatabaseError as error:
            if not self._background:
                raise
            # The server may be back before the lease ends; if not, another worker takes over, and rightly so.
            logger.warning("The lease of job %s could not be renewed: %s", self.job_id, error)
            connection.close()
        else:
            if asked:
                self._cancelled.set()
