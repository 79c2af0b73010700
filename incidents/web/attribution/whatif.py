"""What-ifs: ask for one, watch it, read the difference. Nothing of it enters the case."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.attribution import queries, saved, scenarios
from incidents.catalog.queries import dimensions_of
from incidents.charts import labels
from incidents.core.access import Action
from incidents.core.errors import NotReady, NotThere
from incidents.jobs.enums import JobState
from incidents.jobs.queries import job_by_id
from incidents.response.queries import changes_of, incident_for
from incidents.web.attribution.runs import in_words, moved_findings
from incidents.web.attribution.views import attribution_context
from incidents.web.fields import ZonedDateTimeField
from incidents.web.jobs.progress import job_context
from incidents.web.people import signed_in

LEAVE_OUT, EDGES, SCOPE = "leave_out", "edges", "scope"
# Longer lists of values (client versions) are no help in a form.
MOST_VALUES = 40


class WhatIfForm(forms.Form):
    """One change and what might have been."""

    change = forms.TypedChoiceField(coerce=int, label="Change")
    what = forms.ChoiceField(
        label="What if",
        choices=[
            (LEAVE_OUT, "it were not in the log"),
            (EDGES, "it started or ended at another time"),
            (SCOPE, "it reached other segments"),
        ],
        widget=forms.RadioSelect,
        initial=LEAVE_OUT,
    )
    started_at = ZonedDateTimeField(required=False, label="Started at")
    ended_at = ZonedDateTimeField(required=False, label="Ended at")
    scope = forms.MultipleChoiceField(
        required=False,
        label="Segments",
        help_text="Several of one dimension: any of them. None: everybody.",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )

    def __init__(self, *args: Any, context: dict[str, Any], **kwargs: Any) -> None:
        """Offer the case's changes and the product's segments."""
        super().__init__(*args, **kwargs)
        incident = context["incident"]
        rows = changes_of(incident).values_list("pk", "title", "started_at")
        choices = [
            (pk, f"{labels.day(started.astimezone(context['reader_zone']))}: {title}") for pk, title, started in rows
        ]
        self.fields["change"].choices = choices  # type: ignore[attr-defined]
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            (one.name, [(f"{one.key}={value.key}", value.key) for value in one.values.all()])
            for one in dimensions_of(incident.product)
            if len(one.values.all()) <= MOST_VALUES
        ]
        for name in ("started_at", "ended_at"):
            field = self.fields[name]
            field.zone = context["zone"]  # type: ignore[attr-defined]
            field.help_text = f"In {context['zone'].key}. Empty: as it was."

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen question needs."""
        values = super().clean() or {}
        if values.get("what") == EDGES and not (values.get("started_at") or values.get("ended_at")):
            self.add_error("started_at", "Give another start or another end.")
        return values

    def scenario(self) -> scenarios.Scenario:
        """Return what was asked."""
        values = self.cleaned_data
        scope: dict[str, list[str]] = {}
        for one in values["scope"]:
            name, _, value = one.partition("=")
            scope.setdefault(name, []).append(value)
        edges = values["what"] == EDGES
        return scenarios.Scenario(
            change=values["change"],
            leave_out=values["what"] == LEAVE_OUT,
            started_at=values["started_at"] if edges else None,
            ended_at=values["ended_at"] if edges else None,
            scope=scope if values["what"] == SCOPE else None,
        )


@require_http_methods(["GET", "POST"])
@login_required
def what_if(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask what the answer would be if one change had been otherwise."""
    context = attribution_context(request, case_id, Action.ATTRIBUTE)
    form = WhatIfForm(request.POST or None, context=context, initial={"change": request.GET.get("change")})
    if request.method == "POST" and form.is_valid():
        job = scenarios.request_what_if(
            incident=context["incident"], scenario=form.scenario(), actor=signed_in(request)
        )
        return redirect("what-if-result", case_id=case_id, job_id=job.pk)
    context |= {"form": form, "kept": list(saved.saved_scenarios(context["incident"]))}
    return render(request, "attribution/what_if.html", context, status=422 if form.is_bound else 200)


@require_safe
@login_required
def what_if_result(request: HttpRequest, case_id: int, job_id: int) -> HttpResponse:
    """Show how a what-if goes on, then the difference that it makes."""
    context = attribution_context(request, case_id)
    job = job_by_id(job_id)
    if job.payload.get("incident") != case_id or job.kind != queries.WHAT_IF_JOB:
        raise NotThere("This case has no such what-if.")
    context |= _asked(scenarios.read_scenario(job.payload["scenario"]), context["reader_zone"])
    answer = queries.what_if_answer(job) if job.state == JobState.SUCCEEDED else None
    if answer is None:
        then = reverse("what-if-result", args=[case_id, job_id])
        context["what_if_progress"] = job_context(request, job, label="What if", then=then)
    else:
        context |= _answered(answer) | {"keep_job": job_id}
    return render(request, "attribution/what_if_result.html", context)


def _asked(scenario: scenarios.Scenario, zone: Any) -> dict[str, Any]:
    change = queries.changes_by_id([scenario.change]).get(scenario.change)
    title = change.title if change is not None else "a change that left the log"
    return {"question": _question(scenario, title, zone), "changed": change}


def _answered(answer: tuple[queries.StoredFindings, queries.StoredFindings]) -> dict[str, Any]:
    before, after = answer
    titles = {one.pk: one.title for one in queries.changes_by_id([int(f.key) for f in before.changes]).values()}
    moved = moved_findings(queries.moved_findings(before, after), titles)
    return {
        "moved_findings": moved,
        "in_words": in_words(moved, (before.unattributed, after.unattributed)),
        "unattributed": (before.unattributed, after.unattributed),
    }


@require_POST
@login_required
def what_if_keep(request: HttpRequest, case_id: int, job_id: int) -> HttpResponse:
    """Keep an answer under a name."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.ATTRIBUTE)
    try:
        row = saved.keep_scenario(
            incident=incident, job=job_by_id(job_id), name=request.POST.get("name", ""), actor=user
        )
    except NotReady as missing:
        messages.error(request, str(missing))
        return redirect("what-if-result", case_id=case_id, job_id=job_id)
    messages.success(request, f"Kept as “{row.name}”.")
    return redirect("scenario", case_id=case_id, scenario_id=row.pk)


@require_safe
@login_required
def scenario(request: HttpRequest, case_id: int, scenario_id: int) -> HttpResponse:
    """Show a kept what-if, and whether the evidence has moved since."""
    context = attribution_context(request, case_id)
    row = saved.saved_scenario(context["incident"], scenario_id)
    context |= _asked(saved.scenario_of(row), context["reader_zone"])
    context |= _answered(saved.answer_of(row))
    context |= {"kept_as": row, "stale": row.input_hash != queries.case_fingerprint(context["incident"])}
    return render(request, "attribution/what_if_result.html", context)


@require_POST
@login_required
def scenario_forget(request: HttpRequest, case_id: int, scenario_id: int) -> HttpResponse:
    """Forget a kept what-if."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.ATTRIBUTE)
    name = saved.forget_scenario(incident=incident, pk=scenario_id, actor=user)
    messages.success(request, f"Forgot “{name}”.")
    return redirect("attribution-what-if", case_id=case_id)


def _question(scenario: scenarios.Scenario, title: str, zone: Any) -> str:
    if scenario.leave_out:
        return f"What if “{title}” were not in the log?"
    parts = [
        f"{word} {labels.moment(at, zone)}"
        for word, at in (("started", scenario.started_at), ("ended", scenario.ended_at))
        if at is not None
    ]
    if scenario.scope is not None:
        told = "; ".join(f"{name}={' or '.join(values)}" for name, values in scenario.scope.items())
        parts.append(f"reached {told or 'everybody'}")
    if scenario.lag_hours:
        parts.append(f"been felt {scenario.lag_hours:.0f} hours later")
    return f"What if “{title}” had {' and '.join(parts)}?"
