"""A compact archive of a run's cell probabilities, from which each ticket's probable causes are read."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incidents.attribution.casefile import Casefile
from incidents.stats.attribution.evidence import Ints
from incidents.stats.attribution.findings import Attribution

_STEPS = 65_535  # probabilities are kept to this fraction: an error of less than a hundred-thousandth


@dataclass(frozen=True, slots=True, kw_only=True)
class CellArchive:
    """Per cell (bin, segment, symptom: ids, symptom 0 none) the probability of each change; `none` is what is left.

    The cells stand in order of (bin, segment, symptom); `probabilities` (n_cells, n_changes) belongs to `changes`.
    """

    edges: NDArray[np.float64]  # (n_bins + 1,) seconds since 1970
    bin: Ints
    segment: Ints
    symptom: Ints
    changes: Ints
    probabilities: NDArray[np.floating[Any]]


def pack_cells(case: Casefile, found: Attribution) -> bytes:
    """Return the archive of a case's cells as bytes."""
    evidence = case.evidence
    return pack_archive(
        CellArchive(
            edges=np.array([moment.timestamp() for moment in (*case.axis.starts, case.axis.end)]),
            bin=evidence.cell_bin,
            segment=case.segment_ids[evidence.cell_pattern],
            symptom=case.symptom_ids[evidence.cell_symptom],
            changes=np.array([change.pk for change in case.changes], dtype=np.int64),
            probabilities=found.cell_probabilities[:, :-1],
        )
    )


def pack_archive(archive: CellArchive) -> bytes:
    """Return an archive as bytes; changes that no cell could owe anything to are left out."""
    steps = np.rint(archive.probabilities * np.float32(_STEPS)).astype(np.uint16)
    kept = np.flatnonzero(steps.any(axis=0)) if len(steps) else np.array([], dtype=np.int64)
    target = io.BytesIO()
    np.savez_compressed(
        target,
        edges=archive.edges,
        bin=archive.bin.astype(np.int32),
        segment=archive.segment,
        symptom=archive.symptom,
        changes=archive.changes[kept],
        # Column by column: a change's probabilities resemble each other more than a cell's.
        steps=np.ascontiguousarray(steps[:, kept].T),
    )
    return target.getvalue()


def unpack_cells(packed: bytes) -> CellArchive:
    """Read an archive back."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
        return CellArchive(
            edges=stored["edges"],
            bin=stored["bin"].astype(np.int64),
            segment=stored["segment"],
            symptom=stored["symptom"],
            changes=stored["changes"],
            probabilities=stored["steps"].T.astype(np.float64) / _STEPS,
        )
