"""What tests of importing share."""

from pathlib import Path

from incidents.ingest.bundle.report import FileReport, ImportReport
from incidents.ingest.bundle.services import import_bundle
from incidents.tickets.models import TicketSymptom
from tests.ingest.bundles import make_folder


def take_in(place: Path, *, product: str = "assistant", all_or_nothing: bool = False, **files: object) -> ImportReport:
    """Import a bundle with these files in place of the good ones."""
    return import_bundle(path=make_folder(place, **files), product_slug=product, all_or_nothing=all_or_nothing)


def of(report: ImportReport, file: str) -> FileReport:
    """Return the report of one file."""
    return next(one for one in report.files if one.file == file)


def counts(report: ImportReport, file: str) -> tuple[int, int, int]:
    """Return (created, updated, unchanged) of one file."""
    one = of(report, file)
    return one.created, one.updated, one.unchanged


def labels(external_id: str) -> dict[str, tuple[float, str]]:
    """Return {symptom: (confidence, who says so)} of a ticket."""
    rows = TicketSymptom.objects.filter(ticket__external_id=external_id)
    return {key: (sure, source) for key, sure, source in rows.values_list("symptom__key", "confidence", "source")}
