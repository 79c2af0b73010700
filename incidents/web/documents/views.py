"""Pages of documents: lists, the editor with its preview and claims, the evidence that can be cited."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.changes.queries import is_unannounced
from incidents.core.access import Action
from incidents.core.errors import Conflict, InputError
from incidents.documents.copies import drop_copy
from incidents.documents.enums import DocumentKind, DocumentState, TemplateKind
from incidents.documents.figures import figure_choices
from incidents.documents.merging import merge
from incidents.documents.queries import (
    Document,
    documents_of,
    evidence_catalogue,
    judged,
    recent_facts,
    revision_of,
    visible_documents,
)
from incidents.documents.services import save_document
from incidents.documents.templates.queries import template_choices
from incidents.response.queries import changes_of
from incidents.web.cases.frame import case_context
from incidents.web.documents.page import claim_lists, document_context, editor_context, leak_lists, preview_html
from incidents.web.people import signed_in

no_store = cache_control(private=True, no_store=True)
_MOST_FOUND = 40


@require_safe
@login_required
@no_store
def documents(request: HttpRequest) -> HttpResponse:
    """List the documents of all cases that the person may see."""
    state = request.GET.get("state", "")
    rows = visible_documents(request.user)
    if state in DocumentState.values:
        rows = rows.filter(state=state)
    context = {"section": "documents", "rows": rows[:300], "state": state, "states": DocumentState.choices}
    return render(request, "documents/list.html", context)


@require_safe
@login_required
@no_store
def case_documents(request: HttpRequest, case_id: int) -> HttpResponse:
    """List the documents of one case, and what can be drafted from it."""
    context = case_context(request, case_id, "documents")
    incident = context["incident"]
    facts = recent_facts(incident)
    rows = list(documents_of(incident))
    told = {row.change_id for row in rows if row.kind == DocumentKind.NOTICE}
    harmful = {fact.pk for fact in facts.contributing()}
    changes = [row for row in changes_of(incident).distinct() if row.visibility == "public"]
    context |= {
        "section": "documents",
        "rows": rows,
        "has_run": facts.run is not None,
        "templates": template_choices(incident.product, TemplateKind.POSTMORTEM),
        "harmful": [row for row in changes if row.pk in harmful],
        "others": [
            row for row in changes if row.pk not in harmful and row.user_facing and row.kind != "client_release"
        ],
        # Whoever was hurt by a change should have been told, whether or not the log calls it user-facing.
        "unannounced": {
            row.pk for row in changes if is_unannounced(row) or (row.pk in harmful and row.announced_at is None)
        },
        "told": told,
        "has_postmortem": any(row.kind == DocumentKind.POSTMORTEM for row in rows),
        "may_draft": Action.EDIT_DOCUMENT.value in context["may"],
    }
    return render(request, "documents/case.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@no_store
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show the editor; take a text in. A second writer gets both texts beside each other, and a merge of them."""
    if request.method != "POST":
        return render(request, "documents/editor.html", editor_context(request, document_id))
    _, row = document_context(request, document_id, Action.EDIT_DOCUMENT)
    title, body = request.POST.get("title", ""), request.POST.get("body", "")
    version = _number(request.POST.get("version"))
    try:
        saved = save_document(
            actor=signed_in(request),
            document=row,
            title=title,
            body=body,
            seen_version=version,
            note=request.POST.get("note", "").strip(),
            heading=request.POST.get("heading"),
        )
    except Conflict as conflict:
        return _conflict(request, row, title=title, body=body, version=version, reason=str(conflict))
    except InputError as error:
        context = editor_context(request, document_id, title=title, body=body) | {"error": str(error)}
        return render(request, "documents/editor.html", context, status=422)
    drop_copy(actor=signed_in(request), document=row)
    if saved.version == version:
        messages.info(request, "Nothing changed, so nothing was saved.")
    else:
        messages.success(request, f"Saved as revision {saved.version}.")
    return redirect("document", document_id=document_id)


def _conflict(request: HttpRequest, row: Document, *, title: str, body: str, version: int, reason: str) -> HttpResponse:
    context, current = document_context(request, row.pk)
    body = body.replace("\r\n", "\n").rstrip() + "\n"
    base = revision_of(current, version).body if 0 < version < current.version else ""
    merged = merge(base, body, current.body)
    context |= {
        "reason": reason,
        "base": base,
        "base_version": version,
        "mine": body,
        "theirs": current.body,
        "merged": merged,
        "title_text": title,
        "their_title": current.title,
    }
    return render(request, "documents/conflict.html", context, status=409)


@require_POST
@login_required
@no_store
def preview(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show what was typed as it would look, with the state of each claim; nothing is stored."""
    context, row = document_context(request, document_id)
    body = request.POST.get("body", "")
    found = judged(row, body=body, facts=recent_facts(row.incident))
    html, problem = preview_html(body, found, row.incident)
    context |= claim_lists(found, row.incident_id)
    context |= {
        "html": html,
        "problem": problem,
        **leak_lists(row, request.POST.get("title", row.title), body),
        "may_edit": Action.EDIT_DOCUMENT.value in context["may"],
        "is_preview": True,
    }
    return render(request, "documents/preview.html", context)


@require_safe
@login_required
@no_store
def evidence(request: HttpRequest, document_id: int) -> HttpResponse:
    """List the evidence that a text may cite, found by words."""
    context, row = document_context(request, document_id)
    wanted = request.GET.get("q", "").lower().split()
    found = [
        one
        for one in evidence_catalogue(recent_facts(row.incident)).by_key.values()
        if one.holds and all(word in f"{one.label} {one.text} {one.key}".lower() for word in wanted)
    ]
    figures = [one for one in figure_choices(row.incident) if all(word in one.label.lower() for word in wanted)]
    context |= {"found": found[:_MOST_FOUND], "n_found": len(found), "figures": figures[:8]}
    return render(request, "documents/evidence.html", context)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else 0
