"""Many rows with the same fault are told once, with their lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from incidents.core.errors import Problem

_LINES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemGroup:
    """A fault and the lines of a file that have it, in order; `lines` is empty where it is about the whole file."""

    file: str
    field: str
    message: str
    remedy: str
    lines: tuple[int, ...]

    @property
    def first(self) -> str:
        """The first lines, in a few words."""
        shown = ", ".join(map(str, self.lines[:_LINES_SHOWN]))
        return f"{shown}, …" if len(self.lines) > _LINES_SHOWN else shown


def grouped(problems: Iterable[Problem]) -> list[ProblemGroup]:
    """Return the problems by what is wrong, in the order in which each fault first appears."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for one in problems:
        lines = groups.setdefault((one.file, one.field, one.message, one.remedy), [])
        if one.line is not None:
            lines.append(one.line)
    return [
        ProblemGroup(file=file, field=field, message=message, remedy=remedy, lines=tuple(lines))
        for (file, field, message, remedy), lines in groups.items()
    ]
