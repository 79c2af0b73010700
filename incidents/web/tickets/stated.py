"""What a ticket's own words state beyond its fields: segment values and when it began."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from incidents.catalog.queries import dimensions_of
from incidents.changes.queries import release_times
from incidents.tickets.extraction.onset import Onset, read_onset
from incidents.tickets.extraction.segments import SegmentReader, Stated

if TYPE_CHECKING:
    from incidents.tickets.models import Ticket

SegmentRow = tuple[str, str, Stated | None]


def stated_segment(ticket: "Ticket") -> list[SegmentRow]:
    """Return (dimension, its value by the ticket's fields, what the words state where the fields are silent)."""
    dimensions = list(dimensions_of(ticket.product))
    reader = SegmentReader({one.key: [value.key for value in one.values.all()] for one in dimensions})
    stated = reader.read(ticket.title, ticket.text, ticket.segment.values)
    return [(one.name, ticket.segment.values.get(one.key, ""), stated.get(one.key)) for one in dimensions]


def stated_onset(ticket: "Ticket", zone: ZoneInfo) -> Onset | None:
    """Return when it began by the words, where the fields do not say."""
    if ticket.onset_at is not None:
        return None
    return read_onset(
        f"{ticket.title}\n{ticket.text}",
        reported_at=ticket.reported_at,
        zone=zone,
        releases=release_times(ticket.product),
    )
