"""Importing one opened bundle, file by file, each in one transaction: it is in as a whole or not at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from incidents.catalog.models import Product, Source
from incidents.catalog.recording import extend_dimensions, receive
from incidents.catalog.services import neighbour_keys
from incidents.catalog.upsert import Recorded, Repeated
from incidents.changes.services import ChangesRecorded, change_ids, record_changes
from incidents.core.errors import Problem
from incidents.ingest.bundle import reading
from incidents.ingest.bundle.checking import damaged, repeated_row, unknown_link
from incidents.ingest.bundle.client import (
    CHANGES,
    EVALS,
    EXPOSURE,
    METRICS,
    SOURCES,
    STATEMENTS,
    TICKETS,
    Bundle,
    BundleFile,
    DamagedFileError,
)
from incidents.ingest.bundle.mapping.case import Case
from incidents.ingest.bundle.mapping.tickets import Classifier
from incidents.ingest.bundle.meter import Meter, Progress
from incidents.ingest.bundle.problems import ProblemLog
from incidents.ingest.bundle.report import FileReport
from incidents.metrics.services import record_eval_runs, record_exposure, record_metrics
from incidents.response.models import Incident
from incidents.response.services import record_references, record_statements
from incidents.tickets.classify import TermMatcher
from incidents.tickets.records import TicketRecord
from incidents.tickets.services import record_tickets


class _RefusedError(Exception):
    """The file has bad rows and was to go in all or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the rows go."""

    product: Product
    source: Source
    incident: Incident


class Importer:
    """Imports the files of one bundle after case.json into their destination."""

    def __init__(
        self, bundle: Bundle, case: Case, to: Destination, *, all_or_nothing: bool, progress: Progress | None
    ) -> None:
        """Prepare; `run` does it."""
        self.bundle = bundle
        self.case = case
        self.to = to
        self.meter = Meter(bundle, progress)
        self.log = ProblemLog(self.meter.read)
        self.context = case.context()
        self._all_or_nothing = all_or_nothing
        self._neighbours = neighbour_keys(to.source)
        self._n_outside = 0
        self._n_foreign = 0

    def run(self) -> list[FileReport]:
        """Import every file that is there, in the order in which they refer to each other."""
        to = {"product": self.to.product, "source": self.to.source}
        incident = {"incident": self.to.incident}
        files = self.bundle.files
        context, log = self.context, self.log
        changes = self._own(reading.read_changes(files[CHANGES], context, log))
        reports = [self._import(files[CHANGES], changes, self._changes)]
        if (file := self.bundle.one_of(TICKETS)) is not None:
            tickets = self._own(reading.read_tickets(file, context, log, classifier_of(self.case)))
            reports.append(self._import(file, self._inside(tickets), self._by(record_tickets, **to)))
            self._note_outside(file)
        if (file := self.bundle.one_of(EXPOSURE)) is not None:
            rows: Iterator[Any] = reading.read_exposure(file, context, log)
            reports.append(self._import(file, rows, self._by(record_exposure, **to)))
        if (file := self.bundle.one_of(METRICS)) is not None:
            rows = reading.read_metrics(file, context, log)
            reports.append(self._import(file, rows, self._by(record_metrics, **to)))
        known = change_ids(source=self.to.source)
        if (file := files.get(EVALS)) is not None:
            rows = self._own(reading.read_evals(file, context, log, known))
            reports.append(self._import(file, rows, self._by(record_eval_runs, **to)))
        if (file := files.get(STATEMENTS)) is not None:
            rows = reading.read_statements(file, context, log, known)
            reports.append(self._import(file, rows, self._by(record_statements, **incident)))
        if (file := files.get(SOURCES)) is not None:
            rows = reading.read_sources(file, context, log)
            reports.append(self._import(file, rows, self._by(record_references, **incident)))
        self._note_foreign()
        return reports

    def _own(self, rows: Iterator[Any]) -> Iterator[Any]:
        """Pass on rows that are not, by their id, an export's copies of rows of the product's other sources."""
        for row in rows:
            if ":" in row.external_id and row.external_id.partition(":")[0] in self._neighbours:
                self._n_foreign += 1
            else:
                yield row

    def _note_foreign(self) -> None:
        if self._n_foreign:
            self.log.note(
                Problem(
                    file=self.bundle.path.name,
                    line=None,
                    field="id",
                    message=f"{self._n_foreign:,} rows came from other sources of this product, which has them already",
                    remedy="nothing need be done",
                )
            )

    def _by(self, record: Callable[..., Recorded], **to: object) -> Callable[[BundleFile, Iterator[Any]], Recorded]:
        def run(file: BundleFile, rows: Iterator[Any]) -> Recorded:
            return record(
                **to, rows=rows, progress=self.meter.wrote, before_write=lambda found: self._before_write(file, found)
            )

        return run

    def _changes(self, file: BundleFile, rows: Iterator[Any]) -> ChangesRecorded:
        recorded = record_changes(product=self.to.product, source=self.to.source, rows=rows, progress=self.meter.wrote)
        for line, kind, other in recorded.unresolved:
            self.log.add(unknown_link(line, kind, other))
        self._before_write(file, recorded.repeated)
        return recorded

    def _before_write(self, file: BundleFile, found: Repeated) -> None:
        for line, first in found.lines:
            self.log.add(repeated_row(file.name, line, first))
        self.log.count(file.name, found.n - len(found.lines))
        if self._all_or_nothing and self.log.counts[file.name]:
            raise _RefusedError

    def _import(
        self, file: BundleFile, rows: Iterator[Any], record: Callable[[BundleFile, Iterator[Any]], Recorded]
    ) -> FileReport:
        self.meter.begin(file)
        recorded: Recorded | None = None
        try:
            with transaction.atomic():
                receive(source=self.to.source)
                recorded = record(file, self.meter.counted(rows))
                extend_dimensions(product=self.to.product, values=self.context.new_values)
            self.context.new_values = {}
        except DamagedFileError as error:
            recorded = None
            self.log.add(damaged(file.name, error))
        except _RefusedError:
            recorded = None
        if recorded is None:
            self.context.forget_new()
        self.meter.end()
        done = recorded or Recorded()
        return FileReport(
            file=file.name,
            created=done.created,
            updated=done.updated,
            unchanged=done.unchanged,
            problems=self.log.counts[file.name],
            refused=recorded is None,
        )

    def _inside(self, rows: Iterator[TicketRecord]) -> Iterator[TicketRecord]:
        start, end = self.case.incident.starts_at, self.case.incident.ends_at
        for row in rows:
            if not start <= row.reported_at < end:
                self._n_outside += 1
            yield row

    def _note_outside(self, file: BundleFile) -> None:
        if self._n_outside:
            self.log.note(
                Problem(
                    file=file.name,
                    line=None,
                    field="created_at",
                    message=f"{self._n_outside:,} tickets were reported outside the case's window; they are kept",
                    remedy="widen window in case.json if they belong to the case",
                )
            )


def classifier_of(case: Case) -> Classifier:
    """Return what finds the taxonomy's terms in a ticket's words."""
    matcher = TermMatcher({symptom.key: symptom.terms for symptom in case.symptoms})

    def classify(title: str, text: str) -> tuple[tuple[str, float], ...]:
        return tuple(sorted(matcher.match(f"{title}\n{text}")))

    return classify
