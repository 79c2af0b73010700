"""The engine's own accuracy, as the benchmark shipped with this release measured it, and its known limits.

`incidents/attribution/accuracy.json` holds {engine, measured_on, data, figures, intervals {figure: [low, high]},
baselines [{name, figures}], calibration [[said, was, n]], troubles {engine, cases, lines}}; `figures` has the keys that
the benchmark prints. What was not measured is not shown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

import incidents.attribution
from incidents.attribution.version import code_version
from incidents.charts import labels
from incidents.web.attribution.reliability import reliability_curve

FILE = Path(incidents.attribution.__file__).parent / "accuracy.json"
Unit = Literal["percent", "tenths", "points", "plain"]

# Key, question, what it means, how it is written.
FIGURES: tuple[tuple[str, str, str, Unit], ...] = (
    (
        "precision",
        "Of the changes it attributes complaints to, how many did harm?",
        "twins left out: nobody can tell them apart",
        "percent",
    ),
    (
        "recall_detectable",
        "Of the harmful changes that could be seen, how many does it find?",
        "those whose excess is more than three times the noise in their scope",
        "percent",
    ),
    (
        "null_false_alarms",
        "How often does it accuse somebody where no change did harm?",
        "of cases simulated without a harmful change",
        "tenths",
    ),
    ("average_precision", "How good is the order of the list?", "average precision; 1 is perfect", "plain"),
    ("top1", "Is the largest cause named as the largest?", "in cases with a cause that could be seen", "percent"),
    (
        "coverage_90_harmful",
        "Do the brackets hold the truth nine times in ten?",
        "90 % intervals of the excess of harmful changes; 90 % is right, more means too wide",
        "percent",
    ),
    (
        "none_share_error",
        "By how much is the part that is nobody’s missed?",
        "of all complaints, in the mean",
        "points",
    ),
    (
        "twins_named_as_ambiguous",
        "Are twins named as such?",
        "pairs with the same scope, rollout and times, where one is found",
        "percent",
    ),
    ("false_ambiguity", "How often does it say “cannot tell” without need?", "of the changes found", "percent"),
    (
        "ticket_log_loss",
        "How sharp are the probabilities of single tickets?",
        "log loss; lower is better",
        "plain",
    ),
    ("calibration_error", "How far are its probabilities off?", "in the mean", "points"),
)
# Of the table of troubles: key, heading, how it is written.
TROUBLED: tuple[tuple[str, str, Unit], ...] = (
    ("average_precision", "Order of the list", "plain"),
    ("precision", "Named rightly", "percent"),
    ("recall_detectable", "Found", "percent"),
    ("coverage_90_harmful", "Brackets hold", "percent"),
    ("none_share_error", "Nobody’s part missed by", "points"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """One figure of the engine, with its interval where there is one, beside those of the baselines."""

    question: str
    meaning: str
    engine: str
    bounds: str
    baselines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleLine:
    """What one trouble costs: (figure, interval) per column, and false alarms in cases without harm."""

    name: str
    cells: tuple[tuple[str, str], ...]
    accused: int
    nulls: int


def written(value: float | None, unit: Unit) -> str:
    """Return a figure in words."""
    if value is None:
        return labels.UNKNOWN
    if unit == "plain":
        return labels.decimal(value, 2)
    if unit == "points":
        return f"{labels.decimal(100 * value, 1)} points"
    return labels.percent(value, 1 if unit == "tenths" else 0)


def bounded(bounds: list[float] | None, unit: Unit) -> str:
    """Return a figure's interval in its unit, empty where there is none."""
    if bounds is None:
        return ""
    scale, places = {"plain": (1, 2), "points": (100, 1), "tenths": (100, 1), "percent": (100, 0)}[unit]
    return labels.bounds(scale * bounds[0], scale * bounds[1], places)


@cache
def measured(path: Path = FILE) -> dict[str, Any] | None:
    """Return what the benchmark wrote, or None where this release ships no measurement."""
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def figure_lines(told: Mapping[str, Any]) -> list[FigureLine]:
    """Return the figures that were measured, in words."""
    figures, bounds = told["figures"], told.get("intervals", {})
    return [
        FigureLine(
            question=question,
            meaning=meaning,
            engine=written(figures[key], unit),
            bounds=bounded(bounds.get(key), unit),
            baselines=tuple(written(one["figures"].get(key), unit) for one in told.get("baselines", [])),
        )
        for key, question, meaning, unit in FIGURES
        if figures.get(key) is not None
    ]


def trouble_lines(troubles: Mapping[str, Any]) -> list[TroubleLine]:
    """Return what each trouble costs, in words."""
    return [
        TroubleLine(
            name=line["name"],
            cells=tuple(
                (written(line["figures"].get(key), unit), bounded(line["intervals"].get(key), unit))
                for key, _, unit in TROUBLED
            ),
            accused=line["null_accused"],
            nulls=line["null_cases"],
        )
        for line in troubles["lines"]
    ]


@require_safe
@login_required
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show the figures and the limits; without a measurement, say that there is none."""
    context: dict[str, Any] = {"section": "cases", "measured": measured(), "engine": code_version()}
    if told := context["measured"]:
        calibration = told.get("calibration", [])
        context |= {
            "figures": told["figures"],
            "measured_on": date.fromisoformat(told["measured_on"]),
            "baselines": told.get("baselines", []),
            "lines": figure_lines(told),
            "calibration": calibration,
            "curve": reliability_curve(calibration),
        }
        if troubles := told.get("troubles"):
            context |= {
                "troubles": troubles,
                "trouble_heads": [head for _, head, _ in TROUBLED],
                "trouble_lines": trouble_lines(troubles),
            }
    return render(request, "attribution/accuracy.html", context)
