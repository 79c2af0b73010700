"""Change points against the Turing change point series (van den Burg and Williams 2020, arXiv 2003.06222).

    python benchmarks/change_points.py [FOLDER]

The series lie in ../shared/bench/tcpd of a development checkout. F1 with a margin of five and covering are that
benchmark's own metrics. Settings are the same for all series.

The weights of the five detectors were chosen on these same series, so the figures of that choice flatter. Beside them
stand those of the choice made anew for each series on all others (leave one out), among all weights of a grid, and the
mean over the grid, which no choice enters. The last line is one JSON object; ratios are against "no change points" and
the best published default (F1 0.698, covering 0.672).
"""

import json
import sys
import time
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from incidents.stats.change_points import DETECTORS, change_points, marks, prepared, vote  # noqa: E402
from incidents.stats.segmentation import AUTOREGRESSIVE, LEVEL_AND_SPREAD, MARGINAL, TREND  # noqa: E402

MARGIN = 5
BEST_DEFAULT = {"f1": 0.698, "covering": 0.672}
# Weights that a vote could have been given: two autoregressive detectors and one of each other kind.
GRID = {
    AUTOREGRESSIVE: (4.0, 6.0, 8.0, 10.0),
    TREND: (8.0, 12.0, 16.0),
    MARGINAL: (50.0, 100.0, 200.0, 400.0),
    LEVEL_AND_SPREAD: (4.0, 6.0, 8.0, 12.0),
}
Choice = tuple[tuple[int, float], ...]


def matched(true: set[int], found: set[int]) -> set[int]:
    """Return the true points that a found one lies near, each found one used once."""
    left, hits = set(found), set()
    for t in sorted(true):
        near = sorted((abs(t - x), x) for x in left if abs(t - x) <= MARGIN)
        if near:
            hits.add(t)
            left.remove(near[0][1])
    return hits


def f1(annotations: dict[str, list[int]], found: list[int]) -> float:
    """Precision against the union of the annotators, recall averaged over them; index 0 always counts."""
    per = {who: {*points, 0} for who, points in annotations.items()}
    mine = {*found, 0}
    precision = len(matched(set().union(*per.values()), mine)) / len(mine)
    recall = float(np.mean([len(matched(points, mine)) / len(points) for points in per.values()]))
    return 2 * precision * recall / (precision + recall)


def covering(annotations: dict[str, list[int]], found: list[int], n: int) -> float:
    """Mean over annotators of the best overlap (Jaccard) of each of their segments, weighted by length."""

    def segments(points: list[int]) -> list[tuple[int, int]]:
        edges = [0, *sorted({p for p in points if 0 < p < n}), n]
        return list(pairwise(edges))

    def overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
        both = max(0, min(a[1], b[1]) - max(a[0], b[0]))
        return both / (max(a[1], b[1]) - min(a[0], b[0])) if both else 0.0

    mine = segments(found)
    each = [
        sum((s[1] - s[0]) * max(overlap(s, m) for m in mine) for s in segments(points)) / n
        for points in annotations.values()
    ]
    return float(np.mean(each))


def choices() -> list[Choice]:
    """Return all votes of the grid; the one in use is among them."""
    rest = [[(kind, weight) for weight in GRID[kind]] for kind in (TREND, MARGINAL, LEVEL_AND_SPREAD)]
    two = combinations([(AUTOREGRESSIVE, weight) for weight in GRID[AUTOREGRESSIVE]], 2)
    return [(*pair, *others) for pair in two for others in product(*rest)]


def by_choice(series: list[NDArray[Any]], annotations: list[dict[str, list[int]]]) -> NDArray[Any]:
    """Return F1 and covering of every choice on every series (n_choices, n_series, 2)."""
    out = np.zeros((len(choices()), len(series), 2))
    for s, (values, own) in enumerate(zip(series, annotations, strict=True)):
        known = np.flatnonzero(np.isfinite(values))
        scaled = prepared(np.interp(np.arange(len(values)), known, values[known]))
        assert scaled is not None
        marked = {(kind, w): marks(scaled, kind, w) for kind, weights in GRID.items() for w in weights}
        for c, choice in enumerate(choices()):
            found = [index for index, _ in vote([marked[detector] for detector in choice])]
            out[c, s] = f1(own, found), covering(own, found, len(values))
    return out


def left_out(scores: NDArray[Any]) -> NDArray[Any]:
    """Return mean F1 and covering where each series is read with the choice that is best on all others."""
    merit = scores.mean(2)
    others = merit.sum(1, keepdims=True) - merit
    return np.asarray(scores[others.argmax(0), np.arange(scores.shape[1])].mean(0))


def main() -> int:
    """Run all series and print one line each, then the means."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "bench" / "tcpd"
    if not (folder / "annotations.json").is_file():
        print(f"skipped: no series in {folder}")
        print(json.dumps({"skipped": True}))
        return 0
    annotations = json.loads((folder / "annotations.json").read_text())
    change_points(np.r_[np.zeros(20), np.ones(20)])  # compiled before the clock starts
    scores: list[tuple[float, float, float, float, float]] = []
    kept: list[tuple[NDArray[Any], dict[str, list[int]]]] = []
    for path in sorted(folder.glob("*.json")):
        if path.stem not in annotations:
            continue
        told = json.loads(path.read_text())
        if told["n_dim"] != 1:
            continue
        values = np.array([np.nan if v is None else float(v) for v in told["series"][0]["raw"]])
        started = time.perf_counter()
        found = [point.index for point in change_points(values)]
        seconds = time.perf_counter() - started
        own = annotations[path.stem]
        kept.append((values, own))
        row = (
            f1(own, found), covering(own, found, len(values)), f1(own, []), covering(own, [], len(values)), seconds
        )  # fmt: skip
        scores.append(row)
        print(f"{path.stem:22} F1 {row[0]:.3f}  covering {row[1]:.3f}  {seconds:.3f} s  {found}")
    mean = np.array(scores).mean(0)
    print(f"\n{len(scores)} series: F1 {mean[0]:.3f} covering {mean[1]:.3f}")
    print(f"without any change point: F1 {mean[2]:.3f} covering {mean[3]:.3f}")
    table = by_choice([values for values, _ in kept], [own for _, own in kept])
    honest, unchosen = left_out(table), table.mean((0, 1))
    best = choices()[int(table.mean(2).sum(1).argmax())]
    print(f"choice made without the series it is scored on: F1 {honest[0]:.3f} covering {honest[1]:.3f}")
    print(f"mean of all {len(table)} choices: F1 {unchosen[0]:.3f} covering {unchosen[1]:.3f}")
    print(f"best choice on all: {best}; in use: {DETECTORS}")
    summary = {
        "series": len(scores),
        "f1": round(float(mean[0]), 4),
        "covering": round(float(mean[1]), 4),
        "f1_choice_left_out": round(float(honest[0]), 4),
        "covering_choice_left_out": round(float(honest[1]), 4),
        "f1_mean_of_choices": round(float(unchosen[0]), 4),
        "covering_mean_of_choices": round(float(unchosen[1]), 4),
        "f1_over_best_published_default": round(float(mean[0]) / BEST_DEFAULT["f1"], 4),
        "covering_over_best_published_default": round(float(mean[1]) / BEST_DEFAULT["covering"], 4),
        "f1_over_no_change_points": round(float(mean[0] / mean[2]), 4),
        "seconds_worst": round(float(max(row[4] for row in scores)), 4),
    }
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
