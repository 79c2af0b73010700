"""Numbers and times as words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.charts import labels

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NAN = float("nan")


def plain(text: str) -> str:
    """Return the text with ordinary spaces, for reading the tests."""
    return text.replace(labels.SPACE, " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12_345, "12,345"),
        (3.44, "3.4"),
        (9.96, "10"),
        (4.0, "4"),
        (-1234.5, "−1,234"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_counts_are_whole_where_a_digit_after_the_point_would_say_nothing(value: float | None, text: str) -> None:
    assert labels.count(value) == text


def test_a_small_negative_number_that_rounds_to_zero_has_no_sign() -> None:
    assert labels.decimal(-0.004, 2) == "0.00"
    assert labels.decimal(-0.006, 2) == "−0.01"


@pytest.mark.parametrize(
    ("fraction", "places", "text"),
    [
        (0.614, 0, "61 %"),
        (0.614, 1, "61.4 %"),
        (0.0, 0, "0 %"),
        (0.0031, 0, "< 1 %"),
        (0.0031, 1, "0.3 %"),
        (0.998, 0, "> 99 %"),
        (1.0, 0, "100 %"),
        (-0.03, 0, "−3 %"),
        (None, 0, "–"),
    ],
)
def test_per_cents_never_round_something_to_nothing(fraction: float | None, places: int, text: str) -> None:
    assert plain(labels.percent(fraction, places)) == text


def test_estimates_carry_their_interval() -> None:
    assert labels.interval(412.3, 354.8, 470.1) == "412 [355 to 470]"
    assert labels.interval(61, -12.4, 140) == "61 [−12 to 140]"
    assert labels.interval(0.257, 0.21, 0.304, 2) == "0.26 [0.21 to 0.30]"
    assert plain(labels.share(0.61, 0.52, 0.69)) == "about 61 % (52 to 69 %)"
    assert labels.share_bounds(NAN, 0.4) == "(–)"


def test_ratios_and_their_intervals_have_the_same_digits() -> None:
    assert labels.ratio_bounds(2.41, 1.9, 3.02) == ("2.4×", "[1.9 to 3.0]")
    assert labels.ratio_bounds(0.383, 0.31, 0.457) == ("0.38×", "[0.31 to 0.46]")
    assert labels.ratio_bounds(None, 1.0, None) == ("–", "[1.0 to –]")
    assert labels.ratio(14.2) == "14×"


def test_nouns_follow_their_count() -> None:
    assert labels.plural(1, "ticket") == "1 ticket"
    assert labels.plural(12_037, "ticket") == "12,037 tickets"
    assert labels.plural(0, "entry", "entries") == "0 entries"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(days=12), "12 days"),
        (timedelta(days=2, hours=4), "2 days 4 h"),
        (timedelta(hours=47, minutes=59, seconds=40), "2 days"),
        (3599.6, "1 h"),
        (90, "1 min 30 s"),
        (59.7, "1 min"),
        (0.99, "1 s"),
        (0.84, "0.8 s"),
        (0.012, "12 ms"),
        (-90, "−1 min 30 s"),
        (None, "–"),
    ],
)
def test_durations_name_their_two_largest_units(value: timedelta | float | None, text: str) -> None:
    assert plain(labels.duration(value)) == text


def test_sizes_are_decimal() -> None:
    sizes = (1, 812, 4_100, 999_600, 21_000_000, 3_200_000_000)
    assert [plain(labels.size(n)) for n in sizes] == ["1 byte", "812 bytes", "4.1 kB", "1.0 MB", "21 MB", "3.2 GB"]


def test_moments_name_their_zone() -> None:
    at = datetime(2026, 3, 26, 21, 0, 5, tzinfo=UTC)
    assert labels.moment(at, LOS_ANGELES) == "26 Mar 2026, 14:00 PDT"
    assert labels.moment(at) == "26 Mar 2026, 21:00 UTC"
    assert labels.moment(at, seconds=True) == "26 Mar 2026, 21:00:05 UTC"
    assert labels.moment(at, ZoneInfo("Asia/Kathmandu")) == "27 Mar 2026, 02:45 UTC+5:45"
    assert labels.day(date(2026, 5, 1)) == "1 May 2026"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        labels.moment(datetime(2026, 3, 26))


def _la(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LOS_ANGELES)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (_la(2026, 2, 4), _la(2026, 5, 11), "4 Feb to 10 May 2026"),
        (_la(2026, 2, 4), _la(2026, 2, 5), "4 Feb 2026"),
        (_la(2025, 12, 30), _la(2026, 1, 2), "30 Dec 2025 to 1 Jan 2026"),
        (_la(2026, 3, 26, 14), _la(2026, 3, 26, 16, 30), "26 Mar 2026, 14:00 to 16:30 PDT"),
        (_la(2026, 3, 26, 14), _la(2026, 4, 10, 11, 30), "26 Mar, 14:00 to 10 Apr 2026, 11:30 PDT"),
        (_la(2026, 3, 7, 14), _la(2026, 3, 9, 14), "7 Mar, 14:00 PST to 9 Mar 2026, 14:00 PDT"),
        (_la(2026, 2, 4), None, "since 4 Feb 2026"),
        (_la(2026, 2, 4, 9, 30), None, "since 4 Feb 2026, 09:30 PST"),
    ],
)
def test_periods_are_half_open_and_name_their_last_day(start: datetime, end: datetime | None, text: str) -> None:
    assert labels.period(start, end, LOS_ANGELES) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=-2), "in 2 days"),
        (timedelta(days=240), "8 months ago"),
        (timedelta(days=900), "2 years ago"),
    ],
)
def test_distances_from_now(ago: timedelta, text: str) -> None:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert labels.relative(now - ago, now) == text
