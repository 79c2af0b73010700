"""The Celery application: it wakes workers; what is to be done stands in the database (incidents.jobs)."""

import atexit
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.signals import beat_init, before_task_publish, worker_ready, worker_shutdown

from workbench.embedded.identity import child_setup

if TYPE_CHECKING:
    from incidents.jobs.pulse import Pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")

app = Celery("workbench")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["incidents"])


_pulses: "list[Pulse]" = []


@worker_ready.connect
def _begin_pulse(**_: Any) -> None:
    """Let a worker show that it lives, once it can take work."""
    from incidents.jobs.pulse import Pulse  # needs the app registry, which is filled after this module

    # Sent again after each reconnection to the broker.
    if not _pulses:
        _pulses.append(Pulse(on_beat=_show_life))
        _pulses[0].start()
        # A cold shutdown sends no `worker_shutdown`.
        atexit.register(_end_pulse)
        _compile_engine()


def _compile_engine() -> None:
    """Fill the cache of compiled code beside a worker that just started; on a warm machine it ends at once.

    A process of its own: compiling holds Python's lock, and the jobs are not to wait. It ends with its worker, however
    that ends.
    """
    with suppress(OSError):
        compiling = subprocess.Popen(
            [sys.executable, "-m", "django", "compile_engine"],
            cwd=Path(__file__).resolve().parent.parent,
            preexec_fn=child_setup(None, signal.SIGKILL),  # noqa: PLW1509 - nothing but a system call
        )
        atexit.register(compiling.kill)
        threading.Thread(target=compiling.wait, daemon=True).start()  # so that it does not stay behind as a zombie


@beat_init.connect
def _begin_beat(**_: Any) -> None:
    """Let the scheduler show that it lives: once it is there, and whenever it sends a task."""
    _show_life()
    before_task_publish.connect(_show_life)


def _show_life(**_: Any) -> None:
    """Renew the file that whoever started this process watches (the supervisor, a container's health check)."""
    sign = os.environ.get("WORKBENCH_READY_FILE")
    if sign:
        Path(sign).write_text(f"{os.getpid()}\n", encoding="ascii")


@worker_shutdown.connect
def _end_pulse(**_: Any) -> None:
    """Let a worker that ends in order no longer count as alive."""
    while _pulses:
        _pulses.pop().stop()
