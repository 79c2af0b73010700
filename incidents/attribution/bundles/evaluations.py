"""evals.jsonl: runs of evaluation suites that judged a change."""

import math
from collections.abc import Mapping
from typing import Any

from incidents.attribution.bundles.source import Bundle, BundleError, json_lines
from incidents.stats.attribution.evidence import Evaluation
from incidents.stats.evaluation import SuiteRun

EVALS = "evals.jsonl"


def read_evaluations(bundle: Bundle) -> tuple[Evaluation, ...]:
    """Return the runs that name a change and both pass rates; the others say nothing of a single change."""
    if EVALS not in bundle.names:
        return ()
    out = []
    for line, row in json_lines(bundle, EVALS):
        subject = row.get("subject")
        n, score, baseline = (_number(row, name, line) for name in ("n", "score", "baseline_score"))
        discordant = _number(row, "discordant", line)
        if not isinstance(subject, str) or not subject or n is None or score is None or baseline is None:
            continue
        run = SuiteRun(suite=str(row.get("suite") or ""), n=n, score=score, baseline=baseline, discordant=discordant)
        out.append(Evaluation(subject=subject, run=run))
    return tuple(out)


def _number(row: Mapping[str, Any], field: str, line: int) -> float | None:
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BundleError(EVALS, f"{value!r} is no number", "write a number, or leave it out", line=line, field=field)
    return float(value)
