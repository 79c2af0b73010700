"""Bins, ticks and shifts of the time axis, across the days on which clocks move."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from incidents.charts import axis as ax

PACIFIC = ZoneInfo("America/Los_Angeles")


def axis_over(first: str, last: str, *, zone: ZoneInfo = PACIFIC, pixels: int = 1000) -> ax.Axis:
    start, end = (dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC) for text in (first, last))
    return ax.Axis(origin=start, start=start, end=end, zone=zone, pixels=pixels)


def local(axis: ax.Axis, edge: dt.datetime) -> str:
    return f"{edge.astimezone(axis.zone):%m-%d %H:%M}"


def test_days_are_local_and_as_long_as_they_were() -> None:
    axis = axis_over("2026-03-07", "2026-03-10")
    bins = ax.bins_over(axis, ax.DAY)
    assert [local(axis, edge) for edge in bins.edges] == ["03-07 00:00", "03-08 00:00", "03-09 00:00", "03-10 00:00"]
    assert list(bins.hours) == [0, 24, 47, 71]
    assert (bins.n, bins.name) == (3, "day")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24)])
def test_hours_of_a_day_with_moved_clocks(day: str, hours: int) -> None:
    following = (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()
    assert ax.bins_over(axis_over(day, following), ax.HOUR).n == hours


def test_bins_begin_anew_at_each_midnight() -> None:
    axis = axis_over("2026-03-08", "2026-03-10")
    bins = ax.bins_over(axis, 6 * ax.HOUR)
    assert [local(axis, edge) for edge in bins.edges if edge.astimezone(PACIFIC).hour == 0][:2] == [
        "03-08 00:00",
        "03-09 00:00",
    ]
    assert all(b > a for a, b in zip(bins.hours, bins.hours[1:], strict=False))


def test_a_window_within_bins_gets_the_whole_bins_that_hold_it() -> None:
    axis = axis_over("2026-06-03T10:20", "2026-06-05T09:10")
    bins = ax.bins_over(axis, ax.DAY)
    assert (local(axis, bins.edges[0]), local(axis, bins.edges[-1])) == ("06-03 00:00", "06-06 00:00")
    weeks = ax.bins_over(axis, ax.WEEK)
    assert [edge.astimezone(PACIFIC).weekday() for edge in weeks.edges] == [0, 0]


@pytest.mark.parametrize(
    ("first", "last", "pixels", "step"),
    [
        ("2026-02-04", "2026-05-10", 1000, ax.DAY),
        ("2026-02-04", "2026-02-24", 1000, 3 * ax.HOUR),
        ("2026-02-04", "2026-02-11", 1000, ax.HOUR),
        ("2026-02-04", "2026-02-05", 1000, 15 * ax.MINUTE),
        ("2024-01-01", "2026-12-31", 300, ax.WEEK),
    ],
)
def test_bins_are_as_fine_as_the_pixels_allow(first: str, last: str, pixels: int, step: int) -> None:
    axis = axis_over(first, last, pixels=pixels)
    assert ax.bin_step(axis) == step
    assert ax.bin_step(axis, finest=ax.DAY) >= ax.DAY


def test_ticks_leave_room_for_their_labels_and_name_the_month_once() -> None:
    axis = axis_over("2026-02-04", "2026-05-10", pixels=1100)
    found = ax.ticks(axis)
    assert [tick.label for tick in found if tick.major] == ["9 Feb", "2 Mar", "6 Apr", "4 May"]
    apart = [(b.at - a.at) / axis.hours_a_pixel for a, b in pairwise(found)]
    assert min(apart) >= ax.PIXELS_A_TICK


@pytest.mark.parametrize("days", [0.5, 1, 3, 7, 20, 45, 95, 400, 2000])
@pytest.mark.parametrize("pixels", [340, 1100])
def test_ticks_at_every_zoom_lie_inside_in_order_and_apart(days: float, pixels: int) -> None:
    start = dt.datetime(2026, 2, 27, 8, tzinfo=dt.UTC)
    axis = ax.Axis(origin=start, start=start, end=start + dt.timedelta(days=days), zone=PACIFIC, pixels=pixels)
    found = ax.ticks(axis)
    assert found
    low, high = axis.shown
    assert all(low <= tick.at < high for tick in found)
    apart = [(b.at - a.at) / axis.hours_a_pixel for a, b in pairwise(found)]
    assert all(gap >= 26 for gap in apart)


def test_weekends_and_the_shift_of_the_clocks() -> None:
    axis = axis_over("2026-03-05", "2026-03-12")
    (weekend,) = ax.weekends(axis)
    assert weekend == (48, 48 + 47)
    (shift,) = ax.clock_shifts(axis)
    assert shift.at == 3 * 24 + 2
    assert shift.label == "Clocks go forward 60 minutes (America/Los_Angeles)"
    assert ax.clock_shifts(axis_over("2026-03-05", "2026-03-12", zone=ZoneInfo("UTC"))) == []
