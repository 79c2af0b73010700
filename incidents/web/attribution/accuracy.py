"""The engine's own accuracy, as the benchmark shipped with this release measured it, and its known limits."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

import incidents.attribution

FILE = Path(incidents.attribution.__file__).parent / "accuracy.json"


@cache
def measured(path: Path = FILE) -> dict[str, Any] | None:
    """Return what the benchmark wrote, or None where this release ships no measurement."""
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


@require_safe
@login_required
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show the figures and the limits; without a measurement, say that there is none."""
    return render(request, "attribution/accuracy.html", {"section": "cases", "measured": measured()})
