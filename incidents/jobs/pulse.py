"""The pulse of a worker: a thread that shows the worker lives, and that sweeps where nobody else does.

The scheduler's sweep is a task and needs a free hand; when all are busy, or the scheduler is dead, this thread sees
to it.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from incidents.jobs import queries, services
from incidents.jobs.enums import Part
from incidents.jobs.handlers import patient_kinds

logger = logging.getLogger(__name__)
_EVERY_SECONDS = 5.0


class Pulse:
    """The thread; one per worker process."""

    def __init__(self, *, on_beat: Callable[[], None] = lambda: None) -> None:
        """Name the worker after its machine and process; `on_beat` is called after each stored sign of life."""
        self._on_beat = on_beat
        self.name = f"worker@{socket.gethostname()}:{os.getpid()}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and say so: a stopped worker must not pass for a living one."""
        self._over.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        while True:
            try:
                beat(self.name)
                self._on_beat()
            except DatabaseError as error:
                logger.warning("No sign of life could be stored: %s", error)
                connection.close()
            if self._over.wait(_EVERY_SECONDS):
                break
        try:
            services.remove_heartbeat(name=self.name)
        except DatabaseError as error:
            logger.warning("The last sign of life could not be removed: %s", error)
        connection.close()


def beat(name: str) -> None:
    """Store one sign of life; sweep where the last sweep is overdue."""
    services.record_heartbeat(name=name, part=Part.WORKER)
    if not queries.swept_lately():
        sweep()


def sweep() -> int:
    """Bring back lost jobs and note that it was done; return how many workers were woken for."""
    n_woken = services.sweep(patient=patient_kinds())
    services.record_heartbeat(name="sweeper", part=Part.SWEEPER)
    return n_woken
