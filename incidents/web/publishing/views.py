"""Publishing for staff: what waits, the last look before it goes out, withdrawal, who was told of which change."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.catalog.queries import products_permitting, visible_products
from incidents.core.access import Action
from incidents.core.errors import Conflict, InputError, NotReady, Problem
from incidents.documents.editions import segment_words
from incidents.documents.enums import PUBLIC_STATES, DocumentState
from incidents.documents.figures import figures_html
from incidents.documents.leaks import leaks_of
from incidents.documents.queries import Document, judged, standing_approval, waiting_documents
from incidents.documents.rendering import render_markdown
from incidents.publishing.queries import notice_coverage, publication_of
from incidents.publishing.scheduling import open_schedule, schedule_publication, unschedule
from incidents.publishing.services import publish, withdraw
from incidents.response.queries import zone_of
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store
from incidents.web.fields import ZonedDateTimeField
from incidents.web.people import signed_in

_MOST_ROWS = 1_000
_LANES = (
    ("To be reviewed", (DocumentState.IN_REVIEW,)),
    ("Approved, to be published", (DocumentState.APPROVED,)),
    ("Scheduled", (DocumentState.SCHEDULED,)),
    ("Drafts", (DocumentState.DRAFT,)),
    ("Public", PUBLIC_STATES),
)


@require_safe
@login_required
@no_store
def board(request: HttpRequest) -> HttpResponse:
    """Show what waits for whom, what is out, and which changes users were never told of."""
    product = request.GET.get("product", "")
    show = request.GET.get("coverage", "open")
    coverage = notice_coverage(request.user, product_slug=product)
    untold = [row for row in coverage if row.told_at is None]
    waiting = waiting_documents(request.user, list(DocumentState))
    if product:
        waiting = waiting.filter(incident__product__slug=product)
    rows = list(waiting.exclude(state=DocumentState.WITHDRAWN)[:_MOST_ROWS])
    # The longest waiting first; of what is public the newest first.
    lanes = [
        (label, [row for row in (rows[::-1] if states is PUBLIC_STATES else rows) if row.state in states][:50])
        for label, states in _LANES
    ]
    context = {
        "section": "publish",
        "lanes": lanes,
        "coverage": (untold if show == "open" else coverage)[:300],
        "n_untold": len(untold),
        "n_covered": len(coverage),
        "show": show,
        "products": list(visible_products(request.user)),
        "publishers": list(products_permitting(request.user, Action.PUBLISH)),
        "administered": list(products_permitting(request.user, Action.ADMINISTER)),
        "product": product,
    }
    return render(request, "publishing/board.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@no_store
def publish_page(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show exactly what the public will read, then publish it."""
    context, document = document_context(request, document_id, Action.PUBLISH)
    current = publication_of(document)
    form = ScheduleForm(request.POST or None, zone=zone_of(document.incident))
    error = ""
    if request.method == "POST":
        try:
            messages.success(request, _publish_or_schedule(request, document, form))
        except (InputError, NotReady, Conflict) as refused:
            error = refused.problems[0].remedy if isinstance(refused, InputError) else str(refused)
        else:
            return redirect("document", document_id=document_id)
    found = judged(document)
    context |= {
        "html": render_markdown(document.body, public=True, figures=figures_html(document.incident, document.body)),
        "segment_told": segment_words(document.segment) if document.segment else "",
        "current": current,
        "is_correction": current is not None,
        "approval": standing_approval(document),
        "is_ready": document.state in (DocumentState.APPROVED, DocumentState.SCHEDULED),
        "form": form,
        "schedule": open_schedule(document),
        "wants_time": request.POST.get("do") == "schedule",
        "leaks": [one for one in leaks_of(document) if one.sign_off is None],
        "judged": found,
        "counts": found.counts(),
        "error": error,
        "correction": request.POST.get("correction", ""),
        "earlier": request.POST.get("earlier", ""),
    }
    return render(request, "publishing/publish.html", context, status=422 if error else 200)


class ScheduleForm(forms.Form):
    """A time to come, in the case's zone."""

    def __init__(self, *arguments: Any, zone: ZoneInfo, **options: Any) -> None:
        """Name the zone beside the field."""
        super().__init__(*arguments, **options)
        self.fields["publish_at"] = ZonedDateTimeField(zone=zone, label=f"Time ({zone.key})", required=False)


def _publish_or_schedule(request: HttpRequest, document: Document, form: ScheduleForm) -> str:
    """Do what was pressed and return what to tell."""
    text = request.POST.get("version", "")
    parts: dict[str, Any] = {
        "actor": signed_in(request),
        "document": document,
        "seen_version": int(text) if text.isdigit() and len(text) < 10 else 0,
        "correction": request.POST.get("correction", ""),
        "shows_earlier": request.POST.get("earlier") == "show",
    }
    if request.POST.get("do") != "schedule":
        publish(**parts)
        return "Published. The page, the lists and the feed have it."
    if not form.is_valid() or not form.cleaned_data["publish_at"]:
        told = "; ".join(map(str, form.errors.get("publish_at", ["Give the day and the time."])))
        raise InputError([Problem(file="schedule", line=None, field="publish_at", message="no time", remedy=told)])
    schedule_publication(**parts, publish_at=form.cleaned_data["publish_at"])
    return "Scheduled. It goes out by itself at that time; saving a change calls it off."


@require_POST
@login_required
def unschedule_page(request: HttpRequest, document_id: int) -> HttpResponse:
    """Call a scheduled publication off."""
    _, document = document_context(request, document_id, Action.PUBLISH)
    try:
        unschedule(actor=signed_in(request), document=document)
    except NotReady as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Called off. The approval stands.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
def withdraw_page(request: HttpRequest, document_id: int) -> HttpResponse:
    """Take the public page back."""
    _, document = document_context(request, document_id, Action.PUBLISH)
    try:
        withdraw(actor=signed_in(request), document=document, reason=request.POST.get("reason", ""))
    except InputError as error:
        messages.error(request, f"{error.problems[0].message.capitalize()}: {error.problems[0].remedy}.")
    except NotReady as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Retracted. Its address says so and why.")
    return redirect("document", document_id=document_id)
