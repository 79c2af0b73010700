"""Tables of figures in the documentation, from what the benchmarks wrote to incidents/attribution/accuracy.json.

python benchmarks/tables.py        writes them anew
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "statistics"
ACCURACY = ROOT / "incidents" / "attribution" / "accuracy.json"
# figure: (the laboratory prototype's, the goal, whether more is better); None: not told
GOALS: dict[str, tuple[float | None, str, bool | None]] = {
    "average_precision": (0.84, ">= 0.90", True),
    "precision": (0.96, ">= 0.97", True),
    "recall_detectable": (0.85, ">= 0.92", True),
    "f1": (None, "", True),
    "top1": (0.84, ">= 0.90", True),
    "ticket_log_loss": (0.216, "<= 0.190", False),
    "ticket_brier": (0.111, "<= 0.103", False),
    "ticket_accuracy": (0.924, ">= 0.929", True),
    "coverage_90_declared": (0.95, "0.88 to 0.93", None),
    "coverage_90_harmful": (0.96, "0.88 to 0.93", None),
    "coverage_90_all": (None, "", None),
    "relative_width_declared": (0.75, "<= 0.60", False),
    "relative_error_declared": (0.13, "<= 0.10", False),
    "interval_width_share": (None, "", None),
    "share_error_harmful": (0.018, "", False),
    "none_share_error": (0.020, "<= 0.015", False),
    "twins_named_as_ambiguous": (0.94, ">= 0.97", True),
    "false_ambiguity": (0.10, "<= 0.06", False),
    "named_sets_that_hold_a_harmful_change": (0.96, "", True),
    "calibration_error": (None, "", False),
    "null_false_alarms": (0.0, "<= 0.01", False),
    "seconds_mean": (0.245, "", False),
    "seconds_p95": (0.68, "", False),
}
TROUBLED = {
    "average_precision": "average precision",
    "precision": "precision",
    "recall_detectable": "recall",
    "coverage_90_harmful": "coverage",
    "none_share_error": "nobody's part",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_block(path: Path, name: str, text: str) -> Path:
    """Put the text between the marks `<!-- name -->` and `<!-- /name -->`; raises ValueError where they lack."""
    told = path.read_text(encoding="utf-8")
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, mark, rest = told.partition(first)
    _, end, after = rest.partition(last)
    if not mark or not end:
        raise ValueError(f"{path}: no block {first.strip()} … {last}")
    path.write_text(before + first + text.strip() + "\n" + end + after, encoding="utf-8")
    return path


def with_bounds(value: float | None, bounds: Sequence[float] | None = None, places: int = 2) -> str:
    """Return a figure with its interval: 0.87 [0.80 to 0.91]."""
    if value is None:
        return "–"
    told = f"{value:.{places}f}"
    return told if not bounds else f"{told} [{bounds[0]:.{places}f} to {bounds[1]:.{places}f}]"


def figures(content: dict[str, Any]) -> str:
    """Return the engine's figures beside the prototype's, the goals and the baselines'."""
    rows = []
    for name, (before, goal, _) in GOALS.items():
        if name not in content["figures"]:
            continue
        engine = with_bounds(content["figures"][name], content["intervals"].get(name), 3)
        others = [with_bounds(one["figures"].get(name)) for one in content["baselines"]]
        rows.append([name.replace("_", " "), engine, "" if before is None else f"{before:g}", goal, *others])
    head = ["figure", "engine", "prototype", "goal", *(one["name"].lower() for one in content["baselines"])]
    return f"Measured with `{content['engine']}` on {content['data']}:\n\n{table(head, rows)}"


def troubles(content: dict[str, Any]) -> str:
    """Return what each trouble costs."""
    rows = [
        [
            line["name"],
            *(with_bounds(line["figures"].get(name), line["intervals"].get(name)) for name in TROUBLED),
            f"{line['null_accused']} of {line['null_cases']}",
        ]
        for line in content["lines"]
    ]
    head = ["trouble", *TROUBLED.values(), "false alarms"]
    return f"{content['cases']} cases a line, measured with `{content['engine']}`:\n\n{table(head, rows)}"


def write_pages(content: dict[str, Any]) -> list[Path]:
    """Write the tables into docs/statistics and return the pages."""
    pages = [write_block(DOCS / "calibration.md", "figures", figures(content))]
    if "troubles" in content:
        pages.append(write_block(DOCS / "troubles.md", "figures", troubles(content["troubles"])))
    return pages


if __name__ == "__main__":
    print(*write_pages(json.loads(ACCURACY.read_text(encoding="utf-8"))), sep="\n")
    sys.exit(0)
