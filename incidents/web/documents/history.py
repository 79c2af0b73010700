"""What a document said before: its revisions, and how two of them differ."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.core.access import Action
from incidents.core.audit import audit_trail
from incidents.core.errors import NotThere
from incidents.documents.queries import revision_of, revisions_of
from incidents.publishing.queries import publications_of
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store


@require_safe
@login_required
@no_store
def revisions(request: HttpRequest, document_id: int) -> HttpResponse:
    """List the revisions, the reviews and what was published."""
    context, document = document_context(request, document_id)
    context |= {
        "revisions": revisions_of(document),
        "publications": publications_of(document),
        "trail": audit_trail(document)[:60],
        "may_edit": Action.EDIT_DOCUMENT.value in context["may"],
    }
    return render(request, "documents/revisions.html", context)


@require_safe
@login_required
@no_store
def revision(request: HttpRequest, document_id: int, number: int) -> HttpResponse:
    """Show one revision against another, the one before it unless said otherwise."""
    context, document = document_context(request, document_id)
    this = revision_of(document, number)
    against = request.GET.get("against", "")
    other = None
    if against.isdigit() and len(against) < 10:
        other = revision_of(document, int(against))
    elif number > 1:
        try:
            other = revision_of(document, number - 1)
        except NotThere:
            other = None
    context |= {
        "revision": this,
        "other": other,
        "may_edit": Action.EDIT_DOCUMENT.value in context["may"],
        "is_current": number == document.version,
    }
    return render(request, "documents/revision.html", context)
