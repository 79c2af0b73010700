"""The case laid out for fitting: blocks of time, steps inside them, cells in sorted order, exposures per
cell.

A block (a local day, or less in short windows) is the unit of over-dispersion: all complaints of one
block share its ups and downs. A step (at most six hours) is the resolution at which exposures enter.
"""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.drift import Drift, measure_drift
from incidents.stats.attribution.evidence import CaseEvidence, Floats, Ints
from incidents.stats.attribution.exposure import curves, shapes
from incidents.stats.attribution.lattice import Lattice, build_lattice, usage_tensor

STEP_HOURS = 6.0
COARSE_FROM, COARSE_HOURS = 150_000, 24.0  # so many cells need no finer time
FEWEST_DAYS = 7  # below, blocks are shorter than a day
SHORT_BLOCKS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Constants of one case: J changes, L shapes of delay, T bins, R steps, D blocks, P patterns, K symptoms."""

    evidence: CaseEvidence
    lattice: Lattice
    usage: Floats  # lattice.shape
    usage_known: bool
    scope: Floats  # (J, n_segments) 0..1
    inside: Floats  # (J, P) mass of use in scope and compatible with the pattern
    reach: Floats  # (J,) mass of use in scope
    curve: Floats  # (J, L, T) exposure of tickets in general
    carried: Floats  # (J, L, T) exposure of tickets known to run a carrying version
    shapes: tuple[tuple[float, float], ...]
    block: Ints  # (T,)
    step: Ints  # (T,)
    step_block: Ints  # (R,)
    block_hours: Floats  # (D,) centre
    block_weekday: Ints | None  # (D,)
    drift: Drift
    kind_pattern: Ints  # (Q,) lattice pattern of each kind of report
    kind_state: Ints  # (Q, J) 0 version unknown or no carrier, 1 runs a carrying version, 2 does not
    cell_kind: Ints  # (N,) sorted cells of the fit
    cell_step: Ints
    cell_symptom: Ints
    cell_count: Floats
    cell_of: Ints  # evidence cell -> cell of the fit
    bin_count: Floats  # (T,)
    block_count: Floats  # (D,)
    symptom_count: Floats  # (K,)

    @property
    def n_symptoms(self) -> int:
        """Number of symptoms."""
        return len(self.evidence.symptoms)

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.block_hours)

    @property
    def n_changes(self) -> int:
        """Number of changes."""
        return len(self.evidence.changes)

    @property
    def total(self) -> float:
        """Weighted number of complaints."""
        return float(self.block_count.sum())


def build_frame(evidence: CaseEvidence) -> Frame:
    """Lay out a case for fitting; raises `EvidenceError` where it contradicts itself."""
    evidence.check()
    settings = evidence.settings
    lattice = build_lattice(evidence, [change.scope for change in evidence.changes])
    usage, known = usage_tensor(lattice, evidence)
    scope = np.array([lattice.mask(change.scope).ravel() for change in evidence.changes]).reshape(
        len(evidence.changes), usage.size
    )
    inside = _inside(lattice, scope * usage.ravel())
    general, carried = curves(evidence.changes, evidence.edges, settings, evidence.reporting)
    block, step, step_block = _time_units(evidence)
    kinds, kind_of = _kinds(evidence, lattice)
    levels = axis_level(lattice, kinds[:, 0])
    n_steps, n_kinds, n_symptoms = len(step_block), len(kinds), len(evidence.symptoms)
    width = np.diff(evidence.edges)
    centre = 0.5 * (evidence.edges[:-1] + evidence.edges[1:])
    bin_step = step[evidence.cell_bin]
    block_step = step_block[bin_step]
    key = ((block_step * n_symptoms + evidence.cell_symptom) * n_steps + bin_step) * n_kinds + kind_of[
        evidence.cell_pattern
    ]
    unique, cell_of = np.unique(key, return_inverse=True)
    n_blocks = int(step_block[-1]) + 1
    bin_count = tally(evidence.cell_bin, evidence.cell_count, evidence.n_bins)
    whole_days = n_blocks == int(evidence.day[-1]) + 1 and n_blocks >= FEWEST_DAYS
    first = np.searchsorted(block, np.arange(n_blocks))
    return Frame(
        evidence=evidence,
        lattice=lattice,
        usage=usage,
        usage_known=known,
        scope=scope,
        inside=inside,
        reach=scope @ usage.ravel(),
        curve=general,
        carried=carried,
        shapes=shapes(settings),
        block=block,
        step=step,
        step_block=step_block,
        block_hours=tally(block, centre * width, n_blocks) / tally(block, width, n_blocks),
        block_weekday=evidence.weekday[first] if whole_days else None,
        drift=measure_drift(evidence, lattice, usage, block, levels[:, kind_of[evidence.cell_pattern]]),
        kind_pattern=kinds[:, 0],
        kind_state=_states(kinds, evidence),
        cell_kind=unique % n_kinds,
        cell_step=unique // n_kinds % n_steps,
        cell_symptom=unique // (n_kinds * n_steps) % n_symptoms,
        cell_count=tally(cell_of, evidence.cell_count, len(unique)),
        cell_of=cell_of,
        bin_count=bin_count,
        block_count=tally(block, bin_count, n_blocks),
        symptom_count=tally(evidence.cell_symptom, evidence.cell_count, n_symptoms),
    )


def axis_level(lattice: Lattice, pattern: Ints) -> Ints:
    """Return the level of each pattern in each dimension (n_axes, n), the number of levels where unknown."""
    if not lattice.dims:
        return np.zeros((0, len(pattern)), np.int64)
    return np.array(np.unravel_index(pattern, lattice.open_shape), dtype=np.int64)


def _inside(lattice: Lattice, mass: Floats) -> Floats:
    """Margins of several arrays over segments (n, n_segments) -> (n, n_patterns)."""
    if not len(mass):
        return np.zeros((0, lattice.n_patterns))
    stacked = np.moveaxis(mass.reshape(len(mass), *lattice.shape), 0, -1)
    return np.ascontiguousarray(lattice.margins(stacked).reshape(lattice.n_patterns, len(mass)).T)


def _time_units(evidence: CaseEvidence) -> tuple[Ints, Ints, Ints]:
    """Return block of each bin, step of each bin, block of each step."""
    edges = evidence.edges
    n_days = int(evidence.day.max()) + 1
    if n_days >= FEWEST_DAYS:
        block = evidence.day - evidence.day[0]
    else:
        length = max((edges[-1] - edges[0]) / SHORT_BLOCKS, float(np.diff(edges).min()))
        block = np.floor((edges[:-1] - edges[0]) / length + 1e-9).astype(np.int64)
    block = np.unique(block, return_inverse=True)[1]
    start = edges[:-1][np.searchsorted(block, block)]
    hours = STEP_HOURS if len(evidence.cell_count) <= COARSE_FROM else COARSE_HOURS
    part = np.floor((edges[:-1] - start) / hours + 1e-9).astype(np.int64)
    key = block * (int(part.max()) + 1) + part
    unique, step = np.unique(key, return_inverse=True)
    return block, step, (unique // (int(part.max()) + 1)).astype(np.int64)


def _kinds(evidence: CaseEvidence, lattice: Lattice) -> tuple[Ints, Ints]:
    """Return the distinct (lattice pattern, version if a carrier needs it) and which of them each pattern is."""
    rows = [lattice.locate(evidence.patterns)]
    rows += [
        evidence.patterns[:, d]
        for d in sorted({c.carrier.dimension for c in evidence.changes if c.carrier is not None})
    ]
    kinds, kind_of = np.unique(np.column_stack(rows), axis=0, return_inverse=True)
    return kinds, kind_of.reshape(-1)


def _states(kinds: Ints, evidence: CaseEvidence) -> Ints:
    """For each kind of report and change: 0 unknown, 1 known to run a carrying version, 2 known not to."""
    dims = sorted({c.carrier.dimension for c in evidence.changes if c.carrier is not None})
    out = np.zeros((len(kinds), len(evidence.changes)), np.int64)
    for j, change in enumerate(evidence.changes):
        if change.carrier is None:
            continue
        version = kinds[:, 1 + dims.index(change.carrier.dimension)]
        carrying = np.isin(version, change.carrier.values)
        out[:, j] = np.where(version < 0, 0, np.where(carrying, 1, 2))
    return out
