"""`python -m workbench.embedded [up]` runs the workbench; `… exec COMMAND…` runs one command against its servers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from workbench.embedded import servers
from workbench.embedded.errors import EmbeddedError
from workbench.embedded.home import Home
from workbench.embedded.supervisor import Supervisor

_USAGE = """usage: python -m workbench.embedded [up | exec COMMAND...]

  up               start everything and stay in the foreground (what `make up` does)
  exec COMMAND...  run one command with DATABASE_URL and BROKER_URL set, starting the servers where they do
                   not run yet; a command that ends in .py is run by this Python

WORKBENCH_HOME names the data folder, PORT the web server's port; DATABASE_URL and BROKER_URL name other servers.
"""


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    home_folder = Path(os.environ.get("WORKBENCH_HOME") or servers.ROOT / ".workbench")
    try:
        match arguments:
            case [] | ["up"]:
                return Supervisor(Home.open(home_folder)).run()
            case ["exec", *command] if command:
                return _execute(Home.open(home_folder), [part for part in command if part != "--"])
            case _:
                sys.stderr.write(_USAGE)
                return 0 if arguments in (["-h"], ["--help"]) else 2
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _execute(home: Home, command: list[str]) -> int:
    if command[0].endswith(".py"):
        command = [sys.executable, *command]
    with servers.reachable(home, lambda line: print(line, file=sys.stderr)) as environment:
        # A program in a folder of its own (benchmarks/) finds the project's packages.
        path = os.pathsep.join(part for part in (str(servers.ROOT), environment.get("PYTHONPATH", "")) if part)
        child = subprocess.Popen(command, env={**environment, "PYTHONPATH": path})
        # Ctrl-C belongs to the command, which the terminal tells too; the servers stop once it has ended.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
