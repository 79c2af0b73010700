"""A child process in the foreground: started in its own session, logged to a file, ended with its parent."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.embedded.errors import EmbeddedError
from workbench.embedded.identity import Identity, child_setup

_LOG_MAX_BYTES = 5 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Child:
    """One child: how it is started and stopped, and the process while it runs.

    Starts must come from the main thread: the kernel's death signal follows the thread that forked.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    stop_signal: int = signal.SIGTERM
    # What the kernel sends when the parent dies; None: the stop signal.
    death_signal: int | None = None
    stop_seconds: float = 10.0
    identity: Identity | None = None
    folder: Path | None = None
    # Write to this process's own output instead of the log.
    through: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    n_restarts: int = field(default=0)

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        _rotate(self.log)
        with contextlib.nullcontext() if self.through else self.log.open("ab") as out:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=None if self.through else subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.folder,
                # Its own session: Ctrl-C reaches the supervisor alone, which stops the children in order.
                start_new_session=True,
                preexec_fn=child_setup(self.identity, self.death_signal or self.stop_signal),  # noqa: PLW1509
            )
        self.started_at = time.monotonic()

    def exit_code(self) -> int | None:
        """Return the exit code, or None while it runs or before it was started."""
        return None if self.process is None else self.process.poll()

    def running(self) -> bool:
        """Say whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal."""
        if self.process is not None and self.running():
            self.process.send_signal(self.stop_signal)

    def wait_stopped(self) -> None:
        """Wait for the end; after `stop_seconds` kill the child's whole session."""
        if self.process is None:
            return
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill_session()
            self.process.wait()

    def kill_session(self) -> None:
        """Kill the child and all it forked."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask and wait."""
        self.ask_to_stop()
        self.wait_stopped()

    def log_tail(self, n_lines: int = 15) -> str:
        """Return the log's last lines, indented."""
        return tail(self.log, n_lines)

    def failure(self, what: str) -> EmbeddedError:
        """Return an error that says what happened and shows the end of the log."""
        return EmbeddedError(f"{what}. The end of {self.log}:\n{self.log_tail()}")


def tail(log: Path, n_lines: int) -> str:
    """Return the last lines of a file, indented by two; never more than its last 16 kB."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 16_384))
            lines = stream.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in lines[-n_lines:]) or "  (empty)"


def _rotate(log: Path) -> None:
    """Keep one older log: a log must not fill the disk over many starts."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_MAX_BYTES:
            log.replace(log.with_suffix(".old.log"))
