"""A case's cells with the symptoms that tickets show now and those that they showed when a run was made.

The taxonomy's merges and splits move labels. A run's archive knows the old ones; pages count by the new ones.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from django.db import connection

from incidents.attribution.axis import TimeAxis
from incidents.attribution.models import AttributionRun
from incidents.attribution.tallies import TICKETS, case_parameters, ticket_tallies
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.tickets.moved import Labels, heirs_since, labels_before

# The labels of the tickets of which a step since the run moved any.
_MOVED = f"""with seen as ({TICKETS})
select seen.id, width_bucket(seen.at, %(edges)s::timestamptz[]) - 1, seen.segment_id, seen.weight, l.symptom_id,
    l.confidence
from seen join incidents_ticketsymptom l on l.ticket_id = seen.id and l.confidence > 0
where seen.at >= %(start)s and seen.at < %(end)s and seen.id in (
    select m.ticket_id from incidents_movedlabel m join incidents_symptomchange c on c.id = m.change_id
    where c.product_id = %(product)s and c.changed_at > %(since)s and c.undone_at is null)
order by seen.id, seen.segment_id, l.symptom_id"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsThen:
    """Weighted counts by bin, segment, the symptom now and the symptom then (ids; 0: none)."""

    bin: Ints
    segment: Ints
    symptom: Ints
    then: Ints
    count: Floats


def cells_then(run: AttributionRun, axis: TimeAxis) -> CellsThen:
    """Count the case's tickets by what they show now and by what they showed when the run was made."""
    found = ticket_tallies(run.incident, axis)
    heirs = heirs_since(run.incident.product_id, since=run.created_at)
    moved = _moved(run, axis, heirs) if heirs else {}
    places = np.array(sorted(moved), dtype=np.int64).reshape(-1, 4)
    amounts = np.array([moved[bin_, segment, now, then] for bin_, segment, now, then in places.tolist()])
    # What moved counts under both its symptoms; the cells hold it under the new one alone until it is taken out there.
    taken: dict[tuple[int, int, int], float] = defaultdict(float)
    for (bin_, segment, now, _), amount in moved.items():
        taken[bin_, segment, now] += amount
    cells = zip(found.bin.tolist(), found.segment.tolist(), found.symptom.tolist(), strict=True)
    stayed = found.count - np.array([taken.get(cell, 0.0) for cell in cells])
    return CellsThen(
        bin=np.concatenate([found.bin, places[:, 0]]),
        segment=np.concatenate([found.segment, places[:, 1]]),
        symptom=np.concatenate([found.symptom, places[:, 2]]),
        then=np.concatenate([found.symptom, places[:, 3]]),
        count=np.concatenate([np.maximum(stayed, 0.0), amounts]),
    )


def _moved(run: AttributionRun, axis: TimeAxis, heirs: dict[int, set[int]]) -> dict[tuple[int, int, int, int], float]:
    """Return {(bin, segment, symptom now, symptom then): weight} of the tickets whose labels a step moved."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, case_parameters(run.incident, axis) | {"since": run.created_at})
        rows = cursor.fetchall()
    now: dict[int, Labels] = defaultdict(dict)
    parts: dict[tuple[int, int, int], float] = {}
    for ticket, bin_, segment, weight, symptom, confidence in rows:
        now[ticket][symptom] = confidence
        parts[ticket, bin_, segment] = weight
    before = labels_before(now, since=run.created_at)
    answer: dict[tuple[int, int, int, int], float] = defaultdict(float)
    for (ticket, bin_, segment), weight in parts.items():
        total = sum(now[ticket].values())
        for symptom, confidence in now[ticket].items():
            came = {
                old: sure
                for old, sure in before[ticket].items()
                if old == symptom or (old not in now[ticket] and symptom in heirs.get(old, ()))
            } or {symptom: confidence}
            share = weight * confidence / total / sum(came.values())
            for old, sure in came.items():
                answer[bin_, segment, symptom, old] += share * sure
    return answer
