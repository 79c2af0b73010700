"""Grouping of points by few features, compiled: split the widest group until there are enough."""

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled


@compiled
def cluster(features: Floats, weight: Floats, label: Ints, n_labels: int, n_wanted: int) -> Ints:
    """Split the groups of `label` until there are `n_wanted`: always the one with the largest weighted spread."""
    n, n_features = features.shape
    order = np.argsort(label, kind="mergesort")
    begin = np.zeros(n_wanted + 1, np.int64)
    stop = np.zeros(n_wanted + 1, np.int64)
    spread = np.zeros(n_wanted + 1)
    axis = np.zeros(n_wanted + 1, np.int64)
    cut = np.zeros(n_wanted + 1)
    for i in range(n):
        stop[label[order[i]]] = i + 1
    for g in range(1, n_labels):
        begin[g] = stop[g - 1]
    used = n_labels
    pending = np.arange(n_labels)
    while True:
        for p in range(len(pending)):
            g = pending[p]
            total = 0.0
            for i in range(begin[g], stop[g]):
                total += weight[order[i]]
            spread[g] = 0.0
            for f in range(n_features):
                mean = 0.0
                for i in range(begin[g], stop[g]):
                    mean += weight[order[i]] * features[order[i], f]
                mean /= max(total, 1e-300)
                square = 0.0
                for i in range(begin[g], stop[g]):
                    square += weight[order[i]] * (features[order[i], f] - mean) ** 2
                if square > spread[g]:
                    spread[g] = square
                    axis[g] = f
                    cut[g] = mean
        if used >= n_wanted:
            break
        top = int(np.argmax(spread[:used]))
        if spread[top] < 1e-9:
            break
        low = begin[top]
        high = stop[top] - 1
        while low <= high:
            if features[order[low], axis[top]] <= cut[top]:
                low += 1
            else:
                order[low], order[high] = order[high], order[low]
                high -= 1
        if low == begin[top] or low == stop[top]:
            spread[top] = 0.0
            pending = np.zeros(0, np.int64)
            continue
        begin[used] = low
        stop[used] = stop[top]
        stop[top] = low
        pending = np.array([top, used])
        used += 1
    out = np.empty(n, np.int64)
    for g in range(used):
        for i in range(begin[g], stop[g]):
            out[order[i]] = g
    return out
