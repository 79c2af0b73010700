"""Rises that no change of the log explains: a scan over simple scopes and windows of time.

A coarse scan tries every set of values of one dimension and windows of whole blocks. The best boxes are then
sharpened: further dimensions are added while the counts ask for it, and the edges move in steps of hours.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from incidents.stats.attribution.base import Base, State
from incidents.stats.attribution.collapse import by_kind, by_step
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.exposed import Exposure
from incidents.stats.attribution.screen import Residuals, inside_scopes, residuals

LENGTHS = (1, 2, 3, 4, 5, 7, 10, 14)  # blocks; and until the end
SMALL_DIMENSION = 4  # all sets of values are tried up to here, above single values and all but one
MOST_DIMENSIONS = 3
LOG_PRIOR = float(np.log(0.15))
PER_DIMENSION = 2.5  # log prior cost of each dimension beyond the first, and gain it must bring
EDGE_COST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A scope (atoms by number) and a window of steps, with its log prior."""

    atoms: tuple[int, ...]
    start: int
    stop: int
    log_prior: float


class Scan:
    """Looks for boxes of scope and time in what a state leaves over."""

    def __init__(self, base: Base) -> None:
        """List the sets of values that are tried."""
        self.base = base
        frame = base.frame
        shape = frame.lattice.shape
        n_kinds = len(frame.kind_pattern)
        pattern = (
            np.array(np.unravel_index(frame.kind_pattern, frame.lattice.open_shape)) if shape else np.zeros((0, 0))
        )
        self.axis: list[int] = [-1]
        self.values: list[tuple[int, ...]] = [()]
        held: list[Floats] = [np.ones(n_kinds)]
        for axis, size in enumerate(shape):
            share = frame.usage.sum(axis=tuple(b for b in range(len(shape)) if b != axis))
            for values in _value_sets(size):
                inside = np.zeros(size)
                inside[list(values)] = 1.0
                held.append(np.append(inside, float(share[list(values)].sum()))[pattern[axis]])
                self.axis.append(axis)
                self.values.append(values)
        self.held = np.array(held).T  # (Q, A)
        self.moved = np.ones((frame.n_blocks, len(self.axis)))  # (D, A)
        for atom in range(1, len(self.axis)):
            if self.axis[atom] in frame.drift.factors:
                member = np.zeros(shape[self.axis[atom]])
                member[list(self.values[atom])] = 1.0
                self.moved[:, atom] = frame.drift.of_scope(self.axis[atom], member)
        self.log_prior = LOG_PRIOR - float(np.log(max(len(self.axis) * frame.n_blocks * 2, 2)))
        n_steps = len(frame.step_block)
        self.first_step = np.searchsorted(frame.step_block, np.arange(frame.n_blocks + 1))
        self.step_width = tally(frame.step, base.width, n_steps)

    def best(self, state: State, count: int = 2) -> list[tuple[Exposure, float]]:
        """Return the most promising boxes as exposures with their log prior, the best first."""
        frame = self.base.frame
        if frame.n_blocks < 4 or frame.total < 10:
            return []
        left = residuals(self.base, state)
        found = self._coarse(state, left)[: 2 * count]
        sharpened = []
        for _, atom, start, stop in found:
            box, value = self._sharpen(state, left, atom, int(self.first_step[start]), int(self.first_step[stop]))
            sharpened.append((value, box))
        sharpened.sort(key=lambda pair: -pair[0])
        unique: dict[tuple[object, ...], Box] = {}
        for _, box in sharpened:
            unique.setdefault((box.atoms, box.start, box.stop), box)
        return [(self._exposure(box), box.log_prior) for box in list(unique.values())[:count]]

    def _coarse(self, state: State, left: Residuals) -> list[tuple[float, int, int, int]]:
        base, frame = self.base, self.base.frame
        n_blocks = frame.n_blocks
        inside = inside_scopes(base, left, self.held)
        weight = left.rate / max(left.rate.sum(), 1e-300)
        moving = weight[:, None] * self.moved
        moving = moving / np.maximum(moving.sum(0), 1e-300)
        expected = np.maximum(inside.sum(0)[None] * moving[:, None, :], 1e-9)
        variance = left.variance + max(state.scope_dispersion, default=0.0)
        shared = (variance / (1 + variance * left.expected))[:, :, None]
        pull = (inside - expected) - shared * expected * (left.observed - left.expected)[:, :, None]
        bend = expected - shared * expected**2
        pull, bend = (np.concatenate([np.zeros((1, *x.shape[1:])), np.cumsum(x, 0)]) for x in (pull, bend))
        total = np.maximum(bend[-1], 1e-9)
        found: list[tuple[float, int, int, int]] = []
        for length in (*LENGTHS, 0):
            if length >= n_blocks:
                continue
            start = np.arange(1 if length == 0 else 0, n_blocks - length + (1 if length else 0))
            stop = np.full(len(start), n_blocks) if length == 0 else start + length
            s = pull[stop] - pull[start]
            i = bend[stop] - bend[start]
            free = np.maximum(i * (1 - i / total), 1e-9)
            ratio = 0.5 * (np.maximum(s, 0.0) ** 2 / free).sum(1)  # (starts, A)
            for flat in np.argsort(ratio, axis=None)[-3:]:
                at, atom = np.unravel_index(int(flat), ratio.shape)
                found.append((float(ratio[at, atom]), int(atom), int(start[at]), int(stop[at])))
        found.sort(reverse=True)
        return found

    def _sharpen(self, state: State, left: Residuals, atom: int, start: int, stop: int) -> tuple[Box, float]:
        """Add dimensions, then move the edges; returns the box and its log likelihood ratio with its prior."""
        atoms = (atom,) if self.axis[atom] >= 0 else ()
        value = float(
            self._value(state, left, (start, stop), self._held(atoms)[:, None], self._moved(atoms)[:, None])[0]
        )
        cost = 0.0
        while len(atoms) < MOST_DIMENSIONS:
            used = {self.axis[a] for a in atoms}
            further = [a for a in range(1, len(self.axis)) if self.axis[a] not in used]
            if not further:
                break
            held = self._held(atoms)[:, None] * self.held[:, further]
            moved = self._moved(atoms)[:, None] * self.moved[:, further]
            values = self._value(state, left, (start, stop), held, moved)
            top = int(np.argmax(values))
            extra = PER_DIMENSION if atoms else 0.0
            if values[top] < value + PER_DIMENSION:
                break
            atoms, value, cost = (*atoms, further[top]), float(values[top]), cost + extra
        start, stop, sharper = self._edges(state, left, atoms, start, stop)
        if sharper > value + EDGE_COST:
            value, cost = sharper, cost + EDGE_COST
        box = Box(atoms=tuple(sorted(atoms)), start=start, stop=stop, log_prior=self.log_prior - cost)
        return box, float(value) - cost

    def _held(self, atoms: tuple[int, ...]) -> Floats:
        out = np.ones(len(self.held))
        for a in atoms:
            out = out * self.held[:, a]
        return out

    def _value(self, state: State, left: Residuals, window: tuple[int, int], held: Floats, moved: Floats) -> Floats:
        """Log likelihood ratio of a rise in a window of steps, per scope (…,)."""
        frame = self.base.frame
        start, stop = window
        all_counts = self.base.once(_by_kind, state) @ held
        first, last = self._cells(start, stop)
        within = by_kind(
            left.owned[first:last], frame.cell_step[first:last], frame.cell_symptom[first:last],
            frame.cell_kind[first:last], start, stop, frame.n_symptoms, len(frame.kind_pattern),
        )  # fmt: skip
        counts = within @ held
        rate = self._step_rate(state)[:, None] * moved[frame.step_block].reshape(len(frame.step_block), -1)
        share = rate[start:stop].sum(0) / np.maximum(rate.sum(0), 1e-300)
        return _rise_value(counts, all_counts, share, state.day_dispersion / max((stop - start) / 4.0, 1.0))

    def _cells(self, start: int, stop: int) -> tuple[int, int]:
        """Return first and last cell of the blocks that a window of steps touches: cells are sorted by block."""
        blocks = self.base.frame.step_block[[start, stop - 1]] + [0, 1]
        first, last = np.searchsorted(self.base.cell_block, blocks)
        return int(first), int(last)

    def _step_rate(self, state: State) -> Floats:
        return tally(self.base.frame.step, state.rate, len(self.base.frame.step_block))

    def _moved(self, atoms: tuple[int, ...]) -> Floats:
        out = np.ones(len(self.moved))
        for a in atoms:
            out = out * self.moved[:, a]
        return out

    def _edges(
        self, state: State, left: Residuals, atoms: tuple[int, ...], start: int, stop: int
    ) -> tuple[int, int, float]:
        frame, k = self.base.frame, self.base.frame.n_symptoms
        held = self._held(atoms)
        n_steps = len(frame.step_block)
        reach = 4
        whole = max(start - reach, 0), min(stop + reach, n_steps)
        first, last = self._cells(*whole)
        counts = by_step(
            left.owned[first:last], frame.cell_step[first:last], frame.cell_symptom[first:last],
            frame.cell_kind[first:last], held, *whole, k,
        )  # fmt: skip
        rate = self._step_rate(state) * self._moved(atoms)[frame.step_block]
        share = rate / max(float(rate.sum()), 1e-300)
        total = self.base.once(_by_kind, state) @ held
        seen = np.concatenate([np.zeros((1, k)), np.cumsum(counts, 0)])
        time = np.concatenate([[0.0], np.cumsum(share)])
        starts = np.arange(max(start - reach, 0), min(start + reach, n_steps - 1) + 1)
        stops = np.arange(max(stop - reach, 1), min(stop + reach, n_steps) + 1)
        a, b = (axis.ravel() for axis in np.meshgrid(starts, stops, indexing="ij"))
        a, b = a[b > a], b[b > a]
        if not len(a):
            return start, stop, -np.inf
        variance = state.day_dispersion / np.maximum((b - a) / 4.0, 1.0)
        values = _rise_value((seen[b - whole[0]] - seen[a - whole[0]]).T, total[:, None], time[b] - time[a], variance)
        top = int(np.argmax(values))
        return int(a[top]), int(b[top]), float(values[top])

    def _exposure(self, box: Box) -> Exposure:
        frame = self.base.frame
        shape = frame.lattice.shape
        scope = np.ones(shape)
        for atom in box.atoms:
            inside = np.zeros(shape[self.axis[atom]])
            inside[list(self.values[atom])] = 1.0
            scope = scope * inside.reshape([-1 if a == self.axis[atom] else 1 for a in range(len(shape))])
        curve = ((frame.step >= box.start) & (frame.step < box.stop)).astype(float)
        mass = scope * frame.usage
        return Exposure(
            change=-1,
            shape=0,
            inside=frame.lattice.margins(mass).ravel(),
            scope=scope.ravel(),
            reach=float(mass.sum()),
            curve=curve,
            carried=curve,
            state=None,
            moved=self.base.moved(scope.ravel()),
        )


def _by_kind(base: Base, state: State) -> Floats:
    """Return what a state's background leaves over by symptom and kind of report (K, Q)."""
    frame = base.frame
    n_steps = len(frame.step_block)
    return by_kind(
        residuals(base, state).owned, frame.cell_step, frame.cell_symptom, frame.cell_kind, 0, n_steps,
        frame.n_symptoms, len(frame.kind_pattern),
    )  # fmt: skip


def _rise_value(counts: Floats, total: Floats, share: float | Floats, variance: float | Floats) -> Floats:
    """Log likelihood ratio of a rise of symptoms (first axis) in a share of time against the rest of the time."""
    share = np.clip(share, 1e-9, 1 - 1e-9)
    outside = np.maximum(total - counts, 0.0)
    expected = np.maximum(outside * share / (1 - share), 1e-3) + 0.5
    excess = np.maximum(counts - expected, 0.0)
    rise = counts * np.log(np.maximum(counts, 1e-9) / expected) - (counts - expected)
    rise = np.where(excess > 0, rise, 0.0)
    return np.asarray((rise / (1.0 + variance * expected)).sum(0) * (1 - share), dtype=np.float64)


def _value_sets(size: int) -> list[tuple[int, ...]]:
    if size < 2:
        return []
    if size <= SMALL_DIMENSION:
        return [values for n in range(1, size) for values in combinations(range(size), n)]
    single = [(v,) for v in range(size)]
    return single + [tuple(u for u in range(size) if u != v) for v in range(size)]
