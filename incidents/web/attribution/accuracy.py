"""The engine's own accuracy, as the benchmark shipped with this release measured it, and its known limits.

`incidents/attribution/accuracy.json` holds {engine, measured_on, data, figures, baselines [{name, figures}],
calibration [[said, was, n]]}; `figures` has the keys that the benchmark prints. What was not measured is not shown.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

import incidents.attribution
from incidents.attribution.version import code_version
from incidents.charts import labels

FILE = Path(incidents.attribution.__file__).parent / "accuracy.json"


def _points(share: float) -> str:
    return f"{labels.decimal(100 * share, 1)} points"


def _two(value: float) -> str:
    return labels.decimal(value, 2)


# Key, question, what it means, how it is written.
FIGURES: tuple[tuple[str, str, str, Callable[[float], str]], ...] = (
    (
        "precision",
        "Of the changes it attributes complaints to, how many did harm?",
        "twins left out: nobody can tell them apart",
        labels.percent,
    ),
    (
        "recall_detectable",
        "Of the harmful changes that could be seen, how many does it find?",
        "those whose excess is more than three times the noise in their scope",
        labels.percent,
    ),
    ("average_precision", "How good is the order of the list?", "average precision; 1 is perfect", _two),
    ("top1", "Is the largest cause named as the largest?", "in cases with a cause that could be seen", labels.percent),
    (
        "coverage_90_harmful",
        "Do the brackets hold the truth nine times in ten?",
        "90 % intervals of the excess of harmful changes",
        labels.percent,
    ),
    ("none_share_error", "By how much is the part that is nobody's missed?", "of all complaints, in the mean", _points),
    (
        "twins_named_as_ambiguous",
        "Are twins named as such?",
        "pairs with the same scope, rollout and times, where one is found",
        labels.percent,
    ),
    ("false_ambiguity", "How often does it say “cannot tell” without need?", "of the changes found", labels.percent),
    (
        "null_false_alarms",
        "How often does it accuse somebody where no change did harm?",
        "of the cases without a harmful change",
        lambda v: labels.percent(v, 1),
    ),
    ("ticket_log_loss", "How sharp are the probabilities of single tickets?", "log loss; lower is better", _two),
    ("calibration_error", "How far are its probabilities off?", "in the mean", _points),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """One figure of the engine beside those of the baselines."""

    question: str
    meaning: str
    engine: str
    baselines: tuple[str, ...]


@cache
def measured(path: Path = FILE) -> dict[str, Any] | None:
    """Return what the benchmark wrote, or None where this release ships no measurement."""
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def figure_lines(figures: Mapping[str, Any], baselines: list[Mapping[str, Any]]) -> list[FigureLine]:
    """Return the figures that were measured, in words."""

    def told(source: Mapping[str, Any], key: str, write: Callable[[float], str]) -> str:
        value = source.get(key)
        return labels.UNKNOWN if value is None else write(value)

    return [
        FigureLine(
            question=question,
            meaning=meaning,
            engine=told(figures, key, write),
            baselines=tuple(told(one["figures"], key, write) for one in baselines),
        )
        for key, question, meaning, write in FIGURES
        if figures.get(key) is not None
    ]


@require_safe
@login_required
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show the figures and the limits; without a measurement, say that there is none."""
    context: dict[str, Any] = {"section": "cases", "measured": measured(), "engine": code_version()}
    if told := context["measured"]:
        baselines = told.get("baselines", [])
        context |= {
            "figures": told["figures"],
            "baselines": baselines,
            "lines": figure_lines(told["figures"], baselines),
            "calibration": told.get("calibration", []),
        }
    return render(request, "attribution/accuracy.html", context)
