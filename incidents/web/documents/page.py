"""What the page of one document shows: text, preview, claims with links to their evidence, what may be done next."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from incidents.core.access import Action
from incidents.core.errors import InputError
from incidents.documents.assistant.services import endpoint
from incidents.documents.comments.queries import threads_of
from incidents.documents.copies import working_copy
from incidents.documents.editions import segment_words
from incidents.documents.enums import PUBLIC_STATES, ClaimState, DocumentState, NoticeHeading
from incidents.documents.figures import Incident, figures_html
from incidents.documents.judging import Judged, Judgement
from incidents.documents.leaks import leaks_of
from incidents.documents.queries import (
    Document,
    approvals_of,
    author_of_current,
    document_for,
    judged,
    missing_roles,
    possible_reviewers,
    recent_facts,
    requests_of,
    reviews_of,
    standing_approval,
)
from incidents.documents.rendering import MAX_BYTES, render_markdown
from incidents.publishing.queries import publication_of
from incidents.publishing.scheduling import last_schedule, open_schedule
from incidents.web.cases.frame import case_context
from incidents.web.people import signed_in


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """A claim and where its evidence can be looked at."""

    claim: Judgement
    url: str

    @property
    def start(self) -> int:
        """Return where a statement without evidence begins in the text, -1 for a claim."""
        evidence = self.claim.evidence or {}
        return int(evidence["start"]) if evidence.get("kind") == "loose" else -1

    @property
    def end(self) -> int:
        """Return where it ends."""
        evidence = self.claim.evidence or {}
        return int(evidence["end"]) if evidence.get("kind") == "loose" else -1


def evidence_url(claim: Judgement, case_id: int) -> str:
    """Return the page that shows a claim's evidence, "" where there is none."""
    evidence = claim.evidence or {}
    kind, pk = evidence.get("kind"), evidence.get("pk")
    case = {"case_id": case_id}
    query = {"symptom": str(evidence["symptom"])} if kind == "tickets" and evidence.get("symptom") else {}
    places: dict[object, tuple[str, dict[str, object]]] = {
        "change": ("change", {"change_id": pk}),
        "run": ("attribution-change", {**case, "change_id": pk}) if pk else ("attribution", {**case}),
        "tickets": ("case-tickets", {**case}),
        "statement": ("case-timeline", {**case}),
        "eval": ("metrics", {}),
        "metric": ("metrics", {}),
        "case": ("case", {**case}),
        "overlap": ("case", {**case}),
    }
    if kind not in places:
        return ""
    route, arguments = places[kind]
    if kind == "statement":
        query = {"kind": "statements"}
    return reverse(route, kwargs=arguments) + (f"?{urlencode(query)}" if query else "")


def claim_lists(found: Judged, case_id: int) -> dict[str, Any]:
    """Return the claims panel: what needs work first, then what holds."""
    rows = [ClaimRow(claim=claim, url=evidence_url(claim, case_id)) for claim in found.claims]
    order = [ClaimState.CONTRADICTED, ClaimState.UNSUPPORTED, ClaimState.STALE]
    problems = [row for row in rows if row.claim.state != ClaimState.SUPPORTED]
    problems.sort(key=lambda row: (order.index(row.claim.state), row.claim.line))
    return {
        "judged": found,
        "counts": found.counts(),
        "problems": problems,
        "supported": [row for row in rows if row.claim.state == ClaimState.SUPPORTED],
        "n_stale": len(found.of(ClaimState.STALE)),
    }


def _offered(request: HttpRequest, document: Document) -> dict[str, Any] | None:
    """Return the person's own unsaved text, as the page's module takes it."""
    found = working_copy(signed_in(request), document)
    if found is None:
        return None
    return {"title": found.title, "body": found.body, "base": found.base_version, "kept_at": found.kept_at}


def leak_lists(document: Document, title: str | None, body: str) -> dict[str, Any]:
    """Return what the redaction check finds in a text, saved or not."""
    found = leaks_of(document, title=title, body=body)
    return {"leaks": found, "n_open_leaks": sum(one.sign_off is None for one in found)}


def preview_html(body: str, found: Judged, incident: Incident) -> tuple[str, str]:
    """Return (safe HTML, what is wrong with the text if it cannot be shown)."""
    try:
        return render_markdown(body, public=False, states=found.states(), figures=figures_html(incident, body)), ""
    except InputError as error:
        return "", str(error)


def document_context(
    request: HttpRequest, document_id: int, action: Action = Action.VIEW
) -> tuple[dict[str, Any], Document]:
    """Return the frame's context and the document; the only way of a page to a document."""
    document = document_for(request.user, document_id, action)
    context = case_context(request, document.incident_id, "documents")
    return context | {"document": document, "section": "documents"}, document


def editor_context(
    request: HttpRequest, document_id: int, *, title: str | None = None, body: str | None = None
) -> dict[str, Any]:
    """Return the document's page; `title` and `body` are what was typed and not stored."""
    context, document = document_context(request, document_id)
    text = document.body if body is None else body
    found = judged(document, body=text, facts=recent_facts(document.incident))
    html, problem = preview_html(text, found, document.incident)
    may = context["may"]
    author = author_of_current(document)
    is_author = author is not None and author.pk == request.user.pk
    reviewers = list(possible_reviewers(document)) if document.state not in PUBLIC_STATES else []
    return (
        context
        | claim_lists(found, document.incident_id)
        | {
            "title_text": document.title if title is None else title,
            "body_text": text,
            "html": html,
            "problem": problem,
            "headings": NoticeHeading.choices,
            "segment_told": segment_words(document.segment) if document.segment else "",
            "source_moved": document.made_from is not None and document.made_from.version != document.made_from_version,
            "max_bytes": MAX_BYTES,
            "author": author,
            "is_author": is_author,
            "may_edit": Action.EDIT_DOCUMENT.value in may,
            "may_decide": Action.APPROVE_DOCUMENT.value in may and not is_author,
            "may_publish": Action.PUBLISH.value in may,
            "reviewers": [person for person in reviewers if person.pk != request.user.pk or not is_author],
            "requests": list(requests_of(document)),
            "reviews": list(reviews_of(document)[:8]),
            "approval": standing_approval(document),
            "approvals": approvals_of(document),
            "missing": missing_roles(document),
            "publication": publication_of(document),
            "schedule": open_schedule(document),
            "missed": last_schedule(document) if document.state == DocumentState.APPROVED else None,
            **leak_lists(document, title, text),
            "threads": threads_of(document),
            "has_assistant": endpoint() is not None,
            # What was just typed and refused is in the page: nothing older is offered over it.
            "copy": _offered(request, document) if body is None else None,
        }
    )
