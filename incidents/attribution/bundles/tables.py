"""exposure and metrics tables: use per segment and time, and metric values per group and time."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from incidents.attribution.bundles.case import CaseHead, Times
from incidents.attribution.bundles.source import Bundle, BundleError, table_rows

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
    out = []
    for line, row in rows:
        at = times.read(row["at"], name, line, "at") if row.get("at") else None
        out.append(
            UseCount(
                segment=tuple((d, row[d]) for d in dimensions if row[d]),
                at=at,
                count=_number(row["count"], name, line, "count", least=0.0),
            )
        )
    return out


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
    out = []
    for line, row in rows:
        if not row["value"]:
            continue
        at = memo.get(row["at"])
        if at is None:
            at = memo[row["at"]] = times.read(row["at"], name, line, "at")
        n = _number(row["n"], name, line, "n", least=0.0) if row.get("n") else None
        out.append(
            MetricValue(
                metric=row["metric"],
                segment=tuple((d, row[d]) for d in dimensions if row[d]),
                at=at,
                value=_number(row["value"], name, line, "value"),
                n=n,
            )
        )
    return out


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
