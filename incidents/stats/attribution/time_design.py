"""What the complaints of a block of time are regressed on: trend, weekdays, publicity, hour of day, known volume."""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDesign:
    """Regression of the blocks' log level: constant, trend, weekdays, publicity; and the precision of the priors."""

    columns: Floats  # (D, p)
    precision: Floats  # (p,)
    hour: Ints  # (T,) row of the hour profile
    n_hours: int
    offset: Floats  # (T,) known relative volume


def time_design(frame: Frame) -> TimeDesign:
    """Lay out the regression for the blocks of a case."""
    evidence, settings = frame.evidence, frame.evidence.settings
    hours = frame.block_hours
    length = max(float(evidence.edges[-1] - evidence.edges[0]), 1e-9)
    columns = [np.ones(len(hours)), (hours - hours.mean()) / length]
    precision = [0.0, settings.trend_spread**-2]
    if frame.block_weekday is not None:
        for weekday in range(7):
            columns.append((frame.block_weekday == weekday) - 1 / 7)
            precision.append(settings.weekday_spread**-2)
    width = max(length / len(hours), 1e-9)
    for at in evidence.publicity:
        for decay in (28.8, 96.0):
            since = hours - at
            into = np.clip(since / width + 0.5, 0.0, 1.0)
            columns.append(np.exp(-np.maximum(since, 0.0) / decay) * into)
            precision.append(5.0)
    offset = np.zeros(evidence.n_bins)
    if evidence.usage_total is not None and (evidence.usage_total > 0).any():
        use = evidence.usage_total / np.diff(evidence.edges)
        offset = np.log(np.maximum(use, 0.01 * use.mean()) / use.mean())
    hour, n_hours = np.zeros(evidence.n_bins, np.int64), 1
    if evidence.hour is not None and frame.n_blocks >= 3:
        hour, n_hours = evidence.hour, 24
    return TimeDesign(
        columns=np.array(columns).T, precision=np.array(precision), hour=hour, n_hours=n_hours, offset=offset
    )
