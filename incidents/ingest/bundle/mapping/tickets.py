"""tickets.jsonl, .csv or .parquet: one ticket a row.

Tables hold a column per dimension and several symptoms in one cell, separated by semicolons.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from incidents.ingest.bundle.mapping.fields import Reader, shown, unguarded
from incidents.tickets.enums import LabelSource
from incidents.tickets.records import TicketRecord

MAX_TITLE = 10_000
_KNOWN = frozenset(
    {
        *("id", "created_at", "occurred_at", "text", "title", "symptoms", "segment", "channel", "reporter"),
        *("weight", "url"),
    }
)
Labels = tuple[tuple[str, float], ...]


class Classifier(Protocol):
    """Reads a ticket's words and tells which symptoms they speak for: (key, confidence 0 to 1), sorted by key."""

    def __call__(self, title: str, text: str) -> Labels:
        """Return the labels."""
        ...


def map_ticket(reader: Reader, line: int, row: Mapping[str, Any], classify: Classifier) -> TicketRecord | None:
    """Return the ticket, or None where the row has a problem; without symptoms it is classified by its words."""
    reader.start(line, row)
    external_id = reader.identity()
    reported = reader.moment("created_at", row.get("created_at"))
    onset = reader.moment("occurred_at", row["occurred_at"]) if row.get("occurred_at") is not None else None
    title = reader.text("title", most=MAX_TITLE)
    text = reader.text("text")
    extra = reader.others(_KNOWN)
    labels, label_source = _labels(reader, row.get("symptoms"), extra)
    if not _says_something(row):
        reader.refuse("text", "text, title and symptoms are all empty", "give one of them")
    segment = reader.segment(row.get("segment"))
    weight = _weight(reader)
    channel = reader.text("channel", most=60)
    reporter = reader.text("reporter", most=120)
    url = reader.address() if row.get("url") else ""
    if reported is not None and onset is not None and onset[0] > reported[0]:
        _check_onset(reader, onset[0], reader.last_instant(reported[0], day_only=reported[1]))
    if not reader.good or reported is None:
        return None
    days: tuple[str, ...] = ("reported_at",) if reported[1] else ()
    if onset is not None and onset[1]:
        days = (*days, "onset_at")
    if label_source == LabelSource.TERMS:
        labels = classify(title, text)
    return TicketRecord(
        line,
        external_id,
        reported[0],
        onset[0] if onset is not None else None,
        title,
        text,
        segment,
        channel,
        reporter,
        weight,
        url,
        days,
        extra,
        labels,
        label_source,
    )


def _says_something(row: Mapping[str, Any]) -> bool:
    given = (row.get("title"), row.get("text"), row.get("symptoms"))
    return any(value.strip() if isinstance(value, str) else value for value in given)


def _check_onset(reader: Reader, onset: Any, latest: Any) -> None:
    if onset >= latest:
        reader.refuse(
            "occurred_at", "is after created_at", "the onset comes before the report; leave it out if unknown"
        )


def _weight(reader: Reader) -> float:
    given = reader.row.get("weight")
    if given is None:
        return 1.0
    weight = reader.number("weight", given)
    if weight is not None and weight <= 0:
        reader.refuse("weight", f"{shown(given)} is not above 0", "give how many reports were merged, 1 if none")
    return weight or 1.0


def _labels(reader: Reader, given: object, extra: dict[str, Any]) -> tuple[Labels, str]:
    if given is None:
        return (), LabelSource.TERMS.value
    if not isinstance(given, list):
        reader.refuse("symptoms", f"{shown(given)} is no list", "write a list of keys of case.json symptoms")
        return (), LabelSource.BUNDLE.value
    if not given:
        # "None of them" is not the same as "not stated": it is kept, and goes out again.
        extra["symptoms"] = []
    known = reader.context.symptoms
    for key in given:
        if not isinstance(key, str) or key not in known:
            reader.refuse(
                "symptoms", f"{shown(key)} is no symptom of this case", "add it to case.json symptoms, or leave it out"
            )
    if not reader.good:
        return (), LabelSource.BUNDLE.value
    return tuple((key, 1.0) for key in sorted(set(given))), LabelSource.BUNDLE.value


def ticket_of_cells(reader: Reader, line: int, row: Mapping[str, Any], dimensions: Iterable[str]) -> dict[str, Any]:
    """Return a table's row in the form of tickets.jsonl: empty cells left out, dimensions gathered as the segment."""
    reader.start(line, row)
    taken = set(dimensions)
    ticket = {
        key: unguarded(value) if isinstance(value, str) else value
        for key, value in row.items()
        if key not in taken and value is not None and value != ""
    }
    segment = ticket.get("segment")
    cells = {key: unguarded(row[key]) if isinstance(row[key], str) else row[key] for key in taken if key in row}
    cells = {key: value for key, value in cells.items() if value is not None and value != ""}
    if cells:
        ticket["segment"] = {**segment, **cells} if isinstance(segment, dict) else cells
    if isinstance(ticket.get("symptoms"), str):
        ticket["symptoms"] = [key.strip() for key in ticket["symptoms"].split(";") if key.strip()]
    if isinstance(ticket.get("weight"), str):
        ticket["weight"] = reader.cell_number("weight")
    return ticket
