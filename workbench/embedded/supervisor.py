"""The supervisor of `make up`: starts all parts in order, watches them, brings back what dies, stops all at the end."""

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from workbench.embedded import leftovers, ports
from workbench.embedded.children import Child
from workbench.embedded.errors import EmbeddedError
from workbench.embedded.home import Home, Running
from workbench.embedded.prepared import Preparation
from workbench.embedded.servers import ROOT, Servers

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_PAUSE = 10.0
_STEADY_SECONDS = 60.0
_MAX_RESTARTS = 6


class _StopRequestedError(Exception):
    """Somebody asked for the end: Ctrl-C, `kill`, or a closed terminal."""


class Supervisor:
    """One run of the workbench on one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.servers = Servers.of(home)
        self.own: list[Child] = []
        self._due: dict[str, float] = {}
        self._began = time.monotonic()

    def run(self) -> int:
        """Start, watch, stop; return the exit code."""
        with self.home.locked("make up"):
            wake = _wake_on_signals()
            try:
                self._start()
                self._watch(wake)
            except _StopRequestedError as asked:
                _line(f"\nStopping ({asked}).")
            except subprocess.CalledProcessError as error:
                raise EmbeddedError(f"`{' '.join(map(str, error.cmd))}` failed (exit {error.returncode}).") from error
            finally:
                for number in _STOP_SIGNALS:
                    signal.signal(number, signal.SIG_IGN)
                self._stop()
        return 0

    def _start(self) -> None:
        _line(f"Workbench in {self.home.path}")
        leftovers.stop_all_in(self._children_file)
        with _timed("PostgreSQL") as note:
            note(self.servers.start_postgres() or "yours, from DATABASE_URL")
        with _timed("Broker") as note:
            note(self.servers.start_broker() or "yours, from BROKER_URL")
        port = ports.choose()
        address = f"http://{ports.HOST}:{port}/"
        self._prepare()
        self.own = self._parts(port)
        with _timed("Web server, worker, scheduler"):
            for child in self.own:
                self._ready_file(child.name).unlink(missing_ok=True)
                child.start()
            self._note_children()
            self._wait_ready(port)
        self.home.say(
            Running(
                pid=os.getpid(),
                what="make up",
                database_url=self.servers.database_url,
                broker_url=self.servers.broker_url,
                address=address,
            )
        )
        _line(f"Ready: {address}   ({time.monotonic() - self._began:.1f} s; Ctrl-C stops; logs in {self.home.logs})")

    def _prepare(self) -> None:
        """Bring the database, the static files and the first content up to date, in a process of its own."""
        preparation = Preparation(self.home, self.servers)
        if preparation.still_holds():
            return
        child = Child(
            name="prepare",
            command=[sys.executable, str(ROOT / "manage.py"), "prepare", *_no_demo()],
            log=self.home.logs / "prepare.log",
            environment=self.servers.environment(),
            folder=ROOT,
            through=True,
        )
        child.start()
        try:
            while (code := child.exit_code()) is None:
                time.sleep(0.05)
        except _StopRequestedError:
            child.stop()
            raise
        if code != 0:
            raise EmbeddedError("The preparation failed; its message stands above. Nothing was started.")
        preparation.note()

    def _parts(self, port: int) -> list[Child]:
        environment = self.servers.environment()
        # Where links in letters lead.
        environment.setdefault("WORKBENCH_PUBLIC_URL", f"http://{ports.HOST}:{port}")
        python = sys.executable

        def part(name: str, *command: str, **more: str) -> Child:
            return Child(
                name=name,
                command=[python, "-m", *command],
                log=self.home.logs / f"{name}.log",
                environment={**environment, **more, "WORKBENCH_READY_FILE": str(self._ready_file(name))},
                folder=ROOT,
            )

        # Two at least: one stays free beside a long job.
        n_workers = max(2, min(4, os.cpu_count() or 1))
        return [
            part(
                "web",
                *("granian", "--interface", "wsgi", "--host", ports.HOST, "--port", str(port), "--no-ws"),
                *("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers"),
                *("--workers-kill-timeout", "5", "--log-level", "info", "workbench.wsgi:application"),
            ),
            part(
                "worker",
                *("celery", "-A", "workbench", "worker", "--loglevel", "INFO", "--concurrency", str(n_workers)),
                *("--without-gossip", "--without-mingle"),
                # An end asked for is an end soon: the job goes back and is done at the next start.
                REMAP_SIGTERM="SIGQUIT",
                C_FORCE_ROOT="1",
            ),
            part("beat", "celery", "-A", "workbench.scheduler", "beat", "--loglevel", "WARNING"),
        ]

    def _wait_ready(self, port: int, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        answer, silent = "no answer", [""]
        while time.monotonic() < deadline:
            for child in self.own:
                if child.exit_code() is not None:
                    raise child.failure(f"{child.name} ended while starting (exit {child.exit_code()})")
            status, answer = _ask(port)
            # The web server knows of any worker that lives, or lived a moment ago; this start's own are to be there.
            silent = [name for name in ("worker", "beat") if not self._ready_file(name).exists()]
            if status == 200 and not silent:
                return
            time.sleep(0.1)
        logs = "\n".join(f"{child.name}:\n{child.log_tail(6)}" for child in self.own)
        raise EmbeddedError(f"Not ready after {seconds:.0f} s: {answer} {' and '.join(silent)}\n{logs}")

    def _watch(self, wake: socket.socket) -> None:
        """Sleep until something happens: a signal, a child's end, a restart that is due."""
        while True:
            pause = min((due - time.monotonic() for due in self._due.values()), default=30.0)
            if select.select([wake], [], [], max(0.0, pause))[0]:
                wake.recv(4096)
            for child in (*self.servers.children, *self.own):
                self._look_after(child)

    def _look_after(self, child: Child) -> None:
        code = child.exit_code()
        if code is None:
            return
        now = time.monotonic()
        if child.name not in self._due:
            if now - child.started_at > _STEADY_SECONDS:
                child.n_restarts = 0
            if child.n_restarts >= _MAX_RESTARTS:
                raise child.failure(f"{child.name} ended {_MAX_RESTARTS} times in a row (exit {code}); giving up")
            pause = min(_LONGEST_PAUSE, 0.25 * 2**child.n_restarts)
            child.n_restarts += 1
            _line(f"{child.name} ended (exit {code}); starting it again in {pause:.2g} s. Its log: {child.log}")
            # What the dead parent had forked may hold the port or a job.
            child.kill_session()
            self._due[child.name] = now + pause
        elif now >= self._due[child.name]:
            del self._due[child.name]
            self._restart(child)

    def _restart(self, child: Child) -> None:
        if self.servers.postgres is not None and child is self.servers.postgres.child:
            self.servers.postgres.start_until_accepting(child)
        elif self.servers.broker is not None and child is self.servers.broker.child:
            self.servers.broker.start_until_answering(child)
        else:
            child.start()
        self._note_children()
        _line(f"{child.name} runs again.")

    def _stop(self) -> None:
        """Stop first what uses the servers, then the servers."""
        began = time.monotonic()
        for child in self.own:
            child.ask_to_stop()
        for child in self.own:
            child.wait_stopped()
        self.servers.stop()
        self._children_file.unlink(missing_ok=True)
        _line(f"Stopped in {time.monotonic() - began:.1f} s.")

    def _note_children(self) -> None:
        lines = [f"{child.process.pid}\n" for child in self.own if child.process is not None]
        self._children_file.write_text("".join(lines), encoding="ascii")

    def _ready_file(self, name: str) -> Path:
        return self.home.path / "run" / f"{name}.ready"

    @property
    def _children_file(self) -> Path:
        return self.home.path / "run" / "children"


def _no_demo() -> list[str]:
    return ["--no-demo"] if os.environ.get("WORKBENCH_DEMO", "1").lower() in {"0", "no", "false", "off"} else []


def _wake_on_signals() -> socket.socket:
    """Turn stop signals into an exception and any signal, a child's end too, into a byte to read."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for other in _STOP_SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        raise _StopRequestedError(signal.Signals(number).name)

    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    # Kept open as long as the reader is.
    _wake_writers.append(writer)
    for number in _STOP_SIGNALS:
        signal.signal(number, stop)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


_wake_writers: list[socket.socket] = []


def _ask(port: int) -> tuple[int, str]:
    """Ask /readyz; return status and body, status 0 where nobody answers."""
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status, response.read(2000).decode("utf-8", errors="replace")
    except OSError as error:
        return 0, str(error)
    except http.client.HTTPException as error:
        return 0, repr(error)
    finally:
        connection.close()


@contextlib.contextmanager
def _timed(what: str) -> Iterator[Callable[[bool | str], None]]:
    """Print a step when it is done, with its time; a note replaces the time."""
    began = time.monotonic()
    notes: list[bool | str] = []
    yield notes.append
    said = notes[0] if notes and isinstance(notes[0], str) else f"{time.monotonic() - began:.1f} s"
    _line(f"  {what}: {said}")


def _line(text: str) -> None:
    # A closed terminal or pipe must not keep the children from being stopped.
    with contextlib.suppress(OSError):
        print(text, flush=True)
