"""Whether this process lives (/healthz) and whether the workbench can do its work (/readyz)."""

import functools
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from incidents.jobs import queries
from incidents.jobs.wake import broker_answers

logger = logging.getLogger(__name__)

# Longer than any check takes on a healthy machine, shorter than a probe waits.
_SECONDS = 4.0
OK = "ok"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process does: nothing else is asked, so a restart is what a failure calls for."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where database, broker, migrations and a worker are in order, else 503; the body names each part.

    Words only: the answer is public, so what exactly failed stands in the log.
    """
    parts = _checks.answer()
    ready = all(word == OK for name, word in parts.items() if name != "scheduler")
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "parts": parts},
        status=200 if ready else 503,
        headers={} if ready else {"Retry-After": "5"},
    )


class _Checks:
    """One check at a time per process, in a thread of its own.

    A database that hangs holds that one thread, not one request thread per probe: later probes share its fate and get
    their answer in time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")
        self._current: Future[dict[str, str]] | None = None

    def answer(self) -> dict[str, str]:
        """Return one word per part."""
        with self._lock:
            if self._current is None or self._current.done():
                self._current = self._executor.submit(_check_all)
            current = self._current
        try:
            return current.result(timeout=_SECONDS)
        except FutureTimeoutError:
            logger.warning("The readiness check took longer than %s s.", _SECONDS)
            return dict.fromkeys(("database", "broker", "migrations", "worker", "scheduler"), "no answer in time")


_checks = _Checks()


def _check_all() -> dict[str, str]:
    parts = {"broker": OK if broker_answers() else "unreachable"}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '2s'")
            parts |= {"database": OK, "migrations": _migrations_word(), "worker": "unknown", "scheduler": "unknown"}
            if parts["migrations"] == OK:
                signs = queries.signs_of_life()
                parts["worker"] = OK if signs.worker_alive else "silent"
                parts["scheduler"] = OK if signs.sweeper_alive else "silent"
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", error)
        parts |= {"database": "unreachable", "migrations": "unknown", "worker": "unknown", "scheduler": "unknown"}
    finally:
        # Each check opens a connection of its own: that one can be had is part of the question.
        connection.close()
    return parts


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Return (app, name) of each migration of this release; the files do not change while the process runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _migrations_word() -> str:
    missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        logger.warning("To be applied by `manage.py migrate`: %s", ", ".join(sorted(map(".".join, missing))))
    return "pending" if missing else OK
