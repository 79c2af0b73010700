"""All patterns a ticket can report, as one dense array: per dimension its values, and last the entry
"unknown".

Summing over the segments that are compatible with a pattern is then one running margin per axis, and
spreading a pattern's weight over its segments the transpose of that: no table of patterns against
segments is ever made.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from incidents.stats.attribution.collapse import close_axes, open_axes
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import UNKNOWN, CaseEvidence, Floats, Ints

MAX_PATTERNS = (
    24_000  # entries of the array; above, values that no scope tells apart are merged, then dimensions left out
)
RARELY = 0.02  # a dimension that no scope names and that fewer reports than this state is left out
UNSEEN, NAMED = (
    50.0,
    0.01,
)  # a share of complaints so many times that of use, and so large, says that use was not counted
OPEN_DIMENSION = 24  # a dimension with more values than this is kept only as far as scopes tell its values apart


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """The dimensions in use, their values merged to levels where nothing tells them apart.

    `dims` (n,) indices into the evidence's dimensions; `levels` per used dimension an array value -> level.
    """

    dims: tuple[int, ...]
    levels: tuple[Ints, ...]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Levels per dimension: the shape of an array over segments."""
        return tuple(int(level.max()) + 1 if len(level) else 1 for level in self.levels)

    @cached_property
    def open_shape(self) -> tuple[int, ...]:
        """Levels and "unknown" per dimension: the shape of an array over patterns."""
        return tuple(n + 1 for n in self.shape)

    @cached_property
    def n_patterns(self) -> int:
        """Number of patterns."""
        return int(np.prod(self.open_shape, dtype=np.int64))

    @cached_property
    def n_segments(self) -> int:
        """Number of segments."""
        return int(np.prod(self.shape, dtype=np.int64))

    @cached_property
    def _sizes(self) -> Ints:
        return np.array(self.shape, dtype=np.int64)

    def locate(self, rows: Ints) -> Ints:
        """Return the flat pattern number of each row (n, n_dimensions) of value indices, -1 for unknown."""
        flat = np.zeros(len(rows), np.int64)
        for dim, level, size in zip(self.dims, self.levels, self.shape, strict=True):
            column = rows[:, dim]
            known = column != UNKNOWN
            index = np.full(len(rows), size, np.int64)
            index[known] = level[column[known]]
            flat = flat * (size + 1) + index
        return flat

    def margins(self, segments: Floats) -> Floats:
        """Sum an array over segments (leading axes as `shape`) over what each pattern leaves open."""
        n = len(self.shape)
        flat = np.ascontiguousarray(segments, dtype=np.float64).reshape(self.n_segments, -1)
        return open_axes(flat, self._sizes).reshape((*self.open_shape, *segments.shape[n:]))

    def spread(self, patterns: Floats) -> Floats:
        """Transpose of `margins`: give each segment the sum over the patterns it is compatible with."""
        n = len(self.shape)
        flat = np.ascontiguousarray(patterns, dtype=np.float64).reshape(self.n_patterns, -1)
        return close_axes(flat, self._sizes).reshape((*self.shape, *patterns.shape[n:]))

    def mask(self, scope: tuple[tuple[int, tuple[int, ...]], ...]) -> Floats:
        """Return 1 for segments inside a scope; a merged level counts with the share of its values."""
        out = np.ones(self.shape)
        for dim, values in scope:
            if dim not in self.dims:
                continue
            axis = self.dims.index(dim)
            level = self.levels[axis]
            size = self.shape[axis]
            inside = np.bincount(level[list(values)], minlength=size) / np.maximum(
                np.bincount(level, minlength=size), 1
            )
            out = out * np.minimum(inside, 1.0).reshape([-1 if a == axis else 1 for a in range(len(self.dims))])
        return out


def build_lattice(evidence: CaseEvidence, scopes: list[tuple[tuple[int, tuple[int, ...]], ...]]) -> Lattice:
    """Choose the dimensions and levels that fit into `MAX_PATTERNS`: those of scopes first, then the best reported."""
    carriers = {change.carrier.dimension for change in evidence.changes if change.carrier is not None}
    in_scope = {dim for scope in scopes for dim, _ in scope}
    reported = (evidence.patterns != UNKNOWN).mean(0) if len(evidence.patterns) else np.zeros(len(evidence.dimensions))
    wanted = sorted(in_scope, key=lambda d: (len(evidence.dimensions[d].values), d))
    wanted += sorted(
        (
            d
            for d in range(len(evidence.dimensions))
            if d not in in_scope
            and d not in carriers
            and reported[d] > RARELY
            and 1 < len(evidence.dimensions[d].values) <= OPEN_DIMENSION
        ),
        key=lambda d: (-reported[d], d),
    )
    dims: list[int] = []
    levels: list[Ints] = []
    size = 1
    for dim in wanted:
        n_values = len(evidence.dimensions[dim].values)
        level = np.arange(n_values)
        room = MAX_PATTERNS // size
        if n_values > OPEN_DIMENSION or n_values + 1 > min(room, 12):
            level = _distinguished(n_values, [dict(scope)[dim] for scope in scopes if dim in dict(scope)])
        n_levels = int(level.max()) + 1 if n_values else 0
        if n_levels < 2 or n_levels + 1 > room:
            continue
        dims.append(dim)
        levels.append(level)
        size *= n_levels + 1
    return Lattice(dims=tuple(dims), levels=tuple(levels))


def _distinguished(n_values: int, sets: list[tuple[int, ...]]) -> Ints:
    """Number the values so that two share a number when every scope holds both or neither."""
    member = np.zeros((n_values, max(len(sets), 1)), bool)
    for k, values in enumerate(sets):
        member[list(values), k] = True
    return np.unique(member, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def usage_tensor(lattice: Lattice, evidence: CaseEvidence, rounds: int = 30) -> tuple[Floats, bool]:
    """Return the share of use per segment (shape as `lattice.shape`, sum 1) and whether it was measured.

    Rows of counts that leave dimensions open are met by iterative proportional fitting of all their
    margins. Without counts, the tickets' own mix stands in: product of margins times shrunk pairwise
    ratios.
    """
    if evidence.usage is not None and evidence.usage.share.sum() > 0:
        usage, known = evidence.usage, True
        rows, weight = usage.segments, np.maximum(usage.share, 0.0)
    else:
        known = False
        rows, weight = (
            evidence.patterns,
            _weights(evidence),
        )
    if not lattice.dims or weight.sum() <= 0:
        return np.full(lattice.shape, 1.0 / max(int(np.prod(lattice.shape)), 1)), known and not lattice.dims
    counts = tally(lattice.locate(rows), weight, lattice.n_patterns).reshape(lattice.open_shape)
    full = counts[tuple(slice(0, n) for n in lattice.shape)]
    if known and full.sum() > 0.999 * counts.sum():
        out = full + 1e-9 * full.sum() / full.size
        return _trusted(lattice, out / out.sum(), _reports(lattice, evidence)), True
    if not known:
        return _from_pairs(lattice, counts), False
    reports = _reports(lattice, evidence)
    return _rake(lattice, counts, reports, rounds), True


def _reports(lattice: Lattice, evidence: CaseEvidence) -> Floats:
    """Complaints per pattern (open_shape)."""
    return tally(lattice.locate(evidence.patterns), _weights(evidence), lattice.n_patterns).reshape(lattice.open_shape)


def _trusted(lattice: Lattice, use: Floats, reports: Floats) -> Floats:
    """Use, where counts that leave out a value which complaints name give way to the complaints' own shares of values.

    Otherwise such complaints have no background, and any change of their scope explains them.
    """
    for axis in range(len(lattice.dims)):
        others = tuple(a for a in range(len(lattice.dims)) if a != axis)
        told = reports.sum(axis=others)[:-1]
        share = told / max(told.sum(), 1.0)
        if ((share > NAMED) & (share > UNSEEN * use.sum(axis=others))).any():
            use = np.expand_dims((told + 1.0) / (told + 1.0).sum(), others) * use.sum(axis=axis, keepdims=True)
    return use


def _weights(evidence: CaseEvidence) -> Floats:
    return tally(evidence.cell_pattern, evidence.cell_count, len(evidence.patterns))


def _rake(lattice: Lattice, counts: Floats, reports: Floats, rounds: int) -> Floats:
    """Fit the reported margins in turn; a dimension that no count tells apart takes its margin from the tickets."""
    out = np.full(lattice.shape, 1.0 / np.prod(lattice.shape))
    n = len(lattice.dims)
    tables = []
    for bits in range(1, 2**n):
        known = tuple(a for a in range(n) if bits >> a & 1)
        index = tuple(slice(0, lattice.shape[a]) if a in known else lattice.shape[a] for a in range(n))
        table = counts[index]
        if table.sum() > 0:
            tables.append((known, (table + 1e-6 * table.sum() / table.size) / (table.sum() * (1 + 1e-6))))
    counted = {axis for known, _ in tables for axis in known}
    for axis in set(range(n)) - counted:
        index = tuple(slice(0, lattice.shape[a]) if a == axis else slice(None) for a in range(n))
        told = reports[index].sum(axis=tuple(a for a in range(n) if a != axis)) + 1.0
        tables.append(((axis,), told / told.sum()))
    for _ in range(rounds):
        for known, table in tables:
            others = tuple(a for a in range(n) if a not in known)
            ratio = table / np.maximum(out.sum(axis=others), 1e-300)
            out = out * np.expand_dims(ratio, others)
    return np.asarray(out / out.sum(), dtype=np.float64)


def _from_pairs(lattice: Lattice, counts: Floats, shrink: float = 10.0) -> Floats:
    """Product of the tickets' margins and of pairwise ratios shrunk towards independence."""
    n = len(lattice.dims)

    def table(axes: tuple[int, ...]) -> Floats:
        index = tuple(slice(0, lattice.shape[a]) if a in axes else slice(None) for a in range(n))
        return np.asarray(counts[index].sum(axis=tuple(a for a in range(n) if a not in axes)), dtype=np.float64)

    single = [table((a,)) + 1.0 for a in range(n)]
    margins = [one / one.sum() for one in single]
    out = np.ones(lattice.shape)
    for a in range(n):
        out = out * np.expand_dims(margins[a], tuple(b for b in range(n) if b != a))
        for b in range(a):
            pair = table((b, a))
            expected = pair.sum() * np.outer(margins[b], margins[a])
            ratio = (pair + shrink) / (expected + shrink)
            out = out * np.expand_dims(ratio, tuple(c for c in range(n) if c not in (a, b)))
    return np.asarray(out / out.sum(), dtype=np.float64)
