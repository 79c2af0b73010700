"""The one time axis: bins, ticks, weekends and clock shifts of the shown window, in the case's own zone.

On the axis a time is a number of hours since the case's window began, so that every panel shares one linear scale and
a day of 23 or 25 hours is drawn as long as it was.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from incidents.charts.typed import Numbers

MINUTE = 60
HOUR = 3600
DAY = 86_400
WEEK = 7 * DAY
# Widths that people count in; a bin is the finest of them that is still wide enough to be seen.
BIN_STEPS = (5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY, WEEK)
BIN_NAMES = {
    5 * MINUTE: "5 minutes",
    15 * MINUTE: "15 minutes",
    HOUR: "hour",
    3 * HOUR: "3 hours",
    6 * HOUR: "6 hours",
    DAY: "day",
    WEEK: "week",
}
PIXELS_A_BIN = 4
PIXELS_A_DAY = 3  # days are told apart even on a phone
PIXELS_A_TICK = 62
TICK_STEPS = (5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, WEEK, 2 * WEEK)
MOST_BINS = 4000
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The shown window [start, end) of a case that began at `origin`, over so many pixels."""

    origin: dt.datetime
    start: dt.datetime
    end: dt.datetime
    zone: ZoneInfo
    pixels: int

    def hours(self, moment: dt.datetime) -> float:
        """Return a moment's place on the axis."""
        return (moment - self.origin).total_seconds() / HOUR

    @property
    def shown(self) -> tuple[float, float]:
        """Both ends of the window on the axis."""
        return self.hours(self.start), self.hours(self.end)

    @property
    def hours_a_pixel(self) -> float:
        """How much time one pixel stands for."""
        return (self.end - self.start).total_seconds() / HOUR / self.pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Consecutive bins over the window: `edges` are one more than the bins; `step` is their nominal width (seconds)."""

    edges: tuple[dt.datetime, ...]
    hours: Numbers
    step: int

    @property
    def n(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    @property
    def name(self) -> str:
        """What one bin is: "day", "3 hours"."""
        return BIN_NAMES[self.step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the axis; `major` ones start a month (or, by the hour, a day) and carry the longer label."""

    at: float
    label: str
    major: bool


def bin_step(axis: Axis, *, finest: int = BIN_STEPS[0], pixels_a_bin: float = PIXELS_A_BIN) -> int:
    """Return the finest step, not below `finest`, whose bins are at least so many pixels wide."""
    pixel = axis.hours_a_pixel * HOUR
    for step in BIN_STEPS:
        if step >= finest and step >= pixel * (PIXELS_A_DAY if step == DAY else pixels_a_bin):
            return step
    return BIN_STEPS[-1]


def bins_over(axis: Axis, step: int) -> Bins:
    """Lay bins of a step over the window, whole ones: the first holds its start, the last its end.

    Bins begin at local midnight (weeks on Monday); on a day on which the clocks shift, the day's last bin is what the
    step leaves over.
    """
    edges = list(_edges(axis.start, axis.end, axis.zone, step))
    return Bins(edges=tuple(edges), hours=np.array([axis.hours(edge) for edge in edges]), step=step)


def _edges(start: dt.datetime, end: dt.datetime, zone: ZoneInfo, step: int) -> Iterator[dt.datetime]:
    """Yield bin edges from the last one at or before `start` to the first at or after `end`."""
    day = start.astimezone(zone).date()
    if step == WEEK:
        day -= dt.timedelta(days=day.weekday())
    stride = 7 if step == WEEK else 1
    held: dt.datetime | None = None
    while True:
        first = midnight(day, zone)
        following = midnight(day + dt.timedelta(days=stride), zone)
        moments = [first]
        if step < DAY:
            n = -(-int((following - first).total_seconds()) // step)
            moments = [first + dt.timedelta(seconds=step * i) for i in range(n)]
        for moment in moments:
            if held is not None and moment > start:
                yield held
                if held >= end:
                    return
            held = moment
        day += dt.timedelta(days=stride)


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the first instant of a local day, in UTC."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def ticks(axis: Axis) -> list[Tick]:
    """Return marks about 62 pixels apart or more, at local times that people name."""
    seconds = axis.hours_a_pixel * HOUR * PIXELS_A_TICK
    step = next((one for one in TICK_STEPS if one >= seconds), None)
    if step is None:
        return _month_ticks(axis, seconds)
    if step < DAY:
        return _hour_ticks(axis, step)
    return _day_ticks(axis, step // DAY)


def _hour_ticks(axis: Axis, step: int) -> list[Tick]:
    found = []
    for moment in _edges(axis.start, axis.end, axis.zone, min(step, 6 * HOUR)):
        local = moment.astimezone(axis.zone)
        if not axis.start <= moment < axis.end or (step > 6 * HOUR and local.hour not in {0, 12}):
            continue
        major = (local.hour, local.minute) == (0, 0)
        label = f"{local.day} {MONTHS[local.month - 1]}" if major else f"{local:%H:%M}"
        found.append(Tick(at=axis.hours(moment), label=label, major=major))
    return found


def _day_ticks(axis: Axis, stride: int) -> list[Tick]:
    """Mark days, counted anew each month (1, 3, 5 …; weeks on Mondays); the first of a month is major."""
    found: list[Tick] = []
    for moment in _edges(axis.start, axis.end, axis.zone, DAY):
        if not axis.start <= moment < axis.end:
            continue
        local = moment.astimezone(axis.zone)
        if stride < 7:
            wanted = local.day == 1 or ((local.day - 1) % stride == 0 and local.day < 31)
        else:
            wanted = local.weekday() == 0 and (stride == 7 or local.isocalendar().week % 2 == 0)
        if wanted:
            major = not found or found_month(found, axis) != local.month
            label = f"{local.day} {MONTHS[local.month - 1]}" if major or stride >= 7 else str(local.day)
            found.append(Tick(at=axis.hours(moment), label=label, major=major))
    return found


def found_month(found: list[Tick], axis: Axis) -> int:
    """Return the local month of the last mark."""
    moment = axis.origin + dt.timedelta(hours=found[-1].at)
    return moment.astimezone(axis.zone).month


def _month_ticks(axis: Axis, seconds: float) -> list[Tick]:
    stride = next((months for months in (1, 2, 3, 6, 12) if months * 30 * DAY >= seconds), 12)
    local = axis.start.astimezone(axis.zone)
    year, month = local.year, local.month
    found: list[Tick] = []
    while (moment := midnight(dt.date(year, month, 1), axis.zone)) < axis.end:
        if moment >= axis.start and (month - 1) % stride == 0:
            label = f"{MONTHS[month - 1]} {year}" if month == 1 or not found else MONTHS[month - 1]
            found.append(Tick(at=axis.hours(moment), label=label, major=month == 1 or not found))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def weekends(axis: Axis) -> list[tuple[float, float]]:
    """Return Saturdays and Sundays as spans on the axis, clipped to the window; none where they are too thin to see."""
    if axis.hours_a_pixel * 2 > 48:
        return []
    low, high = axis.shown
    found = []
    day = axis.start.astimezone(axis.zone).date()
    day -= dt.timedelta(days=day.weekday() + 2)
    while (first := axis.hours(midnight(day, axis.zone))) < high:
        last = axis.hours(midnight(day + dt.timedelta(days=2), axis.zone))
        if last > low:
            found.append((max(first, low), min(last, high)))
        day += dt.timedelta(days=7)
    return found


def clock_shifts(axis: Axis) -> list[Tick]:
    """Return the times in the window at which the zone's clocks were moved."""
    found: list[Tick] = []
    day = axis.start.astimezone(axis.zone).date()
    last = axis.end.astimezone(axis.zone).date()
    while day <= last:
        first, following = midnight(day, axis.zone), midnight(day + dt.timedelta(days=1), axis.zone)
        minutes = round((following - first).total_seconds() / MINUTE) - 24 * 60
        if minutes and axis.start <= (moment := _shift_between(first, following, axis.zone)) < axis.end:
            way = "forward" if minutes < 0 else "back"
            label = f"Clocks go {way} {abs(minutes)} minutes ({axis.zone.key})"
            found.append(Tick(at=axis.hours(moment), label=label, major=False))
        day += dt.timedelta(days=1)
    return found


def _shift_between(first: dt.datetime, last: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the minute at which the offset changes between two instants."""
    before = first.astimezone(zone).utcoffset()
    low, high = 0, int((last - first).total_seconds() // MINUTE)
    while high - low > 1:
        middle = (low + high) // 2
        if (first + dt.timedelta(minutes=middle)).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return first + dt.timedelta(minutes=high)
