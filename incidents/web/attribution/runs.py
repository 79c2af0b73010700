"""Runs: their history, the record of one, and how two differ."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from incidents.attribution import queries
from incidents.charts import labels
from incidents.core.errors import NotThere
from incidents.stats.attribution.findings import Estimate
from incidents.web.attribution.moved import moved_lines
from incidents.web.attribution.ranking import VERDICTS
from incidents.web.attribution.views import attribution_context, ranking_of

SHOWN = 100
MOST_SENTENCES = 8


@require_safe
@login_required
def run_history(request: HttpRequest, case_id: int) -> HttpResponse:
    """List the runs of a case, the newest first."""
    context = attribution_context(request, case_id)
    rows = list(queries.runs_of(context["incident"])[:SHOWN])
    return render(request, "attribution/runs.html", context | {"runs": rows})


@require_safe
@login_required
def run_record(request: HttpRequest, case_id: int, run_id: int) -> HttpResponse:
    """Show what a run was made of, so that it can be made again."""
    context = attribution_context(request, case_id)
    run = _run(request, case_id, run_id)
    changes = [{"pk": key, **told} for key, told in run.inputs["changes"].items()]
    context |= {
        "shown": run,
        "ranking": ranking_of(context["incident"], run),
        "window": [dt.datetime.fromisoformat(run.inputs["window"][name]) for name in ("starts_at", "ends_at")],
        "diagnostics": queries.findings(run).diagnostics,
        "changes": sorted(changes, key=lambda one: one["started_at"]),
        "parameters": sorted(run.parameters.items()),
        "speaks": context["run"] is not None and context["run"].pk == run.pk,
    }
    return render(request, "attribution/run.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedFinding:
    """A change of which two runs say something else, ready to show."""

    change_id: int
    title: str
    colour: int
    before: Any
    after: Any
    words: tuple[str, str]
    verdict_moved: bool


@require_safe
@login_required
def run_compare(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show how two runs differ: which inputs moved, which verdicts and numbers with them."""
    chosen = [request.GET.get(name, "") for name in ("before", "after")]
    if not all(one.isdigit() for one in chosen) or chosen[0] == chosen[1]:
        return redirect("runs", case_id=case_id)
    context = attribution_context(request, case_id)
    before, after = sorted((_run(request, case_id, int(one)) for one in chosen), key=lambda run: run.pk)
    difference = queries.differences_between(before, after)
    titles = {int(key): told["title"] for run in (before, after) for key, told in run.inputs["changes"].items()}
    moved = moved_findings(difference.findings, titles)
    context |= {
        "before": before,
        "after": after,
        "lines": moved_lines(difference.inputs, context["reader_zone"]),
        "moved_findings": moved,
        "in_words": in_words(moved, (difference.before.unattributed, difference.after.unattributed)),
        "unattributed": (difference.before.unattributed, difference.after.unattributed),
    }
    return render(request, "attribution/compare.html", context)


def moved_findings(findings: Any, titles: dict[int, str]) -> list[MovedFinding]:
    """Return moved findings with titles, colours and words."""
    known = queries.changes_by_id([one.change for one in findings])

    def words(finding: Any) -> str:
        return "Not in this run" if finding is None else VERDICTS[finding.verdict][0]

    return [
        MovedFinding(
            change_id=one.change,
            title=titles.get(one.change, "A change that left the log"),
            colour=known[one.change].colour if one.change in known else 0,
            before=one.before,
            after=one.after,
            words=(words(one.before), words(one.after)),
            verdict_moved=one.verdict_moved,
        )
        for one in findings
    ]


def in_words(moved: Sequence[MovedFinding], unattributed: tuple[Estimate, Estimate]) -> list[str]:
    """Return how an answer moved, a sentence a change, moved verdicts first."""
    told = []
    for one in moved[:MOST_SENTENCES]:
        if one.before is None or one.after is None:
            gone = one.after is None
            rest = one.before if gone else one.after
            held = labels.interval(rest.excess.value, rest.excess.low, rest.excess.high)
            told.append(
                f"“{one.title}” is {'no longer' if gone else 'now'} among the changes; "
                f"{'it had' if gone else 'it has'} {held} complaints."
            )
            continue
        before, after = one.before.excess, one.after.excess
        apart = after.low > before.high or after.high < before.low
        shift = f"{labels.count(before.value)} to {labels.count(after.value)} complaints"
        certainty = "beyond both intervals" if apart else "within the intervals"
        if one.verdict_moved:
            told.append(
                f"“{one.title}” went from “{one.words[0].lower()}” to “{one.words[1].lower()}”: from {shift}, "
                f"probability {labels.percent(one.before.probability)} to {labels.percent(one.after.probability)}."
            )
        else:
            way = "rose" if after.value > before.value else "fell"
            told.append(f"“{one.title}” {way} from {shift}, {certainty}.")
    first, second = (one.value for one in unattributed)
    if abs(second - first) >= max(1.0, 0.02 * max(first, second)):
        told.append(
            f"What no known change explains went from {labels.count(first)} to {labels.count(second)} complaints."
        )
    return told


def _run(request: HttpRequest, case_id: int, run_id: int) -> Any:
    run = queries.run_for(request.user, run_id)
    if run.incident_id != case_id:
        raise NotThere("This case has no such run.")
    return run
