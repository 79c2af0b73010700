"""Which browser the tests drive. As a program it fetches Playwright's own where this machine has none."""

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser_program() -> str | None:
    """Return a Chromium or Chrome of this machine; None where Playwright's own must do."""
    named = os.environ.get("WORKBENCH_BROWSER")
    if named:
        return named
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def main() -> None:
    """Fetch Playwright's Chromium where none is there; without it the browser tests skip and say so."""
    if browser_program() is not None:
        return
    print("No Chromium or Chrome on the PATH: asking Playwright for its own.", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if os.geteuid() == 0:
        command.append("--with-deps")
    try:
        done = subprocess.run(command, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        print("Fetching took longer than 300 s and was given up: the browser tests will skip.", flush=True)
        return
    if done.returncode != 0:
        print("No browser could be fetched: the browser tests will skip.", flush=True)


if __name__ == "__main__":
    main()
