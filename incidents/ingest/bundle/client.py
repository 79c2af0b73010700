"""Opening a case bundle, a folder or a .zip of one, without trusting it.

Nothing is ever unpacked to a place the archive chooses: known files are read as streams, by name, and every byte that
comes out is counted against limits, whatever the archive says about its sizes.
"""

import contextlib
import io
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from incidents.core.errors import InputError, Problem

CASE = "case.json"
CHANGES = "changes.jsonl"
TICKETS = ("tickets.jsonl", "tickets.csv", "tickets.parquet")
EXPOSURE = ("exposure.csv", "exposure.parquet")
METRICS = ("metrics.csv", "metrics.parquet")
EVALS = "evals.jsonl"
STATEMENTS = "statements.jsonl"
SOURCES = "sources.jsonl"
# In the order in which they are read: what later files refer to comes first.
READ = (CASE, CHANGES, *TICKETS, *EXPOSURE, *METRICS, EVALS, STATEMENTS, SOURCES)
UNREAD = frozenset({"README.md", "README", "LICENSE"})

MIB = 1024 * 1024


class DamagedFileError(Exception):
    """A file of the bundle cannot be read to its end, or holds more than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a bundle may hold; sizes in bytes, after decompression.

    `ratio` is the compression that a file may have once it is over `ratio_from`: text that people or simulators write
    stays under it, archives built to fill a disk do not.
    """

    file: int = 64 * 1024 * MIB
    total: int = 128 * 1024 * MIB
    case: int = 16 * MIB
    members: int = 1000
    ratio: int = 250
    ratio_from: int = 64 * MIB


def _unusable(path: Path, message: str, remedy: str) -> InputError:
    return InputError([Problem(file=path.name, line=None, field="", message=message, remedy=remedy)])


class CountedStream(io.RawIOBase):
    """A stream that counts what is read and stops at a limit."""

    def __init__(self, stream: IO[bytes], *, limit: int, on_read: Callable[[int], None] | None) -> None:
        """Read from `stream` at most `limit` bytes; `on_read` hears how many have been read."""
        super().__init__()
        self._stream = stream
        self._limit = limit
        self._on_read = on_read
        self._n_read = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill the buffer; raise DamagedFileError at the limit or where the archive is broken."""
        view = cast("memoryview", buffer)
        try:
            chunk = self._stream.read(len(view))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise DamagedFileError(f"cannot be read to its end ({error})") from error
        self._n_read += len(chunk)
        if self._n_read > self._limit:
            raise DamagedFileError(f"holds more than the {self._limit:,} bytes that are read")
        if self._on_read is not None:
            self._on_read(self._n_read)
        view[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Close the stream below as well."""
        self._stream.close()
        super().close()


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleFile:
    """One file of a bundle: its name, its size as far as told, and how to open it."""

    name: str
    size: int
    opener: Callable[[], IO[bytes]]
    limit: int

    @contextlib.contextmanager
    def open(self, on_read: Callable[[int], None] | None = None) -> Iterator[IO[bytes]]:
        """Give a buffered stream from the start of the file."""
        raw = CountedStream(self.opener(), limit=self.limit, on_read=on_read)
        with io.BufferedReader(raw, buffer_size=MIB // 4) as stream:
            yield cast("IO[bytes]", stream)

    @contextlib.contextmanager
    def open_seekable(self, on_read: Callable[[int], None] | None = None) -> Iterator[IO[bytes]]:
        """Give a stream that can be read in any order: a copy in a temporary file, removed afterwards."""
        with self.open(on_read) as stream, tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy, MIB)
            copy.seek(0)
            yield copy


class Bundle:
    """The known files of a bundle, and the names of those that are not part of the format."""

    def __init__(self, path: Path, files: dict[str, BundleFile], others: list[str]) -> None:
        """Keep what was found; use `open_bundle`."""
        self.path = path
        self.files = files
        self.others = sorted(set(others) - UNREAD)

    def one_of(self, names: tuple[str, ...]) -> BundleFile | None:
        """Return the file that is there under one of the names; raise InputError where there are several."""
        found = [name for name in names if name in self.files]
        if len(found) > 1:
            raise InputError(
                [
                    Problem(
                        file=found[0],
                        line=None,
                        field="",
                        message=f"{' and '.join(found)} are both in the bundle",
                        remedy="keep one of them",
                    )
                ]
            )
        return self.files[found[0]] if found else None

    @property
    def total_bytes(self) -> int:
        """Bytes of all the files that are read, as far as told."""
        return sum(file.size for file in self.files.values())


@contextlib.contextmanager
def open_bundle(path: Path | str, limits: Limits | None = None) -> Iterator[Bundle]:
    """Open a folder or a zip; raise InputError where it is neither, or not safe to read."""
    place = Path(path)
    bounds = limits or Limits()
    if place.is_dir():
        yield _folder(place, bounds)
        return
    if not place.is_file():
        raise _unusable(place, "there is no such file or folder", "give the path of a bundle's folder or of its .zip")
    try:
        archive = zipfile.ZipFile(place)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _unusable(
            place, f"is neither a folder nor a zip archive ({error})", "pack the bundle as a .zip"
        ) from None
    with archive:
        yield _archive(place, archive, bounds)


def _folder(path: Path, limits: Limits) -> Bundle:
    files: dict[str, BundleFile] = {}
    others: list[str] = []
    for entry in sorted(path.iterdir()):
        if entry.name not in READ:
            others.append(entry.name)
        elif entry.is_file():
            files[entry.name] = BundleFile(
                name=entry.name, size=entry.stat().st_size, opener=_opener(entry), limit=limits.file
            )
    return _with_case(path, files, others)


def _opener(entry: Path) -> Callable[[], IO[bytes]]:
    return lambda: entry.open("rb")


def _archive(path: Path, archive: zipfile.ZipFile, limits: Limits) -> Bundle:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > limits.members:
        raise _unusable(
            path, f"holds {len(members):,} files", f"a bundle has at most {len(READ)}: pack its folder alone"
        )
    cases = [info.filename for info in members if info.filename.rsplit("/", 1)[-1] == CASE]
    # Archivers of some systems add hidden shadows of each file.
    cases = [name for name in cases if not name.startswith("__MACOSX/")]
    if len(cases) != 1:
        found = "no" if not cases else str(len(cases))
        raise _unusable(path, f"holds {found} files named {CASE}", "pack one bundle, with its case.json, as one .zip")
    prefix = cases[0][: -len(CASE)]
    if prefix.startswith("/") or ".." in prefix.split("/") or "\\" in prefix:
        raise _unusable(
            path, f"names its folder {prefix!r}, which leads out of it", "pack the folder with another tool"
        )
    return _with_case(path, *_members(path, archive, members, prefix, limits))


def _members(
    path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], prefix: str, limits: Limits
) -> tuple[dict[str, BundleFile], list[str]]:
    files: dict[str, BundleFile] = {}
    others: list[str] = []
    total = 0
    for info in members:
        name = info.filename[len(prefix) :] if info.filename.startswith(prefix) else info.filename
        if name not in READ:
            if not info.filename.startswith("__MACOSX/"):
                others.append(info.filename)
            continue
        if name in files:
            raise _unusable(path, f"holds {name} twice", "pack each file once")
        total += info.file_size
        _refuse_unsafe(path, info, name, total, limits)
        bound = max(limits.ratio_from, info.compress_size * limits.ratio)
        files[name] = BundleFile(
            name=name, size=info.file_size, opener=_member_opener(archive, info), limit=min(limits.file, bound)
        )
    return files, others


def _refuse_unsafe(path: Path, info: zipfile.ZipInfo, name: str, total: int, limits: Limits) -> None:
    if info.flag_bits & 0x1:
        raise _unusable(path, f"{name} is encrypted", "pack the bundle without a password")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _unusable(
            path, f"{name} is packed by a method that is not read here", "pack with the usual deflate method"
        )
    if info.create_system == 3 and stat.S_ISLNK(info.external_attr >> 16):
        raise _unusable(path, f"{name} is a link to another file", "pack the file itself")
    swollen = info.file_size > limits.ratio_from and info.file_size > info.compress_size * limits.ratio
    if swollen or info.file_size > limits.file or total > limits.total:
        raise _unusable(
            path,
            f"{name} would unpack from {info.compress_size:,} to {info.file_size:,} bytes, which is more than is read",
            "check the file; a real one of that size is imported from its folder on the command line",
        )


def _member_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opener() -> IO[bytes]:
        try:
            return archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise DamagedFileError(f"cannot be read ({error})") from error

    return opener


def _with_case(path: Path, files: dict[str, BundleFile], others: list[str]) -> Bundle:
    if CASE not in files:
        raise _unusable(path, f"holds no {CASE}", "a case bundle needs it: see docs/concepts/case-bundle.md")
    return Bundle(path, files, others)
