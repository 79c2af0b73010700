"""Collecting what is wrong with a bundle, without keeping a million complaints about a million rows."""

from collections import Counter
from collections.abc import Callable

from incidents.core.errors import Problem

KEPT = 1000


class ProblemLog:
    """Problems (rows or files that do not go in) and notes (what was read differently, or left aside).

    The first KEPT of each are kept, all are counted. `at` is told the position in the file that is being read.
    """

    def __init__(self, on_position: Callable[[int], None] | None = None) -> None:
        """Start empty; `on_position` hears how many bytes of the current file were read."""
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.counts: Counter[str] = Counter()
        self._on_position = on_position

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it while there is room."""
        self.counts[problem.file] += 1
        if len(self.problems) < KEPT:
            self.problems.append(problem)

    def count(self, file: str, n: int) -> None:
        """Count problems of a file without keeping them."""
        self.counts[file] += n

    def note(self, note: Problem) -> None:
        """Keep a note while there is room."""
        if len(self.notes) < KEPT:
            self.notes.append(note)

    def at(self, position: int) -> None:
        """Say that the current file was read up to this byte."""
        if self._on_position is not None:
            self._on_position(position)

    @property
    def n_problems(self) -> int:
        """All problems, also those that were not kept."""
        return self.counts.total()
