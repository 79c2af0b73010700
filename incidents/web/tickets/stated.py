"""What a ticket's own words state beyond its fields: segment values and when it began, each with its source."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.catalog.queries import dimensions_of
from incidents.changes.queries import release_times
from incidents.tickets.enums import ReadingSource
from incidents.tickets.readings import reading_of

if TYPE_CHECKING:
    from incidents.tickets.models import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """One dimension of a ticket: its value, who says so, and the words that were read; an empty value is unknown."""

    key: str
    name: str
    value: str
    source: str  # field, rule, person; empty: unknown
    words: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOnset:
    """It began in [earliest, latest) by these words, or by a person where there are none."""

    earliest: dt.datetime
    latest: dt.datetime
    words: str
    by_person: bool

    @property
    def is_of_a_day(self) -> bool:
        """Tell whether it is known to the day or better (a day has up to 25 hours)."""
        return self.latest - self.earliest <= dt.timedelta(hours=25)


def stated_parts(ticket: "Ticket") -> tuple[list[SegmentRow], StatedOnset | None]:
    """Return a ticket's segment, dimension by dimension, and when it began by its words, where no field says it."""
    reading = reading_of(ticket, releases=release_times(ticket.product))
    rows = []
    for one in dimensions_of(ticket.product):
        given = ticket.segment.values.get(one.key, "")
        stated = reading.segment.get(one.key)
        rows.append(
            SegmentRow(
                key=one.key,
                name=one.name,
                value=stated["value"] if stated else given,
                source=stated["source"] if stated else "field" if given else "",
                words=stated["words"] if stated else "",
                choices=tuple(value.key for value in one.values.all()),
            )
        )
    if ticket.onset_at is not None or reading.onset_from is None or reading.onset_to is None:
        return rows, None
    return rows, StatedOnset(
        earliest=reading.onset_from,
        latest=reading.onset_to,
        words=reading.onset_words,
        by_person=reading.onset_source == ReadingSource.PERSON,
    )
