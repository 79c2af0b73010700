"""Where sockets live: the home's own folder, or a short private one where the path would be too long."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from workbench.embedded.errors import EmbeddedError

# 108 bytes with the closing zero on Linux, 104 on macOS; the longest name we use is `.s.PGSQL.5432.lock`.
_LONGEST_FOLDER = 103 - len("/.s.PGSQL.5432.lock")


def socket_folder(preferred: Path) -> Path:
    """Return a private folder (mode 0700) for sockets, made where it is missing."""
    if len(os.fsencode(preferred)) <= _LONGEST_FOLDER:
        preferred.mkdir(mode=0o700, parents=True, exist_ok=True)
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    # Root's server runs as nobody, who may not enter root's runtime folder.
    if os.geteuid() == 0 or not base or not os.access(base, os.W_OK) or len(base) > _LONGEST_FOLDER - 20:
        base = "/tmp" if len(tempfile.gettempdir()) > _LONGEST_FOLDER - 30 else tempfile.gettempdir()  # noqa: S108
    folder = Path(base) / f"workbench-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # A folder in a place that all may write could have been laid there by somebody else.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in _own_users():
        raise EmbeddedError(f"{folder} belongs to somebody else: remove it or choose a shorter WORKBENCH_HOME.")
    return folder


def _own_users() -> set[int]:
    own = {os.getuid()}
    if os.geteuid() == 0:
        # A server of root's runs as nobody and owns the folder since an earlier start.
        own.add(65534)
    return own
