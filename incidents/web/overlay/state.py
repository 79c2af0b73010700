"""What the overlay shows, read from its address: every state of the page has a permalink."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest, QueryDict

from incidents.catalog.queries import dimensions_of, matching_segment_ids
from incidents.charts.axis import DAY, MINUTE, Axis
from incidents.core.errors import InputError, Problem
from incidents.response.evidence import Incident
from incidents.response.queries import zone_of
from incidents.tickets.enums import Clock
from incidents.tickets.queries import Complaints
from incidents.web.segments import VERSUS, chosen_segment

View = Literal["stacked", "multiples"]
GROUPINGS = ("relevance", "kind", "reach", "owner", "none")
LEAST_WINDOW = dt.timedelta(minutes=30)
PIXELS = (200, 4000)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayState:
    """One state of the page."""

    incident: Incident
    zone: ZoneInfo
    axis: Axis
    dimensions: tuple[tuple[str, str, tuple[str, ...]], ...]  # (key, name, values in order)
    chosen: dict[str, list[str]]
    versus: dict[str, list[str]]  # the segment to compare with; {}: none
    segment_ids: list[int] | None
    clock: Clock
    view: View
    by_rate: bool
    layers: bool
    by_segment: bool
    every_metric: bool
    contrast: int | None
    grouping: str
    words: str
    only_reaching: bool
    topics: str  # "1": new topics that rose; else their numbers; "": none

    @property
    def finest(self) -> int:
        """The shortest bin for complaints (seconds): a case told by the day is not cut finer."""
        return DAY if self.incident.bucket == "day" else 5 * MINUTE

    def complaints(self, start: dt.datetime | None = None, end: dt.datetime | None = None) -> Complaints:
        """Return the complaints of the shown window, or of another, under the filter."""
        return Complaints(
            product=self.incident.product,
            start=start or self.axis.start,
            end=end or self.axis.end,
            segment_ids=self.segment_ids,
            clock=self.clock,
        )


def read_state(request: HttpRequest, incident: Incident) -> OverlayState:
    """Read the address; what it leaves out has its default. Raises InputError for a time that is none."""
    query = request.GET
    zone = zone_of(incident)
    start, end = read_window(query, incident, zone)
    dimensions = tuple(
        (row.key, row.name, tuple(value.key for value in row.values.all())) for row in dimensions_of(incident.product)
    )
    chosen = chosen_segment(query, [key for key, _, _ in dimensions])
    grouping = query.get("group", "")
    return OverlayState(
        incident=incident,
        zone=zone,
        axis=Axis(origin=incident.starts_at, start=start, end=end, zone=zone, pixels=_pixels(query)),
        dimensions=dimensions,
        chosen=chosen,
        versus=chosen_segment(query, [key for key, _, _ in dimensions], prefix=VERSUS),
        segment_ids=matching_segment_ids(incident.product, chosen),
        clock=Clock.REPORT if query.get("clock") == "report" else Clock.ONSET,
        view="multiples" if query.get("view") == "multiples" else "stacked",
        by_rate=query.get("unit") == "rate",
        layers=query.get("layers") == "1",
        by_segment=query.get("lines") == "segment",
        every_metric=query.get("metrics") == "all",
        contrast=_number(query.get("contrast", "")),
        grouping=grouping if grouping in GROUPINGS else GROUPINGS[0],
        words=query.get("q", "").strip()[:100],
        only_reaching=query.get("reach") == "1",
        topics=query.get("topics", "")[:100],
    )


def read_window(
    query: QueryDict, incident: Incident, zone: ZoneInfo, *, first: str = "from", last: str = "to"
) -> tuple[dt.datetime, dt.datetime]:
    """Return the window that the address names, inside the case's own; a part left out is the case's."""
    start = read_time(query, first, zone) or incident.starts_at
    end = read_time(query, last, zone) or incident.ends_at
    start = min(max(start, incident.starts_at), incident.ends_at - LEAST_WINDOW)
    end = max(min(end, incident.ends_at), start + LEAST_WINDOW)
    return start, end


def read_time(query: QueryDict, name: str, zone: ZoneInfo) -> dt.datetime | None:
    """Read one time of the address: with an offset, or (as the page's inputs give it) in the case's zone."""
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        remedy = "use a form like 2026-03-26T14:00Z, or leave it out"
        problem = Problem(file="address", line=None, field=name, message=f"“{text[:40]}” is no time", remedy=remedy)
        raise InputError([problem]) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(dt.UTC)


def _pixels(query: QueryDict) -> int:
    return min(max(_number(query.get("px", "")) or 1000, PIXELS[0]), PIXELS[1])


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None
