"""case.json and changes.jsonl: the window, what complaints are told apart by, and the change log."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from incidents.attribution.axis import Bucket, TimeAxis, time_axis
from incidents.attribution.bundles.source import CASE, Bundle, BundleError, json_lines, json_object, json_row
from incidents.attribution.exposures import LoggedChange
from incidents.core.times import BadTimeError, parse_end, parse_time

FORMAT = "incident-case/1"
CHANGES = "changes.jsonl"
LONGEST = dt.timedelta(days=3660)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHead:
    """What case.json says; `dimensions` in its order, open for values that tickets add."""

    axis: TimeAxis
    dimensions: Mapping[str, tuple[str, ...]]
    symptoms: tuple[str, ...]
    terms: Mapping[str, tuple[str, ...]]
    publicity: tuple[tuple[dt.datetime, bool], ...]
    better: Mapping[str, str]


class Times:
    """Reads times of one bundle in its zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Keep the zone in which bare dates are days."""
        self.zone = zone

    def read(self, value: object, file: str, line: int | None, field: str) -> tuple[dt.datetime, bool]:
        """Return (instant, whether only its day is known)."""
        try:
            return parse_time(value, self.zone)
        except BadTimeError as error:
            remedy = "write 2026-03-04T09:20:53Z, or a bare date for the whole day"
            raise BundleError(file, str(error), remedy, line=line, field=field) from None


def read_case(bundle: Bundle) -> CaseHead:
    """Read case.json."""
    case = json_object(bundle, CASE)
    if case.get("format") != FORMAT:
        raise BundleError(CASE, f"is {case.get('format')!r}", f"this program reads {FORMAT!r}", field="format")
    zone = _zone(case.get("timezone"))
    window = case.get("window")
    if not isinstance(window, dict):
        raise BundleError(CASE, "is missing", 'give {"start": …, "end": …}', field="window")
    start, _ = Times(zone).read(window.get("start"), CASE, None, "window.start")
    try:
        end, _ = parse_end(window.get("end"), zone)
    except BadTimeError as error:
        raise BundleError(CASE, str(error), "write 2026-03-04T09:20:53Z or a date", field="window.end") from None
    if end <= start:
        raise BundleError(CASE, "ends before it starts", "swap or correct its ends", field="window")
    if end - start > LONGEST:
        raise BundleError(CASE, "is longer than ten years", "correct its ends", field="window")
    symptoms, terms = _symptoms(case.get("symptoms"))
    return CaseHead(
        axis=time_axis(start=start, end=end, zone=zone, bucket=_bucket(case.get("bucket"))),
        dimensions=_dimensions(case.get("dimensions")),
        symptoms=symptoms,
        terms=terms,
        publicity=_publicity(case.get("publicity"), Times(zone)),
        better={
            str(metric.get("key")): str(metric.get("better", ""))
            for metric in case.get("metrics") or ()
            if isinstance(metric, dict)
        },
    )


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (KeyError, ValueError, OSError):
        raise BundleError(
            CASE, f"{name!r} is no IANA zone", "write for example Europe/Berlin", field="timezone"
        ) from None


def _bucket(value: object) -> Bucket:
    if value is None:
        return "hour"
    if value == "hour":
        return "hour"
    if value != "day":
        raise BundleError(CASE, f"{value!r} is neither", "write hour or day, or leave it out", field="bucket")
    return "day"


def _dimensions(value: object) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(
        isinstance(values, list) and all(isinstance(one, str) for one in values) for values in value.values()
    ):
        raise BundleError(CASE, "must be {name: [values]}", "give each dimension a list of texts", field="dimensions")
    return {name: tuple(dict.fromkeys(values)) for name, values in value.items()}


def _symptoms(value: object) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    rows = [] if value is None else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("key"), str) for row in rows):
        raise BundleError(CASE, "must be a list of {key, name, terms}", "give each symptom a key", field="symptoms")
    keys = tuple(row["key"] for row in rows)
    if len(set(keys)) != len(keys):
        raise BundleError(CASE, "two symptoms have the same key", "give each its own", field="symptoms")
    terms = {
        row["key"]: tuple(term for term in row.get("terms") or () if isinstance(term, str) and term.strip())
        for row in rows
    }
    return keys, terms


def _publicity(value: object, times: Times) -> tuple[tuple[dt.datetime, bool], ...]:
    rows = value or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BundleError(CASE, "must be a list of {at, title}", "give each event its time", field="publicity")
    return tuple(times.read(row.get("at"), CASE, None, "publicity.at") for row in rows)


def read_changes(bundle: Bundle, head: CaseHead) -> list[LoggedChange]:
    """Read changes.jsonl; a single bad row refuses the bundle.

    With a change left out, what it caused would be put down to its neighbours.
    """
    if CHANGES not in bundle.names:
        raise BundleError(CHANGES, "is missing", "give one change a line; an empty file if there are none")
    seen: dict[str, int] = {}
    out = []
    for line, text in json_lines(bundle, CHANGES):
        row = json_row(CHANGES, line, text)
        key = _identifier(row, CHANGES, line, seen)
        out.append(_change(key, row, line, Times(head.axis.zone)))
    return out


def _identifier(row: Mapping[str, Any], file: str, line: int, seen: dict[str, int]) -> str:
    key = row.get("id")
    if not isinstance(key, str) or not key.strip():
        raise BundleError(file, "is missing or empty", "give each row a unique text", line=line, field="id")
    if key in seen:
        raise BundleError(file, f"{key!r} stands on line {seen[key]} too", "give each its own", line=line, field="id")
    if key == "none":
        raise BundleError(file, "'none' is kept for no change", "choose another id", line=line, field="id")
    seen[key] = line
    return key


def _change(key: str, row: Mapping[str, Any], line: int, times: Times) -> LoggedChange:
    started, start_day = times.read(row.get("started_at"), CHANGES, line, "started_at")
    ended, end_day = None, False
    if row.get("ended_at") is not None:
        ended, end_day = times.read(row["ended_at"], CHANGES, line, "ended_at")
        if ended < started:
            remedy = "correct one of the two times"
            raise BundleError(CHANGES, "lies before started_at", remedy, line=line, field="ended_at")
    days = [name for name, bare in (("started_at", start_day), ("ended_at", end_day)) if bare]
    return LoggedChange(
        key=key,
        started_at=started,
        kind=str(row.get("kind") or ""),
        scope=_scope(row.get("scope"), line),
        rollout=_rollout(row.get("rollout"), line, times),
        linear=row.get("rollout_shape") == "linear",
        ended_at=ended,
        end_kind=str(row.get("end_kind") or ""),
        carried_by_version=str(row.get("carried_by_version") or ""),
        fixed_in_version=str(row.get("fixed_in_version") or ""),
        visibility=str(row.get("visibility") or "public"),
        masks=_texts(row.get("masks"), line, "masks"),
        interacts_with=_texts(row.get("interacts_with"), line, "interacts_with"),
        day_fields=days,
    )


def _scope(value: object, line: int) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        remedy = "write {dimension: [values]}"
        raise BundleError(CHANGES, "must be an object", remedy, line=line, field="scope")
    out = {}
    for name, values in value.items():
        if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
            remedy = "list at least one value; leave the dimension out for all"
            raise BundleError(CHANGES, "must be a list of texts", remedy, line=line, field=f"scope.{name}")
        out[name] = tuple(values)
    return out


def _rollout(value: object, line: int, times: Times) -> list[tuple[dt.datetime, float]]:
    rows = value or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        remedy = "write [{at, share}]"
        raise BundleError(CHANGES, "must be a list of steps", remedy, line=line, field="rollout")
    out = []
    for row in rows:
        share = row.get("share")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            remedy = "write a number from 0 to 1"
            raise BundleError(CHANGES, f"{share!r} is no share", remedy, line=line, field="rollout.share")
        out.append((times.read(row.get("at"), CHANGES, line, "rollout.at")[0], float(share)))
    return sorted(out, key=lambda step: step[0])


def _texts(value: object, line: int, field: str) -> tuple[str, ...]:
    rows = value or []
    if not isinstance(rows, list) or not all(isinstance(one, str) for one in rows):
        raise BundleError(CHANGES, "must be a list of ids", "write texts", line=line, field=field)
    return tuple(rows)
