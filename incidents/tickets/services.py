"""Recording tickets in bulk: each once, by its source's id, whatever their number.

What a person decided stays: the status, and the labels of a ticket that a person labelled, that is triaged, or that a
split of a symptom moved; labels of a merged symptom arrive at the one it went into. What the learned classifier said
stays where the file has only the terms to say.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import transaction

from incidents.catalog.models import Product, Source, Symptom
from incidents.catalog.services import SegmentNumbers
from incidents.catalog.taxonomy import heir_of
from incidents.catalog.upsert import BeforeWrite, Progress, Recorded, Stage, Target, batched
from incidents.tickets.records import TicketRecord

_TARGET = Target(
    table="incidents_ticket",
    columns={
        "external_id": "varchar",
        "reported_at": "timestamptz",
        "onset_at": "timestamptz",
        "title": "text",
        "text": "text",
        "segment_id": "bigint",
        "channel": "varchar",
        "reporter": "varchar",
        "weight": "float8",
        "url": "text",
        "day_fields": "varchar[]",
        "extra": "jsonb",
    },
    key=("external_id",),
    scope=("product_id", "source_id"),
    on_insert={"status": "'new'", "received_at": "now()"},
    staged_only={"symptoms": "bigint[]", "confidences": "float8[]", "label_source": "varchar"},
    numbered="id",
    frozen="t.erased_at IS NOT NULL",
)

_ADD_LABELS = """
INSERT INTO incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_at)
SELECT {ticket}, u.symptom_id, u.confidence, s.label_source, now()
FROM {rows}, unnest(s.symptoms, s.confidences) AS u (symptom_id, confidence)
WHERE {condition}
"""

# Tickets that were there before, whose labels nobody decided, and whose labels differ from what the file says.
_FIND_RELABELLED = """
INSERT INTO relabelled
SELECT t.id, s.symptoms, s.confidences, s.label_source
FROM {stage} s JOIN incidents_ticket t ON {matches}
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(l.symptom_id ORDER BY l.symptom_id), '{{}}') AS symptoms,
           coalesce(array_agg(l.confidence ORDER BY l.symptom_id), '{{}}') AS confidences,
           coalesce(bool_or(l.source = 'person' OR (l.source = 'model' AND s.label_source = 'terms')), false)
               AS decided,
           coalesce(bool_and(l.source = s.label_source), true) AS same_source
    FROM incidents_ticketsymptom l WHERE l.ticket_id = t.id
) l
WHERE {block} AND t.id <> s.id AND t.status <> 'triaged' AND NOT l.decided
  AND (l.symptoms <> s.symptoms OR l.confidences <> s.confidences OR NOT l.same_source)
  AND NOT EXISTS (
    SELECT 1 FROM incidents_movedlabel m JOIN incidents_symptomchange c ON c.id = m.change_id
    WHERE m.ticket_id = t.id AND c.step = 'split' AND c.undone_at IS NULL)
"""


@transaction.atomic
def record_tickets(
    *,
    product: Product,
    source: Source,
    rows: Iterable[TicketRecord],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Record tickets of one source; a ticket whose labels alone changed counts as updated.

    `before_write` is called once all rows are staged and may raise to refuse them all; `progress` hears the share of
    the writing that is done.
    """
    segments = SegmentNumbers(product)
    symptoms = {
        row.key: heir_of(row).pk
        for row in Symptom.objects.filter(product=product).select_related("merged_into").order_by("pk")
    }
    with Stage(_TARGET, {"product_id": product.pk, "source_id": source.pk}) as stage:
        for batch in batched(rows):
            segments.learn(row.segment for row in batch)
            stage.add(_staged(batch, segments, symptoms))
        repeated = stage.drop_repeated()
        if before_write is not None:
            before_write(repeated)
        created, updated = _write(stage, progress)
        return Recorded(created=created, updated=updated, unchanged=stage.n - created - updated, repeated=repeated)


def _staged(
    batch: list[TicketRecord], segments: SegmentNumbers, symptoms: Mapping[str, int]
) -> Iterable[tuple[Any, ...]]:
    for row in batch:
        surest: dict[int, float] = {}
        for key, confidence in row.labels:
            surest[symptoms[key]] = max(confidence, surest.get(symptoms[key], 0.0))
        labels = sorted(surest.items())
        yield (
            row.line,
            row.external_id,
            row.reported_at,
            row.onset_at,
            row.title,
            row.text,
            segments.of(row.segment),
            row.channel,
            row.reporter,
            row.weight,
            row.url,
            _array(row.day_fields),
            orjson.dumps(row.extra).decode() if row.extra else "{}",
            _array(symptom for symptom, _ in labels),
            _array(confidence for _, confidence in labels),
            row.label_source,
        )


def _array(values: Iterable[object]) -> str:
    """Return values without commas, quotes or spaces as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, values)) + "}"


def _write(stage: Stage, progress: Progress | None) -> tuple[int, int]:
    fresh = stage.target_is_empty()
    if not fresh:
        stage.run("CREATE TEMPORARY TABLE touched (id bigint PRIMARY KEY)")
        stage.run(
            "CREATE TEMPORARY TABLE relabelled "
            "(id bigint, symptoms bigint[], confidences float8[], label_source varchar)"
        )
    created = 0
    for block, share in stage.blocks():
        created += stage.insert(block, only_new=not fresh)
        _label_new(stage, block, fresh=fresh)
        if not fresh:
            stage.update(block, returning="touched")
            stage.run(_FIND_RELABELLED.format(stage=stage.name, matches=stage.matches(), block=block))
        if progress is not None:
            progress(share)
    return created, 0 if fresh else _relabel(stage)


def _label_new(stage: Stage, block: str, *, fresh: bool) -> None:
    rows = f"{stage.name} s"
    if not fresh:
        # Staged numbers are unused ones: a ticket with this number was made from this row.
        rows += " JOIN incidents_ticket t ON t.id = s.id"
    stage.run(_ADD_LABELS.format(ticket="s.id", rows=rows, condition=block))


def _relabel(stage: Stage) -> int:
    """Replace the labels of the tickets found; return how many tickets were touched in any way."""
    stage.run("DELETE FROM incidents_ticketsymptom l USING relabelled r WHERE l.ticket_id = r.id")
    stage.run(_ADD_LABELS.format(ticket="s.id", rows="relabelled s", condition="true"))
    stage.run("INSERT INTO touched SELECT id FROM relabelled ON CONFLICT DO NOTHING")
    n = stage.run("SELECT count(*) FROM touched")[0][0]
    stage.run("DROP TABLE touched, relabelled")
    return int(n)
