"""The figures that a text refers to: `![caption](chart:case)`, or `chart:12` for a pinned window of the overlay.

In a draft a figure shows the data as they are; publishing freezes the picture and its data into the snapshot.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.catalog.queries import matching_segment_ids
from incidents.changes.models import Change
from incidents.charts.picture import Lane, Picture, figure_html, figure_markdown
from incidents.core.times import end_of_day
from incidents.documents.facts import CaseFacts
from incidents.documents.queries import recent_facts
from incidents.response.enums import EvidenceKind
from incidents.response.models import Evidence, Incident
from incidents.response.queries import zone_of
from incidents.tickets.enums import Clock
from incidents.tickets.queries import Complaints, complaint_counts

# A line of its own; the words are the caption.
REFERENCE = re.compile(r"^[ \t]{0,3}!\[([^\]\n]*)\]\(chart:(case|\d{1,12})\)[ \t]*$", re.MULTILINE)
_MOST_BARS = 140

__all__ = ["Choice", "Incident", "figure_choices", "figures_html", "keys_in", "pictures_of", "with_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A window that can be put into a text."""

    key: str
    label: str
    starts_at: dt.datetime
    ends_at: dt.datetime


def figure_choices(incident: Incident) -> list[Choice]:
    """Return the windows that a text may show: the whole case, and each pinned one."""
    whole = Choice(key="case", label="The whole case", starts_at=incident.starts_at, ends_at=incident.ends_at)
    pinned = Evidence.objects.filter(incident=incident, kind=EvidenceKind.WINDOW, ends_at__isnull=False)
    return [whole] + [
        Choice(key=str(row.pk), label=row.note[:120] or "Pinned window", starts_at=row.starts_at, ends_at=row.ends_at)
        for row in pinned
        if row.starts_at is not None and row.ends_at is not None
    ]


def keys_in(body: str) -> list[str]:
    """Return the keys of the figures that a text refers to."""
    return list(dict.fromkeys(found[2] for found in REFERENCE.finditer(body)))


def pictures_of(incident: Incident, body: str) -> dict[str, Picture]:
    """Return, by key, what the figures of a text show; a window that is gone is left out."""
    keys = keys_in(body)
    if not keys:
        return {}
    facts = recent_facts(incident)
    found = {"case": _picture(incident, facts, incident.starts_at, incident.ends_at, {})} if "case" in keys else {}
    pins = Evidence.objects.filter(
        incident=incident, kind=EvidenceKind.WINDOW, pk__in=[int(key) for key in keys if key != "case"]
    )
    for row in pins:
        if row.starts_at is not None and row.ends_at is not None:
            found[str(row.pk)] = _picture(incident, facts, row.starts_at, row.ends_at, row.segment_filter)
    return found


def _picture(
    incident: Incident, facts: CaseFacts, start: dt.datetime, end: dt.datetime, segment: Mapping[str, list[str]]
) -> Picture:
    zone = zone_of(incident)
    local = start.astimezone(zone)
    edges = [dt.datetime.combine(local.date(), dt.time(), zone).astimezone(dt.UTC)]
    while edges[-1] < end:
        edges.append(end_of_day(edges[-1], zone))
    days = max(1, -(-(len(edges) - 1) // _MOST_BARS))
    # Whole groups of days: the last bar must not be shorter than the others and look like a fall.
    edges = edges[::days] if days > 1 else edges
    wanted = Complaints(
        product=incident.product,
        start=edges[0],
        end=edges[-1],
        segment_ids=matching_segment_ids(incident.product, segment),
        clock=Clock.ONSET,
    )
    counts = complaint_counts(wanted, edges, spread_days=None).values.sum(axis=0)
    factors = sorted(facts.contributing(), key=lambda one: one.started.at)
    # A change keeps one colour everywhere.
    positions = dict(Change.objects.filter(pk__in=[change.pk for change in factors]).values_list("pk", "colour"))
    lanes = [
        Lane(
            label=change.public_title,
            start=change.started.at,
            end=change.ended.at if change.ended else None,
            position=positions.get(change.pk, 0),
        )
        for change in factors
        if change.started.at < edges[-1] and (change.ended is None or change.ended.at > edges[0])
    ]
    unit = "complaints a day" if days == 1 else f"complaints in {days} days"
    who = ", ".join(" or ".join(map(str, values)) for values in segment.values())
    title = f"Complaints ({who})" if who else "Complaints"
    return Picture(title=title, zone=zone, edges=edges, counts=[float(n) for n in counts], lanes=lanes, unit=unit)


def figures_html(incident: Incident, body: str) -> dict[str, str]:
    """Return, by the reference as it stands in the text, the figure's HTML; the renderer puts it in."""
    pictures = pictures_of(incident, body)
    return {
        found[0].strip(): figure_html(pictures[found[2]], found[1].strip())
        for found in REFERENCE.finditer(body)
        if found[2] in pictures
    }


def with_tables(incident: Incident, body: str) -> str:
    """Return the Markdown with each figure as text and a table: what a snapshot keeps beside its HTML."""
    pictures = pictures_of(incident, body)
    return REFERENCE.sub(
        lambda found: figure_markdown(pictures[found[2]], found[1].strip()) if found[2] in pictures else "", body
    )
