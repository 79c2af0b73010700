"""What tests of reading share."""

from pathlib import Path

from incidents.ingest.bundle.report import ImportReport
from incidents.ingest.bundle.services import check_bundle
from tests.ingest.bundles import make_folder


def check(place: Path, **files: object) -> ImportReport:
    """Check a bundle with these files in place of the good ones."""
    return check_bundle(path=make_folder(place, **files))


def only(report: ImportReport) -> tuple[str, int | None, str, str]:
    """Return the one problem that a report must hold, with a remedy."""
    assert report.n_problems == 1, [str(problem) for problem in report.problems]
    problem = report.problems[0]
    assert problem.remedy
    return problem.file, problem.line, problem.field, problem.message


def accepted(report: ImportReport, file: str) -> int:
    """Return how many rows of a file are good."""
    return next(one.accepted for one in report.files if one.file == file)
