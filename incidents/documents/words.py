"""Numbers, times and lists in plain English, and what other people wrote made harmless inside Markdown. Pure."""

import datetime as dt
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant (UTC) of which perhaps only the day is known; a closed end given as a day is the next midnight."""

    at: dt.datetime
    day_only: bool = False
    is_end: bool = False


def day(at: dt.datetime, zone: ZoneInfo) -> str:
    """Return "26 Mar 2026", the local day of an instant."""
    local = at.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def moment(value: Moment, zone: ZoneInfo) -> str:
    """Return "26 Mar 2026, 14:00 PDT", or the day alone where no more is known."""
    if value.day_only:
        return day(value.at - dt.timedelta(microseconds=1) if value.is_end else value.at, zone)
    local = value.at.astimezone(zone)
    return f"{day(value.at, zone)}, {local:%H:%M} {local.tzname()}"


def moment_day(value: Moment, zone: ZoneInfo) -> str:
    """Return the local day of a moment, the last one for an end."""
    last = value.at - dt.timedelta(microseconds=1) if value.is_end and value.day_only else value.at
    return day(last, zone)


def duration(start: dt.datetime, end: dt.datetime) -> str:
    """Return a span in the unit people would use: "34 days", "5 hours", "20 minutes"."""
    seconds = max((end - start).total_seconds(), 0.0)
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or name == "minute" or seconds == size:
            number = round(seconds / size)
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    raise AssertionError("unreachable: minutes always answer")


def rounded(value: float, *, step: float) -> int:
    """Return the nearest multiple of a step as a whole number."""
    return round(value / step) * round(step)


def _step(width: float, value: float) -> int:
    """Return the rounding step a figure deserves: a tenth of its interval's width, down to a power of ten or half."""
    scale = max(width / 8, value / 200, 1.0)
    power = 10 ** math.floor(math.log10(scale))
    return int(power * (5 if scale >= 5 * power else 1))


def public_interval(value: float, low: float, high: float) -> tuple[int, int, int]:
    """Round an estimate and its interval for the public: never narrower than it was."""
    step = _step(max(high - low, 0.0), abs(value))
    below = math.floor(low / step) * step
    # "Between 0 and 50" would say that there may be none, where the data say that there are some.
    return rounded(value, step=step), below if below > 0 else max(math.floor(low), 0), math.ceil(high / step) * step


def estimate_text(value: float, low: float, high: float) -> str:
    """Return "about 410 (between 350 and 480)"."""
    middle, below, above = public_interval(value, max(low, 0.0), high)
    return f"about {middle:,} (between {below:,} and {above:,})"


def estimate_short(value: float, low: float, high: float) -> str:
    """Return "410 [350 to 480]" for a table."""
    middle, below, above = public_interval(value, max(low, 0.0), high)
    return f"{middle:,} [{below:,} to {above:,}]"


def ratio_text(value: float, low: float, high: float) -> str:
    """Return "1.8 times (between 1.5 and 2.2)"."""
    return f"{value:.1f} times (between {low:.1f} and {high:.1f})"


def percent(value: float) -> str:
    """Return a share as "61 %", with a decimal below ten."""
    number = value * 100
    return f"{number:.1f} %" if abs(number) < 9.95 and round(number, 1) != round(number) else f"{number:.0f} %"


def small_number(n: int) -> str:
    """Return "three" up to twelve, else digits."""
    return _SMALL[n] if 0 <= n < len(_SMALL) else f"{n:,}"


def plural(n: int, one: str, many: str = "") -> str:
    """Return the noun that fits the number."""
    return one if n == 1 else (many or one + "s")


def joined(items: Iterable[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    parts = [item for item in items if item]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def sentence(text: str) -> str:
    """Return the text with a capital at its start and a full stop at its end."""
    text = " ".join(text.split())
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else text + "."


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that a text lost and those that it gained."""
    old, new = ([line.strip() for line in text.splitlines() if line.strip()] for text in (before, after))
    return [line for line in old if line not in new], [line for line in new if line not in old]


_MARKS = re.compile(r"([\\`*\[\]<>|#])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def plain(text: str, limit: int = 0) -> str:
    """Return outside text as one line in which Markdown finds nothing to do; cut at `limit` characters if given."""
    line = " ".join(text.split())
    if limit and len(line) > limit:
        line = line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:·") + "…"
    return _MARKS.sub(lambda match: "\\" + match.group(0), line)


def slug_piece(text: str) -> str:
    """Return lower-case letters, digits and hyphens of a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
