"""A case out, in the format in which cases come in: a folder, a .zip, or the bytes of a .zip as they are made.

Import of an export gives equal rows, and exporting those gives the same bytes: rows are sorted by time and id, members
stand in one order, and the archive carries no clock. Memory holds a batch of rows, whatever their number.
"""

import contextlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.db import connection, transaction

from incidents.core.audit import record_audit
from incidents.core.errors import InputError, Problem
from incidents.ingest.bundle.client import CASE, CHANGES, EVALS, READ, SOURCES, STATEMENTS
from incidents.ingest.bundle.writing.case import case_lines
from incidents.ingest.bundle.writing.changes import change_lines
from incidents.ingest.bundle.writing.said import eval_lines, reference_lines, statement_lines
from incidents.ingest.bundle.writing.scope import ExportScope
from incidents.ingest.bundle.writing.tables import exposure_lines, metric_lines
from incidents.ingest.bundle.writing.tickets import ticket_lines
from incidents.response.models import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_CHUNK = 256 * 1024
# The first moment that a zip can tell; a real one would make two equal exports differ.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REQUIRED = frozenset({CASE, CHANGES, "tickets.jsonl"})


def export_files(incident: Incident, *, as_written: bool = True) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield (file name, lines) of each file; an optional one that would be empty is left out.

    Unless `as_written`, the private parts of tickets are masked.
    """
    scope = ExportScope(incident, as_written=as_written)
    files: tuple[tuple[str, Iterator[bytes]], ...] = (
        (CASE, case_lines(scope)),
        (CHANGES, change_lines(scope)),
        ("tickets.jsonl", ticket_lines(scope)),
        ("exposure.csv", exposure_lines(scope)),
        ("metrics.csv", metric_lines(scope)),
        (EVALS, eval_lines(scope)),
        (STATEMENTS, statement_lines(scope)),
        (SOURCES, reference_lines(scope)),
    )
    for name, lines in files:
        first = next(lines, None)
        if first is not None:
            yield name, _chunks(first, lines)
        elif name in _REQUIRED:
            yield name, iter(())


def _chunks(first: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines in pieces large enough for the compressor."""
    buffer = bytearray(first)
    for line in lines:
        buffer += line
        if len(buffer) >= _CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


@contextlib.contextmanager
def _snapshot() -> Iterator[None]:
    """Read everything as of one moment; inside a transaction that is open already, as that one sees it."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class _Tap(io.RawIOBase):
    """A stream that only collects what is written, to be taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def export_stream(incident: Incident, *, as_written: bool = True) -> Iterator[bytes]:
    """Yield the bytes of the case's .zip as they are made; unless `as_written`, private parts are masked."""
    tap = _Tap()
    with _snapshot(), zipfile.ZipFile(_as_file(tap), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, chunks in export_files(incident, as_written=as_written):
            info = zipfile.ZipInfo(f"{incident.slug}/{name}", date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as entry:
                for chunk in chunks:
                    entry.write(chunk)
                    if piece := tap.take():
                        yield piece
    yield tap.take()


def _as_file(tap: _Tap) -> IO[bytes]:
    return tap  # type: ignore[return-value]


def export_case(*, incident: Incident, path: Path | str, actor: "User | None" = None) -> Path:
    """Write the case to a folder, or to a .zip where the path ends so; return the path.

    It appears as a whole or not at all. A folder that holds other files is refused with InputError.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError([_refusal(target, "its folder does not exist", "make it first, or choose another place")])
    if target.suffix == ".zip":
        _write_archive(incident, target)
    else:
        _write_folder(incident, target)
    record_export(incident=incident, actor=actor)
    return target


def record_export(*, incident: Incident, actor: "User | None", as_written: bool = True) -> None:
    """Note in the trail that the case left the workbench, and whether its private parts did."""
    detail = {"private parts": "as written" if as_written else "masked"}
    record_audit(actor=actor, action="case exported", subject=incident, product_id=incident.product_id, detail=detail)


def _write_archive(incident: Incident, target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            for piece in export_stream(incident):
                stream.write(piece)
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _write_folder(incident: Incident, target: Path) -> None:
    if target.exists():
        if not target.is_dir():
            raise InputError([_refusal(target, "is a file", "choose a folder, or a name that ends in .zip")])
        foreign = sorted(entry.name for entry in target.iterdir() if entry.name not in READ)
        if foreign:
            message = f"holds other files ({', '.join(foreign[:3])})"
            raise InputError([_refusal(target, message, "choose an empty folder or a new one")])
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        written = []
        with _snapshot():
            for name, chunks in export_files(incident):
                with (Path(scratch) / name).open("wb") as stream:
                    stream.writelines(chunks)
                written.append(name)
        for entry in target.iterdir():
            entry.unlink()
        for name in written:
            (Path(scratch) / name).replace(target / name)


def _refusal(path: Path, message: str, remedy: str) -> Problem:
    return Problem(file=str(path), line=None, field="", message=message, remedy=remedy)
