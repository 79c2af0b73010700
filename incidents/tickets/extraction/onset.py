"""When it began, as a text says: "since last Tuesday", "for two weeks now", "after updating to 2.1.90".

An onset is an interval, as wide as the words are vague, relative to the time and zone of the report. Nothing is said
where the text does not tell a beginning: a bare "yesterday" may be when it still worked.
"""

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from incidents.tickets.extraction.foreign import read_foreign_onset

MAX_TEXT = 4000
LONGEST_AGO = dt.timedelta(days=400)
_NAMELESS_YEAR = dt.timedelta(days=200)
_DAY = dt.timedelta(days=1)
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "couple": 2, "few": 3, "several": 4,
}  # fmt: skip
_VAGUE = frozenset({"couple", "few", "several"})
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0, "month": 730.5, "night": 24.0, "evening": 24.0}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = {name.casefold(): i for i, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.casefold(): i for i, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_COUNT = (
    rf"(?:a\s+)?(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)})(?:\s+of)?\s+"
    rf"(?:full\s+|solid\s+|whole\s+)?(?P<unit>{'|'.join(_HOURS)})s?"
)
_WHEN = (
    r"(?P<iso>\d{4}-\d{2}-\d{2})"
    rf"|(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{{4}}))?"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{_MONTH})\b\.?(?:,?\s+(?P<year2>\d{{4}}))?"
    rf"|(?P<part>early|mid|late|end\s+of|beginning\s+of|start\s+of|middle\s+of)?[\s-]*(?P<month3>{_MONTH})\b(?!\s*\d)"
    r"|(?P<word>yesterday|today|tonight|this\s+morning|this\s+afternoon|this\s+evening|last\s+night|last\s+week|this\s+week"
    r"|last\s+month|this\s+month|last\s+weekend|the\s+weekend)"
    rf"|(?:(?P<last>last\s+)|this\s+|this\s+past\s+|on\s+)?(?P<weekday>{'|'.join(_WEEKDAYS)})\b"
)
_UPDATE = (
    r"(?:the\s+)?(?:latest\s+)?(?:updat\w+|upgrad\w+|install\w+|mov\w+|switch\w+)\s+(?:from\s+\S+\s+)?(?:to\s+)?"
    r"(?:version\s+)?v?(?P<version>\d{1,4}(?:\.\d{1,4}){1,3})"
    r"|(?:version\s+|release\s+)?v?(?P<version2>\d{1,4}(?:\.\d{1,4}){1,3})(?=\s+(?:update|release|came|was)|[\s.,;:!)]|$)"
)
_BEGAN = (
    r"(?:since|starting|started|start(?:s|ing)?|began|beginning|begun|ever\s+since|from|until|till|after|happening\s+since)"
    r"(?:\s+(?:about|around|approximately|roughly|some\s+time|sometime|on|in|at|from|happening|with))*\s+(?:the\s+)?~?"
)
_PATTERNS = (
    re.compile(rf"\b{_BEGAN}{_COUNT}\s+ago\b", re.I),
    re.compile(rf"\b{_BEGAN}(?:{_WHEN})", re.I),
    re.compile(
        rf"\b(?:since|after|ever\s+since|started\s+with|starting\s+with|began\s+with)\s+(?:I\s+|we\s+)?(?:{_UPDATE})",
        re.I,
    ),
    re.compile(
        rf"\b(?:for|over|in|during|within|throughout)\s+(?:about\s+|around\s+|almost\s+|nearly\s+|at\s+least\s+)?"
        rf"(?:the\s+(?:last|past)\s+|(?P<now>)){_COUNT}(?P<still>\s+(?:now|already|straight|running|in\s+a\s+row))?",
        re.I,
    ),
)
# "from" and "after" begin other things as well: with a date or weekday they tell no onset.
_WEAK = re.compile(r"(?:from|after|until|till)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """It began in [earliest, latest), UTC, according to these words."""

    earliest: dt.datetime
    latest: dt.datetime
    words: str

    @property
    def is_of_a_day(self) -> bool:
        """Tell whether it is known to the day or better (a day has up to 25 hours)."""
        return self.latest - self.earliest <= dt.timedelta(hours=25)


def read_onset(
    text: str,
    *,
    reported_at: dt.datetime,
    zone: ZoneInfo,
    releases: Mapping[str, dt.datetime] | None = None,
) -> Onset | None:
    """Return the first onset that a text states, or None; `releases` gives the times of versions."""
    cut = text[:MAX_TEXT]
    found: list[tuple[int, Onset]] = []
    for pattern in _PATTERNS:
        for hit in pattern.finditer(cut):
            span = _interval(hit, reported_at.astimezone(zone), releases or {})
            if span is not None and (onset := _bounded(span, reported_at, hit.group())) is not None:
                found.append((hit.start(), onset))
                break
    if found:
        return min(found, key=lambda one: one[0])[1]
    foreign = read_foreign_onset(cut, reported_at=reported_at, zone=zone)
    return _bounded(foreign[:2], reported_at, foreign[2]) if foreign is not None else None


def _bounded(span: tuple[dt.datetime, dt.datetime], reported_at: dt.datetime, words: str) -> Onset | None:
    earliest, latest = (moment.astimezone(dt.UTC) for moment in span)
    latest = min(latest, reported_at.astimezone(dt.UTC))
    if earliest >= latest or earliest < reported_at - LONGEST_AGO:
        return None
    return Onset(earliest=earliest, latest=latest, words=" ".join(words.split()))


def _interval(
    hit: re.Match[str], local: dt.datetime, releases: Mapping[str, dt.datetime]
) -> tuple[dt.datetime, dt.datetime] | None:
    parts = hit.groupdict()
    if parts.get("unit"):
        return _counted(parts, local)
    version = parts.get("version") or parts.get("version2")
    if version:
        # From the release on people update; whoever complains of it did so before.
        released = releases.get(version)
        return (released, max(local, released + _DAY)) if released is not None else None
    begun = hit.group().casefold()
    if _WEAK.match(begun) and not parts.get("word") and not begun.startswith(("until", "till")):
        return None
    return _dated(parts, local)


def _counted(parts: Mapping[str, str | None], local: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    if "still" in parts and parts.get("now") is not None and not parts["still"]:
        # "for two days" without "now" may be a wait, a plan or a price.
        return None
    told, unit = str(parts["n"]).casefold(), str(parts["unit"]).casefold()
    number = int(told) if told.isdigit() else _NUMBERS[told]
    ago = dt.timedelta(hours=number * _HOURS[unit])
    slack = dt.timedelta(hours=_HOURS[unit] / 2) * (2 if told in _VAGUE else 1)
    return local - ago - slack, local - ago + slack


def _dated(parts: Mapping[str, str | None], local: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    today = local.date()
    try:
        if parts.get("iso"):
            return _days(dt.date.fromisoformat(str(parts["iso"])), 1, local)
        month = parts.get("month") or parts.get("month2")
        if month:
            day = int(parts.get("day") or parts.get("day2") or 0)
            year = parts.get("year") or parts.get("year2")
            return _days(_past(today, int(year) if year else None, _MONTHS[month.casefold()], day), 1, local)
        if parts.get("month3"):
            return _month(today, _MONTHS[str(parts["month3"]).casefold()], parts.get("part"), local)
    except ValueError:
        return None
    if parts.get("weekday"):
        back = (today.weekday() - _WEEKDAYS.index(str(parts["weekday"]).casefold())) % 7
        # On a Monday, "since Monday" is today and "since last Monday" a week ago.
        back = 7 if back == 0 and parts.get("last") else back
        return _days(today - back * _DAY, 1, local)
    return _worded(" ".join(str(parts.get("word")).casefold().split()), today, local)


def _worded(word: str, today: dt.date, local: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    monday, first = today - today.weekday() * _DAY, today.replace(day=1)
    month_before = (first - _DAY).replace(day=1)
    if word == "last night":
        evening = dt.datetime.combine(today - _DAY, dt.time(17), local.tzinfo)
        return evening, dt.datetime.combine(today, dt.time(6), local.tzinfo)
    spans = {
        "yesterday": (today - _DAY, 1),
        "last weekend": (monday - 2 * _DAY, 2),
        "the weekend": (monday - 2 * _DAY, 2),
        "last week": (monday - 7 * _DAY, 7),
        "this week": (monday, 7),
        "last month": (month_before, (first - month_before).days),
        "this month": (first, 31),
    }
    # What is left are names of today: "tonight", "this morning".
    return _days(*spans.get(word, (today, 1)), local)


def _month(today: dt.date, month: int, part: str | None, local: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    first = _past(today, None, month, 1)
    length = calendar.monthrange(first.year, month)[1]
    told = (part or "").casefold().split(" ")[0]
    if told in {"early", "beginning", "start"}:
        return _days(first, 10, local)
    if told in {"mid", "middle"}:
        return _days(first + 10 * _DAY, 10, local)
    if told in {"late", "end"}:
        return _days(first + 20 * _DAY, length - 20, local)
    return _days(first, length, local)


def _past(today: dt.date, year: int | None, month: int, day: int) -> dt.date:
    """Return the date of that name at or before today, unless a year is given; ValueError where it is none."""
    if year is not None:
        return dt.date(year, month, day)
    found = dt.date(today.year, month, day)
    found = found if found <= today else dt.date(today.year - 1, month, day)
    if today - found > _NAMELESS_YEAR:
        raise ValueError("a date that far back would name its year")
    return found


def _days(first: dt.date, n: int, local: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    start = dt.datetime.combine(first, dt.time(), local.tzinfo)
    return start, dt.datetime.combine(first + n * _DAY, dt.time(), local.tzinfo)
