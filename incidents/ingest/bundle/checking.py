"""Checking a bundle without importing it: the same reading and the same problems, no database."""

import time
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from incidents.core.errors import Problem
from incidents.ingest.bundle import reading
from incidents.ingest.bundle.client import (
    CASE,
    CHANGES,
    EVALS,
    EXPOSURE,
    METRICS,
    SOURCES,
    STATEMENTS,
    TICKETS,
    BundleFile,
    DamagedFileError,
    Limits,
    open_bundle,
)
from incidents.ingest.bundle.meter import Meter, Progress
from incidents.ingest.bundle.problems import ProblemLog
from incidents.ingest.bundle.report import FileReport, ImportReport
from incidents.metrics.records import ExposureRecord, MetricRecord


def check_bundle(*, path: Path | str, progress: Progress | None = None, limits: Limits | None = None) -> ImportReport:
    """Return what an import would find: good rows count as created. Raises InputError like an import.

    Unlike an import it keeps every key in memory, to find those that are used twice.
    """
    started = time.monotonic()
    with open_bundle(path, limits) as bundle:
        case = reading.read_case(bundle, limits)
        meter = Meter(bundle, progress)
        log = ProblemLog(meter.read)
        context = case.context()
        files = bundle.files
        reports = [FileReport(file=CASE, created=1)]
        changes = _Changes()
        rows: list[tuple[BundleFile | None, Any]] = [
            (files[CHANGES], lambda file: changes.seen(reading.read_changes(file, context, log))),
            (
                bundle.one_of(TICKETS),
                lambda file: reading.read_tickets(file, context, log, lambda title, text: ()),
            ),
            (bundle.one_of(EXPOSURE), lambda file: reading.read_exposure(file, context, log)),
            (bundle.one_of(METRICS), lambda file: reading.read_metrics(file, context, log)),
            (files.get(EVALS), lambda file: reading.read_evals(file, context, log, changes.ids)),
            (files.get(STATEMENTS), lambda file: reading.read_statements(file, context, log, changes.ids)),
            (files.get(SOURCES), lambda file: reading.read_sources(file, context, log)),
        ]
        for file, read in rows:
            if file is not None:
                reports.append(_check(file, read(file), log, meter))
                if file.name == CHANGES:
                    changes.check_links(log)
    return ImportReport(
        incident_id=None,
        product_slug="",
        case_slug="",
        title=case.incident.title,
        files=tuple(reports),
        problems=tuple(log.problems),
        n_problems=log.n_problems,
        notes=tuple(log.notes),
        seconds=time.monotonic() - started,
    )


class _Changes:
    """The ids of the changes that pass, and the links among them."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._links: list[tuple[int, str, str]] = []

    def seen(self, rows: Iterator[Any]) -> Iterator[Any]:
        for row in rows:
            self.ids.add(row.external_id)
            self._links.extend((row.line, kind, other) for kind, other in row.links)
            yield row

    def check_links(self, log: ProblemLog) -> None:
        for line, kind, other in self._links:
            if other not in self.ids:
                log.add(unknown_link(line, kind, other))


def unknown_link(line: int, kind: str, other: str) -> Problem:
    """Return the problem of a change that names one that is not there."""
    return Problem(
        file=CHANGES,
        line=line,
        field=kind,
        message=f"“{other}” is no change of this case",
        remedy="name the id of a change in changes.jsonl; the change itself goes in, without this link",
    )


def repeated_row(file: str, line: int, first: int) -> Problem:
    """Return the problem of a row that has the key of an earlier one."""
    return Problem(
        file=file,
        line=line,
        field="",
        message=f"has the same key as line {first}",
        remedy="give each row its own id, or each point its own metric, time and segment",
    )


def _key(row: Any) -> Hashable:
    if isinstance(row, MetricRecord):
        return row.metric, row.at, tuple(sorted(row.segment.items()))
    if isinstance(row, ExposureRecord):
        return row.at, tuple(sorted(row.segment.items()))
    key: str = row.external_id
    return key


def _check(file: BundleFile, rows: Iterator[Any], log: ProblemLog, meter: Meter) -> FileReport:
    meter.begin(file)
    lines: dict[Hashable, int] = {}
    n = 0
    try:
        for row in meter.counted(rows):
            first = lines.setdefault(_key(row), row.line)
            if first == row.line:
                n += 1
            else:
                log.add(repeated_row(file.name, row.line, first))
    except DamagedFileError as error:
        log.add(damaged(file.name, error))
    meter.end()
    return FileReport(file=file.name, created=n, problems=log.counts[file.name])


def damaged(file: str, error: DamagedFileError) -> Problem:
    """Return the problem of a file that cannot be read to its end."""
    return Problem(file=file, line=None, field="", message=str(error), remedy="pack or export it anew")
