"""The rows of a bundle's files with their line numbers: JSON lines, CSV and Parquet, streamed.

A row that cannot be read becomes a Problem and the next one is read; memory holds one row (or one Parquet batch) at a
time, whatever the size of the file.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import IO, Any

import orjson

from incidents.core.errors import Problem
from incidents.ingest.bundle.client import BundleFile
from incidents.ingest.bundle.problems import ProblemLog

MAX_LINE = 8 * 1024 * 1024
MAX_CELL = 2 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENCODING = "save the file as UTF-8"

Row = dict[str, Any]
# How the csv module is told of bytes that are no UTF-8: as lone surrogates, which are then found per row.
_ESCAPED = "surrogateescape"


def json_rows(file: BundleFile, log: ProblemLog) -> Iterator[tuple[int, Row]]:
    """Yield (line number, object) of a .jsonl file."""
    with file.open(log.at) as stream:
        for number, raw in _raw_lines(stream, file.name, log):
            line = raw.strip()
            if not line:
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                log.add(_problem(file.name, number, "", f"is no JSON: {error.msg}", "write one JSON object a line"))
                continue
            if not isinstance(row, dict):
                log.add(_problem(file.name, number, "", "is not an object", "write one JSON object a line"))
            elif b"\\u0000" in line and (path := nul_path(row)) is not None:
                log.add(_problem(file.name, number, path, "holds a NUL character", "remove it"))
            else:
                yield number, row


def _raw_lines(stream: IO[bytes], name: str, log: ProblemLog) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := stream.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            if raw.startswith(_UTF16):
                log.add(_problem(name, None, "", "is not UTF-8 (it starts like UTF-16)", _ENCODING))
                return
            raw = raw.removeprefix(_BOM)
        if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            log.add(
                _problem(name, number, "", f"is longer than {MAX_LINE:,} bytes", "shorten its texts or split the row")
            )
            continue
        yield number, raw


def nul_path(value: object, path: str = "") -> str | None:
    """Return the field in which a text holds a NUL character, which the database cannot keep; None if none does."""
    stack: list[tuple[str, object]] = [(path, value)]
    while stack:
        place, item = stack.pop()
        if isinstance(item, str):
            if "\0" in item:
                return place
        elif isinstance(item, dict):
            for key, inner in item.items():
                if "\0" in key:
                    return place or "a member's name"
                stack.append((f"{place}.{key}" if place else key, inner))
        elif isinstance(item, list):
            stack.extend((place, inner) for inner in item)
    return None


def table_rows(file: BundleFile, log: ProblemLog) -> Iterator[tuple[list[str], int, Row]]:
    """Yield (columns, line, row) of a .csv or .parquet file; the columns come first, with line 0 and no row."""
    yield from parquet_rows(file, log) if file.name.endswith(".parquet") else csv_rows(file, log)


def csv_rows(file: BundleFile, log: ProblemLog) -> Iterator[tuple[list[str], int, Row]]:
    """Yield (columns, line on which the row starts, {column: text}) of a CSV file; first the columns alone."""
    # The module's own limit is 128 kB for a cell; it is the same for all files of the process.
    csv.field_size_limit(MAX_CELL)
    with file.open(log.at) as stream:
        if (start := _peek(stream)).startswith(_UTF16):
            log.add(_problem(file.name, None, "", "is not UTF-8 (it starts like UTF-16)", _ENCODING))
            return
        if start.startswith(_BOM):
            stream.read(len(_BOM))
        text = io.TextIOWrapper(stream, encoding="utf-8", errors=_ESCAPED, newline="")
        reader = csv.reader(text, strict=True)
        columns: list[str] | None = None
        line = 1
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                log.add(_torn_csv(file.name, line, error))
                break
            if columns is None:
                columns = cells
                if not _header_fits(file.name, columns, log):
                    return
                yield columns, 0, {}
            elif cells and (row := _csv_row(file.name, line, columns, cells, log)) is not None:
                yield columns, line, row
        if columns is None:
            log.add(_problem(file.name, None, "", "is empty", "write the column names on the first line"))


def _peek(stream: IO[bytes]) -> bytes:
    peek = getattr(stream, "peek", None)
    return bytes(peek(4)[:4]) if peek else b""


def _torn_csv(name: str, line: int, error: csv.Error) -> Problem:
    return _problem(
        name,
        line,
        "",
        f"cannot be read as CSV from here on ({error}); the rest of the file was left out",
        "close each quote, and double quotes inside quoted cells",
    )


def _header_fits(name: str, columns: list[str], log: ProblemLog) -> bool:
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        log.add(_problem(name, 1, repeated[0], "is the name of two columns", "give each column its own name"))
        return False
    if any(not _is_clean(column) for column in columns):
        log.add(_problem(name, 1, "", "holds column names that are no UTF-8 text", _ENCODING))
        return False
    if len(columns) == 1 and any(sign in columns[0] for sign in ";\t|"):
        log.add(_problem(name, 1, "", "is not separated by commas", "separate cells by commas"))
        return False
    return True


def _csv_row(name: str, line: int, columns: list[str], cells: list[str], log: ProblemLog) -> Row | None:
    if len(cells) != len(columns):
        log.add(
            _problem(
                name, line, "", f"has {len(cells)} cells, not the header's {len(columns)}", "give one cell a column"
            )
        )
        return None
    # One look at the whole row; cell by cell only where something may be wrong.
    for column, cell in () if _is_clean("".join(cells)) else zip(columns, cells, strict=True):
        if not _is_clean(cell):
            remedy = "remove the NUL character" if "\0" in cell else _ENCODING
            log.add(_problem(name, line, column, "holds characters that are no UTF-8 text", remedy))
            return None
    return dict(zip(columns, cells, strict=True))


def _is_clean(text: str) -> bool:
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parquet_rows(file: BundleFile, log: ProblemLog) -> Iterator[tuple[list[str], int, Row]]:
    """Yield (columns, row number from 1, row) of a Parquet file; times become ISO 8601 texts."""
    try:
        # An optional dependency, and a slow import.
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        log.add(
            _problem(
                file.name,
                None,
                "",
                "cannot be read: Parquet support is not installed",
                "install the “parquet” extra, or give the file as .csv or .jsonl",
            )
        )
        return
    number = 0
    with file.open_seekable(log.at) as stream:
        try:
            table = pq.ParquetFile(stream)
            columns = list(table.schema_arrow.names)
            if not _header_fits(file.name, columns, log):
                return
            yield columns, 0, {}
            for batch in table.iter_batches(batch_size=5000):
                for row in batch.to_pylist():
                    number += 1
                    plain = {key: _plain(value) for key, value in row.items()}
                    if (path := nul_path(plain)) is not None:
                        log.add(_problem(file.name, number, path, "holds a NUL character", "remove it"))
                    else:
                        yield columns, number, plain
        except (pa.ArrowException, OSError, ValueError) as error:
            log.add(
                _problem(file.name, number or None, "", f"is no readable Parquet file ({error})", "write the file anew")
            )


def _plain(value: object) -> object:
    """Return a Parquet value as JSON would hold it: times as texts, nested members without what is null."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        # A map arrives as a list of pairs.
        if value and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
            return {str(key): _plain(inner) for key, inner in value if inner is not None}
        return [_plain(inner) for inner in value]
    return value


def _problem(name: str, line: int | None, field: str, message: str, remedy: str) -> Problem:
    return Problem(file=name, line=line, field=field, message=message, remedy=remedy)
