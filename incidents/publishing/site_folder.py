"""The folder of the public site's files: `current` leads to one whole state of it, or is not there.

site/current -> 5f0c…-a1b2…
site/5f0c…-a1b2…/status.example.com/p/larch/index.html      and index.html.gz beside it
"""

import contextlib
import datetime as dt
import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_CURRENT = "current"
_UNFINISHED = ".unfinished-"
_NEW_LINK = ".link-"


class SiteFolder:
    """One folder; nothing in it is ever changed in place."""

    def __init__(self, root: Path) -> None:
        """Name the folder; it need not exist yet."""
        self._root = root

    def current(self) -> str:
        """Return the name of the state that is served, "" where none is."""
        try:
            return (self._root / _CURRENT).readlink().name
        except OSError:
            return ""

    def hide(self) -> None:
        """Let nothing be served; what is open already is read to its end."""
        (self._root / _CURRENT).unlink(missing_ok=True)

    def show(self, name: str) -> None:
        """Let a finished state be served, from one moment to the next."""
        new = self._root / f"{_NEW_LINK}{os.getpid()}"
        new.unlink(missing_ok=True)
        new.symlink_to(name)
        new.replace(self._root / _CURRENT)

    @contextlib.contextmanager
    def writing(self, name: str, changed_at: dt.datetime) -> Iterator["SiteState"]:
        """Give a state to fill; it has its name once the block ends well and all of it is on the disk."""
        self._root.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._root))
        try:
            unfinished.chmod(0o755)
            yield SiteState(unfinished, earlier=self._newest(), changed_at=changed_at)
            # A power cut after the renaming must not leave empty pages.
            os.sync()
            shutil.rmtree(self._root / name, ignore_errors=True)
            unfinished.rename(self._root / name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def sweep(self) -> None:
        """Remove all that is not served, what killed writers left too."""
        current = self.current()
        for path in self._root.iterdir() if self._root.exists() else []:
            if path.is_dir() and not path.is_symlink() and path.name != current:
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.startswith(_NEW_LINK):
                path.unlink(missing_ok=True)

    def _newest(self) -> Path | None:
        states = [path for path in self._root.iterdir() if path.is_dir() and not path.is_symlink()]
        finished = [path for path in states if not path.name.startswith(_UNFINISHED)]
        return max(finished, key=lambda path: path.stat().st_mtime, default=None)


class SiteState:
    """A state that is being written; a file that did not change keeps its date, and so its tag."""

    def __init__(self, place: Path, *, earlier: Path | None, changed_at: dt.datetime) -> None:
        """Name the folder, the state before, and the date of what is new."""
        self._place = place
        self._earlier = earlier
        self._at = int(changed_at.timestamp())

    def add(self, host: str, path: str, body: bytes) -> None:
        """Write the answer at a public path (`/p/larch/`, `/p/larch/feed.atom`) and its compressed form."""
        parts = PurePosixPath(host, path.lstrip("/"), "index.html" if path.endswith("/") else "")
        if ".." in parts.parts or parts.is_absolute():
            raise ValueError(f"{parts} leads out of the folder")
        target = self._place / parts
        target.parent.mkdir(parents=True, exist_ok=True)
        before = self._earlier / parts if self._earlier else None
        packed = target.with_name(f"{target.name}.gz")
        if before is not None and _holds(before, body):
            with contextlib.suppress(OSError):
                os.link(before, target)
                os.link(before.with_name(packed.name), packed)
        for file, content in ((target, body), (packed, b"")):
            if not file.exists():
                # No time in it: the same page is the same bytes.
                file.write_bytes(content or gzip.compress(body, 9, mtime=0))
                os.utime(file, (self._at, self._at))


def _holds(path: Path, body: bytes) -> bool:
    try:
        return path.read_bytes() == body
    except OSError:
        return False
