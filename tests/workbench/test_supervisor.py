"""`make up` as a whole: it gets ready, refuses a second one, survives a kill, and stops without a trace."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.embedded import leftovers

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Up:
    """A running supervisor and what it prints."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.output = home.parent / "output"
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = {**kept, "WORKBENCH_HOME": str(home), "WORKBENCH_DEMO": "0"}

    def start(self) -> None:
        """Start it in the background."""
        command = [sys.executable, "-m", "workbench.embedded", "up"]
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=out, stderr=out)

    def text(self) -> str:
        """Return what it printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_ready(self, seconds: float) -> str:
        """Wait until it says so; return the address."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(r"^Ready: (http://127\.0\.0\.1:\d+/)", self.text(), re.MULTILINE)):
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)
        return found[1]

    def once(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line once and wait."""
        command = [sys.executable, "-m", "workbench.embedded", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True, timeout=60
        )

    def processes(self) -> list[str]:
        """Return the command lines of living processes that name this home or were started for it."""
        return [
            line
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit()
            and str(self.home) in environment_of(entry) + leftovers.command_line(int(entry.name))
            if (line := leftovers.command_line(int(entry.name)))
        ]


def environment_of(entry: Path) -> str:
    """Return a process's first environment; empty where it may not be read."""
    try:
        return (entry / "environ").read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return ""


@pytest.fixture
def up() -> Iterator[Up]:
    """Give a supervisor on an empty home; whatever still runs afterwards is killed."""
    folder = Path(tempfile.mkdtemp(prefix="wb-"))
    folder.chmod(0o711)
    up = Up(folder / "home")
    yield up
    if up.process.poll() is None:
        up.process.send_signal(signal.SIGTERM)
        up.process.wait(timeout=60)
    shutil.rmtree(folder)


def status(address: str) -> int:
    """Return the status of one request."""
    with urllib.request.urlopen(address, timeout=10) as response:  # noqa: S310 - an address of our own
        code: int = response.status
        return code


@pytest.mark.skipif(sys.platform != "linux", reason="looks for leftovers in /proc")
def test_from_empty_to_ready_through_a_kill_to_a_clean_stop(up: Up) -> None:
    up.start()
    address = up.wait_ready(180)
    assert status(address + "readyz") == 200
    password = re.search(r"name admin, password (\S+)", up.text())
    assert password, up.text()

    second = up.once("up")
    assert second.returncode == 1
    assert f"process {up.process.pid}" in second.stderr
    assert address in second.stderr

    # One command beside the running supervisor uses its servers.
    beside = up.once(
        "exec",
        "manage.py",
        "shell",
        "-v",
        "0",
        "-c",
        "from django.contrib.auth import get_user_model as m;"
        "from django.contrib.auth import authenticate;"
        f"print(m().objects.filter(is_superuser=True).count(), m().objects.get().check_password({password[1]!r}))",
    )
    assert beside.stdout.strip() == "1 True", beside.stderr

    up.process.kill()
    up.process.wait()
    up.start()
    address = up.wait_ready(60)
    assert "password" not in up.text(), "the first administrator is made once"
    assert status(address + "readyz") == 200
    beside = up.once(
        "exec",
        "manage.py",
        "shell",
        "-v",
        "0",
        "-c",
        "from django.contrib.auth import get_user_model as m; print(m().objects.count())",
    )
    assert beside.stdout.strip() == "1", beside.stderr

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=30) == 0
    assert up.processes() == []
