"""The exception tree of the workbench.

WorkbenchError              anything a person can be told, with a remedy
├── InputError              what came in is malformed (file, line, field, remedy)
├── NotPermitted            the person may not do this to this object
├── NotThere                no such object, or none that this person may see
├── Conflict                someone else changed it meanwhile
└── NotReady                the object is not in a state that allows this
"""

from dataclasses import dataclass


class WorkbenchError(Exception):
    """An error that is told to a person in a sentence that names the remedy."""


class NotPermitted(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """The person's roles do not include this action on this object."""


class NotThere(WorkbenchError):  # noqa: N818
    """There is no such object, or none that this person may know of."""


class Conflict(WorkbenchError):  # noqa: N818
    """The object changed since it was read: the later writer must look first."""


class NotReady(WorkbenchError):  # noqa: N818
    """The object's state does not allow this step yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with an input: where it is, what is wrong, and what to do."""

    file: str
    line: int | None = None
    field: str = ""
    message: str
    remedy: str

    def __str__(self) -> str:
        """Return `file:line: field: message; remedy`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.field}: " if self.field else ""
        return f"{place}: {subject}{self.message}; {self.remedy}"


class InputError(WorkbenchError):
    """An input cannot be used; `problems` lists what is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems; the message is the first of them and their number."""
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}" if problems else "The input cannot be used.")


@dataclass(frozen=True, slots=True)
class Form:
    """What a person filled in, by its name: says what is wrong with one of its fields."""

    name: str

    def problem(self, field: str, message: str, remedy: str) -> Problem:
        """Return one problem, for a list of them."""
        return Problem(file=self.name, line=None, field=field, message=message, remedy=remedy)

    def refused(self, field: str, message: str, remedy: str) -> InputError:
        """Return the error of one field."""
        return InputError([self.problem(field, message, remedy)])
