"""Publishing for staff: what waits, the last look before it goes out, withdrawal, who was told of which change."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.catalog.queries import products_permitting, visible_products
from incidents.core.access import Action
from incidents.core.errors import InputError, NotReady
from incidents.documents.enums import DocumentState
from incidents.documents.queries import judged, standing_approval, waiting_documents
from incidents.documents.rendering import render_markdown
from incidents.publishing.queries import notice_coverage, publication_of
from incidents.publishing.services import publish, withdraw
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in


@require_safe
@login_required
@no_store
def board(request: HttpRequest) -> HttpResponse:
    """Show what waits for whom, what is out, and which changes users were never told of."""
    product = request.GET.get("product", "")
    show = request.GET.get("coverage", "open")
    coverage = notice_coverage(request.user, product_slug=product)
    untold = [row for row in coverage if row.told_at is None]
    lanes = [
        ("To be reviewed", waiting_documents(request.user, [DocumentState.IN_REVIEW])),
        ("Approved, to be published", waiting_documents(request.user, [DocumentState.APPROVED])),
        ("Drafts", waiting_documents(request.user, [DocumentState.DRAFT])),
        ("Public", waiting_documents(request.user, [DocumentState.PUBLISHED]).order_by("-updated_at")),
    ]
    if product:
        lanes = [(label, rows.filter(incident__product__slug=product)) for label, rows in lanes]
    context = {
        "section": "publish",
        "lanes": [(label, list(rows[:50])) for label, rows in lanes],
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
    error = ""
    if request.method == "POST":
        text = request.POST.get("version", "")
        version = int(text) if text.isdigit() and len(text) < 10 else 0
        try:
            publish(
                actor=signed_in(request),
                document=document,
                seen_version=version,
                correction=request.POST.get("correction", ""),
                shows_earlier=request.POST.get("earlier") == "show",
            )
        except (InputError, NotReady) as refused:
            error = refused.problems[0].remedy if isinstance(refused, InputError) else str(refused)
        else:
            messages.success(request, "Published. The page, the lists and the feed have it.")
            return redirect("document", document_id=document_id)
    found = judged(document)
    context |= {
        "html": render_markdown(document.body, public=True),
        "current": current,
        "is_correction": current is not None,
        "approval": standing_approval(document),
        "is_ready": document.state == DocumentState.APPROVED,
        "judged": found,
        "counts": found.counts(),
        "error": error,
        "correction": request.POST.get("correction", ""),
        "earlier": request.POST.get("earlier", ""),
    }
    return render(request, "publishing/publish.html", context, status=422 if error else 200)


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
        messages.success(request, "Withdrawn. Its address says so and why.")
    return redirect("document", document_id=document_id)
