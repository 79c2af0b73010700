"""The two servers the workbench stands on, embedded or somebody else's, and the environment that names them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workbench.embedded.broker import Broker
from workbench.embedded.children import Child
from workbench.embedded.home import Home, Running
from workbench.embedded.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True, kw_only=True)
class Servers:
    """PostgreSQL and the broker: started where DATABASE_URL and BROKER_URL do not name others."""

    home: Home
    database_url: str = ""
    broker_url: str = ""
    postgres: Postgres | None = None
    broker: Broker | None = None
    children: list[Child] = field(default_factory=list)

    @classmethod
    def of(cls, home: Home) -> "Servers":
        """Read which servers to use; nothing is started yet."""
        servers = cls(
            home=home,
            database_url=os.environ.get("DATABASE_URL", ""),
            broker_url=os.environ.get("BROKER_URL", ""),
        )
        if not servers.database_url:
            servers.postgres = Postgres(home=home.path)
            servers.database_url = servers.postgres.url()
        if not servers.broker_url:
            servers.broker = Broker(home=home.path)
            servers.broker_url = servers.broker.url()
        return servers

    def start_postgres(self) -> bool:
        """Start PostgreSQL where it is ours, with its database; say whether it is."""
        if self.postgres is None:
            return False
        self.children.append(self.postgres.start())
        self.postgres.create_database()
        return True

    def start_broker(self) -> bool:
        """Start the broker where it is ours; say whether it is."""
        if self.broker is None:
            return False
        self.children.append(self.broker.start())
        return True

    def stop(self) -> None:
        """Stop both at once."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait_stopped()

    def environment(self) -> dict[str, str]:
        """Return the environment of the workbench's own processes."""
        return environment(self.home, database_url=self.database_url, broker_url=self.broker_url)


def environment(home: Home, *, database_url: str, broker_url: str) -> dict[str, str]:
    """Return this process's environment with what the settings read; what is set already is kept."""
    own = {
        "DJANGO_SETTINGS_MODULE": "workbench.settings",
        "DJANGO_SECRET_KEY": os.environ.get("DJANGO_SECRET_KEY") or home.secret_key(),
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "WORKBENCH_HOME": str(home.path),
        # Plain HTTP, and so only on loopback.
        "WORKBENCH_TLS": os.environ.get("WORKBENCH_TLS", "0"),
        "PYTHONUNBUFFERED": "1",
        # Where compiled inner loops are kept: beside their source would need a writable checkout.
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR") or str(home.path / "compiled"),
    }
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "/usr/bin:/bin")
    own["PATH"] = path if folder in path.split(os.pathsep) else folder + os.pathsep + path
    return {**os.environ, **own}


@contextmanager
def reachable(home: Home, say: Callable[[str], None]) -> Iterator[dict[str, str]]:
    """Give an environment in which both servers answer.

    Where a supervisor runs on this home, its servers are used; else they are started and stopped afterwards.
    """
    running = home.running()
    if running is not None and running.database_url:
        yield environment(home, database_url=running.database_url, broker_url=running.broker_url)
        return
    with home.locked("a single command"):
        servers = Servers.of(home)
        try:
            servers.start_postgres()
            servers.start_broker()
            home.say(
                Running(
                    pid=os.getpid(),
                    what="a single command",
                    database_url=servers.database_url,
                    broker_url=servers.broker_url,
                )
            )
            say(f"Servers of {home.path} are up for this command.")
            yield servers.environment()
        finally:
            servers.stop()
