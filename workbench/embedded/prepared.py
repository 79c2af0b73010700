"""Whether the preparation of the last start still holds, so that a start with nothing new to it need not ask again."""

import hashlib
import os

from workbench.embedded.home import Home
from workbench.embedded.servers import ROOT, Servers

# What `manage.py prepare` depends on: migrations, static files, installed packages, the command itself.
_FILES = ("incidents/migrations/*.py", "static/**/*", "requirements*.lock", "incidents/management/commands/prepare.py")


class Preparation:
    """The note that a home keeps about its last preparation."""

    def __init__(self, home: Home, servers: Servers) -> None:
        """Read the sources' present state."""
        self._mark = home.path / "prepared"
        self._static = home.path / "static" / "staticfiles.json"
        # What lies elsewhere may have changed without us: a database of one's own is prepared at each start.
        self._ours = servers.postgres is not None and not os.environ.get("WORKBENCH_STATIC_ROOT")
        self._now = _digest()

    def still_holds(self) -> bool:
        """Say whether nothing changed since the last preparation on these very servers."""
        if not self._ours or not self._static.exists():
            return False
        try:
            return self._mark.read_text(encoding="ascii") == self._now
        except FileNotFoundError:
            return False

    def note(self) -> None:
        """Note that the preparation was done in full."""
        self._mark.write_text(self._now, encoding="ascii")


def _digest() -> str:
    seen = hashlib.sha256(os.environ.get("WORKBENCH_DEMO", "").encode())
    for path in sorted({found for pattern in _FILES for found in ROOT.glob(pattern)}):
        if path.is_file():
            stat = path.stat()
            seen.update(f"{path.relative_to(ROOT)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()
