"""The attribution of a case: the ranking, one change with its evidence, running it, and what people decide."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from incidents.attribution import queries, services
from incidents.catalog.taxonomy import symptom_names
from incidents.core.access import Action
from incidents.core.errors import NotReady, NotThere
from incidents.jobs.enums import JobState
from incidents.jobs.queries import is_final
from incidents.metrics.queries import metrics_of
from incidents.response.enums import CandidateStatus
from incidents.response.queries import candidates_of, incident_for
from incidents.tickets.inbox import TicketFilter, tickets_matching
from incidents.web.accounts.preferences import zone_of as preferred_zone
from incidents.web.attribution.evidence import cards
from incidents.web.attribution.grade import grade_of
from incidents.web.attribution.limits import limits
from incidents.web.attribution.moved import moved_lines
from incidents.web.attribution.ranking import Ranking, Row, rank, symptom_name
from incidents.web.attribution.together import together
from incidents.web.cases.frame import case_context
from incidents.web.jobs.progress import job_context
from incidents.web.people import signed_in

MOST_TICKETS = 12


@require_safe
@login_required
def attribution(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show what the standing run says, and whether it still stands."""
    context = attribution_context(request, case_id)
    run = context["standing"].run
    if run is not None:
        context["ranking"] = ranking_of(context["incident"], run)
        context["together"] = together(queries.findings(run), context["ranking"])
        context["limits"] = limits(run.inputs, run.result)
    return render(request, "attribution/page.html", context)


def attribution_context(
    request: HttpRequest, case_id: int, action: Action = Action.VIEW, *, wait: bool = False
) -> dict[str, Any]:
    """Return the context of every attribution page: the frame, where attribution stands, a job under way.

    Whether a large case is up to date is not waited for, unless `wait`: the page asks for it once it is shown.
    """
    context = case_context(request, case_id, "attribution", action)
    standing = queries.standing(context["incident"], wait=wait)
    zone = preferred_zone(request) or context["zone"]
    job = standing.job
    # A job that ended is told of until a run made since has answered it.
    shown = job is not None and (
        not is_final(job)
        or (job.state != JobState.SUCCEEDED and (standing.run is None or standing.run.created_at < job.created_at))
    )
    context |= {
        "standing": standing,
        "run": standing.run,
        "moved": moved_lines(standing.moved, zone),
        "reader_zone": zone,
        "progress": job_context(request, job, label="Attribution", then=reverse("attribution", args=[case_id]))
        if job is not None and shown
        else None,
        "running": job is not None and not is_final(job),
    }
    return context


@require_safe
@login_required
def attribution_standing(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show whether the run still stands, as a part of a page that did not wait for it."""
    return render(request, "attribution/standing.html", attribution_context(request, case_id, wait=True))


def ranking_of(incident: Any, run: Any) -> Ranking:
    """Return a run's findings arranged for the page."""
    found = queries.findings(run)
    return rank(
        found,
        titles={key: change["title"] for key, change in run.inputs["changes"].items()},
        changes=queries.changes_by_id([int(one.key) for one in found.changes]),
        decisions=candidates_of(incident),
        symptoms=list(symptom_names(incident.product, at=run.created_at).items()),
        n_tickets=run.n_tickets,
    )


@require_POST
@login_required
def attribution_run(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask for a run; evidence that was run before is not run again."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.ATTRIBUTE)
    job = services.request_run(incident=incident, actor=user)
    if job.state == JobState.SUCCEEDED:
        messages.info(request, "Nothing moved since the last run: its answer stands.")
    return redirect("attribution", case_id=case_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyTicket:
    """A ticket and the probability that this change caused it."""

    ticket: Any
    probability: float


@require_safe
@login_required
def attribution_change(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Show all that is known of one change in this case: numbers, checks, tickets, decision."""
    context = attribution_context(request, case_id)
    run = context["run"]
    if run is None:
        return redirect("attribution", case_id=case_id)
    ranking = ranking_of(context["incident"], run)
    row = _row(ranking, change_id)
    change = queries.changes_by_id([change_id]).get(change_id)
    names = {key: told["title"] for key, told in run.inputs["changes"].items()}
    names |= dict(metrics_of(context["incident"].product).values_list("key", "name"))
    likely = queries.likeliest_tickets(run, change_id, most=MOST_TICKETS)
    rows = tickets_matching(context["incident"].product, TicketFilter()).select_related("segment")
    tickets = {one.pk: one for one in rows.filter(pk__in=[pk for pk, _ in likely])}
    symptoms = symptom_names(context["incident"].product, at=run.created_at)
    context |= {
        "row": row,
        "change": change,
        "cards": cards(
            row.finding,
            end_kind=change.end_kind if change is not None else "",
            names=names,
            start=context["incident"].starts_at,
            zone=context["reader_zone"],
        ),
        "grade": grade_of(row.finding),
        "twins": [one for one in _rows(ranking) if one.finding.key in row.finding.indistinguishable_from],
        "together": [
            one
            for one in together(queries.findings(run), ranking)
            if change_id in {one.first.change_id, one.second.change_id}
        ],
        "set": next((one for one in ranking.sets if row in one.rows), None),
        "symptoms": [
            (symptoms.get(one.symptom, symptom_name(one.symptom)), one)
            for one in sorted(row.finding.symptoms, key=lambda s: -s.excess.value)
            if one.excess.high >= 0.5
        ],
        "likely": [LikelyTicket(ticket=tickets[pk], probability=p) for pk, p in likely if pk in tickets],
        "statuses": CandidateStatus.choices,
        "decision": row.decision.status if row.decision is not None else CandidateStatus.CANDIDATE.value,
    }
    return render(request, "attribution/change.html", context)


def _rows(ranking: Ranking) -> list[Row]:
    return [*ranking.attributed, *(row for one in ranking.sets for row in one.rows), *ranking.unsupported]


def _row(ranking: Ranking, change_id: int) -> Row:
    found = next((row for row in _rows(ranking) if row.change_id == change_id), None)
    if found is None:
        raise NotThere("The latest run does not know this change: run the attribution again, or check the address.")
    return found


@require_POST
@login_required
def attribution_decide(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Store what a person holds of a change."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.PROMOTE_CHANGE)
    try:
        status = CandidateStatus(request.POST.get("status", ""))
        services.decide_candidate(
            incident=incident, change_id=change_id, status=status, note=request.POST.get("note", ""), actor=user
        )
    except ValueError:
        messages.error(request, "Choose one of the three.")
    except NotReady as missing:
        messages.error(request, str(missing))
    else:
        messages.success(request, f"Noted: {status.label}.")
    return redirect(reverse("attribution-change", args=[case_id, change_id]) + "#decision")
