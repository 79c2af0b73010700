"""Numbers and times as a reader meets them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from incidents.documents import words
from incidents.documents.words import Moment
from tests.documents.handmade import ZONE, local


def test_a_time_names_its_zone_and_a_day_stays_a_day() -> None:
    assert words.moment(Moment(at=local(3, 26, 14)), ZONE) == "26 Mar 2031, 14:00 PDT"
    assert words.moment(Moment(at=local(1, 5, 9, 30)), ZONE) == "5 Jan 2031, 09:30 PST"
    assert words.moment(Moment(at=local(3, 4), day_only=True), ZONE) == "4 Mar 2031"
    # A closed end of which only the day is known is stored as the next midnight.
    assert words.moment(Moment(at=local(4, 8), day_only=True, is_end=True), ZONE) == "7 Apr 2031"
    assert words.moment(Moment(at=local(3, 26, 14)), ZoneInfo("UTC")) == "26 Mar 2031, 21:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "1 minute"), (7_200, "2 hours"), (90_000, "25 hours"), (172_800, "2 days"), (0, "0 minutes")],
)
def test_durations_take_the_unit_people_use(seconds: int, said: str) -> None:
    start = local(3, 1)
    assert words.duration(start, start + dt.timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [(412.4, 355.1, 470.2), (3.2, 0.4, 7.9), (12_345, 11_900, 12_800), (0.2, 0, 1), (151, 96, 207), (40, 0, 120)],
)
def test_rounding_for_the_public_never_narrows_the_interval(value: float, low: float, high: float) -> None:
    middle, below, above = words.public_interval(value, low, high)
    assert below <= low
    assert above >= high
    assert below <= middle <= above


def test_an_estimate_reads_as_a_sentence_and_as_a_cell() -> None:
    assert words.estimate_text(412.4, 355.1, 470.2) == "about 410 (between 350 and 480)"
    assert words.estimate_short(412.4, 355.1, 470.2) == "410 [350 to 480]"


def test_outside_text_cannot_open_anything_in_markdown() -> None:
    hostile = "# head\n[a](javascript:x) *b* `c` | d <e> [[to be written: f]] ![g](h) _i_ snake_case"
    assert words.plain(hostile) == (
        r"\# head \[a\](javascript:x) \*b\* \`c\` \| d \<e\> \[\[to be written: f\]\] !\[g\](h) \_i\_ snake_case"
    )


def test_long_outside_text_is_cut_at_a_word() -> None:
    assert words.plain("one two three four", 12) == "one two…"


def test_of_two_texts_only_what_differs_is_told() -> None:
    assert words.changed_lines("a: 1\nb: 2\n", "a: 1\n  b: 3\n\nc: 4") == (["b: 2"], ["b: 3", "c: 4"])
    assert words.changed_lines("same", "same") == ([], [])
