"""The time axis of a case: bins between its edges, the local calendar of each, and hours since the window's start.

Pure: no Django, no database. Both ways of reading a case (tables, bundles) place their times through it, so that
the same case gives the same evidence.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from incidents.core.times import end_of_day
from incidents.stats.attribution.evidence import Floats, Ints

Bucket = Literal["hour", "day"]
# An hourly case gets the finest of these widths that keeps the axis at MOST_BINS or fewer.
WIDTHS = (1, 2, 3, 4, 6)
MOST_BINS = 1200
MIDDAY_HOURS = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """Bins over the half-open window [start, end); `starts` holds each bin's first instant (UTC)."""

    start: dt.datetime
    end: dt.datetime
    zone: ZoneInfo
    bucket: Bucket
    starts: tuple[dt.datetime, ...]
    edges: Floats  # (n_bins + 1,) hours since `start`
    day: Ints  # (n_bins,) running number of the local day
    weekday: Ints  # (n_bins,) 0 Monday to 6 Sunday
    hour: Ints | None  # (n_bins,) 0..23 local at the centre; None where bins are days

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.starts)

    def hours(self, instant: dt.datetime) -> float:
        """Return the hours from the window's start to an instant (negative before it)."""
        return (instant - self.start).total_seconds() / 3600.0

    def place(self, instant: dt.datetime, *, day_only: bool) -> float:
        """Return the hours of an instant; where only its day is known (its start), those of the middle of that day."""
        return self.hours(instant) + (MIDDAY_HOURS if day_only else 0.0)

    def instant(self, hours: float) -> dt.datetime:
        """Return the instant (UTC) of so many hours since the window's start."""
        return self.start + dt.timedelta(hours=float(hours))

    def bins_of(self, hours: Floats) -> Ints:
        """Return the bin of each time in hours: -1 before the window, `n_bins` from its end on."""
        found: Ints = np.searchsorted(self.edges, hours, side="right").astype(np.int64) - 1
        return np.where(hours >= self.edges[-1], self.n_bins, found)


def time_axis(*, start: dt.datetime, end: dt.datetime, zone: ZoneInfo, bucket: Bucket) -> TimeAxis:
    """Lay bins over a window: local days, or equal widths of one to six hours where the case is told by the hour.

    A window that starts or ends within a day has a shorter first or last bin. Raises ValueError where the window
    is empty.
    """
    if end <= start:
        raise ValueError("The window is empty: its end must lie after its start.")
    starts = _day_starts(start, end, zone) if bucket == "day" else _hour_starts(start, end)
    edges = np.array([(s - start).total_seconds() / 3600 for s in (*starts, end)], dtype=np.float64)
    centres = [a + (b - a) / 2 for a, b in zip(starts, (*starts[1:], end), strict=True)]
    local = [centre.astimezone(zone) for centre in centres]
    first = local[0].date()
    return TimeAxis(
        start=start,
        end=end,
        zone=zone,
        bucket=bucket,
        starts=tuple(starts),
        edges=edges,
        day=np.array([(moment.date() - first).days for moment in local], dtype=np.int64),
        weekday=np.array([moment.weekday() for moment in local], dtype=np.int64),
        hour=None if bucket == "day" else np.array([moment.hour for moment in local], dtype=np.int64),
    )


def _day_starts(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    starts, moment = [], start
    while moment < end:
        starts.append(moment)
        moment = end_of_day(moment, zone)
    return starts


def _hour_starts(start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    n_hours = -(-(end - start) // dt.timedelta(hours=1))
    width = next((w for w in WIDTHS if n_hours / w <= MOST_BINS), WIDTHS[-1])
    return [start + dt.timedelta(hours=h) for h in range(0, n_hours, width)]


def spread_over_bins(axis: TimeAxis, hours: Sequence[float] | Floats, amounts: Sequence[float] | Floats) -> Floats:
    """Spread amounts, each counted from its hour to the next one's, over the bins, by the time that they share.

    An amount lasts the usual (median) interval at most, so that a hole in the counts is no long low interval; what
    no amount reaches takes the nearest rate. Raises ValueError where there are no amounts.
    """
    if not len(hours):
        raise ValueError("There are no amounts to spread.")
    times, where = np.unique(np.asarray(hours, dtype=np.float64), return_inverse=True)
    amount = np.bincount(where, weights=np.asarray(amounts, dtype=np.float64), minlength=len(times))
    gaps = np.diff(times)
    usual = float(np.median(gaps)) if len(gaps) else 24.0
    lasts = np.append(np.minimum(gaps, usual), usual)
    left = np.maximum(axis.edges[:-1, None], times[None, :])
    right = np.minimum(axis.edges[1:, None], (times + lasts)[None, :])
    overlap = np.maximum(right - left, 0.0)
    rate = amount / lasts
    centres = (axis.edges[:-1] + axis.edges[1:]) / 2
    nearest = rate[np.abs(centres[:, None] - (times + lasts / 2)[None, :]).argmin(axis=1)]
    uncovered = np.maximum(np.diff(axis.edges) - overlap.sum(axis=1), 0.0)
    return np.asarray(overlap @ rate + nearest * uncovered, dtype=np.float64)
