"""A bundle's files, from a folder or a zip, and the one kind of error that all readers raise."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import orjson

CASE = "case.json"
Row = TypeVar("Row")
Made = TypeVar("Made")
MOST_TOLD = 100  # rows left out that are kept with their reason; the others are counted


class BundleError(Exception):
    """A bundle cannot be read: which file, line and field, what is wrong, what to do."""

    def __init__(self, file: str, problem: str, remedy: str, *, line: int | None = None, field: str = "") -> None:
        """Keep the place and compose the sentence."""
        place = file if line is None else f"{file}:{line}"
        self.file, self.line, self.field = file, line, field
        super().__init__(f"{place}: {field + ': ' if field else ''}{problem}; {remedy}")


class Bundle:
    """A folder or a zip of one, read by file name."""

    def __init__(self, path: Path) -> None:
        """Open a bundle; raises BundleError where it is neither a folder nor a zip, or holds no case.json."""
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        self._prefix = ""
        self.n_left_out = 0
        self.left_out: list[BundleError] = []
        if path.is_dir():
            self.names = {entry.name for entry in path.iterdir() if entry.is_file()}
        elif path.is_file() and zipfile.is_zipfile(path):
            self._zip = zipfile.ZipFile(path)
            members = [name for name in self._zip.namelist() if not name.endswith("/")]
            cases = sorted((name for name in members if name.rsplit("/", 1)[-1] == CASE), key=len)
            self._prefix = cases[0][: -len(CASE)] if cases else ""
            self.names = {name[len(self._prefix) :] for name in members if name.startswith(self._prefix)}
        else:
            kind = "is neither a folder nor a zip" if path.exists() else "does not exist"
            raise BundleError(str(path), kind, "give the path of a case bundle")
        if CASE not in self.names:
            raise BundleError(CASE, "is missing", "a bundle needs case.json, changes.jsonl and tickets")

    def __enter__(self) -> "Bundle":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the zip."""
        if self._zip is not None:
            self._zip.close()

    def leave_out(self, error: BundleError) -> None:
        """Note a row that cannot be used; the good ones beside it still count."""
        self.n_left_out += 1
        if len(self.left_out) < MOST_TOLD:
            self.left_out.append(error)

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        try:
            if self._zip is not None:
                return self._zip.read(self._prefix + name)
            return (self.path / name).read_bytes()
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            raise BundleError(name, f"cannot be read ({error})", "check the file or make the bundle anew") from None

    def pick(self, stem: str, endings: tuple[str, ...]) -> str | None:
        """Return the name of the one file that there is in one of several forms, or None."""
        found = [stem + ending for ending in endings if stem + ending in self.names]
        if len(found) > 1:
            raise BundleError(found[1], f"{found[0]} is there as well", "keep one of the two")
        return found[0] if found else None


def json_object(bundle: Bundle, name: str) -> dict[str, Any]:
    """Return a file that holds one JSON object."""
    try:
        value = orjson.loads(_text(bundle.read(name)))
    except orjson.JSONDecodeError as error:
        raise BundleError(name, f"is no JSON ({error.msg})", "correct the text", line=error.lineno) from None
    if not isinstance(value, dict):
        raise BundleError(name, "must be a JSON object", "put its members between { and }")
    return value


def json_lines(bundle: Bundle, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, text) of a file with one JSON object a line; empty lines are passed over."""
    for number, line in enumerate(_text(bundle.read(name)).split(b"\n"), 1):
        if line and not line.isspace():
            yield number, line


def json_row(name: str, number: int, line: bytes) -> dict[str, Any]:
    """Return the object of a line; raises BundleError where it holds none."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BundleError(name, f"is no JSON ({error.msg})", "correct this line", line=number) from None
    if not isinstance(row, dict):
        raise BundleError(name, "must be one JSON object a line", "put its members between { and }", line=number)
    return row


def good_rows(bundle: Bundle, rows: Iterable[tuple[int, Row]], read: Callable[[int, Row], Made]) -> Iterator[Made]:
    """Yield what `read` makes of each (line number, row); a row that it refuses is left out and noted in the bundle.

    Raises the first refusal where there are rows and none is good: then it is the file that is wrong.
    """
    first: BundleError | None = None
    n_good = 0
    for line, row in rows:
        try:
            made = read(line, row)
        except BundleError as error:
            first = first or error
            bundle.leave_out(error)
            continue
        n_good += 1
        yield made
    if first is not None and not n_good:
        raise first


def table_rows(bundle: Bundle, name: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the header of a csv or parquet file and an iterator over (line number, cells as texts)."""
    if name.endswith(".parquet"):
        return _parquet_rows(bundle, name)
    try:
        text = bundle.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BundleError(name, f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    if len(set(header)) != len(header):
        raise BundleError(name, "two columns have the same name", "give each its own", line=1)

    return header, ((reader.line_num, cells) for cells in reader if cells)


def table_row(name: str, header: list[str], line: int, cells: list[str]) -> dict[str, str]:
    """Return cells by column; raises BundleError where there are more or fewer than the header has."""
    if len(cells) != len(header):
        told = f"has {len(cells)} cells where the header has {len(header)}"
        raise BundleError(name, told, "write one cell a column, empty where unknown", line=line)
    return dict(zip(header, cells, strict=True))


def _parquet_rows(bundle: Bundle, name: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    try:
        from pyarrow import ArrowException, parquet  # optional: the parquet extra
    except ImportError:
        remedy = "install the extra `parquet`, or give the file as .csv"
        raise BundleError(name, "needs the library pyarrow to be read", remedy) from None
    try:
        table = parquet.read_table(io.BytesIO(bundle.read(name)))
    except (ArrowException, OSError) as error:
        raise BundleError(name, f"is no parquet file ({error})", "write it anew") from None

    def text(value: object) -> str:
        return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)

    header = list(table.column_names)
    rows = ((number, [text(row[key]) for key in header]) for number, row in enumerate(table.to_pylist(), 1))
    return header, rows


def _text(raw: bytes) -> bytes:
    return raw.removeprefix(b"\xef\xbb\xbf")
