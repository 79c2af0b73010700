"""What troubles that the published simulator lacks cost the attribution engine.

    make bench NAME=attribution_stress [ARGS="--cases 60 --only edges,scope --write"]

Cases come from benchmarks/simulated, written apart from the published simulator: wrong edges, ramps and scopes in the
log, effects that multiply or saturate, adoption by client version, attributes missing not at random, no counts of use,
days only, events that nobody logged, reverts made because of complaints, few and many complaints. Every trouble meets
the same worlds (the same seeds), so that lines can be compared with the first. A third of the cases have no harmful
change; false alarms are counted on those. `--write` adds the lines to incidents/attribution/accuracy.json. The last
line is one JSON object.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import scoring  # noqa: E402
from benchmarks.simulated import TROUBLES, Trouble, simulate  # noqa: E402
from benchmarks.tables import write_pages  # noqa: E402
from incidents.attribution.version import code_version  # noqa: E402
from incidents.stats.attribution import attribute  # noqa: E402

ACCURACY = ROOT / "incidents" / "attribution" / "accuracy.json"
FIRST_SEED = 9000
COLUMNS = {
    "average_precision": "average precision",
    "precision": "precision",
    "recall_detectable": "recall",
    "coverage_90_harmful": "coverage",
    "none_share_error": "nobody's part",
    "ticket_log_loss": "log loss",
    "twins_named_as_ambiguous": "twins",
    "false_ambiguity": "too wide",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One trouble's figures; `nulls` cases had no harmful change, in `accused` of those one was named."""

    trouble: Trouble
    figures: dict[str, Any]
    bounds: dict[str, list[float]]
    nulls: int
    accused: int


def measure(trouble: Trouble, n_cases: int) -> Line:
    """Draw the cases of one trouble, answer them, compare with the truth."""
    scores = []
    for seed in range(FIRST_SEED, FIRST_SEED + n_cases):
        case = simulate(trouble, seed, n_harmful=0 if seed % 3 == 0 else None)
        began = time.perf_counter()
        found = attribute(case.evidence)
        seconds = time.perf_counter() - began
        scores.append(scoring.score_case(case.truth, scoring.answer_of(case, found, seconds)))
    nulls = [s for s in scores if not s.truth.harmful.any()]
    return Line(
        trouble=trouble,
        figures=scoring.figures(scores),
        bounds=scoring.intervals(scores, list(COLUMNS)),
        nulls=len(nulls),
        accused=sum("contributing" in s.answer.verdict for s in nulls),
    )


def print_line(line: Line) -> None:
    """Print a trouble's figures with their 90 % intervals."""
    cells = []
    for name in COLUMNS:
        value, bounds = line.figures[name], line.bounds.get(name)
        cells.append("" if value is None or bounds is None else f"{value:.2f} [{bounds[0]:.2f} {bounds[1]:.2f}]")
    print(f"{line.trouble.name:60}" + "".join(f"{cell:>18}" for cell in cells), end="")
    print(f"{line.accused:>7} of {line.nulls}", flush=True)


def write(lines: list[Line], n_cases: int) -> None:
    """Add the lines to the file that the accuracy page shows."""
    content = json.loads(ACCURACY.read_text(encoding="utf-8"))
    content["troubles"] = {
        "engine": code_version(),
        "cases": n_cases,
        "lines": [
            {
                "key": line.trouble.key,
                "name": line.trouble.name,
                "figures": {name: round(v, 4) for name in COLUMNS if (v := line.figures[name]) is not None},
                "intervals": line.bounds,
                "null_cases": line.nulls,
                "null_accused": line.accused,
            }
            for line in lines
        ],
    }
    ACCURACY.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("written:", ACCURACY.relative_to(ROOT), *(path.relative_to(ROOT) for path in write_pages(content)))


def main() -> int:
    """Measure the troubles and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60, help="cases per trouble")
    parser.add_argument("--only", default="", help="keys of troubles, with commas")
    parser.add_argument("--write", action="store_true", help="add the lines to incidents/attribution/accuracy.json")
    chosen = parser.parse_args()
    wanted = [t for t in TROUBLES if not chosen.only or t.key in chosen.only.split(",")]
    attribute(simulate(TROUBLES[0], 1).evidence)  # compiled before the clock starts
    print(
        f"{chosen.cases} cases each\n{'':60}" + "".join(f"{name:>18}" for name in COLUMNS.values()) + "  false alarms"
    )
    began, lines = time.process_time(), []
    for trouble in wanted:
        lines.append(measure(trouble, chosen.cases))
        print_line(lines[-1])
    print(f"{time.process_time() - began:.0f} s computing")
    if chosen.write:
        write(lines, chosen.cases)
    summary = {
        line.trouble.key: {name: round(v, 4) for name in COLUMNS if (v := line.figures[name]) is not None}
        | {"null_cases": line.nulls, "null_accused": line.accused}
        for line in lines
    }
    print(json.dumps({"cases": chosen.cases, "troubles": summary}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
