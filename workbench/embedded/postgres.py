"""An embedded PostgreSQL: initialised once, started in the foreground, reached over a private socket alone."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from workbench.embedded import binaries, leftovers
from workbench.embedded.children import Child, tail
from workbench.embedded.errors import EmbeddedError
from workbench.embedded.identity import Identity, child_setup, unprivileged
from workbench.embedded.sockets import socket_folder

ROLE = "workbench"
# docker-compose.yml gives the production server the same flags: the sort order must agree.
LOCALE_FLAGS = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=PG_UNICODE_FAST",
    "--locale=C",
)
_MEGABYTE = 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Postgres:
    """One cluster in `home/postgres` with its log and its socket folder.

    `durable=False` gives up safety against a crash for speed: for tests, whose data nobody misses.
    """

    home: Path
    durable: bool = True
    start_seconds: float = 60.0
    child: Child | None = None
    sockets: Path = field(init=False)
    _identity: Identity | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.sockets = socket_folder(self.home / "run" / "postgres")

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.home / "postgres"

    def url(self, database: str = "workbench") -> str:
        """Return the DATABASE_URL of one database of this cluster."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def start(self) -> Child:
        """Initialise where needed, start the server, wait until it accepts, and return it."""
        bindir = binaries.postgres_folder()
        self._identity = unprivileged(
            programs=[bindir / "postgres", bindir / "initdb"], folders=[self.home, self.sockets.parent]
        )
        if not (self.data / "PG_VERSION").exists():
            self._initialise(bindir)
        self._check_version()
        self._hand_over(self.data)
        self._hand_over(self.sockets)
        leftovers.stop_postgres_of(self.data)
        self.child = Child(
            name="postgres",
            command=[str(bindir / "postgres"), "-D", str(self.data), *self._options()],
            log=self.home / "logs" / "postgres.log",
            environment=_environment(),
            stop_signal=signal.SIGINT,
            stop_seconds=30.0,
            identity=self._identity,
            folder=Path("/"),
        )
        self.start_until_accepting(self.child)
        return self.child

    def create_database(self, name: str = "workbench") -> bool:
        """Create a database where it is missing; say whether it was created."""
        program = binaries.postgres_folder() / "psql"
        command = [str(program), "-h", str(self.sockets), "-U", ROLE, "-d", "postgres", "-XAtqv", "ON_ERROR_STOP=1"]
        question = f"select 1 from pg_database where datname = '{name}'"  # noqa: S608
        found = subprocess.run(
            [*command, "-c", question], env=_environment(), check=True, capture_output=True, text=True
        )
        if found.stdout.strip() == "1":
            return False
        subprocess.run([*command, "-c", f'create database "{name}"'], env=_environment(), check=True)
        return True

    def start_until_accepting(self, child: Child) -> None:
        """Start, and start again while a killed predecessor is still being cleared away by the system."""
        deadline = time.monotonic() + self.start_seconds
        child.start()
        while time.monotonic() < deadline:
            if child.exit_code() is not None:
                end = tail(child.log, 8)
                waiting = 'lock file "postmaster.pid" already exists' in end or "pre-existing shared memory" in end
                if not waiting:
                    raise child.failure("PostgreSQL ended while starting")
                leftovers.forget_reused_pid(self.data)
                time.sleep(0.2)
                child.start()
            if child.process is not None and _accepts(self.data, child.process.pid):
                return
            time.sleep(0.02)
        child.stop()
        raise child.failure(f"PostgreSQL did not accept connections within {self.start_seconds:.0f} s")

    def _initialise(self, bindir: Path) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedError(f"{self.data} is no PostgreSQL data folder: move it away or choose WORKBENCH_HOME.")
        # Made beside its place and moved there whole: a start that was interrupted leaves no half cluster.
        unfinished = self.home / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._hand_over(unfinished)
        command = [str(bindir / "initdb"), "-D", str(unfinished), "-U", ROLE, "--auth=trust", *LOCALE_FLAGS]
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(
            command,
            env=_environment(),
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            preexec_fn=child_setup(self._identity, signal.SIGTERM),
        )
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed in {unfinished}:\n{done.stdout}{done.stderr}")
        if self.data.exists():
            self.data.rmdir()
        unfinished.rename(self.data)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != str(binaries.POSTGRES_MAJOR):
            raise EmbeddedError(
                f"{self.data} was written by PostgreSQL {version}, this is {binaries.POSTGRES_MAJOR}: "
                "export with the older release and import, or choose another WORKBENCH_HOME."
            )

    def _hand_over(self, folder: Path) -> None:
        """Give a folder of ours to the server's user; it changes where root's server becomes another user."""
        if self._identity is None:
            return
        uid, gid = self._identity.owner()
        if folder.stat().st_uid == uid:
            return
        for root, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.lchown(os.path.join(root, name), uid, gid)
        os.chown(folder, uid, gid)

    def _options(self) -> list[str]:
        settings: dict[str, str] = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            # The folder is private and the socket too: who gets there is the owner or root.
            "unix_socket_permissions": "0700",
            "port": "5432",
            "max_connections": "80",
            "shared_buffers": f"{_shared_buffers()}MB",
            "work_mem": "32MB",
            "maintenance_work_mem": "256MB",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "effective_io_concurrency": "64",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
            "log_min_duration_statement": "2s",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _shared_buffers() -> int:
    """Return an eighth of the memory, in MB, between 128 and 1024."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    return max(128, min(1024, memory // 8))


def _accepts(data: Path, pid: int) -> bool:
    """Say whether this very server accepts connections: it writes so into its lock file."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, PermissionError):
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _environment() -> Mapping[str, str]:
    """Return a plain environment: no PGDATA, PGHOST or locale of the caller's may bend the server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
