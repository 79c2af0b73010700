"""Attribution on simulated incidents with known truth, beside the rules and textbook models it has to beat.

    make bench NAME=attribution [ARGS="--seeds 1000:1240 --nulls 300 --engine-only --write"]

Cases are made by ../shared/bench/attribution of a development checkout; the engine reads each bundle and answers as
`manage.py attribute CASE --json --tickets` does, all in this process. The figures are those of its score.py. `--nulls`
makes so many more cases without any harmful change and counts those in which a change is named. `--write` puts the
figures, with intervals over cases drawn again, into incidents/attribution/accuracy.json, which the page "How good is
the attribution?" shows. The last line is score.py's JSON object, with the false alarms added.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

# One core, also for the linear algebra: times are those of one core. Read when NumPy is loaded, so set before.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import published, scoring  # noqa: E402
from benchmarks.baselines import BASELINES, answer  # noqa: E402
from benchmarks.tables import GOALS, write_pages  # noqa: E402
from incidents.attribution.bundles.evidence import read_bundle  # noqa: E402
from incidents.attribution.result import result_object  # noqa: E402
from incidents.attribution.version import code_version  # noqa: E402
from incidents.stats.attribution import attribute  # noqa: E402

ACCURACY = ROOT / "incidents" / "attribution" / "accuracy.json"
NULLS_FROM = 5000  # seeds of the cases without harmful changes
SHOWN = [name for name in GOALS if not name.startswith("seconds")]


@dataclass
class Measured:
    """Scores of all methods, and the engine's printed results."""

    scores: dict[str, list[scoring.CaseScore]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def run(cases: Sequence[Path], *, baselines: bool, keep_lines: bool = True) -> Measured:
    """Answer all cases by all methods."""
    out = Measured()
    for number, path in enumerate(cases, 1):
        began = time.perf_counter()
        bundle = read_bundle(path)
        found = attribute(bundle.evidence)
        seconds = time.perf_counter() - began
        truth = scoring.truth_of(published.truth(path), bundle.ticket_ids)
        own = scoring.answer_of(bundle, found, seconds)
        out.scores.setdefault("Engine", []).append(scoring.score_case(truth, own))
        if keep_lines:
            told = result_object(case=str(path), seconds=seconds, bundle=bundle, found=found, tickets=True)
            out.lines.append(orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY).decode())
        for name, rule in BASELINES.items() if baselines else ():
            began = time.perf_counter()
            claims = rule(bundle.evidence)
            said = answer(bundle, claims, time.perf_counter() - began)
            out.scores.setdefault(name, []).append(scoring.score_case(truth, said))
        if number % 40 == 0:
            print(f"  {number} of {len(cases)} cases", file=sys.stderr, flush=True)
    return out


def null_figures(bench: Path, home: Path, n: int, *, baselines: bool) -> dict[str, dict[str, float]]:
    """Return, per method, the share of cases without a harmful change that name one, and that name a set."""
    cases = published.make(bench, home / "nulls", range(NULLS_FROM, NULLS_FROM + n), n_harm=0)
    measured = run(cases, baselines=baselines, keep_lines=False)

    def share(scores: list[scoring.CaseScore], verdict: str) -> float:
        return sum(verdict in s.answer.verdict for s in scores) / len(scores)

    return {
        name: {
            "null_cases": len(scores),
            "null_false_alarms": share(scores, "contributing"),
            "null_sets": share(scores, "ambiguous"),
        }
        for name, scores in measured.scores.items()
    }


def wilson(share: float, n: int, z: float = 1.645) -> list[float]:
    """Return the 90 % interval of a share of n (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [round(max(middle - half, 0.0), 4), round(min(middle + half, 1.0), 4)]


def print_table(table: dict[str, dict[str, Any]], bounds: dict[str, list[float]]) -> None:
    """Print the figures of all methods beside the prototype's and the goals."""
    names = list(table)
    print(f"{'':38}{'Engine':>8}{'90 % interval':>17}{'prototype':>11}{'goal':>14}", end="")
    print("".join(f"{name.split()[0]:>16}" for name in names[1:]))

    def text(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    for name, (before, goal, _) in GOALS.items():
        low, high = bounds.get(name, ["", ""])
        span = f"[{low:.3f} {high:.3f}]" if isinstance(low, float) and isinstance(high, float) else ""
        print(f"{name:38}{text(table['Engine'].get(name)):>8}{span:>17}{text(before):>11}{goal:>14}", end="")
        print("".join(f"{text(table[other].get(name)):>16}" for other in names[1:]))


def agree(own: dict[str, Any], official: dict[str, Any]) -> None:
    """Stop where the figures from arrays and those of score.py differ."""
    for name, value in official.items():
        mine = own.get(name)
        if mine is None or value is None or name.startswith("seconds"):
            continue
        if not math.isclose(mine, value, rel_tol=1e-3, abs_tol=5e-4):
            raise SystemExit(f"{name}: {mine} here, {value} by score.py; the definitions have drifted apart.")


def write(measured: Measured, table: dict[str, dict[str, Any]], bounds: dict[str, list[float]], told: str) -> None:
    """Write what the accuracy page shows."""

    def rounded(figures: dict[str, Any]) -> dict[str, Any]:
        wanted = ["cases", "changes", "null_cases", "null_sets", "oracle_log_loss", *SHOWN]
        values = {name: figures.get(name) for name in wanted}
        return {n: round(v, 4) if isinstance(v, float) else v for n, v in values.items() if v is not None}

    kept = json.loads(ACCURACY.read_text(encoding="utf-8")) if ACCURACY.exists() else {}
    content: dict[str, Any] = {
        "engine": code_version(),
        "measured_on": datetime.now(UTC).date().isoformat(),
        "data": told,
        "figures": rounded(table["Engine"]),
        "intervals": {name: bounds[name] for name in SHOWN if name in bounds},
        "baselines": [{"name": name, "figures": rounded(table[name])} for name in table if name != "Engine"]
        or (kept["baselines"] if kept.get("data") == told else []),
        "calibration": scoring.calibration(measured.scores["Engine"]),
    }
    if "troubles" in kept:
        content["troubles"] = kept["troubles"]
    ACCURACY.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("written:", ACCURACY.relative_to(ROOT), *(path.relative_to(ROOT) for path in write_pages(content)))


def seeds_of(text: str) -> range:
    """Read first:last, the last one excluded."""
    first, last = map(int, text.split(":"))
    return range(first, last)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1000:1240"), help="first:last (last excluded)")
    parser.add_argument("--nulls", type=int, default=300, help="cases without a harmful change to add")
    parser.add_argument("--engine-only", action="store_true", help="leave the baselines out; --write keeps theirs")
    parser.add_argument("--cases", type=Path, help="folder that keeps the cases for the next time")
    parser.add_argument("--write", action="store_true", help="write incidents/attribution/accuracy.json")
    return parser.parse_args()


def main() -> int:
    """Make the cases, run all methods, print the table and the summary."""
    chosen = options()
    bench = published.folder()
    if bench is None:
        print(f"skipped: no simulator in {published.BENCH}; it lies beside a development checkout, as ../shared.")
        print(json.dumps({"skipped": True}))
        return 0
    began = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        home = chosen.cases or Path(scratch)
        cases = published.make(bench, home / f"{chosen.seeds.start}-{chosen.seeds.stop}", chosen.seeds)
        attribute(read_bundle(cases[0]).evidence)  # compiled before the clock starts
        measured = run(cases, baselines=not chosen.engine_only)
        official = published.official_figures(bench, cases[0].parent, measured.lines)
        nulls = null_figures(bench, home, chosen.nulls, baselines=not chosen.engine_only) if chosen.nulls else {}
    table: dict[str, dict[str, Any]] = {
        name: scoring.figures(scores) | nulls.get(name, {}) for name, scores in measured.scores.items()
    }
    agree(table["Engine"], official)
    bounds = scoring.intervals(measured.scores["Engine"], SHOWN)
    if chosen.nulls:
        bounds["null_false_alarms"] = wilson(table["Engine"]["null_false_alarms"], chosen.nulls)
    print_table(table, bounds)
    print("said -> came true (changes): " + ", ".join(
        f"{said:.2f} -> {was:.2f} ({n})" for said, was, n in scoring.calibration(measured.scores["Engine"])
    ))  # fmt: skip
    wall, used = time.perf_counter() - began[0], time.process_time() - began[1]
    print(f"{len(cases)} cases and {chosen.nulls} without harm; {wall:.0f} s, of which {used:.0f} s computing")
    if chosen.write:
        told = f"simulated incidents, seeds {chosen.seeds.start} to {chosen.seeds.stop - 1}"
        write(measured, table, bounds, told)
    summary = official | nulls.get("Engine", {})
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in summary.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
