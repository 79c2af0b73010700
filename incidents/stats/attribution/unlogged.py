"""Rises that no change of the log explains: a scan over simple scopes and windows of time."""

from itertools import combinations

import numpy as np

from incidents.stats.attribution.base import Base, Exposure, State
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.screen import residuals

LENGTHS = (1, 2, 3, 4, 5, 7, 10, 14)  # blocks; and until the end
SMALL_DIMENSION = 4  # all sets of values are tried up to here, above single values and all but one


class Scan:
    """Looks for boxes of scope and time in what a state leaves over."""

    def __init__(self, base: Base) -> None:
        self.base = base
        frame = base.frame
        shape = frame.lattice.shape
        pattern = (
            np.array(np.unravel_index(frame.kind_pattern, frame.lattice.open_shape)) if shape else np.zeros((0, 0))
        )
        scopes: list[Floats] = [np.ones(shape)]
        held: list[Floats] = [np.ones(len(frame.kind_pattern))]
        names: list[tuple[int, tuple[int, ...]] | None] = [None]
        for axis, size in enumerate(shape):
            for values in _value_sets(size):
                inside = np.zeros(size)
                inside[list(values)] = 1.0
                scopes.append(np.ones(shape) * inside.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
                share = float(
                    frame.usage.sum(axis=tuple(b for b in range(len(shape)) if b != axis))[list(values)].sum()
                )
                held.append(np.append(inside, share)[pattern[axis]])
                names.append((axis, values))
        self.scopes = scopes
        self.held = np.array(held).T  # (Q, A)
        self.names = names
        self.log_prior = np.log(0.15) - np.log(max(len(scopes) * frame.n_blocks * 2, 2))

    def best(self, state: State, count: int = 2) -> list[Exposure]:
        """Return the most promising boxes as exposures, the best first."""
        base, frame = self.base, self.base.frame
        k, n_blocks = frame.n_symptoms, frame.n_blocks
        if n_blocks < 4 or frame.total < 10:
            return []
        left = residuals(base, state)
        key = base._block_symptom * len(frame.kind_pattern) + frame.cell_kind
        from scipy.sparse import csr_matrix

        matrix = csr_matrix(
            (left.owned, (base._block_symptom, frame.cell_kind)), shape=(n_blocks * k, len(frame.kind_pattern))
        )
        del key
        inside = np.asarray(matrix @ self.held).reshape(n_blocks, k, len(self.names))
        weight = left.rate / max(left.rate.sum(), 1e-300)
        expected = np.maximum(inside.sum(0)[None] * weight[:, None, None], 1e-9)
        variance = left.variance + max(state.scope_dispersion, default=0.0)
        shared = (variance / (1 + variance * left.expected))[:, :, None]
        pull = (inside - expected) - shared * expected * (left.observed - left.expected)[:, :, None]
        bend = expected - shared * expected**2
        pull, bend = (np.concatenate([np.zeros((1, *x.shape[1:])), np.cumsum(x, 0)]) for x in (pull, bend))
        found: list[tuple[float, int, int, int]] = []
        total = np.maximum(bend[-1], 1e-9)
        for length in (*LENGTHS, 0):
            if length >= n_blocks:
                continue
            start = np.arange(1 if length == 0 else 0, n_blocks - length + (1 if length else 0))
            stop = np.full(len(start), n_blocks) if length == 0 else start + length
            s = pull[stop] - pull[start]
            i = bend[stop] - bend[start]
            free = np.maximum(i * (1 - i / total), 1e-9)
            ratio = 0.5 * (np.maximum(s, 0.0) ** 2 / free).sum(1)  # (starts, A)
            flat = np.argsort(ratio, axis=None)[-count:]
            for f in flat:
                at, atom = np.unravel_index(int(f), ratio.shape)
                found.append((float(ratio[at, atom]), int(atom), int(start[at]), int(stop[at])))
        found.sort(reverse=True)
        return [self._exposure(*box) for box in found[:count]]

    def _exposure(self, _: float, atom: int, start: int, stop: int) -> Exposure:
        frame = self.base.frame
        scope = self.scopes[atom]
        curve = ((frame.block >= start) & (frame.block < stop)).astype(float)
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
        )


def _value_sets(size: int) -> list[tuple[int, ...]]:
    if size < 2:
        return []
    if size <= SMALL_DIMENSION:
        return [values for n in range(1, size) for values in combinations(range(size), n)]
    single = [(v,) for v in range(size)]
    return single + [tuple(u for u in range(size) if u != v) for v in range(size)]
