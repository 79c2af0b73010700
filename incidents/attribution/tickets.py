"""What a stored run says of single tickets: the probabilities of the cell that a ticket lies in."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from django.db import connection

from incidents.attribution.archive import CellArchive, unpack_cells
from incidents.attribution.casefile import UNLABELLED
from incidents.attribution.models import AttributionRun
from incidents.attribution.tallies import TICKET_AT
from incidents.catalog.models import Symptom
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.tickets.counting import COUNTED, SEGMENT
from incidents.tickets.moved import heirs_since, labels_before

# The key under which "none of the known changes" stands among change ids.
NOBODY = 0

_PLACES = f"""select t.id, width_bucket(extract(epoch from {TICKET_AT})::float8, %(edges)s::float8[]) - 1,
    {SEGMENT}, l.symptom_id, l.confidence
    from incidents_ticket t
    left join incidents_ticketsymptom l on l.ticket_id = t.id and l.confidence > 0
    where t.id = any(%(ids)s)"""  # noqa: S608 - constants only
_MIDDAY = "12 hours"


@lru_cache(maxsize=4)
def archive_of(run_id: int) -> tuple[CellArchive, Ints, dict[tuple[int, int], int]]:
    """Return a run's archive with its cells' keys in order; runs never change, so it may be kept."""
    packed = AttributionRun.objects.values_list("cells", flat=True).get(pk=run_id)
    archive = unpack_cells(bytes(packed or b""))
    patterns = np.unique(np.column_stack([archive.segment, archive.symptom]), axis=0)
    number = {(int(segment), int(symptom)): at for at, (segment, symptom) in enumerate(patterns)}
    pattern = np.array(
        [number[int(a), int(b)] for a, b in zip(archive.segment, archive.symptom, strict=True)], np.int64
    )
    key = archive.bin * max(len(number), 1) + pattern
    order = np.argsort(key, kind="stable")
    sorted_archive = CellArchive(
        edges=archive.edges,
        bin=archive.bin[order],
        segment=archive.segment[order],
        symptom=archive.symptom[order],
        changes=archive.changes,
        probabilities=archive.probabilities[order],
    )
    return sorted_archive, key[order], number


def ticket_probabilities(run: AttributionRun, ticket_ids: Sequence[int]) -> dict[int, dict[int, float]]:
    """Return {ticket id: {change id: probability}} with `NOBODY` for what none of the known changes explains.

    Each sums to 1. A ticket with several symptoms is averaged over them by their confidence. Tickets that the run did
    not see as they are now (outside the window, filed or relabelled since) are left out.
    """
    if run.cells is None or not ticket_ids:
        return {}
    archive, keys, number = archive_of(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"edges": archive.edges.tolist(), "ids": list(ticket_ids), "midday": _MIDDAY})
        rows = cursor.fetchall()
    unlabelled = _unlabelled(run, archive)
    rows = _as_labelled_then(run, rows)
    total: dict[int, Floats] = {}
    weight: dict[int, float] = {}
    unseen = set()
    for ticket, bin_, segment, symptom, confidence in rows:
        pattern = number.get((segment, unlabelled if symptom is None else symptom))
        key = -1 if pattern is None else bin_ * len(number) + pattern
        at = int(np.searchsorted(keys, key))
        if pattern is None or at >= len(keys) or keys[at] != key:
            unseen.add(ticket)
            continue
        part = 1.0 if confidence is None else float(confidence)
        total[ticket] = total.get(ticket, 0.0) + part * archive.probabilities[at]
        weight[ticket] = weight.get(ticket, 0.0) + part
    return {ticket: _named(sums / weight[ticket], archive) for ticket, sums in total.items() if ticket not in unseen}


Place = tuple[int, int, int, int | None, float | None]  # ticket, bin, segment, symptom, confidence


def _as_labelled_then(run: AttributionRun, rows: Sequence[Place]) -> list[Place]:
    """Return the places with the symptoms that the run knew: a later merge or split of symptoms changes no finding."""
    if not heirs_since(run.incident.product_id, since=run.created_at):
        return list(rows)
    labels: dict[int, dict[int, float]] = {}
    for ticket, _, _, symptom, confidence in rows:
        if symptom is not None and confidence is not None:
            labels.setdefault(ticket, {})[symptom] = confidence
    before = labels_before(labels, since=run.created_at)
    places = {ticket: (bin_, segment) for ticket, bin_, segment, _, _ in rows}
    found: list[Place] = [row for row in rows if row[3] is None]
    for ticket, one in before.items():
        found += [(ticket, *places[ticket], symptom, confidence) for symptom, confidence in sorted(one.items())]
    return found


def _named(probabilities: Floats, archive: CellArchive) -> dict[int, float]:
    named = {int(change): float(p) for change, p in zip(archive.changes, probabilities, strict=True) if p > 0}
    return {**named, NOBODY: max(0.0, 1.0 - sum(named.values()))}


def _unlabelled(run: AttributionRun, archive: CellArchive) -> int:
    """Return the symptom under which the run counted tickets without one."""
    if (archive.symptom == 0).any():
        return 0
    known = Symptom.objects.filter(product=run.incident.product_id, key=UNLABELLED).values_list("pk", flat=True)
    return known.first() or 0


# The tickets of some cells, those of the likeliest cells first.
_MEMBERS = f"""select t.id from incidents_ticket t
    join unnest(%(starts)s::float8[], %(ends)s::float8[], %(segments)s::int8[], %(symptoms)s::int8[], %(p)s::float8[])
        as cell(starts, ends, segment, symptom, p)
    on {SEGMENT} = cell.segment
    and {TICKET_AT} >= to_timestamp(cell.starts) and {TICKET_AT} < to_timestamp(cell.ends)
    left join incidents_ticketsymptom l on l.ticket_id = t.id and l.confidence > 0
    where t.product_id = %(product)s and {COUNTED}
    and (l.symptom_id = cell.symptom or (l.id is null and cell.symptom = %(unlabelled)s))
    group by t.id order by max(cell.p) desc, t.id limit %(most)s"""  # noqa: S608 - constants only


def likeliest_tickets(run: AttributionRun, change_id: int, *, most: int) -> list[tuple[int, float]]:
    """Return up to `most` (ticket id, probability) of the tickets that this change most likely caused."""
    if run.cells is None:
        return []
    archive, _, _ = archive_of(run.pk)
    column = np.flatnonzero(archive.changes == change_id)
    if not len(column):
        return []
    p = archive.probabilities[:, column[0]]
    best = np.argsort(-p, kind="stable")[: 3 * most]
    best = best[p[best] > 0]
    heirs = heirs_since(run.incident.product_id, since=run.created_at)
    # Labels of a symptom that was merged or split since may lie with another one now.
    symptoms = [[one, *sorted(heirs.get(one, ()))] for one in archive.symptom[best].tolist()]
    best = np.repeat(best, [len(one) for one in symptoms])
    parameters = {
        "product": run.incident.product_id,
        "midday": _MIDDAY,
        "starts": archive.edges[archive.bin[best]].tolist(),
        "ends": archive.edges[archive.bin[best] + 1].tolist(),
        "segments": archive.segment[best].tolist(),
        "symptoms": [one for several in symptoms for one in several],
        "p": p[best].tolist(),
        "unlabelled": _unlabelled(run, archive),
        "most": 3 * most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, parameters)
        candidates = [row[0] for row in cursor.fetchall()]
    told = ticket_probabilities(run, candidates)
    found = [(ticket, named[change_id]) for ticket, named in told.items() if named.get(change_id, 0.0) > 0]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:most]
