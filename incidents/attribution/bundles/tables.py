"""exposure and metrics tables: use per segment and time, and metric values per group and time."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from incidents.attribution.bundles.case import CaseHead, Times
from incidents.attribution.bundles.source import Bundle, BundleError, good_rows, table_row, table_rows

FORMS = (".csv", ".parquet")
Segment = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCount:
    """A usage count; without a time it is a share for the whole window."""

    segment: Segment
    at: tuple[dt.datetime, bool] | None
    count: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """A value of a metric in one group at one time."""

    metric: str
    segment: Segment
    at: tuple[dt.datetime, bool]
    value: float
    n: float | None


def read_exposure(bundle: Bundle, head: CaseHead) -> list[UseCount]:
    """Read usage counts; an absent file is an empty list."""
    name = bundle.pick("exposure", FORMS)
    if name is None:
        return []
    header, rows = table_rows(bundle, name)
    if "count" not in header:
        raise BundleError(name, "the column is missing", "add it to the header", line=1, field="count")
    dimensions = [column for column in header if column not in {"at", "count"}]
    times = Times(head.axis.zone)

    def read(line: int, cells: list[str]) -> UseCount:
        row = table_row(name, header, line, cells)
        at = times.read(row["at"], name, line, "at") if row.get("at") else None
        segment = tuple((d, row[d]) for d in dimensions if row[d])
        return UseCount(segment=segment, at=at, count=_number(row["count"], name, line, "count", least=0.0))

    return list(good_rows(bundle, rows, read))


def read_metrics(bundle: Bundle, head: CaseHead) -> list[MetricValue]:
    """Read metric values; an absent file is an empty list."""
    name = bundle.pick("metrics", FORMS)
    if name is None:
        return []
    header, rows = table_rows(bundle, name)
    for needed in ("metric", "at", "value"):
        if needed not in header:
            raise BundleError(name, "the column is missing", "add it to the header", line=1, field=needed)
    dimensions = _dimensions(header)
    times = Times(head.axis.zone)
    memo: dict[str, tuple[dt.datetime, bool]] = {}

    def read(line: int, cells: list[str]) -> MetricValue | None:
        row = table_row(name, header, line, cells)
        if not row["value"]:
            return None
        at = memo.get(row["at"])
        if at is None:
            at = memo[row["at"]] = times.read(row["at"], name, line, "at")
        n = _number(row["n"], name, line, "n", least=0.0) if row.get("n") else None
        segment = tuple((d, row[d]) for d in dimensions if row[d])
        value = _number(row["value"], name, line, "value")
        return MetricValue(metric=row["metric"], segment=segment, at=at, value=value, n=n)

    return [value for value in good_rows(bundle, rows, read) if value is not None]


def _dimensions(header: Sequence[str]) -> list[str]:
    return [column for column in header if column not in {"metric", "at", "value", "n", "stderr"}]


def _number(text: str, file: str, line: int, field: str, least: float = -math.inf) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < least:
        remedy = "write a finite number" + (f", {least:g} or more" if least > -math.inf else "")
        raise BundleError(file, f"{text!r} is no number that can be used", remedy, line=line, field=field)
    return value
