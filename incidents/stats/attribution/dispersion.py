"""How much more the mix of complaints varies from block to block than chance allows."""

import numpy as np

from incidents.stats.attribution.evidence import Floats

TRIMMED = 0.873  # mean of a chi-square with one degree of freedom without its largest 2 %
LEAST, MOST = 1e-4, 0.5  # bounds of the dispersions


def mix_variance(table: Floats, drift: Floats | None = None, *, trim: float = 0.02, prior: float = 0.003) -> float:
    """Variance of log shares between blocks beyond multinomial, by moments, the largest residuals left out; shrunk."""
    total = table.sum()
    if total <= 0 or table.shape[1] < 2:
        return prior
    size = table.sum(1, keepdims=True)
    if drift is None:
        share = np.broadcast_to(table.sum(0) / total, table.shape)
    else:
        level = table.sum(0) / np.maximum((size * drift).sum(0), 1e-9)
        share = level * drift
        share = share / np.maximum(share.sum(1, keepdims=True), 1e-12)
    expected = size * share
    squared = (table - expected) ** 2
    excess = squared - expected * (1 - share)
    scaled = (excess / np.maximum(expected, 1e-9)).ravel()
    keep = np.ones(len(scaled), bool)
    drop = int(trim * len(scaled))
    if drop:
        keep[np.argpartition(scaled, -drop)[-drop:]] = False
        excess = squared / TRIMMED - expected * (1 - share)
    square = (expected.ravel()[keep] ** 2).sum()
    noise = 2.0 * (expected.ravel()[keep] * (1 - share.ravel()[keep])) ** 2
    scale = np.sqrt(noise.sum()) / max(square, 1e-9)  # standard error of the moment estimate
    raw = float(excess.ravel()[keep].sum() / max(square, 1e-9))
    precision = 1.0 / max(scale, 1e-6) ** 2
    prior_precision = 1.0 / (2 * prior) ** 2
    return float(np.clip((raw * precision + prior * prior_precision) / (precision + prior_precision), LEAST, MOST))
