"""case.json: what the case is, and the vocabulary of its rows.

Members of nested objects that the format does not know are kept in the case's `extra` under the member that held them:
`extra["window"]`, `extra["symptoms"][key]`, `extra["publicity"][title]`. Export puts them back.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incidents.catalog.records import DimensionRecord, SymptomRecord
from incidents.core.errors import InputError, Problem
from incidents.ingest.bundle.client import CASE
from incidents.ingest.bundle.mapping.fields import MAX_VALUE, CaseContext, Reader, shown
from incidents.ingest.bundle.problems import ProblemLog
from incidents.metrics.enums import Better
from incidents.metrics.records import MetricDefinition
from incidents.response.records import IncidentRecord, PublicityRecord

FORMAT = "incident-case/1"
_KNOWN = frozenset(
    {"format", "title", "timezone", "window", "dimensions", "symptoms", "bucket", "publicity", "metrics"}
)
# Columns of exposure and metrics tables, where each dimension is a column as well.
_COLUMNS = frozenset({"metric", "at", "value", "n", "stderr", "count"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What case.json says."""

    incident: IncidentRecord
    dimensions: tuple[DimensionRecord, ...]
    symptoms: tuple[SymptomRecord, ...]
    metrics: tuple[MetricDefinition, ...]

    def retitled(self, title: str) -> "Case":
        """Return the same case under another title."""
        return replace(self, incident=replace(self.incident, title=title))

    def context(self) -> CaseContext:
        """Return the vocabulary against which rows are read."""
        return CaseContext(
            zone=ZoneInfo(self.incident.timezone),
            dimensions={row.key: row.values for row in self.dimensions},
            symptoms=[row.key for row in self.symptoms],
            metrics=[row.key for row in self.metrics],
        )


def map_case(row: Mapping[str, Any]) -> Case:
    """Return what case.json says; raise InputError with all its problems, since no row can be read without it."""
    log = ProblemLog()
    zone = _zone(row, log)
    reader = Reader(CASE, CaseContext(zone=zone, dimensions={}, symptoms=(), metrics=()), log)
    reader.start(None, row)
    if row.get("format") != FORMAT:
        reader.refuse("format", f"{shown(row.get('format'))} is not read here", f"write “{FORMAT}”")
    nested: dict[str, Any] = {}
    window = _window(reader, nested)
    publicity = _publicity(reader, nested)
    dimensions = _dimensions(reader)
    symptoms = _symptoms(reader, nested)
    metrics = _metrics(reader)
    title = reader.text("title", most=300, needed=True)
    bucket = reader.choice("bucket", ("hour", "day"), "day")
    if log.problems or window is None:
        raise InputError(log.problems)
    starts_at, ends_at, day_fields = window
    incident = IncidentRecord(
        title=title.strip(),
        timezone=zone.key,
        bucket=bucket,
        starts_at=starts_at,
        ends_at=ends_at,
        day_fields=day_fields,
        publicity=publicity,
        extra=reader.others(_KNOWN) | nested,
    )
    return Case(incident=incident, dimensions=dimensions, symptoms=symptoms, metrics=metrics)


def _zone(row: Mapping[str, Any], log: ProblemLog) -> ZoneInfo:
    name = row.get("timezone")
    try:
        if isinstance(name, str) and name:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    message = "is missing" if name is None else f"{shown(name)} is no time zone"
    log.add(Problem(file=CASE, line=None, field="timezone", message=message, remedy="write one such as Europe/Berlin"))
    return ZoneInfo("UTC")


def _window(reader: Reader, nested: dict[str, Any]) -> tuple[dt.datetime, dt.datetime, tuple[str, ...]] | None:
    window = reader.row.get("window")
    if not isinstance(window, dict):
        reader.refuse("window", "is missing or no object", "write {“start”: …, “end”: …}")
        return None
    start = reader.moment("window.start", window.get("start"))
    end = reader.end("window.end", window.get("end"))
    if start is None or end is None:
        return None
    if end[0] <= start[0]:
        reader.refuse("window", "ends before it starts", "set window.end after window.start")
        return None
    _keep(nested, "window", window, {"start", "end"})
    edges = (("starts_at", start[1]), ("ends_at", end[1]))
    return start[0], end[0], tuple(name for name, day_only in edges if day_only)


def _keep(nested: dict[str, Any], member: str, row: Mapping[str, Any], known: set[str], key: str | None = None) -> None:
    extra = {name: value for name, value in row.items() if name not in known}
    if extra:
        nested.setdefault(member, {}).update({key: extra} if key is not None else extra)


def _items(reader: Reader, member: str) -> Iterator[tuple[str, Mapping[str, Any], Reader]]:
    """Yield (place, object, reader of that object) for a member that is a list of objects."""
    rows = reader.row.get(member)
    if rows is None:
        return
    if not isinstance(rows, list):
        reader.refuse(member, f"{shown(rows)} is no list", "write a list of objects")
        return
    for index, row in enumerate(rows):
        place = f"{member}[{index}]"
        if isinstance(row, dict):
            inner = Reader(reader.file, reader.context, reader.log)
            inner.start(None, {f"{place}.{name}": value for name, value in row.items()})
            yield place, row, inner
        else:
            reader.refuse(place, f"{shown(row)} is no object", "write an object")


def _publicity(reader: Reader, nested: dict[str, Any]) -> tuple[PublicityRecord, ...]:
    found = []
    for place, row, inner in _items(reader, "publicity"):
        at = inner.moment(f"{place}.at", row.get("at"))
        title = inner.text(f"{place}.title", most=300, needed=True)
        if at is not None and inner.good:
            found.append(PublicityRecord(at=at[0], title=title, day_only=at[1]))
            _keep(nested, "publicity", row, {"at", "title"}, key=title)
    return tuple(found)


def _dimensions(reader: Reader) -> tuple[DimensionRecord, ...]:
    given = reader.row.get("dimensions")
    if given is None:
        return ()
    if not isinstance(given, dict):
        reader.refuse("dimensions", f"{shown(given)} is no object", "write {name: [values]}, or {}")
        return ()
    found = []
    for name, values in given.items():
        place = f"dimensions.{name}"
        if not name.strip() or len(name) > 60:
            reader.refuse(place, "is no usable name", "use 1 to 60 characters")
        elif name in _COLUMNS:
            reader.refuse(place, f"{shown(name)} is also a column of the tables", "choose another name")
        elif not isinstance(values, list) or not all(_is_value(value) for value in values):
            reader.refuse(place, "is no list of texts", f"list its values, each of 1 to {MAX_VALUE} characters")
        elif len(set(values)) != len(values):
            reader.refuse(place, "lists a value twice", "list each value once")
        else:
            found.append(DimensionRecord(key=name, values=tuple(values)))
    return tuple(found)


def _is_value(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_VALUE


def _key(place: str, inner: Reader, seen: set[str], most: int) -> str:
    key = inner.text(f"{place}.key", most=most, needed=True)
    if key in seen:
        inner.refuse(f"{place}.key", f"{shown(key)} was used before", "give each its own key")
    seen.add(key)
    return key


def _symptoms(reader: Reader, nested: dict[str, Any]) -> tuple[SymptomRecord, ...]:
    found = []
    seen: set[str] = set()
    for place, row, inner in _items(reader, "symptoms"):
        key = _key(place, inner, seen, 60)
        name = inner.text(f"{place}.name", most=120, needed=True)
        description = inner.text(f"{place}.description", most=10_000)
        terms = row.get("terms") or []
        if not isinstance(terms, list) or not all(isinstance(term, str) and term.strip() for term in terms):
            inner.refuse(f"{place}.terms", "is no list of words", "write a list such as [“slow”, “hangs”]")
        retired = inner.moment(f"{place}.retired_at", row["retired_at"]) if row.get("retired_at") is not None else None
        if inner.good:
            found.append(
                SymptomRecord(
                    key=key,
                    name=name,
                    description=description,
                    terms=tuple(terms),
                    retired_at=retired[0] if retired else None,
                )
            )
            _keep(nested, "symptoms", row, {"key", "name", "description", "terms", "retired_at"}, key=key)
    return tuple(found)


def _metrics(reader: Reader) -> tuple[MetricDefinition, ...]:
    found = []
    seen: set[str] = set()
    for place, row, inner in _items(reader, "metrics"):
        key = _key(place, inner, seen, 80)
        definition = MetricDefinition(
            key=key,
            name=inner.text(f"{place}.name", most=160, needed=True),
            unit=inner.text(f"{place}.unit", most=60),
            better=inner.choice(f"{place}.better", Better.values),
            extra={name: value for name, value in row.items() if name not in {"key", "name", "unit", "better"}},
        )
        if inner.good:
            found.append(definition)
    return tuple(found)
