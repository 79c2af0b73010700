"""The records of a bundle, file by file, checked against its vocabulary: the client and the mapping put together.

Nothing here touches a database. Rows with problems are told to the log and left out; files are read once, as streams.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

import orjson

from incidents.changes.records import ChangeRow
from incidents.core.errors import InputError, Problem
from incidents.ingest.bundle.client import (
    CASE,
    CHANGES,
    EXPOSURE,
    METRICS,
    TICKETS,
    Bundle,
    BundleFile,
    DamagedFileError,
    Limits,
)
from incidents.ingest.bundle.lines import json_rows, nul_path, table_rows
from incidents.ingest.bundle.mapping.case import Case, map_case
from incidents.ingest.bundle.mapping.changes import map_change
from incidents.ingest.bundle.mapping.fields import CaseContext, Reader
from incidents.ingest.bundle.mapping.said import map_eval, map_reference, map_statement
from incidents.ingest.bundle.mapping.tables import (
    EXPOSURE_COLUMNS,
    METRIC_COLUMNS,
    OPTIONAL_COLUMNS,
    map_exposure,
    map_metric,
)
from incidents.ingest.bundle.mapping.tickets import Classifier, map_ticket, ticket_of_cells
from incidents.ingest.bundle.problems import ProblemLog
from incidents.metrics.records import EvalRecord, ExposureRecord, MetricRecord
from incidents.response.records import ReferenceRecord, StatementRecord
from incidents.tickets.records import TicketRecord

Row = Mapping[str, Any]


def read_case(bundle: Bundle, limits: Limits | None = None) -> Case:
    """Return what case.json says; raise InputError where it cannot be used, or where a required file is missing."""
    file = bundle.files[CASE]
    most = (limits or Limits()).case
    try:
        with file.open() as stream:
            raw = stream.read(most + 1)
    except DamagedFileError as error:
        raise InputError([_problem(CASE, "", str(error), "pack the bundle anew")]) from None
    if len(raw) > most:
        raise InputError([_problem(CASE, "", f"is larger than {most:,} bytes", "move rows to the other files")])
    try:
        row = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        line = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise InputError([_problem(CASE, "", f"is no JSON: {line}", "correct it, and save it as UTF-8")]) from None
    if not isinstance(row, dict):
        raise InputError([_problem(CASE, "", "is not an object", "write one JSON object")])
    if (path := nul_path(row)) is not None:
        raise InputError([_problem(CASE, path, "holds a NUL character", "remove it")])
    _require_files(bundle)
    return map_case(row)


def _require_files(bundle: Bundle) -> None:
    missing = [] if CHANGES in bundle.files else [CHANGES]
    if bundle.one_of(TICKETS) is None:
        missing.append(TICKETS[0])
    if missing:
        raise InputError([_problem(name, "", "is missing", "add it; it may be empty") for name in missing])
    for names in (EXPOSURE, METRICS):
        bundle.one_of(names)


def _problem(file: str, field: str, message: str, remedy: str) -> Problem:
    return Problem(file=file, line=None, field=field, message=message, remedy=remedy)


def _json(file: BundleFile, log: ProblemLog, read: Callable[[int, Row], Any]) -> Iterator[Any]:
    for line, row in json_rows(file, log):
        if (record := read(line, row)) is not None:
            yield record


def read_changes(file: BundleFile, context: CaseContext, log: ProblemLog) -> Iterator[ChangeRow]:
    """Yield the changes."""
    reader = Reader(file.name, context, log)
    yield from _json(file, log, lambda line, row: map_change(reader, line, row))


def read_tickets(
    file: BundleFile, context: CaseContext, log: ProblemLog, classify: Classifier
) -> Iterator[TicketRecord]:
    """Yield the tickets; those without symptoms are classified by their words."""
    reader = Reader(file.name, context, log)
    if file.name.endswith(".jsonl"):
        for line, row in json_rows(file, log):
            if (record := map_ticket(reader, line, row, classify)) is not None:
                yield record
        return
    dimensions: list[str] = []
    for columns, line, row in table_rows(file, log):
        if line == 0:
            if not _has_columns(file.name, columns, ("id", "created_at"), log):
                return
            dimensions = [name for name in columns if name in context.dimensions]
            continue
        ticket = ticket_of_cells(reader, line, row, dimensions)
        if reader.good and (record := map_ticket(reader, line, ticket, classify)) is not None:
            yield record


def _has_columns(name: str, columns: list[str], needed: tuple[str, ...], log: ProblemLog) -> bool:
    missing = [column for column in needed if column not in columns]
    for column in missing:
        log.add(
            Problem(file=name, line=1, field=column, message="the column is missing", remedy="add it to the header")
        )
    return not missing


def _table(
    file: BundleFile,
    context: CaseContext,
    log: ProblemLog,
    *,
    needed: tuple[str, ...],
    optional: tuple[str, ...],
    mapper: Callable[[Reader, int, Row, list[str]], Any],
) -> Iterator[Any]:
    reader = Reader(file.name, context, log)
    dimensions: list[str] = []
    for columns, line, row in table_rows(file, log):
        if line == 0:
            if not _has_columns(file.name, columns, needed, log):
                return
            dimensions = [name for name in columns if name in context.dimensions]
            _note_others(file.name, set(columns) - {*needed, *optional, *dimensions}, log)
        elif (record := mapper(reader, line, row, dimensions)) is not None:
            yield record


def _note_others(name: str, columns: set[str], log: ProblemLog) -> None:
    for column in sorted(columns):
        log.note(
            Problem(
                file=name,
                line=1,
                field=column,
                message="is neither a column of the format nor a dimension of the case; its cells were left out",
                remedy="list it in case.json dimensions if it cuts users into segments",
            )
        )


def read_exposure(file: BundleFile, context: CaseContext, log: ProblemLog) -> Iterator[ExposureRecord]:
    """Yield the usage counts."""
    yield from _table(file, context, log, needed=EXPOSURE_COLUMNS, optional=(), mapper=map_exposure)


def read_metrics(file: BundleFile, context: CaseContext, log: ProblemLog) -> Iterator[MetricRecord]:
    """Yield the points of metrics."""
    yield from _table(file, context, log, needed=METRIC_COLUMNS, optional=OPTIONAL_COLUMNS, mapper=map_metric)


def read_evals(
    file: BundleFile, context: CaseContext, log: ProblemLog, changes: Container[str]
) -> Iterator[EvalRecord]:
    """Yield the evaluation runs; `changes` holds the ids that they may name."""
    reader = Reader(file.name, context, log)
    yield from _json(file, log, lambda line, row: map_eval(reader, line, row, changes))


def read_statements(
    file: BundleFile, context: CaseContext, log: ProblemLog, changes: Container[str]
) -> Iterator[StatementRecord]:
    """Yield the public statements; `changes` holds the ids that claims may be about."""
    reader = Reader(file.name, context, log)
    yield from _json(file, log, lambda line, row: map_statement(reader, line, row, changes))


def read_sources(file: BundleFile, context: CaseContext, log: ProblemLog) -> Iterator[ReferenceRecord]:
    """Yield where facts come from."""
    reader = Reader(file.name, context, log)
    yield from _json(file, log, lambda line, row: map_reference(reader, line, row))
