"""The layers of some segments alone: their complaints shared out over the changes by a run's own probabilities.

A run expects complaints of all segments together. For a part of them its archive tells how likely each cell (bin,
segment, symptom) owes its complaints to each change: the cell's complaints, as counted now, are divided in that
proportion. What is left holds background and unexplained rises together.
"""

import datetime as dt
from collections.abc import Collection

import numpy as np

from incidents.attribution.casefile import UNLABELLED, case_axis
from incidents.attribution.models import AttributionRun
from incidents.attribution.relabelled import cells_then
from incidents.attribution.stored import FAINTEST_LAYER, StoredLayers
from incidents.attribution.tickets import archive_of
from incidents.catalog.models import Symptom
from incidents.stats.attribution.evidence import Floats, Ints


def shared_layers(run: AttributionRun, segment_ids: Collection[int]) -> tuple[StoredLayers, float] | None:
    """Return the layers of these segments on the run's bins, and how many complaints the run did not see as they are.

    Those (filed or relabelled since) count as not attributed; labels that a step of the taxonomy moved since are looked
    up where they were then. None where the run kept no cells or the window moved.
    """
    if not AttributionRun.objects.filter(pk=run.pk, cells__isnull=False).exists():
        return None
    archive, keys, number = archive_of(run.pk)
    axis = case_axis(run.incident)
    edges = np.array([moment.timestamp() for moment in (*axis.starts, axis.end)])
    if not np.array_equal(edges, archive.edges):
        return None
    found = cells_then(run, axis)
    mine = np.isin(found.segment, np.array(sorted(segment_ids), dtype=np.int64))
    bins, segment, symptom = found.bin[mine], found.segment[mine], found.symptom[mine]
    count, then = found.count[mine], found.then[mine]
    names = dict(Symptom.objects.filter(product=run.incident.product_id).values_list("pk", "key"))
    unlabelled = next((pk for pk, key in names.items() if key == UNLABELLED), 0)
    if not (archive.symptom == 0).any():
        symptom = np.where(symptom == 0, unlabelled, symptom)
        then = np.where(then == 0, unlabelled, then)
    row = _rows(keys, number, bins, segment, then)
    probabilities = np.where(row[:, None] >= 0, archive.probabilities[np.maximum(row, 0)], 0.0)
    kinds, kind = np.unique(symptom, return_inverse=True)
    labels = [names.get(int(pk), UNLABELLED) for pk in kinds]

    def table(amounts: Floats) -> dict[str, list[float]]:
        total = np.zeros((axis.n_bins, len(kinds)))
        np.add.at(total, (bins, kind), amounts)
        return {label: total[:, at].tolist() for at, label in enumerate(labels)}

    owned = {
        int(pk): count * probabilities[:, at]
        for at, pk in enumerate(archive.changes)
        if float(count @ probabilities[:, at]) >= FAINTEST_LAYER
    }
    rest = count - sum(owned.values(), np.zeros(len(count)))
    layers = StoredLayers(
        edges=tuple(dt.datetime.fromtimestamp(edge, tz=dt.UTC) for edge in edges),
        background=table(np.maximum(rest, 0.0)),
        excess={pk: table(amounts) for pk, amounts in owned.items()},
        unattributed={},
    )
    return layers, float(count[row < 0].sum())


def _rows(keys: Ints, number: dict[tuple[int, int], int], bins: Ints, segment: Ints, symptom: Ints) -> Ints:
    """Return each cell's row in the archive, -1 where the run did not see it."""
    pattern = np.array(
        [number.get((int(a), int(b)), -1) for a, b in zip(segment, symptom, strict=True)], dtype=np.int64
    )
    key = bins * max(len(number), 1) + pattern
    at = np.minimum(np.searchsorted(keys, key), max(len(keys) - 1, 0))
    known = (pattern >= 0) & (keys[at] == key) if len(keys) else np.zeros(len(bins), dtype=bool)
    return np.where(known, at, -1)
