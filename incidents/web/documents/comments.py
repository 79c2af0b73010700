"""Comments and suggestions beside a document, and each person's own working copy."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.core.access import Action
from incidents.core.errors import InputError, NotPermitted, NotReady
from incidents.documents.comments.queries import comment_of, threads_of
from incidents.documents.comments.services import add_comment, answer_comment, decide_suggestion, resolve_comment
from incidents.documents.copies import drop_copy, keep_copy
from incidents.web.documents.actions import number_of, told_on_the_document
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in


def _panel(request: HttpRequest, document_id: int, error: str = "") -> HttpResponse:
    context, document = document_context(request, document_id)
    context |= {
        "threads": threads_of(document),
        "comment_error": error,
        "may_edit": Action.EDIT_DOCUMENT.value in context["may"],
    }
    return render(request, "documents/comments.html", context, status=422 if error else 200)


def _said(refused: InputError) -> str:
    first = refused.problems[0]
    return f"{first.message[:1].upper()}{first.message[1:]}: {first.remedy}."


@require_POST
@login_required
@no_store
def comment(request: HttpRequest, document_id: int) -> HttpResponse:
    """Comment on quoted words, or suggest others for them."""
    _, document = document_context(request, document_id)
    suggests = request.POST.get("suggests") == "1"
    try:
        add_comment(
            actor=signed_in(request),
            document=document,
            text=request.POST.get("text", ""),
            quote=request.POST.get("quote", ""),
            before=request.POST.get("before", "").replace("\r\n", "\n"),
            after=request.POST.get("after", "").replace("\r\n", "\n"),
            near=number_of(request.POST.get("near")),
            suggestion=request.POST.get("suggestion", "") if suggests else None,
        )
    except InputError as refused:
        return _panel(request, document_id, _said(refused))
    return _panel(request, document_id)


@require_POST
@login_required
@no_store
def answer(request: HttpRequest, document_id: int, comment_id: int) -> HttpResponse:
    """Answer a comment."""
    _, document = document_context(request, document_id)
    try:
        answer_comment(
            actor=signed_in(request), comment=comment_of(document, comment_id), text=request.POST.get("text", "")
        )
    except InputError as refused:
        return _panel(request, document_id, _said(refused))
    return _panel(request, document_id)


@require_POST
@login_required
@no_store
def resolve(request: HttpRequest, document_id: int, comment_id: int) -> HttpResponse:
    """Close a comment, or open it again."""
    _, document = document_context(request, document_id)
    try:
        resolve_comment(
            actor=signed_in(request),
            comment=comment_of(document, comment_id),
            resolved=request.POST.get("open") != "1",
        )
    except (NotReady, NotPermitted) as refused:
        return _panel(request, document_id, str(refused))
    return _panel(request, document_id)


@require_POST
@login_required
@told_on_the_document
def decide(request: HttpRequest, document_id: int, comment_id: int) -> HttpResponse:
    """Accept a suggestion as a revision, or refuse it."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    accept = request.POST.get("decision") == "accept"
    saved = decide_suggestion(
        actor=signed_in(request),
        comment=comment_of(document, comment_id),
        accept=accept,
        seen_version=number_of(request.POST.get("version")),
    )
    messages.success(request, f"Accepted: revision {saved.version}." if accept else "Refused.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@no_store
def keep(request: HttpRequest, document_id: int) -> HttpResponse:
    """Keep what the person typed as their own working copy."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    try:
        kept = keep_copy(
            actor=signed_in(request),
            document=document,
            title=request.POST.get("title", ""),
            body=request.POST.get("body", ""),
            base_version=number_of(request.POST.get("version")),
        )
    except InputError as refused:
        return JsonResponse({"error": _said(refused)}, status=422)
    return JsonResponse({"kept": timezone.now().isoformat() if kept else None})


@require_POST
@login_required
def discard(request: HttpRequest, document_id: int) -> HttpResponse:
    """Forget the person's working copy."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    drop_copy(actor=signed_in(request), document=document)
    messages.success(request, "Discarded.")
    return redirect("document", document_id=document_id)
