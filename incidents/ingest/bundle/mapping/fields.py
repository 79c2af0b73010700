"""Reading the members of a row: each reader returns a value, or tells the row's problem and returns nothing."""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from incidents.core.errors import Problem
from incidents.core.times import BadTimeError, end_of_day, parse_end, parse_time
from incidents.ingest.bundle.problems import ProblemLog

MAX_ID = 200
MAX_TEXT = 1_000_000
MAX_VALUE = 120
_DAY_CACHE = 4096
# Outside, a time is a slip, and the axis of a chart would hold nothing else.
_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
_Parser = Callable[[object, ZoneInfo], tuple[dt.datetime, bool]]
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
# Spreadsheets run cells that start so; exports put an apostrophe in front, which is taken off again here.
FORMULA_STARTS = "=+-@\t\r'"


class CaseContext:
    """What the rows of a bundle may refer to: the zone of bare dates, dimensions with values, symptoms, metrics.

    A value that its dimension does not list is new and is remembered in `new_values`, in the order of appearance.
    """

    def __init__(
        self,
        *,
        zone: ZoneInfo,
        dimensions: Mapping[str, Iterable[str]],
        symptoms: Iterable[str],
        metrics: Iterable[str],
    ) -> None:
        """Keep the vocabulary of case.json."""
        self.zone = zone
        self.dimensions = {name: set(values) for name, values in dimensions.items()}
        self.symptoms = frozenset(symptoms)
        self.metrics = frozenset(metrics)
        self.new_values: dict[str, dict[str, None]] = {}

    def learn(self, dimension: str, value: str) -> None:
        """Add a value to the dimension where it is not listed yet."""
        known = self.dimensions[dimension]
        if value not in known:
            known.add(value)
            self.new_values.setdefault(dimension, {})[value] = None

    def forget_new(self) -> None:
        """Unlearn the new values: the file that brought them was refused."""
        for dimension, values in self.new_values.items():
            self.dimensions[dimension] -= values.keys()
        self.new_values = {}


class Reader:
    """Reads the members of one file's rows; `start` begins a row and `good` tells whether it had no problem."""

    def __init__(self, file: str, context: CaseContext, log: ProblemLog) -> None:
        """Read rows of `file`; problems go to `log`."""
        self.file = file
        self.context = context
        self.log = log
        self.line: int | None = None
        self.row: Mapping[str, Any] = {}
        self.good = True
        self._days: dict[str, tuple[dt.datetime, bool]] = {}

    def start(self, line: int | None, row: Mapping[str, Any]) -> None:
        """Begin a row."""
        self.line = line
        self.row = row
        self.good = True

    def refuse(self, field: str, message: str, remedy: str) -> None:
        """Tell a problem of the row, which then does not go in."""
        self.good = False
        self.log.add(Problem(file=self.file, line=self.line, field=field, message=message, remedy=remedy))

    def identity(self) -> str:
        """Return the row's `id`."""
        value = self.row.get("id")
        if type(value) is str and value and len(value) <= MAX_ID and not value.isspace():
            return value
        if isinstance(value, str) and len(value) > MAX_ID:
            self.refuse("id", f"is longer than {MAX_ID} characters", "use a shorter one")
        elif value is None or value == "" or isinstance(value, str):
            self.refuse("id", "is missing", "give each row a text that no other row of the file has")
        else:
            self.refuse("id", f"{shown(value)} is not a text", "write it in quotes")
        return ""

    def text(self, field: str, *, most: int = MAX_TEXT, needed: bool = False) -> str:
        """Return a text; absent or null is empty."""
        value = self.row.get(field)
        if value is None:
            value = ""
        if type(value) is not str:
            self.refuse(field, f"{shown(value)} is not a text", "write it in quotes, or leave it out where unknown")
            return ""
        if len(value) > most:
            self.refuse(field, f"is longer than {most:,} characters ({len(value):,})", "shorten it")
            return ""
        if needed and not value.strip():
            self.refuse(field, "is missing or empty", "give it")
        return value

    def address(self, field: str = "url", *, most: int = 2000) -> str:
        """Return a web address; others (a script, a local file) would be dangerous to click."""
        value = self.text(field, most=most)
        if value and not value.lower().startswith(("https://", "http://")):
            self.refuse(
                field, f"{shown(value)} is no web address", "start it with https:// or http://, or leave it out"
            )
        return value

    def choice(self, field: str, allowed: Iterable[str], default: str = "") -> str:
        """Return one of the allowed words; absent or null gives the default ("" there means: it must be given)."""
        value = self.row.get(field)
        if value is None:
            value = default
        words = list(allowed)
        if value not in words:
            problem = "is missing" if value == "" else f"{shown(value)} is not known"
            self.refuse(field, problem, f"use one of {', '.join(word for word in words if word)}")
            return default
        return str(value)

    def flag(self, field: str) -> bool:
        """Return true or false; absent or null is false."""
        value = self.row.get(field)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(field, f"{shown(value)} is neither true nor false", "write true or false without quotes")
        return False

    def moment(self, field: str, value: object) -> tuple[dt.datetime, bool] | None:
        """Return (instant in UTC, whether only the day is known), the start of the day for a bare date."""
        if type(value) is str and (known := self._days.get(value)) is not None:
            return known
        read = self._time(parse_time, field, value)
        if read is not None and read[1] and isinstance(value, str) and len(self._days) < _DAY_CACHE:
            self._days[value] = read
        return read

    def end(self, field: str, value: object) -> tuple[dt.datetime, bool] | None:
        """Return (end of a half-open interval, whether only its day is known); a bare date includes its day."""
        return self._time(parse_end, field, value)

    def _time(self, parse: _Parser, field: str, value: object) -> tuple[dt.datetime, bool] | None:
        try:
            read = parse(value, self.context.zone)
        except (BadTimeError, OverflowError) as error:
            message = str(error) if isinstance(error, BadTimeError) else f"{shown(value)} is out of reach"
            self.refuse(field, message, "write 2026-03-04T09:20:53Z or, where only the day is known, 2026-03-04")
            return None
        if not _EARLIEST <= read[0] < _LATEST:
            remedy = f"give a time between {_EARLIEST.year} and {_LATEST.year}"
            self.refuse(field, f"{shown(value)} cannot be meant", remedy)
            return None
        return read

    def last_instant(self, at: dt.datetime, *, day_only: bool) -> dt.datetime:
        """Return the end of what the time may mean: itself, or the end of its day."""
        return end_of_day(at, self.context.zone) if day_only else at

    def number(
        self, field: str, value: object, *, least: float | None = None, most: float | None = None
    ) -> float | None:
        """Return a finite number inside the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(field, f"{shown(value)} is not a number", "write a number without quotes, or leave it out")
            return None
        return self._bounded(field, float(value), value, least, most)

    def _bounded(
        self, field: str, number: float, given: object, least: float | None, most: float | None
    ) -> float | None:
        if not math.isfinite(number):
            self.refuse(field, f"{shown(given)} is not finite", "give a finite number, or leave it empty")
        elif least is not None and number < least:
            self.refuse(field, f"{shown(given)} is below {least:g}", f"give a number from {least:g} on")
        elif most is not None and number > most:
            self.refuse(field, f"{shown(given)} is above {most:g}", f"give a number up to {most:g}")
        else:
            # Minus zero, which no export could tell from zero, becomes zero.
            return number + 0.0
        return None

    def optional_number(self, field: str, *, least: float | None = None, most: float | None = None) -> float | None:
        """Return a finite number inside the bounds, or None where it is absent."""
        value = self.row.get(field)
        return None if value is None else self.number(field, value, least=least, most=most)

    def cell_number(self, field: str, *, least: float | None = None, needed: bool = False) -> float | None:
        """Return the number in a table's cell; an empty cell is None."""
        value = self.row.get(field)
        if isinstance(value, str):
            text = value.strip()
            if not text:
                value = None
            elif _NUMBER.match(text):
                return self._bounded(field, float(text), text, least, None)
            else:
                self.refuse(field, f"{shown(value)} is not a number", "write digits with a point, such as 12.5")
                return None
        if value is None:
            if needed:
                self.refuse(field, "is empty", "give a number")
            return None
        return self.number(field, value, least=least)

    def segment(self, value: object, field: str = "segment") -> dict[str, str]:
        """Return {dimension: value}; what is unknown is left out."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(field, f"{shown(value)} is no object", "write {dimension: value}")
            return {}
        dimensions = self.context.dimensions
        for name, one in value.items():
            known = dimensions.get(name)
            if known is None:
                self._refuse_dimension(field, name)
            elif type(one) is not str or one not in known:
                self._learn(f"{field}.{name}", name, one)
        return value

    def scope(self, value: object, field: str = "scope") -> dict[str, list[str]]:
        """Return {dimension: [values]}; {} is everything."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(field, f"{shown(value)} is no object", "write {dimension: [values]}")
            return {}
        for name, values in value.items():
            if name not in self.context.dimensions:
                self._refuse_dimension(field, name)
            elif not isinstance(values, list) or not values:
                self.refuse(f"{field}.{name}", f"{shown(values)} is no list of values", 'write a list such as ["a"]')
            else:
                for one in values:
                    self._learn(f"{field}.{name}", name, one)
        return value

    def cells(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the segment in a table's cells; an empty cell is left out."""
        segment: dict[str, str] = {}
        for name in columns:
            value = self.row.get(name)
            if value is None or value == "":
                continue
            if type(value) is str and value[0] != "'" and value in self.context.dimensions[name]:
                segment[name] = value
                continue
            if isinstance(value, str):
                value = unguarded(value.strip())
                if not value:
                    continue
            self._learn(name, name, value)
            segment[name] = value
        return segment

    def _refuse_dimension(self, field: str, name: str) -> None:
        known = ", ".join(self.context.dimensions) or "none"
        self.refuse(
            field, f"{shown(name)} is no dimension of this case", f"list it in case.json dimensions (there: {known})"
        )

    def _learn(self, field: str, name: str, value: object) -> None:
        if not isinstance(value, str) or not value.strip():
            self.refuse(field, f"{shown(value)} is not a text", "write it in quotes, or leave it out where unknown")
        elif len(value) > MAX_VALUE:
            self.refuse(field, f"is longer than {MAX_VALUE} characters", "use a shorter value")
        else:
            self.context.learn(name, value)

    def others(self, known: frozenset[str]) -> dict[str, Any]:
        """Return the members that the format does not know, to be kept."""
        if known.issuperset(self.row):
            return {}
        return {key: value for key, value in self.row.items() if key not in known}


def shown(value: object) -> str:
    """Return a value as a message may hold it: short, in quotes where it is a text."""
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…" + ("”" if isinstance(value, str) else "")


def guarded(text: str) -> str:
    """Return a text for a cell that no spreadsheet runs as a formula; `unguarded` is its inverse."""
    return "'" + text if text[:1] and text[0] in FORMULA_STARTS else text


def unguarded(text: str) -> str:
    """Return the text of a cell without the guard that an export put before it."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in FORMULA_STARTS else text
