"""Grouping of points by few features, compiled: split the widest group until there are enough."""

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled


@compiled(reorder=True)
def cluster(features: Floats, weight: Floats, label: Ints, n_labels: int, n_wanted: int) -> Ints:
    """Split the groups of `label` until there are `n_wanted`: always the one with the largest weighted spread.

    A group is cut at its mean along its widest feature. The points are kept in the order of their groups, so that each
    look at a group reads memory in a row.
    """
    n, n_features = features.shape
    order = np.argsort(label, kind="mergesort")
    points = features[order]
    mass = weight[order]
    begin = np.zeros(n_wanted + 1, np.int64)
    stop = np.zeros(n_wanted + 1, np.int64)
    spread = np.zeros(n_wanted + 1)
    axis = np.zeros(n_wanted + 1, np.int64)
    cut = np.zeros(n_wanted + 1)
    first = np.empty(n_features)
    second = np.empty(n_features)
    for i in range(n):
        stop[label[order[i]]] = i + 1
    for g in range(1, n_labels):
        begin[g] = stop[g - 1]
    used = n_labels
    pending = np.arange(n_labels)
    while True:
        for p in range(len(pending)):
            g = int(pending[p])
            total = 1e-300
            first[:] = 0.0
            second[:] = 0.0
            for i in range(begin[g], stop[g]):
                w = mass[i]
                total += w
                row = points[i]
                for f in range(n_features):
                    first[f] += w * row[f]
                    second[f] += w * row[f] * row[f]
            spread[g] = 0.0
            for f in range(n_features):
                square = second[f] - first[f] * first[f] / total
                if square > spread[g]:
                    spread[g] = square
                    axis[g] = f
                    cut[g] = first[f] / total
        if used >= n_wanted:
            break
        top = int(np.argmax(spread[:used]))
        if spread[top] < 1e-9:
            break
        low = begin[top]
        high = stop[top] - 1
        along, at = axis[top], cut[top]
        while low <= high:
            if points[low, along] <= at:
                low += 1
            else:
                order[low], order[high] = order[high], order[low]
                mass[low], mass[high] = mass[high], mass[low]
                for f in range(n_features):
                    points[low, f], points[high, f] = points[high, f], points[low, f]
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
