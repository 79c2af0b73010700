"""Attribution on simulated incidents with known truth, beside the rules of thumb it has to beat.

    python benchmarks/attribution.py [--seeds 1000:1240] [--jobs 1] [--keep FOLDER]

Cases are made by ../shared/bench/attribution of a development checkout and scored by its score.py. The engine runs as
users run it: `manage.py attribute CASE … --json --tickets`, reading included. Baselines: complaints in scope before
against after each change, and the nearest preceding change. The last line is one JSON object: the engine's figures, and
its ratios against the better baseline.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from incidents.attribution.bundles.evidence import BundleCase, read_bundle  # noqa: E402

BENCH = ROOT.parent / "shared" / "bench" / "attribution"
SHOWN = (
    "average_precision", "precision", "recall_detectable", "f1", "top1", "ticket_log_loss", "ticket_brier",
    "ticket_accuracy", "coverage_90_harmful", "coverage_90_all", "interval_width_share", "share_error_harmful",
    "none_share_error", "twins_named_as_ambiguous", "false_ambiguity", "named_sets_that_hold_a_harmful_change",
    "calibration_error", "seconds_mean", "seconds_p95",
)  # fmt: skip
BEFORE_HOURS, SHOW_HOURS = 168.0, 72.0
RATIO, DEVIATIONS = 1.3, 3.0


def python(*arguments: object) -> str:
    """Run this interpreter and return what it prints."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments[:3]))} failed: {done.stderr[-2000:]}")
    return done.stdout


def in_scope(case: BundleCase) -> tuple[np.ndarray, np.ndarray]:
    """Return per cell its hour and, per change, whether nothing it reports contradicts the scope."""
    evidence = case.evidence
    hours = 0.5 * (evidence.edges[:-1] + evidence.edges[1:])[evidence.cell_bin]
    inside = np.ones((len(evidence.changes), len(hours)), bool)
    for j, change in enumerate(evidence.changes):
        for dim, values in change.scope:
            told = evidence.patterns[evidence.cell_pattern, dim]
            inside[j] &= (told < 0) | np.isin(told, values)
    return hours, inside


def answer(case: BundleCase, path: Path, score: np.ndarray, excess: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    """Put a rule's result into the form that the scorer reads; `weight` (J, n_cells) claims, at most 1 in all."""
    named = excess > 0
    claimed = np.clip(weight * named[:, None], 0, 0.97)
    none = np.prod(1 - claimed, axis=0)
    share = claimed / np.maximum(claimed.sum(0), 1e-12) * (1 - none)
    table = np.zeros((len(case.ticket_ids), len(named)))
    np.add.at(table, case.label_ticket, (share[:, case.label_cell] * case.label_weight).T)
    keys = [change.key for change in case.evidence.changes]
    error = 1.645 * np.sqrt(np.maximum(excess, 1))
    return {
        "case": str(path),
        "seconds": 0.0,
        "changes": [
            {
                "id": key,
                "probability": float(1 / (1 + np.exp(-score[j] / 2))),
                "verdict": "contributing" if named[j] else "not supported",
                "excess": {
                    "estimate": float(excess[j]),
                    "low": float(max(excess[j] - error[j], 0)) if named[j] else 0.0,
                    "high": float(excess[j] + error[j]) if named[j] else 0.0,
                },
                "indistinguishable_from": [],
            }
            for j, key in enumerate(keys)
        ],
        "tickets": [
            {"id": ticket, "probabilities": dict(zip(keys, row.tolist(), strict=True)) | {"none": 1 - float(row.sum())}}
            for ticket, row in zip(case.ticket_ids, table, strict=True)
        ],
    }


def before_after(case: BundleCase, path: Path) -> dict[str, Any]:
    """Complaints in scope in the week before a change against those after it."""
    hours, inside = in_scope(case)
    count, end = case.evidence.cell_count, float(case.evidence.edges[-1])
    n = len(case.evidence.changes)
    score, excess, weight = np.zeros(n), np.zeros(n), np.zeros((n, len(hours)))
    for j, change in enumerate(case.evidence.changes):
        stop = change.ended if change.ended is not None else end
        back = min(BEFORE_HOURS, max(change.started, 1.0))
        ahead = max(min(BEFORE_HOURS, end - change.started, max(stop - change.started, 24.0)), 1.0)
        before = count[inside[j] & (hours < change.started) & (hours >= change.started - back)].sum() * ahead / back
        after = count[inside[j] & (hours >= change.started) & (hours < change.started + ahead)].sum()
        score[j] = (after - before) / np.sqrt(after + before * ahead / back + 1)
        ratio = (after + 0.5) / (before + 0.5)
        active = inside[j] & (hours >= change.started) & (hours < stop + SHOW_HOURS)
        if ratio > RATIO and score[j] > DEVIATIONS:
            length = min(stop + SHOW_HOURS, end) - change.started
            excess[j] = max(float(count[active].sum() - before / ahead * length), 0.0)
        weight[j] = active * max(0.0, 1 - 1 / ratio)
    return answer(case, path, score, excess, weight)


def nearest(case: BundleCase, path: Path) -> dict[str, Any]:
    """Every complaint belongs to the nearest preceding change of its scope, if complaints rose at all."""
    hours, inside = in_scope(case)
    count = case.evidence.cell_count
    started = np.array([change.started for change in case.evidence.changes])
    gap = hours - started[:, None] if len(started) else np.zeros((0, len(hours)))
    open_to = inside & (gap >= 0) & (gap < BEFORE_HOURS)
    owner = np.where(open_to.any(0), np.where(open_to, gap, np.inf).argmin(0), -1) if len(started) else -1
    n = len(started)
    score, excess, weight = np.zeros(n), np.zeros(n), np.zeros((n, len(hours)))
    for j in range(n):
        after = count[inside[j] & (gap[j] >= 0) & (gap[j] < SHOW_HOURS)].sum()
        before = count[inside[j] & (gap[j] < 0) & (gap[j] >= -SHOW_HOURS)].sum()
        score[j] = (after - before) / np.sqrt(after + before + 1)
        if after > 1.5 * before and score[j] > DEVIATIONS:
            excess[j] = float(count[owner == j].sum())
        weight[j] = 0.9 * (owner == j)
    return answer(case, path, score, excess, weight)


def run_engine(cases: list[Path], jobs: int) -> Iterator[str]:
    """Run the command over the cases in a few processes."""
    parts = [cases[k::jobs] for k in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda own: python("manage.py", "attribute", *own, "--json", "--tickets"), parts)


def scored(home: Path, lines: str, name: str) -> dict[str, Any]:
    """Score one method's results."""
    results = home / f"{name}.jsonl"
    results.write_text(lines)
    found: dict[str, Any] = json.loads(python(BENCH / "score.py", home, results, "--json"))
    return found


def main() -> int:
    """Make the cases, run all methods, print the table and the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1000:1240")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if not (BENCH / "make_cases.py").is_file():
        print(f"skipped: no simulator in {BENCH}")
        print(json.dumps({"skipped": True}))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        home = options.keep or Path(scratch)
        python(BENCH / "make_cases.py", home, "--seeds", options.seeds)
        first, last = map(int, options.seeds.split(":"))
        cases = [home / str(seed) for seed in range(first, last)]
        python("manage.py", "attribute", cases[0], "--json")  # compiled before the clock starts
        started = time.perf_counter()
        table = {"engine": scored(home, "".join(run_engine(cases, options.jobs)), "engine")}
        wall = time.perf_counter() - started
        for name, rule in (("before and after", before_after), ("nearest change", nearest)):
            lines = "\n".join(json.dumps(rule(read_bundle(path), path)) for path in cases)
            table[name] = scored(home, lines, name.replace(" ", "-"))
    print(f"{len(cases)} cases, {wall:.0f} s\n{'':40}" + "".join(f"{name:>18}" for name in table))
    for figure in SHOWN:
        row = [table[name].get(figure) for name in table]
        print(f"{figure:40}" + "".join(f"{'' if v is None else format(v, '.3f'):>18}" for v in row))
    engine, others = table["engine"], [table[name] for name in table if name != "engine"]
    summary = {figure: engine.get(figure) for figure in SHOWN} | {
        "oracle_log_loss": engine["oracle_log_loss"],
        "average_precision_over_best_baseline": engine["average_precision"]
        / max(other["average_precision"] for other in others),
        "log_loss_over_best_baseline": engine["ticket_log_loss"] / min(other["ticket_log_loss"] for other in others),
    }
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in summary.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
