"""What people do to a document: draft it, bring claims up to date, vouch, restore, ask for a review, decide."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from incidents.catalog.queries import dimensions_of
from incidents.changes.log import change_for
from incidents.core.access import Action
from incidents.core.errors import Conflict, InputError, NotReady
from incidents.documents.editions import segment_words
from incidents.documents.enums import Verdict
from incidents.documents.queries import possible_reviewers
from incidents.documents.review import request_review, review_document
from incidents.documents.segment_notices import cut_anew, write_segment_notice
from incidents.documents.services import draft_notice, draft_postmortem, restore_revision, update_stale_claims, vouch
from incidents.response.queries import incident_for
from incidents.web.documents.page import document_context
from incidents.web.people import signed_in
from incidents.web.segments import segment_of

View = Callable[..., HttpResponse]


def number_of(text: str | None) -> int:
    """Return a number of a form, 0 for what is none."""
    return int(text) if text and text.isdigit() and len(text) < 10 else 0


def told_on_the_document(view: View) -> View:
    """Answer what a person can mend (a conflict, a missing note, a wrong state) with a message on the document."""

    @wraps(view)
    def wrapped(request: HttpRequest, document_id: int, **arguments: int) -> HttpResponse:
        try:
            return view(request, document_id, **arguments)
        except InputError as error:
            first = error.problems[0]
            messages.error(request, f"{first.message[:1].upper()}{first.message[1:]}: {first.remedy}.")
        except (Conflict, NotReady) as error:
            messages.error(request, str(error))
        return redirect("document", document_id=document_id)

    return wrapped


@require_POST
@login_required
def new_postmortem(request: HttpRequest, case_id: int) -> HttpResponse:
    """Draft a postmortem from the case's newest run."""
    incident = incident_for(request.user, case_id, Action.EDIT_DOCUMENT)
    try:
        template = request.POST.get("template", "")
        document = draft_postmortem(actor=signed_in(request), incident=incident, template=template)
    except NotReady as error:
        messages.error(request, str(error))
        return redirect("case-documents", case_id=case_id)
    messages.success(request, "Drafted. Every number cites its evidence; what is not known is marked “To be written”.")
    return redirect("document", document_id=document.pk)


@require_POST
@login_required
def new_notice(request: HttpRequest, case_id: int, change_id: int) -> HttpResponse:
    """Draft a notice about one change of the case."""
    incident = incident_for(request.user, case_id, Action.EDIT_DOCUMENT)
    change = change_for(request.user, change_id)
    try:
        document = draft_notice(actor=signed_in(request), incident=incident, change=change)
    except NotReady as error:
        messages.error(request, str(error))
        return redirect("case-documents", case_id=case_id)
    messages.success(request, "Drafted. What is not known is marked “To be written”.")
    return redirect("document", document_id=document.pk)


@require_POST
@login_required
@told_on_the_document
def new_segment_notice(request: HttpRequest, document_id: int) -> HttpResponse:
    """Cut a document down to the segment of the form, as a draft notice of its own."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    segment = segment_of(request.POST, [one.key for one in dimensions_of(document.incident.product)])
    notice = write_segment_notice(actor=signed_in(request), document=document, segment=segment)
    messages.success(request, f"Drafted for {segment_words(segment)}: it is reviewed and published like any notice.")
    return redirect("document", document_id=notice.pk)


@require_POST
@login_required
@told_on_the_document
def renew_segment_notice(request: HttpRequest, document_id: int) -> HttpResponse:
    """Cut a notice anew from the present text that it was made from."""
    _, notice = document_context(request, document_id, Action.EDIT_DOCUMENT)
    version = number_of(request.POST.get("version"))
    saved = cut_anew(actor=signed_in(request), notice=notice, seen_version=version)
    if saved.version == version:
        messages.info(request, "The text for these people is the same as before.")
    else:
        messages.success(request, f"Cut anew: revision {saved.version}. Your earlier text is in the history.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@told_on_the_document
def update_claims(request: HttpRequest, document_id: int) -> HttpResponse:
    """Put the evidence's present words into one claim, or into all stale ones."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    version = number_of(request.POST.get("version"))
    saved = update_stale_claims(
        actor=signed_in(request),
        document=document,
        seen_version=version,
        key=request.POST.get("key", ""),
        words=request.POST.get("words", ""),
    )
    if saved.version == version:
        messages.info(request, "There was nothing to update.")
    else:
        messages.success(request, f"Updated to the evidence: revision {saved.version}.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@told_on_the_document
def vouch_claim(request: HttpRequest, document_id: int) -> HttpResponse:
    """Bind a number to the word of the person who is signed in."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    vouch(
        actor=signed_in(request),
        document=document,
        seen_version=number_of(request.POST.get("version")),
        start=number_of(request.POST.get("start")),
        end=number_of(request.POST.get("end")),
        words=request.POST.get("words", ""),
        note=request.POST.get("note", ""),
    )
    messages.success(request, "Noted under your name; whoever approves sees it.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@told_on_the_document
def restore(request: HttpRequest, document_id: int, number: int) -> HttpResponse:
    """Make an earlier text the next revision."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    restore_revision(
        actor=signed_in(request),
        document=document,
        number=number,
        seen_version=number_of(request.POST.get("version")),
    )
    messages.success(request, f"Revision {number} is the text again; what stood there is kept in the history.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@told_on_the_document
def ask_review(request: HttpRequest, document_id: int) -> HttpResponse:
    """Ask named people to review the current revision."""
    _, document = document_context(request, document_id, Action.REQUEST_REVIEW)
    chosen = {number_of(value) for value in request.POST.getlist("reviewers")}
    people = [person for person in possible_reviewers(document) if person.pk in chosen]
    request_review(
        actor=signed_in(request),
        document=document,
        reviewers=people,
        seen_version=number_of(request.POST.get("version")),
        note=request.POST.get("note", "").strip(),
    )
    names = ", ".join(person.get_full_name() or person.get_username() for person in people)
    messages.success(request, f"Review requested from {names}.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@told_on_the_document
def decide_review(request: HttpRequest, document_id: int) -> HttpResponse:
    """Approve the current revision, or ask for changes."""
    _, document = document_context(request, document_id, Action.APPROVE_DOCUMENT)
    approves = request.POST.get("verdict") == Verdict.APPROVED
    review_document(
        actor=signed_in(request),
        document=document,
        verdict=Verdict.APPROVED if approves else Verdict.CHANGES_REQUESTED,
        seen_version=number_of(request.POST.get("version")),
        note=request.POST.get("note", ""),
        sign_off=request.POST.get("sign_off", ""),
    )
    messages.success(request, "Approved." if approves else "Sent back with your note.")
    return redirect("document", document_id=document_id)
