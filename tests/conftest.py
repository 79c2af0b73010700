"""Servers of the whole suite: one embedded PostgreSQL and, where a test asks, one broker and a real worker.

What each fixture gives is told in tests/README.md.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import hypothesis
import pytest

from workbench.embedded.broker import Broker
from workbench.embedded.home import Home
from workbench.embedded.postgres import Postgres

# A time limit per example fails on a busy machine and says nothing of the code; benchmarks/ measure times.
hypothesis.settings.register_profile("workbench", deadline=None)
hypothesis.settings.load_profile("workbench")

ROOT = Path(__file__).resolve().parent.parent
_postgres = pytest.StashKey[Postgres]()


def _is_parallel_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server once, in the process that leads the run; parallel workers find it by its folder's name."""
    if _is_parallel_worker(config) or os.environ.get("WORKBENCH_TEST_DATABASE_URL") or config.option.collectonly:
        return
    home = Home.open(Path(os.environ["WORKBENCH_TEST_HOME"]))
    if os.geteuid() == 0:
        # The server runs as nobody and must pass through.
        home.path.chmod(0o711)
    postgres = Postgres(home=home.path, durable=False)
    postgres.start()
    postgres.create_database()
    config.stash[_postgres] = postgres


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started and remove the folder."""
    if _is_parallel_worker(config):
        return
    postgres = config.stash.get(_postgres, None)
    if postgres is not None and postgres.child is not None:
        postgres.child.stop_signal = signal.SIGQUIT
        postgres.child.stop()
        shutil.rmtree(postgres.sockets, ignore_errors=True)
    shutil.rmtree(os.environ["WORKBENCH_TEST_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Leave the test databases to the end of the embedded server, whoever is still connected."""
    return "WORKBENCH_TEST_DATABASE_URL" not in os.environ


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Run a real broker for the tests that need one; give its address.

    The settings' BROKER_URL already names it, so code under test reaches it without more ado.
    """
    from django.conf import settings

    server = Broker(home=Home.open(settings.BROKER_HOME).path, durable=False)
    child = server.start()
    yield server.url()
    child.stop()


WorkerStarter = Callable[..., "subprocess.Popen[bytes]"]


def database_url() -> str:
    """Return the address of this process's test database, for a subprocess."""
    from django.db import connection

    settings = connection.settings_dict
    host = quote(str(settings["HOST"]), safe="/")
    return f"postgresql://{settings['USER']}@/{settings['NAME']}?host={host}"


@pytest.fixture
def start_worker(broker: str, transactional_db: None) -> Iterator[WorkerStarter]:
    """Give a function that starts a real Celery worker on the test database and the real broker.

    It returns the process once the worker is ready; what still runs after the test is killed.
    """
    started: list[subprocess.Popen[bytes]] = []
    home = Path(os.environ["WORKBENCH_TEST_HOME"])

    def start(
        *, concurrency: int = 1, beat: bool = False, include: str = "", seconds: float = 60.0
    ) -> "subprocess.Popen[bytes]":
        log = home / "logs" / f"worker-{os.getpid()}-{len(started)}.log"
        command = [sys.executable, "-m", "celery", "-A", "workbench", "worker", "--loglevel=INFO"]
        command += [f"--concurrency={concurrency}", "--without-gossip", "--without-mingle"]
        if include:
            command += ["--include", include]
        if beat:
            command += ["--beat", "--schedule", str(home / f"beat-{os.getpid()}-{len(started)}")]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "workbench.settings",
            "DATABASE_URL": f"{database_url()}&application_name=test-worker",
            "BROKER_URL": broker,
            "C_FORCE_ROOT": "1",
        }
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        started.append(process)
        deadline = time.monotonic() + seconds
        while b" ready." not in log.read_bytes():
            assert process.poll() is None, f"the worker ended:\n{log.read_text(errors='replace')}"
            assert time.monotonic() < deadline, f"the worker is not ready:\n{log.read_text(errors='replace')}"
            time.sleep(0.05)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if started:
        _end_sessions("test-worker")


def _end_sessions(application_name: str) -> None:
    """End what killed processes left running in the server: it may hold what emptying the tables waits for."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and application_name = %s",
            [application_name],
        )
