"""Documents as files: a draft for somebody without an account, a postmortem that was written elsewhere."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from incidents.core.access import Action
from incidents.core.errors import InputError, NotThere
from incidents.documents.queries import document_for
from incidents.documents.rendering import MAX_BYTES
from incidents.documents.taking_in import take_in_postmortem
from incidents.publishing.exports.forms import FORMS
from incidents.publishing.exports.sheet import draft_sheet
from incidents.response.queries import incident_for
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in


@require_safe
@login_required
@no_store
def draft_file(request: HttpRequest, document_id: int, form: str) -> HttpResponse:
    """Return the document as it stands, in the words the public would read, marked as a draft."""
    document = document_for(request.user, document_id, Action.EXPORT)
    if form not in FORMS:
        raise NotThere("There is no such file format.")
    sheet, html = draft_sheet(document, address=request.build_absolute_uri(f"/documents/{document.pk}/"))
    chosen = FORMS[form]
    response = HttpResponse(chosen.write(sheet, html), content_type=chosen.content_type)
    name = content_disposition_header(as_attachment=True, filename=f"{document.slug}-draft-{document.version}.{form}")
    response.headers["Content-Disposition"] = name or "attachment"
    return response


@require_POST
@login_required
def take_in(request: HttpRequest, case_id: int) -> HttpResponse:
    """Add a postmortem from an uploaded Markdown file."""
    incident = incident_for(request.user, case_id, Action.EDIT_DOCUMENT)
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, "Choose a Markdown file first.")
        return redirect("case-documents", case_id=case_id)
    try:
        document = take_in_postmortem(
            actor=signed_in(request),
            incident=incident,
            content=upload.read(MAX_BYTES + 1),
            file_name=upload.name or "",
        )
    except InputError as refused:
        one = refused.problems[0]
        where = f"{one.file}, line {one.line}" if one.line else one.file
        messages.error(request, f"Not taken over. {where}: {one.message}; {one.remedy}.")
        return redirect("case-documents", case_id=case_id)
    messages.success(request, "Taken over as a draft. Statements without evidence are marked; bind or take them out.")
    return redirect("document", document_id=document.pk)
