"""What `tickets.services.record_tickets` takes: one ticket as a source tells it, with its place in the file."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple


class TicketRecord(NamedTuple):
    """One ticket of a source.

    `labels` holds (symptom key, confidence 0 to 1), sorted by key; `label_source` is a value of LabelSource.
    `segment` leaves out what the reporter did not say. `day_fields` names the times of which only the day is known.
    A named tuple, since a million of them pass through: it is made in half the time of a frozen dataclass.
    """

    line: int
    external_id: str
    reported_at: dt.datetime
    onset_at: dt.datetime | None
    title: str
    text: str
    segment: Mapping[str, str]
    channel: str
    reporter: str
    weight: float
    url: str
    day_fields: tuple[str, ...]
    extra: Mapping[str, Any]
    labels: tuple[tuple[str, float], ...]
    label_source: str
