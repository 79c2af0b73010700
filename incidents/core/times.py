"""Reading times as people and files write them: aware, UTC inside, a bare date as a whole day."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|z|[+-]\d{2}:?\d{2})\Z")


class BadTimeError(ValueError):
    """A text is no time that can be placed on the axis; the message says why."""


def parse_time(value: object, zone: ZoneInfo) -> tuple[dt.datetime, bool]:
    """Return (instant in UTC, whether only the day is known).

    A bare date is the start of that day in `zone`. A time needs an offset: a zone is asked for, never guessed.
    Raises BadTimeError.
    """
    if not isinstance(value, str):
        raise BadTimeError(f"{value!r} is not a text")
    text = value.strip()
    try:
        if _DATE.fullmatch(text):
            day = dt.date.fromisoformat(text)
            return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC), True
        if _TIME.fullmatch(text):
            return dt.datetime.fromisoformat(text.replace("z", "Z")).astimezone(dt.UTC), False
    except (ValueError, OverflowError) as error:
        raise BadTimeError(f"{text!r} is no valid time ({error})") from None
    raise BadTimeError(f"{text[:60]!r} is not an ISO 8601 time with an offset, nor a date")


def end_of_day(start: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the start of the next local day: 23, 24 or 25 hours later (daylight saving)."""
    local = start.astimezone(zone)
    following = local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(following, dt.time(), zone).astimezone(dt.UTC)


def format_time(value: dt.datetime, zone: ZoneInfo, *, day_only: bool) -> str:
    """Write an instant as bundles hold it: a bare local date, or ISO 8601 in UTC."""
    if day_only:
        return value.astimezone(zone).date().isoformat()
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def parse_end(value: object, zone: ZoneInfo) -> tuple[dt.datetime, bool]:
    """Return (end of a half-open interval in UTC, whether only its day is known); a bare date includes that day."""
    instant, day_only = parse_time(value, zone)
    return (end_of_day(instant, zone) if day_only else instant), day_only


def format_end(value: dt.datetime, zone: ZoneInfo, *, day_only: bool) -> str:
    """Write the end of a half-open interval: the inverse of `parse_end`."""
    return format_time(value - dt.timedelta(microseconds=1) if day_only else value, zone, day_only=day_only)
