"""What the recording services of metrics take: rows as a source tells them, with their place in the file."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """What is measured; `better` is "higher", "lower" or empty."""

    key: str
    name: str
    unit: str = ""
    better: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


class MetricRecord(NamedTuple):
    """One point: a value of a metric for a segment ({}: all users) at a time; `n` and `stderr` where known."""

    line: int
    metric: str
    at: dt.datetime
    segment: Mapping[str, str]
    value: float
    n: float | None
    stderr: float | None
    day_only: bool


class ExposureRecord(NamedTuple):
    """How much a segment used the product at a time; without a time, over the whole window."""

    line: int
    at: dt.datetime | None
    segment: Mapping[str, str]
    usage: float
    day_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalRecord:
    """One run of an evaluation suite."""

    line: int
    external_id: str
    suite: str
    at: dt.datetime
    n: int | None
    paired: bool
    score: float | None
    baseline_score: float | None
    discordant: float | None
    subject: str
    verdict: str
    day_fields: tuple[str, ...]
    extra: Mapping[str, Any]
