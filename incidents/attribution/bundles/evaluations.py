"""evals.jsonl: runs of evaluation suites that judged a change."""

import math
from collections.abc import Mapping
from typing import Any

from incidents.attribution.bundles.source import Bundle, BundleError, good_rows, json_lines, json_row
from incidents.stats.attribution.evidence import Evaluation
from incidents.stats.evaluation import SuiteRun

EVALS = "evals.jsonl"


def read_evaluations(bundle: Bundle) -> tuple[Evaluation, ...]:
    """Return the runs that name a change and both pass rates; the others say nothing of a single change."""
    if EVALS not in bundle.names:
        return ()
    found = good_rows(bundle, json_lines(bundle, EVALS), _evaluation)
    return tuple(one for one in found if one is not None)


def _evaluation(line: int, text: bytes) -> Evaluation | None:
    row = json_row(EVALS, line, text)
    subject = row.get("subject")
    n, score, baseline = (_number(row, name, line) for name in ("n", "score", "baseline_score"))
    discordant = _number(row, "discordant", line)
    if not isinstance(subject, str) or not subject or n is None or score is None or baseline is None:
        return None
    run = SuiteRun(suite=str(row.get("suite") or ""), n=n, score=score, baseline=baseline, discordant=discordant)
    return Evaluation(subject=subject, run=run)


def _number(row: Mapping[str, Any], field: str, line: int) -> float | None:
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BundleError(EVALS, f"{value!r} is no number", "write a number, or leave it out", line=line, field=field)
    return float(value)
