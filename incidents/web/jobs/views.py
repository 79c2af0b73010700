"""The progress of a job as a part of other pages, its cancelling, and another try."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe

from incidents.core.errors import NotPermitted
from incidents.jobs.enums import JobState
from incidents.jobs.queries import job_by_id
from incidents.jobs.services import request_cancel, run_again
from incidents.web.jobs.progress import job_context, require_sight


@require_safe
@login_required
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far a job is: a part for polling pages, a page of its own for everybody else."""
    found = job_by_id(job_id)
    context = job_context(
        request, found, label=request.GET.get("label", "")[:120], then=request.GET.get("then", "")[:500]
    )
    polled = request.headers.get("HX-Request") == "true"
    template = "jobs/job.html" if polled else "jobs/page.html"
    response = render(request, template, {"progress": context, "section": "cases"})
    if polled and found.state == JobState.SUCCEEDED and context["then"]:
        response["HX-Redirect"] = context["then"]
    add_never_cache_headers(response)
    return response


@require_POST
@login_required
def job_cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Ask for a job's end; it stops at its next step and leaves nothing behind."""
    found = job_by_id(job_id)
    if not require_sight(request.user, found).end:
        raise NotPermitted("Only the person who asked for this job, or one who may run attributions, may end it.")
    told = request_cancel(job_id=job_id)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    messages.info(request, "It stops at its next step." if told else "It had ended already.")
    return redirect(request.headers.get("Referer") or "home")


@require_POST
@login_required
def job_again(request: HttpRequest, job_id: int) -> HttpResponse:
    """Put a failed or cancelled job back into the queue."""
    found = job_by_id(job_id)
    if not require_sight(request.user, found).end:
        raise NotPermitted("Only the person who asked for this job, or one who may run attributions, may repeat it.")
    if not run_again(job_id=job_id):
        messages.info(request, "It is under way, or was done meanwhile.")
    return redirect("job", job_id=job_id)
