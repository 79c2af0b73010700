"""Frozen pictures: well-formed, escaped, with their data and words for those who do not see them."""

import datetime as dt
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from incidents.charts.picture import Lane, Picture, alt_text, figure_html, figure_markdown, nice_top, svg

UTC = ZoneInfo("UTC")


def day(number: int) -> dt.datetime:
    return dt.datetime(2026, 3, number, tzinfo=dt.UTC)


def picture(label: str = "Lower effort", end: dt.datetime | None = None) -> Picture:
    return Picture(
        title="Complaints",
        zone=UTC,
        edges=[day(number) for number in range(1, 11)],
        counts=[1, 0, 3, 4, 37, 9, 2, 2, 2],
        lanes=[Lane(label=label, start=day(4), end=end, position=2)],
    )


def rects(drawn: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(drawn).findall("{http://www.w3.org/2000/svg}rect")  # noqa: S314 - our own


def test_bars_stand_in_proportion_and_lanes_over_their_days() -> None:
    found = rects(svg(picture(end=day(7))))
    bars = [one for one in found if one.get("class") == "chart__bar"]
    heights = [float(one.get("height") or 0) for one in bars]
    assert len(bars) == 8
    assert heights[3] / heights[0] == pytest.approx(37, rel=0.01)
    shade, lane = [one for one in found if one.get("class") == "chart__c3"]
    # The fifth bar begins with the fifth day; the lane runs from the fourth to the end of the sixth.
    assert lane.get("x") == shade.get("x") == bars[2].get("x")
    assert float(lane.get("width") or 0) == pytest.approx(3 * (720 - 44 - 12) / 9, abs=0.1)


def test_a_change_still_in_force_runs_to_the_edge() -> None:
    lane = rects(svg(picture()))[-1]
    assert float(lane.get("x") or 0) + float(lane.get("width") or 0) == pytest.approx(720 - 12, abs=0.1)


def test_every_text_is_escaped() -> None:
    html = figure_html(picture('<script>alert(1)</script>"&'), '<img src=x onerror="y">')
    assert "<script" not in html
    assert "<img" not in html
    assert "style=" not in html


def test_the_words_and_the_data_say_what_the_picture_shows() -> None:
    assert alt_text(picture(end=day(7))) == (
        "Complaints a day, 1 Mar 2026 to 9 Mar 2026, 60 in all. The highest bar is 37, on 5 Mar 2026. "
        "In force above it: Lower effort (4 Mar to 7 Mar)."
    )
    table = figure_markdown(picture(), "How many").split("\n")
    assert table[0].startswith("*How many.* Complaints a day")
    assert "| 5 Mar 2026 | 37 |" in table
    assert "<td>5 Mar 2026</td><td>37</td>" in figure_html(picture(), "")


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (1.5, 2), (37, 50), (100, 100), (210, 500), (999, 1000)])
def test_the_axis_ends_at_a_round_number(highest: float, top: float) -> None:
    assert nice_top(highest) == top
