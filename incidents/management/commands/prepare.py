"""`manage.py prepare`: what stands between empty servers and a workbench that can start. Safe to repeat."""

import hashlib
import secrets
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from incidents.jobs import queries, services

# Any number that nothing else locks: two preparations of one database take turns.
_LOCK = 7_264_001
_DEMO_KIND = "demo.first_load"


class Command(BaseCommand):
    """Migrates, collects static files, loads the demo case once, creates the first administrator once."""

    # `make lint` and the deployment run them; here they would cost each start half a second.
    requires_system_checks = ()
    help = "Bring database, static files and first content up to date; what is done already is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the switches."""
        parser.add_argument("--no-demo", action="store_true", help="Do not load the demo case.")
        parser.add_argument("--no-static", action="store_true", help="Do not collect static files.")

    def handle(self, *_: Any, no_demo: bool, no_static: bool, **__: Any) -> None:
        """Do each step that is not done yet."""
        static = _Background(self._collect_static if not no_static else lambda: None)
        static.start()
        with _alone():
            self._migrate()
            if not no_demo:
                self._load_demo()
            self._create_administrator()
        static.result()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        n_steps = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if n_steps:
            with self._timed(f"Migrations ({n_steps})"):
                call_command("migrate", interactive=False, verbosity=0)

    def _load_demo(self) -> None:
        if "load_demo" not in get_commands() or queries.succeeded(kind=_DEMO_KIND):
            return
        with self._timed("Demo case"):
            call_command("load_demo", stdout=self.stdout)
            # Written down in the database, not beside it: whoever deletes the case does not get it back.
            services.record_done(kind=_DEMO_KIND)

    def _create_administrator(self) -> None:
        users = get_user_model()._default_manager
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        get_user_model().objects.create_superuser(username="admin", password=password)
        self._say(f"First administrator: name admin, password {password}")
        self._say("  (shown this once; change it after signing in)")

    def _collect_static(self) -> None:
        """Collect and compress, unless nothing changed since the last time: compressing takes seconds."""
        mark = Path(settings.STATIC_ROOT) / ".collected"
        digest = _static_digest()
        if mark.exists() and mark.read_text(encoding="ascii") == digest:
            return
        began = time.monotonic()
        call_command("collectstatic", interactive=False, verbosity=0)
        mark.write_text(digest, encoding="ascii")
        self._say(f"Static files: {time.monotonic() - began:.1f} s")

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._say(f"{what}: {time.monotonic() - began:.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()


class _Background(threading.Thread):
    """Runs a function beside the caller; `result` waits and raises what it raised."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._function = function
        self._error: BaseException | None = None

    def run(self) -> None:
        """Run the function."""
        try:
            self._function()
        except BaseException as error:  # noqa: BLE001 - raised again in `result`
            self._error = error

    def result(self) -> None:
        """Wait for the end."""
        self.join()
        if self._error is not None:
            raise self._error


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])


def _static_digest() -> str:
    """Return a digest of name, size and time of every source file."""
    seen = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            seen.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()
