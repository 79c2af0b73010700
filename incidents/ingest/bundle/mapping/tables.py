"""exposure.csv and metrics.csv (or .parquet): one number a row, a column per dimension."""

from collections.abc import Iterable, Mapping
from typing import Any

from incidents.ingest.bundle.mapping.fields import Reader, shown, unguarded
from incidents.metrics.records import ExposureRecord, MetricRecord

EXPOSURE_COLUMNS = ("at", "count")
METRIC_COLUMNS = ("metric", "at", "value")
OPTIONAL_COLUMNS = ("n", "stderr")


def map_exposure(reader: Reader, line: int, row: Mapping[str, Any], dimensions: Iterable[str]) -> ExposureRecord | None:
    """Return the usage count, or None where the row has a problem."""
    reader.start(line, row)
    given = row.get("at")
    text = given.strip() if isinstance(given, str) else given
    at = None if text is None or text == "" else reader.moment("at", text)
    count = reader.cell_number("count", least=0, needed=True)
    segment = reader.cells(dimensions)
    if not reader.good or count is None:
        return None
    return ExposureRecord(line, at[0] if at else None, segment, count, bool(at and at[1]))


def map_metric(reader: Reader, line: int, row: Mapping[str, Any], dimensions: Iterable[str]) -> MetricRecord | None:
    """Return the point, or None where the row has a problem."""
    reader.start(line, row)
    given = row.get("metric")
    metric = unguarded(given.strip()) if isinstance(given, str) else ""
    if metric not in reader.context.metrics:
        reader.refuse("metric", f"{shown(given)} is not described", "describe it in case.json metrics")
    at = row.get("at")
    moment = reader.moment("at", at.strip() if isinstance(at, str) else at)
    value = reader.cell_number("value", needed=True)
    n = reader.cell_number("n", least=0)
    stderr = reader.cell_number("stderr", least=0)
    segment = reader.cells(dimensions)
    if not reader.good or value is None or moment is None:
        return None
    return MetricRecord(line, metric, moment[0], segment, value, n, stderr, moment[1])
