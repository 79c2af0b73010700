"""Reading times: aware, a bare date is a local day, the end of an interval includes its day."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.core.times import BadTimeError, end_of_day, format_end, format_time, parse_end, parse_time

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_bare_date_is_the_start_of_the_local_day() -> None:
    assert parse_time("2026-03-04", LOS_ANGELES) == (dt.datetime(2026, 3, 4, 8, tzinfo=dt.UTC), True)


def test_an_offset_is_kept_as_the_same_instant_in_utc() -> None:
    assert parse_time("2026-03-04T10:00:00+05:30", BERLIN) == (dt.datetime(2026, 3, 4, 4, 30, tzinfo=dt.UTC), False)
    assert parse_time("2026-03-04T10:00Z", BERLIN) == (dt.datetime(2026, 3, 4, 10, tzinfo=dt.UTC), False)


@pytest.mark.parametrize(
    "text",
    ["2026-03-04T10:00:00", "4 March 2026", "1772618400", "2026-13-01", "2026-W37-4", "", "2026-03-04T24:00:00Z"],
)
def test_what_cannot_be_placed_is_refused(text: str) -> None:
    with pytest.raises(BadTimeError):
        parse_time(text, BERLIN)


def test_numbers_are_no_times() -> None:
    with pytest.raises(BadTimeError, match="not a text"):
        parse_time(1772618400, BERLIN)


def test_the_end_of_an_interval_includes_its_day_whatever_its_length() -> None:
    end, day_only = parse_end("2026-10-25", BERLIN)  # 25 hours: the clocks go back
    start, _ = parse_time("2026-10-25", BERLIN)
    assert day_only
    assert end - start == dt.timedelta(hours=25)
    spring = parse_time("2026-03-29", BERLIN)[0]
    assert end_of_day(spring, BERLIN) - spring == dt.timedelta(hours=23)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.sampled_from([LOS_ANGELES, BERLIN, ZoneInfo("UTC")]))
def test_dates_come_back_as_they_went_in(day: dt.date, zone: ZoneInfo) -> None:
    text = day.isoformat()
    start, _ = parse_time(text, zone)
    end, _ = parse_end(text, zone)
    assert format_time(start, zone, day_only=True) == text
    assert format_end(end, zone, day_only=True) == text


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)))
def test_instants_come_back_as_they_went_in(instant: dt.datetime) -> None:
    assert parse_time(format_time(instant, BERLIN, day_only=False), BERLIN) == (instant, False)
