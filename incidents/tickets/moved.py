"""Labels that moved from one symptom to another with a step of the taxonomy, and back; and labels as they once were."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import connection

from incidents.catalog.enums import SymptomStep
from incidents.catalog.models import Symptom, SymptomChange
from incidents.tickets.models import MovedLabel

# A person's word outweighs what came with the ticket, that the machine's; else the surer one stays.
_RANK = "(CASE {row}.source WHEN 'person' THEN 2 WHEN 'bundle' THEN 1 ELSE 0 END, {row}.confidence)"
_KEEP = """
INSERT INTO incidents_movedlabel
    (change_id, ticket_id, symptom_id, target_id, confidence, source, decided_by_id, decided_at, replaced)
SELECT %(change)s, l.ticket_id, l.symptom_id, %(target)s, l.confidence, l.source, l.decided_by_id, l.decided_at,
    CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('confidence', o.confidence, 'source', o.source,
        'decided_by', o.decided_by_id, 'decided_at', o.decided_at) END
FROM incidents_ticketsymptom l
LEFT JOIN incidents_ticketsymptom o ON o.ticket_id = l.ticket_id AND o.symptom_id = %(target)s
WHERE l.symptom_id = %(symptom)s AND (%(tickets)s::bigint[] IS NULL OR l.ticket_id = ANY(%(tickets)s))
ORDER BY l.ticket_id
"""
# Where a ticket has both labels, the weaker one goes.
_DROP = f"""
DELETE FROM incidents_ticketsymptom w USING incidents_movedlabel m, incidents_ticketsymptom s
WHERE m.change_id = %(change)s AND m.replaced IS NOT NULL AND w.ticket_id = m.ticket_id AND s.ticket_id = m.ticket_id
    AND ((w.symptom_id = m.symptom_id AND s.symptom_id = m.target_id
            AND {_RANK.format(row="w")} <= {_RANK.format(row="s")})
        OR (w.symptom_id = m.target_id AND s.symptom_id = m.symptom_id
            AND {_RANK.format(row="w")} < {_RANK.format(row="s")}))
"""  # noqa: S608 - constants of this module
_MOVE = """
UPDATE incidents_ticketsymptom l SET symptom_id = m.target_id FROM incidents_movedlabel m
WHERE m.change_id = %(change)s AND l.ticket_id = m.ticket_id AND l.symptom_id = m.symptom_id
"""
# Only what still stands as the step left it goes back: a person's later word, or a newer label of the machine, stays.
_STANDING = """
CREATE TEMPORARY TABLE standing ON COMMIT DROP AS
SELECT m.id, l.id AS label_id FROM incidents_movedlabel m
JOIN incidents_ticketsymptom l ON l.ticket_id = m.ticket_id AND l.symptom_id = m.target_id
WHERE m.change_id = %(change)s AND (
    (l.decided_at = m.decided_at AND l.source = m.source AND l.confidence = m.confidence)
    OR (l.decided_at = (m.replaced ->> 'decided_at')::timestamptz AND l.source = m.replaced ->> 'source'))
"""
_BACK = (
    "DELETE FROM incidents_ticketsymptom l USING standing s WHERE l.id = s.label_id",
    """
    INSERT INTO incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_by_id, decided_at)
    SELECT m.ticket_id, m.symptom_id, m.confidence, m.source, m.decided_by_id, m.decided_at
    FROM standing s JOIN incidents_movedlabel m USING (id) ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_by_id, decided_at)
    SELECT m.ticket_id, m.target_id, (m.replaced ->> 'confidence')::float8, m.replaced ->> 'source',
        u.id, (m.replaced ->> 'decided_at')::timestamptz
    FROM standing s JOIN incidents_movedlabel m USING (id)
    LEFT JOIN auth_user u ON u.id = (m.replaced ->> 'decided_by')::bigint
    WHERE m.replaced IS NOT NULL ON CONFLICT DO NOTHING
    """,
)
Labels = dict[int, float]  # {symptom: confidence} of one ticket


def move_labels(*, change: SymptomChange, target: Symptom, ticket_ids: Sequence[int] | None = None) -> int:
    """Move the labels of the change's symptom, of these tickets or of all, to `target`; return how many."""
    parameters = {
        "change": change.pk,
        "symptom": change.symptom_id,
        "target": target.pk,
        "tickets": None if ticket_ids is None else list(ticket_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, parameters)
        n = int(cursor.rowcount)
        cursor.execute(_DROP, parameters)
        cursor.execute(_MOVE, parameters)
    return n


def restore_labels(*, change: SymptomChange) -> int:
    """Put the labels of a step back as they were, where nothing newer took their place; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS standing")
        cursor.execute(_STANDING, {"change": change.pk})
        n = int(cursor.rowcount)
        for statement in _BACK:
            cursor.execute(statement)
        cursor.execute("DROP TABLE standing")
    return n


def labels_before(labels: Mapping[int, Labels], *, since: dt.datetime) -> dict[int, Labels]:
    """Return {ticket: {symptom: confidence}} without the moves that were made since a moment and still stand."""
    found = {ticket: dict(one) for ticket, one in labels.items()}
    moves = MovedLabel.objects.filter(
        ticket__in=list(found), change__changed_at__gt=since, change__undone_at=None
    ).order_by("-change__changed_at", "-change_id", "ticket_id")
    for move in moves:
        mine = found[move.ticket_id]
        if move.target_id not in mine:
            continue
        del mine[move.target_id]
        mine[move.symptom_id] = move.confidence
        if move.replaced is not None:
            mine[move.target_id] = move.replaced["confidence"]
    return found


def heirs_since(product_id: int, *, since: dt.datetime) -> dict[int, set[int]]:
    """Return {symptom: the symptoms that labels of it moved to since a moment}, along the whole chain."""
    steps = SymptomChange.objects.filter(
        product=product_id,
        step__in=(SymptomStep.MERGED, SymptomStep.SPLIT),
        changed_at__gt=since,
        undone_at=None,
        other__isnull=False,
    ).order_by("changed_at", "pk")
    heirs: dict[int, set[int]] = {}
    for symptom, other in steps.values_list("symptom_id", "other_id"):
        for reached in heirs.values():
            if symptom in reached:
                reached.add(int(other or 0))
        heirs.setdefault(symptom, set()).add(int(other or 0))
    return heirs
