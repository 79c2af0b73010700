"""The data folder of one workbench: its parts, its lock, its secret, and what is running there."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.embedded.errors import EmbeddedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What the holder of the home says about itself, for others to read."""

    pid: int
    what: str
    database_url: str = ""
    broker_url: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """A WORKBENCH_HOME."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "Home":
        """Make the folder where it is missing; only its owner reads what is in it."""
        path = path.expanduser().absolute()
        # Root's PostgreSQL runs as nobody and must pass through; each part inside has a mode of its own.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            path.mkdir(mode=mode, parents=True, exist_ok=True)
            for part in ("logs", "run"):
                (path / part).mkdir(mode=mode, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {path} cannot be made ({error.strerror}): set WORKBENCH_HOME to a writable folder."
            ) from error
        if not os.access(path, os.W_OK | os.X_OK) or not os.access(path / "run", os.W_OK | os.X_OK):
            raise EmbeddedError(
                f"The data folder {path} belongs to another user: set WORKBENCH_HOME to a folder of your own."
            )
        return cls(path)

    @property
    def logs(self) -> Path:
        """Where each child's log is."""
        return self.path / "logs"

    @contextlib.contextmanager
    def locked(self, what: str) -> Iterator[None]:
        """Hold the home; a second holder is refused with the first one's process and address.

        The lock is the kernel's and ends with the process, however that ends.
        """
        with (self.path / "run" / "lock").open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EmbeddedError(self._held()) from None
            self.say(Running(pid=os.getpid(), what=what))
            try:
                yield
            finally:
                self._state_file.unlink(missing_ok=True)

    def say(self, running: Running) -> None:
        """Write down what runs here, whole or not at all."""
        fresh = self._state_file.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            json.dump(asdict(running), stream)
        fresh.replace(self._state_file)

    def running(self) -> Running | None:
        """Return what a living process said about itself, or None where nothing holds the home."""
        with (self.path / "run" / "lock").open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._said()
            return None

    def _said(self) -> Running:
        try:
            return Running(**json.loads(self._state_file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return Running(pid=0, what="a start that has just begun")

    def secret_key(self) -> str:
        """Return the secret of this installation, made at the first call, readable by its owner alone."""
        file = self.path / "secret-key"
        with contextlib.suppress(FileNotFoundError):
            found = file.read_text(encoding="ascii").strip()
            if found:
                return found
        fresh = file.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(64))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
        return file.read_text(encoding="ascii").strip()

    @property
    def _state_file(self) -> Path:
        return self.path / "run" / "state.json"

    def _held(self) -> str:
        running = self.running() or Running(pid=0, what="another start")
        who = f"process {running.pid}" if running.pid else "another process"
        where = f" at {running.address}" if running.address else ""
        return (
            f"This data folder is in use: {who} ({running.what}) runs{where} with {self.path}. "
            "Stop it (Ctrl-C there"
            + (f", or `kill {running.pid}`" if running.pid else "")
            + "), or choose another WORKBENCH_HOME."
        )
