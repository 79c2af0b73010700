"""Builds `.venv` from a lock file: `python3 workbench/bootstrap.py requirements-embedded.lock`.

Runs with the system's Python before anything is installed, so it uses the standard library alone. It does nothing where
the environment already holds what the lock (or a lock that includes it) names.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLER_LOCK = "requirements-bootstrap.lock"
# A lock whose packages another lock has, too.
INCLUDED_IN = {"requirements-embedded.lock": ["requirements-dev.lock"]}


def main(lock: str) -> int:
    """Bring the environment up to date with one lock; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file meets whatever Python a machine has
        return _fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: set PYTHON=python3.11.")
    if not (ROOT / lock).is_file():
        return _fail(f"{lock} is missing in {ROOT}.")
    # Two starts at once must not write one environment; the second waits and finds it done.
    with (ROOT / ".venv.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if any(_is_installed(name) for name in (lock, *INCLUDED_IN.get(lock, []))):
            return 0
        try:
            _install(lock)
        except subprocess.CalledProcessError as error:
            return _fail(
                f"Installing failed (exit {error.returncode}); the messages stand above. "
                "A missing `ensurepip` means that the system's package for venv is to be installed "
                "(Debian: python3-venv)."
            )
    return 0


def _install(lock: str) -> None:
    began = time.monotonic()
    print(f"Environment: installing {lock} into .venv", flush=True)
    if not _works(PYTHON):
        builder = venv.EnvBuilder(with_pip=True, clear=VENV.exists(), symlinks=True)
        builder.create(VENV)
    # The system's certificates: where a company inspects its traffic, only those are trusted.
    quiet = {"UV_SYSTEM_CERTS": "1", **os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "VIRTUAL_ENV": str(VENV)}
    if not _is_installed(INSTALLER_LOCK):
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", INSTALLER_LOCK]
        subprocess.run(pip, cwd=ROOT, env=quiet, check=True)
        _mark(INSTALLER_LOCK)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--require-hashes", "-r", lock]
    subprocess.run(uv, cwd=ROOT, env=quiet, check=True)
    _mark(lock)
    print(f"Environment: ready in {time.monotonic() - began:.1f} s", flush=True)


def _works(python: Path) -> bool:
    """Say whether the environment's Python runs with the version that this one has."""
    question = "import sys, pip; print(sys.version_info[:2])"
    try:
        answer = subprocess.run([str(python), "-c", question], check=False, capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == str(sys.version_info[:2])


def _fingerprint(lock: str) -> str:
    content = (ROOT / lock).read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {sys.version_info[:2]}"


def _stamp(lock: str) -> Path:
    return VENV / f".installed-{lock}"


def _is_installed(lock: str) -> bool:
    try:
        return _stamp(lock).read_text(encoding="ascii") == _fingerprint(lock) and PYTHON.exists()
    except OSError:
        return False


def _mark(lock: str) -> None:
    _stamp(lock).write_text(_fingerprint(lock), encoding="ascii")


def _fail(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
