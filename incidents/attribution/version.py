"""The version of the code that makes a run: a digest of everything that could move a number."""

import hashlib
from pathlib import Path

from incidents import stats

_HERE = Path(__file__).resolve().parent
# Beside the engine: what turns rows into its evidence.
_READERS = ("axis.py", "exposures.py", "tallies.py", "casefile.py", "usage.py", "evaluations.py", "reporting.py")


def _digest() -> str:
    root = Path(stats.__file__).resolve().parent
    files = sorted(root.rglob("*.py")) + [_HERE / name for name in _READERS]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"engine-{digest.hexdigest()[:12]}"


# Taken when the code is loaded: a file that changes under a running process must not lend it its version.
_VERSION = _digest()


def code_version() -> str:
    """Return "engine-" and twelve digits that change whenever the engine or the reading of evidence does."""
    return _VERSION
