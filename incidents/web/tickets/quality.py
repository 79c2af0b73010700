"""The page of the classifier: how right it is per symptom, what moved, its versions, and learning on demand."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import product_by_slug
from incidents.catalog.taxonomy import changed_since, symptom_names
from incidents.core.access import Action
from incidents.core.errors import NotReady
from incidents.tickets import versions
from incidents.web.people import signed_in
from incidents.web.tickets.frame import back_to, running_job, triage_context


@require_safe
@login_required
def quality(request: HttpRequest) -> HttpResponse:
    """Show how the classifier of one product does."""
    context = triage_context(request, "quality")
    product = context["product"]
    if product is not None:
        stored = list(versions.versions_of(product)[:20])
        active = next((one for one in stored if one.is_active), None)
        shown = active or (stored[0] if stored else None)
        names = symptom_names(product)
        rows = shown.metrics.get("symptoms", []) if shown else []
        context |= {
            "versions": stored,
            "active": active,
            "shown": shown,
            "stale_since": changed_since(product, active.created_at) if active is not None else None,
            "rows": [{**row, "name": names.get(row["key"], row["key"])} for row in rows],
            "shifts": versions.shifts(product),
            "n_decided": versions.decided_tickets(product).count(),
            "n_needed": versions.FEWEST_DECISIONS,
            "retrain_after": versions.RETRAIN_AFTER,
            "running": running_job(product.pk, versions.TRAIN_JOB, versions.CLASSIFY_JOB),
        }
    return render(request, "tickets/quality.html", context)


@require_POST
@login_required
def quality_train(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a new version."""
    product = product_by_slug(request.user, slug)
    try:
        versions.ask_for_training(actor=signed_in(request), product=product)
    except NotReady as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Learning has begun; the page shows the new version when it is done.")
    return back_to("triage-quality", slug)


@require_POST
@login_required
def quality_classify(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the labels of the tickets that nobody decided."""
    product = product_by_slug(request.user, slug)
    versions.ask_for_classification(actor=signed_in(request), product=product)
    messages.success(request, "The tickets that nobody decided are being labelled.")
    return back_to("triage-quality", slug)


@require_POST
@login_required
def quality_use(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a version to use, or the terms alone."""
    user = signed_in(request)
    product = product_by_slug(user, slug)
    number = request.POST.get("version", "")
    version = versions.version_for(user, int(number), Action.TRIAGE) if number.isdigit() else None
    versions.use_version(actor=user, version=version, product=product)
    versions.ask_for_classification(actor=user, product=product)
    messages.success(request, "In use from now on; tickets that nobody decided are being labelled anew.")
    return back_to("triage-quality", slug)
