"""What a killed supervisor left behind: servers that still run, and lock files that name a process long gone."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from workbench.embedded.errors import EmbeddedError


def stop_postgres_of(data: Path, *, seconds: float = 30.0) -> None:
    """Stop a server of an earlier start that still runs on this folder.

    The caller holds the home's lock, so no living supervisor owns that server. On Linux it ends with its parent by
    itself; here it is only waited for.
    """
    pid = _pid_in(data / "postmaster.pid")
    if pid is None or not is_postgres_on(pid, data):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    wait_gone(pid, what=f"a PostgreSQL left by an earlier start (process {pid})", seconds=seconds)


def stop_process_in(pid_file: Path, *, program: str, seconds: float = 10.0) -> None:
    """Stop a process that an earlier start left, named in a file, if it still is that program."""
    pid = _pid_in(pid_file)
    if pid is None or program not in command_line(pid):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    wait_gone(pid, what=f"a {program} left by an earlier start (process {pid})", seconds=seconds)


def stop_all_in(pid_file: Path, *, seconds: float = 20.0) -> None:
    """Stop the workbench's own processes of an earlier start, named in a file, with all they forked.

    They end with their parent, but what they forked may not: it would keep the port, or a job, for itself.
    """
    try:
        groups = {int(line) for line in pid_file.read_text(encoding="ascii").split()}
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + seconds
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _ours(groups):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        patience = deadline if number == signal.SIGKILL else time.monotonic() + seconds / 2
        while (left := _ours(groups)) and time.monotonic() < patience:
            time.sleep(0.05)
        if not left:
            pid_file.unlink(missing_ok=True)
            return
    raise EmbeddedError(f"Processes of an earlier start do not end: kill {', '.join(map(str, _ours(groups)))}.")


def _ours(groups: set[int]) -> list[int]:
    """Return the living processes of these groups that are the workbench's; a number may belong to others by now."""
    return [
        pid
        for pid, group in _groups_of_all()
        if group in groups and any(word in command_line(pid) for word in ("granian", "celery"))
    ]


def _groups_of_all() -> list[tuple[int, int]]:
    """Return (process, its group) of every process."""
    proc = Path("/proc")
    if not (proc / "self").exists():
        shown = subprocess.run(["ps", "-axo", "pid=,pgid="], check=True, capture_output=True, text=True)  # noqa: S607
        return [(int(pid), int(group)) for pid, group in (line.split() for line in shown.stdout.splitlines())]
    found = []
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may hold anything, so count from behind it: state, parent, group.
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                found.append((int(entry.name), int(fields[2])))
    return found


def forget_reused_pid(data: Path) -> None:
    """Remove a lock file whose process number now belongs to another program (after a restart of the machine).

    PostgreSQL itself only asks whether the number lives. The file stays where it names a PostgreSQL, a process
    that is being cleared away, or where any server process still works in the folder.
    """
    lock = data / "postmaster.pid"
    pid = _pid_in(lock)
    if pid is None:
        return
    command = command_line(pid)
    if command and "postgres" not in command and not _anyone_works_in(data):
        lock.unlink(missing_ok=True)


def is_postgres_on(pid: int, data: Path) -> bool:
    """Say whether the process is the PostgreSQL server of this folder."""
    command = command_line(pid)
    return "postgres" in command and str(data) in command


def command_line(pid: int) -> str:
    """Return a process's command line; empty where it is gone or a zombie."""
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode("utf-8", errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    )
    return shown.stdout.strip()


def wait_gone(pid: int, *, what: str, seconds: float) -> None:
    """Wait until a process has ended."""
    deadline = time.monotonic() + seconds
    while command_line(pid):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{what} does not end: end it with `kill {pid}` and start again.")
        time.sleep(0.05)


def _pid_in(file: Path) -> int | None:
    try:
        return abs(int(file.read_text(encoding="utf-8").split("\n", 1)[0]))
    except (FileNotFoundError, ValueError, PermissionError):
        return None


def _anyone_works_in(data: Path) -> bool:
    """Say whether a process has the folder as its own; where /proc is missing, assume so."""
    proc = Path("/proc")
    if not (proc / "self").exists():
        return True
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == data:
                    return True
    return False
