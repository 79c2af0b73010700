"""Weighted counting, typed."""

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints


def tally(index: Ints, weights: Floats, size: int) -> Floats:
    """Sum `weights` by `index` into an array of at least `size`."""
    return np.asarray(np.bincount(index, weights=weights, minlength=size), dtype=np.float64)
