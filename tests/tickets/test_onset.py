"""Onsets as texts state them, relative to a report of Thursday 26 March 2026, 09:30 in Los Angeles."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.tickets.extraction.onset import read_onset

ZONE = ZoneInfo("America/Los_Angeles")
REPORTED = dt.datetime(2026, 3, 26, 9, 30, tzinfo=ZONE)
RELEASES = {"2.1.90": dt.datetime(2026, 3, 20, 18, tzinfo=dt.UTC)}


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("Since last Tuesday it forgets", "2026-03-24 00:00", "2026-03-25 00:00"),
        ("since Thursday", "2026-03-26 00:00", "2026-03-26 09:30"),
        ("since last Thursday", "2026-03-19 00:00", "2026-03-20 00:00"),
        ("It started yesterday", "2026-03-25 00:00", "2026-03-26 00:00"),
        ("since this morning", "2026-03-26 00:00", "2026-03-26 09:30"),
        ("Began last night", "2026-03-25 17:00", "2026-03-26 06:00"),
        ("since March 8", "2026-03-08 00:00", "2026-03-09 00:00"),
        ("since 3 December", "2025-12-03 00:00", "2025-12-04 00:00"),
        ("started on 2026-03-10.", "2026-03-10 00:00", "2026-03-11 00:00"),
        ("since early March", "2026-03-01 00:00", "2026-03-11 00:00"),
        ("since February", "2026-02-01 00:00", "2026-03-01 00:00"),
        ("since last week", "2026-03-16 00:00", "2026-03-23 00:00"),
        ("It worked until Monday", "2026-03-23 00:00", "2026-03-24 00:00"),
        ("for two days now", "2026-03-23 21:30", "2026-03-24 21:30"),
        ("over the past 3 hours", "2026-03-26 06:00", "2026-03-26 07:00"),
        ("started a couple of days ago", "2026-03-23 09:30", "2026-03-25 09:30"),
        ("after updating to 2.1.90 it hangs", "2026-03-20 11:00", "2026-03-26 09:30"),
        ("since 2.1.90.", "2026-03-20 11:00", "2026-03-26 09:30"),
    ],
)
def test_onsets(text: str, earliest: str, latest: str) -> None:
    onset = read_onset(text, reported_at=REPORTED, zone=ZONE, releases=RELEASES)
    assert onset is not None
    local = [moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") for moment in (onset.earliest, onset.latest)]
    assert local == [earliest, latest]
    assert onset.words in " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "Yesterday it still worked",
        "I waited for two days",
        "It may be slow",
        "since 2.1.91",
        "since 30 February",
        "since 2019-01-01",
        "since 2027-01-01",
        "the mail from March said so",
        "after April 20",
        "from March 3 on I was away",
        "after Monday I will stop paying",
        "",
    ],
)
def test_no_onset_where_none_is_told(text: str) -> None:
    assert read_onset(text, reported_at=REPORTED, zone=ZONE, releases=RELEASES) is None


def test_a_day_of_23_hours_is_a_day() -> None:
    onset = read_onset("since March 8", reported_at=REPORTED, zone=ZONE)
    assert onset is not None
    assert onset.latest - onset.earliest == dt.timedelta(hours=23)
    assert onset.is_of_a_day


@given(st.text(max_size=200), st.sampled_from(["since ", "for 3 weeks now ", "started on "]))
def test_never_after_the_report(text: str, start: str) -> None:
    onset = read_onset(start + text, reported_at=REPORTED, zone=ZONE)
    assert onset is None or onset.earliest < onset.latest <= REPORTED


@pytest.mark.parametrize(
    ("text", "first_day", "n_days", "words"),
    [
        ("Das ist seit gestern nicht mehr zu gebrauchen und langsam", 17, 1, "seit gestern ist"),
        ("Seit letztem Dienstag ist die Antwort falsch und das ist schlecht", 17, 1, "Seit letztem Dienstag"),
        ("Desde ayer el programa no funciona, es muy lento", 17, 1, "Desde ayer"),
        ("Depuis deux semaines les réponses ne sont pas bonnes et lentes", 1, 7, "Depuis deux semaines"),
        ("Da ieri non funziona una cosa che sono lente", 17, 1, "Da ieri"),
    ],
)
def test_other_languages(text: str, first_day: int, n_days: int, words: str) -> None:
    found = read_onset(text, reported_at=dt.datetime(2026, 3, 18, 15, tzinfo=dt.UTC), zone=ZoneInfo("UTC"))
    assert found is not None
    assert found.earliest.day == first_day
    assert (found.latest - found.earliest).days == n_days
    assert words.startswith(found.words) or found.words.startswith(words)


def test_what_only_sounds_like_a_beginning_is_none() -> None:
    for text in ("Seit der neuen Version ist das nicht gut und langsam", "It came from od and da places, seit"):
        assert read_onset(text, reported_at=dt.datetime(2026, 3, 18, tzinfo=dt.UTC), zone=ZoneInfo("UTC")) is None
