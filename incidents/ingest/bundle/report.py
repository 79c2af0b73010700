"""What an import did: per file how many rows were new, changed, equal or refused, and what is wrong with the latter."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from incidents.core.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One file: rows by what became of them. A refused file left the database as it was."""

    file: str
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: int = 0
    refused: bool = False

    @property
    def accepted(self) -> int:
        """Rows that are in now."""
        return self.created + self.updated + self.unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """An import as a whole. `problems` and `notes` are capped, `n_problems` is not; `seconds` is wall time.

    A note tells what was read differently or left aside, without harm: a file that is no part of the format.
    """

    incident_id: int | None
    product_slug: str
    case_slug: str
    title: str
    files: tuple[FileReport, ...]
    problems: tuple[Problem, ...]
    n_problems: int
    notes: tuple[Problem, ...]
    seconds: float

    @property
    def created(self) -> int:
        """New rows of all files."""
        return sum(file.created for file in self.files)

    @property
    def updated(self) -> int:
        """Changed rows of all files."""
        return sum(file.updated for file in self.files)

    @property
    def unchanged(self) -> int:
        """Rows that were there and say the same."""
        return sum(file.unchanged for file in self.files)

    @property
    def changed_nothing(self) -> bool:
        """Whether every row that is fine was there already."""
        return self.created == 0 and self.updated == 0

    def as_json(self) -> dict[str, Any]:
        """Return the report in a form that JSON holds; `report_of` is its inverse."""
        return asdict(self)


def report_of(stored: Mapping[str, Any]) -> ImportReport:
    """Return a report from its stored form."""
    return ImportReport(
        **{
            **stored,
            "files": tuple(FileReport(**file) for file in stored["files"]),
            "problems": tuple(Problem(**problem) for problem in stored["problems"]),
            "notes": tuple(Problem(**note) for note in stored["notes"]),
        }
    )
