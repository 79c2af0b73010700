"""Background fitting and counting in plain NumPy, written apart from the compiled passes that they check."""

import numpy as np

Floats = np.ndarray


def proportional(
    *, counts: Floats, background: Floats, usage: Floats, level_of: Floats, mass: Floats, start: dict[str, Floats],
    priors: tuple[float, float, float],
) -> dict[str, Floats]:  # fmt: skip
    """One round of shrunk proportional fitting: level, then each dimension's factors and mixes, then segments."""
    segment_prior, level_prior, mix_prior = priors
    level = (counts.sum(0) + 0.3) / (mass * background.sum(0) / start["level"] + 1e-9)
    work = background * (level / start["level"])
    main, mixed = start["main"].copy(), start["mixed"].copy()
    widest = main.shape[1]
    for a in range(len(main)):
        member = np.eye(widest)[level_of[a]].T  # (widest, S)
        seen, expected = member @ counts, member @ work * mass
        factor = (seen.sum(1) + level_prior) / (expected.sum(1) / main[a] + level_prior)
        step = factor / main[a]
        twist = (seen + mix_prior) / (expected * step[:, None] / mixed[a] + mix_prior)
        work = work * (step[:, None] * twist / mixed[a])[level_of[a]]
        main[a], mixed[a] = factor, twist
    segment = (counts.sum(1) + segment_prior) / ((work * mass).sum(1) / start["segment"] + segment_prior)
    out = (usage * segment)[:, None] * level
    for a in range(len(main)):
        out = out * main[a][level_of[a]][:, None] * mixed[a][level_of[a]]
    return {"background": out, "level": level, "segment": segment, "main": main, "mixed": mixed}


def share_out(
    *, count: Floats, group: Floats, row: Floats, mix: Floats, ratio: Floats, curve: Floats, theta: Floats
) -> tuple[Floats, Floats]:
    """Each cell's count owned by the background (N,) and by each effect (E, N); `group` (N,) block x K + symptom."""
    k = theta.shape[1]
    part = theta[:, group % k] * ratio[:, row] * curve
    total = mix[group] + part.sum(0)
    return count * mix[group] / total, count * part / total
