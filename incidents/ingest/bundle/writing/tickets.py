"""tickets.jsonl.

Labels that came with a ticket or that a person decided go out as `symptoms`. Where all of them are the machine's own
they stay away: whoever reads the bundle classifies by the same terms.
"""

from collections.abc import Iterator
from typing import Any

from incidents.ingest.bundle.writing.scope import BY_IDENTITY, IDENTITY, ExportScope, line, number, stored, within
from incidents.tickets.privacy import masked

# From this confidence on, a label counts as said.
_ASSERTED = 0.5

_TICKETS = f"""
SELECT {IDENTITY}, t.reported_at, t.onset_at, t.title, t.text, g.values::text, t.channel, t.reporter,
       t.weight, t.url, t.day_fields, t.extra::text, l.keys, t.status
FROM incidents_ticket t
JOIN incidents_source o ON o.id = t.source_id
JOIN incidents_segment g ON g.id = t.segment_id
LEFT JOIN LATERAL (
    SELECT array_agg(y.key ORDER BY y.key) FILTER (WHERE l.confidence >= {_ASSERTED}) AS keys
    FROM incidents_ticketsymptom l JOIN incidents_symptom y ON y.id = l.symptom_id
    WHERE l.ticket_id = t.id HAVING bool_or(l.source NOT IN ('terms', 'model'))
) l ON true
WHERE {within("reported_at")}
ORDER BY t.reported_at, {BY_IDENTITY}
"""  # noqa: S608 - constants alone


def ticket_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield the tickets, in order of report."""
    for row in scope.rows(_TICKETS):
        yield line(_ticket(scope, *row))


def _ticket(scope: ExportScope, identity: str, *rest: Any) -> dict[str, Any]:
    reported_at, onset_at, title, text, segment, channel, reporter, weight, url, days, extra, keys, status = rest
    row: dict[str, Any] = {
        "id": identity,
        "created_at": scope.time(reported_at, day_only="reported_at" in days),
    }
    if onset_at is not None:
        row["occurred_at"] = scope.time(onset_at, day_only="onset_at" in days)
    if title:
        row["title"] = title if scope.as_written else masked(title)
    if text:
        row["text"] = text if scope.as_written else masked(text)
    if keys:
        row["symptoms"] = keys
    elif status == "triaged" and (title or text):
        # A person looked and found none of the symptoms.
        row["symptoms"] = []
    if segment != "{}":
        row["segment"] = dict(sorted(stored(segment).items()))
    if channel:
        row["channel"] = channel
    if reporter:
        row["reporter"] = reporter
    if weight != 1.0:
        row["weight"] = number(weight)
    if url:
        row["url"] = url
    if extra != "{}":
        others = stored(extra) if scope.as_written else _masked_within(stored(extra))
        row |= {name: value for name, value in others.items() if name not in row}
    return row


def _masked_within(value: Any) -> Any:
    """Return a value of JSON whose texts are masked, however deep they lie."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {name: _masked_within(one) for name, one in value.items()}
    return [_masked_within(one) for one in value] if isinstance(value, list) else value
