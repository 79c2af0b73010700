"""Numbers and times as words: the one way they are written on pages, in figures and in documents.

Pure functions without Django. Unknown or infinite values are written as an en dash, never as 0 or "nan".
"""

import math
from datetime import UTC, date, datetime, timedelta, tzinfo

UNKNOWN = "–"
MINUS = "−"
SPACE = "\u00a0"  # no-break: between a number and its unit
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Number = float | int | None


def decimal(value: Number, places: int = 0) -> str:
    """Return the number with grouped thousands and exactly `places` digits after the point: `12,345`, `−0.25`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{abs(value):,.{places}f}"
    is_zero = not text.strip("0.,")
    return text if value >= 0 or is_zero else MINUS + text


def count(value: Number) -> str:
    """Return a count: whole when it is whole or at least 10 (`12,345`), else with one decimal (`3.4`)."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return decimal(value, 0 if abs(value) >= 9.95 or float(value).is_integer() else 1)


def ratio(value: Number) -> str:
    """Return a ratio such as a rate ratio: `2.4×`, `0.83×`, `14×`."""
    return f"{decimal(value, _ratio_places(value))}×" if _is_number(value) else UNKNOWN


def ratio_bounds(estimate: Number, low: Number, high: Number) -> tuple[str, str]:
    """Return a ratio and its interval with the same digits: `2.4×` and `[1.9 to 3.0]`."""
    places = _ratio_places(estimate) if _is_number(estimate) else 1
    return ratio(estimate), f"[{decimal(low, places)} to {decimal(high, places)}]"


def _ratio_places(value: Number) -> int:
    size_of = abs(value or 0.0)
    return 0 if size_of >= 9.95 else 1 if size_of >= 1.95 else 2


def _is_number(value: Number) -> bool:
    return value is not None and math.isfinite(value)


def percent(fraction: Number, places: int = 0) -> str:
    """Return a fraction of 1 as per cent: `61 %`; something is never written as `0 %`, nor less than all as `100 %`."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    return f"{_percent_digits(fraction, places)}{SPACE}%"


def _percent_digits(fraction: float, places: int) -> str:
    smallest = 10.0**-places
    if 0 < fraction * 100 < smallest / 2:
        return f"<{SPACE}{decimal(smallest, places)}"
    if 100 - smallest / 2 <= fraction * 100 < 100:
        return f">{SPACE}{decimal(100 - smallest, places)}"
    return decimal(fraction * 100, places)


def bounds(low: Number, high: Number, places: int | None = None) -> str:
    """Return an interval's ends: `[355 to 470]`; with the digits of `count` unless `places` says otherwise."""
    if places is None and low is not None and high is not None and max(abs(low), abs(high)) >= 9.95:
        places = 0
    low_text, high_text = (count(v) if places is None else decimal(v, places) for v in (low, high))
    return f"[{low_text} to {high_text}]"


def interval(estimate: Number, low: Number, high: Number, places: int | None = None) -> str:
    """Return an estimate with its interval: `412 [355 to 470]`."""
    first = count(estimate) if places is None else decimal(estimate, places)
    return f"{first} {bounds(low, high, places)}"


def share_bounds(low: Number, high: Number) -> str:
    """Return the ends of a share's interval, given as fractions of 1: `(52 to 69 %)`."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return f"({UNKNOWN})"
    return f"({_percent_digits(low, 0)} to {_percent_digits(high, 0)}{SPACE}%)"


def share(estimate: Number, low: Number, high: Number) -> str:
    """Return a share, given as fractions of 1, with its interval: `about 61 % (52 to 69 %)`."""
    return f"about {percent(estimate)} {share_bounds(low, high)}"


def plural(n: Number, singular: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 ticket`, `12,345 tickets`."""
    noun = singular if n == 1 else many or f"{singular}s"
    return f"{count(n)} {noun}"


def duration(value: timedelta | float | None) -> str:
    """Return a length of time (a timedelta, or seconds) in its two largest units: `3 days 4 h`, `12 min`, `0.8 s`."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    return (MINUS if seconds < 0 else "") + _length(abs(seconds))


def _length(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds * 1000:.0f}{SPACE}ms"
    if seconds < 0.95:
        return f"{seconds:.1f}{SPACE}s"
    if round(seconds) < 60:
        return f"{round(seconds)}{SPACE}s"
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if round(seconds) < 3600:
        return _two(round(seconds) // 60, "min", round(seconds) % 60, "s")
    if minutes < 48 * 60:
        return _two(minutes // 60, "h", minutes % 60, "min")
    return _two(hours // 24, "days", hours % 24, "h")


def _two(first: int, unit: str, second: int, small: str) -> str:
    return f"{first}{SPACE}{unit}" + (f" {second}{SPACE}{small}" if second else "")


def size(n_bytes: Number) -> str:
    """Return a file's size in decimal units: `812 bytes`, `4.1 MB`."""
    if n_bytes is None or not math.isfinite(n_bytes):
        return UNKNOWN
    if n_bytes < 1000:
        return plural(n_bytes, "byte")
    power = next((p for p in (1, 2) if n_bytes < 999.5 * 1000**p), 3)
    value = n_bytes / 1000**power
    return f"{decimal(value, 0 if value >= 9.95 else 1)}{SPACE}{('kB', 'MB', 'GB')[power - 1]}"


def day(at: date, *, with_year: bool = True) -> str:
    """Return a date: `26 Mar 2026`."""
    return f"{at.day} {MONTHS[at.month - 1]}" + (f" {at.year}" if with_year else "")


def zone_name(at: datetime) -> str:
    """Return the zone of an aware moment as people say it: `PDT`, `UTC`, `UTC+5:30` where no letters exist."""
    name = at.tzname() or ""
    if name and name[0] not in "+-":
        return name
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes >= 0 else MINUS}{hours}" + (f":{rest:02d}" if rest else "")


def moment(at: datetime, zone: tzinfo = UTC, *, seconds: bool = False) -> str:
    """Return an aware moment in a zone: `26 Mar 2026, 14:00 PDT`.

    Raises:
        ValueError: the moment carries no zone.
    """
    local = _local(at, zone)
    return f"{day(local)}, {local:{'%H:%M:%S' if seconds else '%H:%M'}} {zone_name(local)}"


def period(start: datetime, end: datetime | None, zone: tzinfo = UTC) -> str:
    """Return the half-open window `[start, end)`: `4 Feb to 10 May 2026` if it is made of whole days, else with times.

    The last day named is the last one inside. Without an end: `since 4 Feb 2026`.
    """
    first = _local(start, zone)
    if end is None:
        return f"since {day(first) if _is_midnight(first) else moment(start, zone)}"
    last = _local(end, zone)
    if _is_midnight(first) and _is_midnight(last) and last > first:
        return _days(first.date(), last.date() - timedelta(days=1))
    if first.date() == last.date():
        return f"{day(first)}, {first:%H:%M} to {last:%H:%M} {zone_name(last)}"
    same_zone = zone_name(first) == zone_name(last)
    begin = f"{day(first, with_year=first.year != last.year)}, {first:%H:%M}"
    return f"{begin if same_zone else f'{begin} {zone_name(first)}'} to {moment(end, zone)}"


def _days(first: date, last: date) -> str:
    if first == last:
        return day(first)
    return f"{day(first, with_year=first.year != last.year)} to {day(last)}"


def relative(at: datetime, now: datetime) -> str:
    """Return how far a moment lies from now: `3 hours ago`, `in 2 days`, `just now`."""
    seconds = (now - at).total_seconds()
    amount = abs(seconds)
    if amount < 45:
        return "just now"
    for limit, length, unit in (
        (45 * 60, 60, "minute"),
        (36 * 3600, 3600, "hour"),
        (45 * 86400, 86400, "day"),
        (548 * 86400, 30.44 * 86400, "month"),
        (math.inf, 365.25 * 86400, "year"),
    ):
        if amount < limit:
            words = plural(max(1, round(amount / length)), unit)
            break
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _local(at: datetime, zone: tzinfo) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; pass an aware datetime.")
    return at.astimezone(zone)


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)
