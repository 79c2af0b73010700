"""An embedded broker: Valkey with an append-only file, reached over a private socket alone."""

import os
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from workbench.embedded import binaries, leftovers
from workbench.embedded.children import Child
from workbench.embedded.sockets import socket_folder


@dataclass(slots=True, kw_only=True)
class Broker:
    """One Valkey server in `home/broker`."""

    home: Path
    durable: bool = True
    start_seconds: float = 30.0
    child: Child | None = None
    socket: Path = field(init=False)

    def __post_init__(self) -> None:
        self.socket = socket_folder(self.home / "run" / "broker") / "broker.sock"

    def url(self) -> str:
        """Return the BROKER_URL."""
        return f"redis+socket://{self.socket}"

    def start(self) -> Child:
        """Start the server, wait until it answers, and return it."""
        program = binaries.broker_program()
        folder = self.home / "broker"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        leftovers.stop_process_in(self._pid_file, program=program.name)
        self.socket.unlink(missing_ok=True)
        self.child = Child(
            name="broker",
            command=[str(program), *self._options(folder)],
            log=self.home / "logs" / "broker.log",
            environment={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
            folder=folder,
        )
        self.start_until_answering(self.child)
        return self.child

    def start_until_answering(self, child: Child) -> None:
        """Start and wait until the server answers PING; loading a long append-only file takes a while."""
        child.start()
        if child.process is not None:
            self._pid_file.write_text(f"{child.process.pid}\n", encoding="ascii")
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline:
            if child.exit_code() is not None:
                raise child.failure("The broker ended while starting")
            if answers(self.socket):
                return
            time.sleep(0.02)
        child.stop()
        raise child.failure(f"The broker did not answer within {self.start_seconds:.0f} s")

    @property
    def _pid_file(self) -> Path:
        return self.socket.parent / "broker.pid"

    def _options(self, folder: Path) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            # A queue must never be thinned out: when memory ends, writing fails and the sweeper tries again.
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "notice",
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]


def answers(path: Path) -> bool:
    """Say whether a server answers PING on this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
