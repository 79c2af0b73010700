"""tickets.jsonl, .csv or .parquet: each ticket to its bin, its pattern and its symptoms."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from incidents.attribution.bundles.case import CaseHead, Times
from incidents.attribution.bundles.source import (
    Bundle,
    BundleError,
    good_rows,
    json_lines,
    json_row,
    table_row,
    table_rows,
)
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.tickets.classify import TermMatcher

STEM = "tickets"
FORMS = (".jsonl", ".csv", ".parquet")
PREFIX = "segment."
DATE = 10  # characters of a bare date


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRows:
    """All tickets in file order. Labels are laid flat: ticket `label_ticket[k]` has symptom `label_symptom[k]`."""

    ids: list[str]
    hours: Floats  # (n,) since the window's start, by onset where the reporter says so
    reported: Floats  # (n,) since the window's start; NaN: `hours` is the report, or its day alone is known
    onset: NDArray[np.bool_]  # (n,) whether `hours` is the onset
    channel: list[str]
    pattern: Ints  # (n,) row of `segments`
    weight: Floats  # (n,)
    segments: list[tuple[tuple[str, str], ...]]  # distinct (dimension, value) sets
    label_ticket: Ints
    label_symptom: Ints  # index into the case's symptoms; -1: unlabelled
    label_weight: Floats  # sums to 1 within each ticket


def read_tickets(bundle: Bundle, head: CaseHead) -> TicketRows:
    """Read the tickets; those without symptoms are classified by the taxonomy's own terms."""
    name = bundle.pick(STEM, FORMS)
    if name is None:
        raise BundleError("tickets.jsonl", "is missing", "give one ticket a line, or tickets.csv")
    reader = _Reader(name, head)
    if name.endswith(".jsonl"):
        taken = good_rows(
            bundle, json_lines(bundle, name), lambda line, text: reader.add(line, json_row(name, line, text))
        )
    else:
        header, rows = table_rows(bundle, name)
        as_object = _table_reader(name, header, head)
        taken = good_rows(bundle, rows, lambda line, cells: reader.add(line, as_object(line, cells)))
    for _ in taken:
        pass
    return reader.done()


class _Reader:
    """Collects tickets row by row."""

    def __init__(self, name: str, head: CaseHead) -> None:
        self.name, self.head = name, head
        self.times = Times(head.axis.zone)
        self.symptom = {key: index for index, key in enumerate(head.symptoms)}
        self.matcher = TermMatcher(head.terms)
        self.start = head.axis.start
        self.ids: list[str] = []
        self.seen: set[str] = set()
        self.hours: list[float] = []
        self.reported: list[float] = []
        self.onset: list[bool] = []
        self.channel: list[str] = []
        self.pattern: list[int] = []
        self.weight: list[float] = []
        self.segments: dict[tuple[tuple[str, str], ...], int] = {}
        self.labels: list[tuple[int, int, float]] = []
        self.dated: dict[object, float] = {}

    def add(self, line: int, row: Mapping[str, Any]) -> None:
        key = row.get("id")
        if not isinstance(key, str) or not key.strip():
            raise BundleError(self.name, "is missing or empty", "give each a unique text", line=line, field="id")
        if key in self.seen:
            raise BundleError(self.name, f"{key!r} stands there twice", "keep one", line=line, field="id")
        field = "created_at" if row.get("occurred_at") is None else "occurred_at"
        if row.get("created_at") is None:
            raise BundleError(self.name, "is missing", "give the time of report", line=line, field="created_at")
        # All that can be refused comes first: of a row that is left out, nothing stays.
        hours = self._hours(row[field], line, field)
        reported = self._reported(row["created_at"], line) if field == "occurred_at" else math.nan
        weight = self._weight(row.get("weight"), line)
        labels = self._labels(row, line)
        pattern = self._pattern(row.get("segment"), line)
        number = len(self.ids)
        self.seen.add(key)
        self.ids.append(key)
        self.hours.append(hours)
        self.onset.append(field == "occurred_at")
        self.reported.append(reported)
        self.channel.append(channel if isinstance(channel := row.get("channel"), str) else "")
        self.pattern.append(pattern)
        self.weight.append(weight)
        self.labels += [(number, symptom, share) for symptom, share in labels]

    def _hours(self, value: object, line: int, field: str) -> float:
        # the common form is read without a detour; anything else by the careful reader
        if isinstance(value, str) and len(value) > DATE:
            try:
                moment = dt.datetime.fromisoformat(value)
                if moment.tzinfo is not None:
                    return (moment - self.start).total_seconds() / 3600.0
            except ValueError:
                pass
        elif isinstance(value, str) and value in self.dated:
            return self.dated[value]
        moment, day_only = self.times.read(value, self.name, line, field)
        hours = self.head.axis.place(moment, day_only=day_only)
        self.dated[value] = hours
        return hours

    def _reported(self, value: object, line: int) -> float:
        """Return the hours of a report beside an onset; NaN where its day alone is known."""
        hours = self._hours(value, line, "created_at")
        return math.nan if isinstance(value, str) and len(value) <= DATE else hours

    def _pattern(self, segment: object, line: int) -> int:
        if not segment:
            key: tuple[tuple[str, str], ...] = ()
        elif isinstance(segment, dict):
            key = tuple(item for item in segment.items() if item[1] is not None)
        else:
            raise BundleError(self.name, "must be an object", "write {dimension: value}", line=line, field="segment")
        found = self.segments.get(key)
        if found is None:
            for name, value in key:
                if not isinstance(value, str) or not value:
                    remedy = "write a text; leave out what is unknown"
                    raise BundleError(self.name, f"{value!r} is no value", remedy, line=line, field=f"segment.{name}")
            found = self.segments[key] = len(self.segments)
        return found

    def _weight(self, value: object, line: int) -> float:
        if value is None:
            return 1.0
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            remedy = "write a number, 1 for a single report"
            raise BundleError(self.name, f"{value!r} is no weight", remedy, line=line, field="weight")
        return float(value)

    def _labels(self, row: Mapping[str, Any], line: int) -> list[tuple[int, float]]:
        given = row.get("symptoms")
        if given:
            if not isinstance(given, list):
                raise BundleError(self.name, "must be a list", "write [keys]", line=line, field="symptoms")
            found = []
            for key in given:
                index = self.symptom.get(key) if isinstance(key, str) else None
                if index is None:
                    remedy = "add it to the symptoms of case.json, or correct the key"
                    raise BundleError(self.name, f"{key!r} is not known", remedy, line=line, field="symptoms")
                found.append((index, 1.0 / len(given)))
            return found
        words = " \n".join(part for part in (row.get("title"), row.get("text")) if isinstance(part, str))
        matched = self.matcher.match(words) if words else []
        total = sum(confidence for _, confidence in matched)
        return [(self.symptom[key], confidence / total) for key, confidence in matched] or [(-1, 1.0)]

    def done(self) -> TicketRows:
        labels = np.array(self.labels, dtype=np.float64).reshape(-1, 3)
        return TicketRows(
            ids=self.ids,
            hours=np.array(self.hours, dtype=np.float64),
            reported=np.array(self.reported, dtype=np.float64),
            onset=np.array(self.onset, dtype=bool),
            channel=self.channel,
            pattern=np.array(self.pattern, dtype=np.int64),
            weight=np.array(self.weight, dtype=np.float64),
            segments=list(self.segments),
            label_ticket=labels[:, 0].astype(np.int64),
            label_symptom=labels[:, 1].astype(np.int64),
            label_weight=labels[:, 2],
        )


def _table_reader(name: str, header: list[str], head: CaseHead) -> Callable[[int, list[str]], dict[str, Any]]:
    """Return what reads a table's row as the object that tickets.jsonl would hold."""
    for needed in ("id", "created_at"):
        if needed not in header:
            raise BundleError(name, "the column is missing", "add it to the header", line=1, field=needed)
    columns = {c: c.removeprefix(PREFIX) for c in header if c.startswith(PREFIX) or c in head.dimensions}

    def as_object(line: int, found: list[str]) -> dict[str, Any]:
        cells = table_row(name, header, line, found)
        row: dict[str, Any] = {k: v for k, v in cells.items() if v != "" and k not in columns}
        segment = {dim: cells[c] for c, dim in columns.items() if cells[c] != ""}
        if isinstance(row.get("segment"), str):
            segment |= _parsed(name, line, "segment", row["segment"], dict)
        row["segment"] = segment
        if "symptoms" in row:
            text = row["symptoms"]
            row["symptoms"] = (
                _parsed(name, line, "symptoms", text, list)
                if text.startswith("[")
                else [part.strip() for part in text.replace("|", ";").replace(",", ";").split(";") if part.strip()]
            )
        if "weight" in row:
            try:
                row["weight"] = float(row["weight"])
            except ValueError:
                remedy = "write a number, 1 for a single report"
                raise BundleError(name, f"{row['weight']!r} is no weight", remedy, line=line, field="weight") from None
        return row

    return as_object


def _parsed(name: str, line: int, field: str, text: str, kind: type) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, kind):
        raise BundleError(
            name, f"{text[:40]!r} is no JSON of its kind", "write it as in tickets.jsonl", line=line, field=field
        )
    return value
