"""Compiled passes that merge cells, and that share each cell's count out between background and effects."""

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled

TINY = 1e-300


@compiled(reorder=True)
def merge(
    pointer: Ints, time: Ints, count: Floats, rank: Ints, row_of_symptom: Ints, time_of_block: Ints
) -> tuple[Floats, Ints, Ints, Ints, Ints, Ints]:
    """Add up counts by row and time, and list what is there by block, symptom, row and time.

    `pointer` (S + 1,) where the counts of each kind of report and symptom begin in `time` and `count`; `rank` (S,) row
    of each, rows being numbered by symptom; `row_of_symptom` (K + 1,) and `time_of_block` (D + 1,) where each begins.
    Returns count, time and row of the cells, then number (block x K + symptom), first cell and size of the groups.
    """
    n_rows, n_times = row_of_symptom[-1], time_of_block[-1]
    k, n_blocks = len(row_of_symptom) - 1, len(time_of_block) - 1
    table = np.zeros((n_rows, n_times))
    for s in range(len(rank)):
        row = table[rank[s]]
        for i in range(pointer[s], pointer[s + 1]):
            row[time[i]] += count[i]
    n = 0
    for r in range(n_rows):
        for t in range(n_times):
            n += table[r, t] > 0.0
    out = np.empty(n)
    out_time = np.empty(n, np.int64)
    out_row = np.empty(n, np.int64)
    group = np.empty(n_blocks * k, np.int64)
    start = np.empty(n_blocks * k, np.int64)
    size = np.empty(n_blocks * k, np.int64)
    n, n_groups = 0, 0
    for d in range(n_blocks):
        for y in range(k):
            first = n
            for r in range(row_of_symptom[y], row_of_symptom[y + 1]):
                for t in range(time_of_block[d], time_of_block[d + 1]):
                    if table[r, t] > 0.0:
                        out[n], out_time[n], out_row[n] = table[r, t], t, r
                        n += 1
            if n > first:
                group[n_groups], start[n_groups], size[n_groups] = d * k + y, first, n - first
                n_groups += 1
    return out, out_time, out_row, group[:n_groups], start[:n_groups], size[:n_groups]


@compiled(reorder=True)
def products(ratio: Floats, row: Ints, curve: Floats, time: Ints) -> Floats:
    """Return ratio[row] x curve[time] (N,)."""
    out = np.empty(len(row))
    for i in range(len(row)):
        out[i] = ratio[row[i]] * curve[time[i]]
    return out


@compiled(reorder=True)
def share_out(
    count: Floats, group: Ints, start: Ints, size: Ints, row: Ints, n_rows: int, mix: Floats, ratio: Floats,
    curve: Floats, theta: Floats, owned: Floats,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Share counts out: `mix` (D * K,) the background's, `theta` (E, K) the effects' heights.

    `ratio` (E, rows) times `curve` (E, N) is an effect at height 1 over the background. Fills `owned` (N,) with the
    background's part; returns its sums by group number and by row, and the effects' (E, K).
    """
    n_effects, k = theta.shape
    by_group = np.zeros(len(mix))
    by_row = np.zeros(n_rows)
    by_effect = np.zeros((n_effects, k))
    part = np.empty(n_effects)
    for g in range(len(group)):
        own = mix[group[g]]
        y = group[g] % k
        total = 0.0
        for i in range(start[g], start[g] + size[g]):
            rate = own + TINY
            for e in range(n_effects):
                part[e] = theta[e, y] * ratio[e, row[i]] * curve[e, i]
                rate += part[e]
            scale = count[i] / rate
            owned[i] = scale * own
            total += owned[i]
            by_row[row[i]] += owned[i]
            for e in range(n_effects):
                by_effect[e, y] += scale * part[e]
        by_group[group[g]] = total
    return by_group, by_row, by_effect


@compiled(reorder=True)
def add_scaled(total: Floats, column: Floats, height: Floats, group: Ints, start: Ints, size: Ints) -> None:
    """Add a column (N,) times each group's height (D * K,) to `total` (N,)."""
    for g in range(len(group)):
        into, own, by = total[start[g] : start[g] + size[g]], column[start[g] : start[g] + size[g]], height[group[g]]
        for i in range(len(into)):
            into[i] += by * own[i]


@compiled(reorder=True)
def project(
    owned: Floats, group: Ints, start: Ints, size: Ints, kind: Ints, held: Floats, n_groups: int
) -> Floats:  # fmt: skip
    """Sum what cells hold (N,) times what their kinds have of each column of `held` (Q, A), by group (n_groups, A)."""
    n_columns = held.shape[1]
    out = np.zeros((n_groups, n_columns))
    for g in range(len(group)):
        into = out[group[g]]
        for i in range(start[g], start[g] + size[g]):
            own, by = held[kind[i]], owned[i]
            for a in range(n_columns):
                into[a] += by * own[a]
    return out


@compiled
def by_kind(
    owned: Floats, step: Ints, symptom: Ints, kind: Ints, start: int, stop: int, n_symptoms: int, n_kinds: int
) -> Floats:  # fmt: skip
    """Sum what cells of the steps from `start` to before `stop` hold, by symptom and kind (K, Q)."""
    out = np.zeros((n_symptoms, n_kinds))
    for i in range(len(owned)):
        if start <= step[i] < stop:
            out[symptom[i], kind[i]] += owned[i]
    return out


@compiled
def by_step(
    owned: Floats, step: Ints, symptom: Ints, kind: Ints, held: Floats, start: int, stop: int, n_symptoms: int
) -> Floats:  # fmt: skip
    """Sum what cells hold times what their kinds have of a scope, `held` (Q,), by step from `start` and symptom."""
    out = np.zeros((stop - start, n_symptoms))
    for i in range(len(owned)):
        if start <= step[i] < stop:
            out[step[i] - start, symptom[i]] += owned[i] * held[kind[i]]
    return out


@compiled
def by_level(kind: Ints, block: Ints, owned: Floats, level: Ints, n_blocks: int, widest: int) -> Floats:
    """Sum what cells hold by block and by the level of each dimension, `level` (A, Q) (A, D, widest)."""
    n_axes = len(level)
    out = np.zeros((n_axes, n_blocks, widest))
    for i in range(len(kind)):
        for a in range(n_axes):
            out[a, block[i], level[a, kind[i]]] += owned[i]
    return out


@compiled
def by_level_merged(
    pointer: Ints, time: Ints, count: Floats, rank: Ints, share: Floats, level: Ints, block_of_time: Ints, widest: int
) -> Floats:
    """Sum as `by_level` does where cells are merged: `share` (rows, times) is what each holds of its counts."""
    n_axes, n_kinds = level.shape
    k = len(rank) // max(n_kinds, 1)
    out = np.zeros((n_axes, block_of_time[-1] + 1, widest))
    for s in range(len(rank)):
        row = share[rank[s]]
        own = level[:, s // k]
        for i in range(pointer[s], pointer[s + 1]):
            held = count[i] * row[time[i]]
            block = block_of_time[time[i]]
            for a in range(n_axes):
                out[a, block, own[a]] += held
    return out


@compiled(reorder=True)
def proportional(
    counts: Floats, background: Floats, usage: Floats, level_of: Ints, mass: Floats, level: Floats, segment: Floats,
    main: Floats, mixed: Floats, priors: tuple[float, float, float],
) -> tuple[Floats, Floats, Floats, Floats, Floats]:  # fmt: skip
    """One round of shrunk proportional fitting over flat segments (S, K).

    `level_of` (A, S) level of each segment in each dimension; `main` (A, widest) and `mixed` (A, widest, K) its
    factors; `priors` pseudo-counts of a segment's factor, a level's, and a level's mix. Returns background, level,
    segment, main and mixed anew.
    """
    n_segments, k = counts.shape
    n_axes, widest = main.shape
    level, segment, main, mixed = level.copy(), segment.copy(), main.copy(), mixed.copy()
    work = background.copy()
    total = np.zeros(k)
    expected = np.zeros(k)
    for s in range(n_segments):
        for y in range(k):
            total[y] += counts[s, y]
            expected[y] += work[s, y]
    for y in range(k):
        old = max(level[y], TINY)
        level[y] = (total[y] + 0.3) / (mass[y] * expected[y] / old + 1e-9)
        for s in range(n_segments):
            work[s, y] *= level[y] / old
    for a in range(n_axes):
        seen = np.zeros((widest, k))
        wanted = np.zeros((widest, k))
        for s in range(n_segments):
            at = level_of[a, s]
            for y in range(k):
                seen[at, y] += counts[s, y]
                wanted[at, y] += work[s, y] * mass[y]
        step = np.ones((widest, k))
        for at in range(widest):
            factor = (seen[at].sum() + priors[1]) / (wanted[at].sum() / main[a, at] + priors[1])
            change = factor / main[a, at]
            main[a, at] = factor
            for y in range(k):
                twist = (seen[at, y] + priors[2]) / (wanted[at, y] * change / mixed[a, at, y] + priors[2])
                step[at, y] = change * twist / mixed[a, at, y]
                mixed[a, at, y] = twist
        for s in range(n_segments):
            for y in range(k):
                work[s, y] *= step[level_of[a, s], y]
    for s in range(n_segments):
        found, wish = 0.0, 0.0
        for y in range(k):
            found += counts[s, y]
            wish += work[s, y] * mass[y]
        segment[s] = (found + priors[0]) / (wish / segment[s] + priors[0])
        held = usage[s] * segment[s]
        for a in range(n_axes):
            held *= main[a, level_of[a, s]]
        for y in range(k):
            work[s, y] = held * level[y]
            for a in range(n_axes):
                work[s, y] *= mixed[a, level_of[a, s], y]
    return work, level, segment, main, mixed


@compiled(reorder=True)
def open_axes(values: Floats, sizes: Ints) -> Floats:
    """Append to each axis in turn the sum over it: (product of n, K) to (product of n + 1, K), `sizes` n (A,)."""
    n_segments, k = values.shape
    out = values.ravel().copy()
    before, after = 1, n_segments * k
    for n in sizes:
        after //= n
        last = np.empty(before * (n + 1) * after)
        for b in range(before):
            total = last[(b * (n + 1) + n) * after : (b + 1) * (n + 1) * after]
            total[:] = 0.0
            for i in range(n):
                from_ = out[(b * n + i) * after : (b * n + i + 1) * after]
                into = last[(b * (n + 1) + i) * after : (b * (n + 1) + i + 1) * after]
                for c in range(after):
                    into[c] = from_[c]
                    total[c] += from_[c]
        out = last
        before *= n + 1
    return out.reshape(-1, k)


@compiled(reorder=True)
def close_axes(values: Floats, sizes: Ints) -> Floats:
    """Transpose of `open_axes`: along each axis in turn, add the last entry to the others."""
    n_patterns, k = values.shape
    out = values.ravel().copy()
    before, after = 1, n_patterns * k
    for n in sizes:
        after //= n + 1
        last = np.empty(before * n * after)
        for b in range(before):
            total = out[(b * (n + 1) + n) * after : (b + 1) * (n + 1) * after]
            for i in range(n):
                from_ = out[(b * (n + 1) + i) * after : (b * (n + 1) + i + 1) * after]
                into = last[(b * n + i) * after : (b * n + i + 1) * after]
                for c in range(after):
                    into[c] = from_[c] + total[c]
        out = last
        before *= n
    return out.reshape(-1, k)
