"""Documents that a person may see, what the evidence says to their claims, who wrote and who reviewed them."""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.db.models import Q, QuerySet

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.changes.models import Change
from incidents.core.access import PERMISSIONS, Action, Role
from incidents.core.errors import NotThere
from incidents.documents.catalogue import catalogue_of
from incidents.documents.enums import DocumentKind, DocumentState, Verdict
from incidents.documents.facts import CaseFacts
from incidents.documents.findings import Catalogue
from incidents.documents.judging import Judged, judge
from incidents.documents.models import Claim, Document, Review, ReviewRequest, Revision
from incidents.documents.reading import facts_of, facts_stamp
from incidents.documents.templates.queries import policy_of
from incidents.response.enums import CandidateStatus
from incidents.response.models import CandidateChange, Incident
from incidents.response.queries import incident_for, visible_incidents

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

__all__ = [
    "Document",
    "approvals_of",
    "author_of_current",
    "current_facts",
    "document_for",
    "documents_of",
    "evidence_catalogue",
    "judged",
    "missing_roles",
    "named_change_ids",
    "notices_of",
    "people_who_may",
    "possible_reviewers",
    "recent_facts",
    "requests_of",
    "require_action",
    "reviews_of",
    "revision_of",
    "revisions_of",
    "standing_approval",
    "stored_claims",
    "visible_documents",
    "waiting_documents",
]

# What is shown may be this old where the mark of the facts did not move; what is decided never is.
_SHOWN_SECONDS = 60


def visible_documents(user: "User | AnonymousUser") -> QuerySet[Document]:
    """Return the documents of the cases that the person may see, the last edited first."""
    return Document.objects.filter(incident__in=visible_incidents(user).values("pk")).select_related(
        "incident__product", "change", "author", "made_from"
    )


def document_for(user: "User | AnonymousUser", pk: int, action: Action = Action.VIEW) -> Document:
    """Return one document if the person may do this to it: the only door to a document.

    Raises NotThere where it must not even be known, NotPermitted where only the action is refused.
    """
    document = visible_documents(user).filter(pk=pk).first()
    if document is None:
        raise NotThere("There is no such document, or it is not yours to see.")
    incident_for(user, document.incident_id, action)
    return document


def documents_of(incident: Incident) -> QuerySet[Document]:
    """Return the documents of a case: postmortems first, then notices in the order of their changes."""
    rows = Document.objects.filter(incident=incident).select_related("change", "author", "made_from")
    return rows.order_by("-kind", "change__started_at", "id")


def current_facts(incident: Incident) -> CaseFacts:
    """Return what is known of the case at this moment."""
    return facts_of(incident)


def recent_facts(incident: Incident) -> CaseFacts:
    """Return what is known of the case for showing: read again when anything but a ticket's label moved.

    Saving, reviewing and publishing read `current_facts`.
    """
    key = f"documents.facts.{incident.pk}.{facts_stamp(incident)}"
    facts: CaseFacts | None = cache.get(key)
    if facts is None:
        facts = facts_of(incident)
        cache.set(key, facts, _SHOWN_SECONDS)
    return facts


def evidence_catalogue(facts: CaseFacts) -> Catalogue:
    """Return everything that a text about the case may cite."""
    return catalogue_of(facts)


def stored_claims(document: Document) -> dict[str, Mapping[str, Any]]:
    """Return, by key, what the evidence said when each claim was written."""
    rows = Claim.objects.filter(document=document).values_list("key", "evidence", "value")
    return {key: {**value, "kind": evidence.get("kind", "")} for key, evidence, value in rows}


def judged(document: Document, *, body: str | None = None, facts: CaseFacts | None = None) -> Judged:
    """Judge a document's claims; with `body` a text that is not saved yet, with `facts` evidence already read."""
    facts = facts or facts_of(document.incident)
    return judge(document.body if body is None else body, facts, stored_claims(document))


def revisions_of(document: Document) -> QuerySet[Revision]:
    """Return the document's revisions, the newest first, without their texts."""
    return Revision.objects.filter(document=document).select_related("author").defer("body")


def revision_of(document: Document, number: int) -> Revision:
    """Return one revision; raise NotThere where there is none of that number."""
    revision = Revision.objects.filter(document=document, number=number).select_related("author").first()
    if revision is None:
        raise NotThere("There is no such revision of this document.")
    return revision


def reviews_of(document: Document) -> QuerySet[Review]:
    """Return the decisions on the document, the newest first."""
    return Review.objects.filter(document=document).select_related("reviewer")


def requests_of(document: Document) -> QuerySet[ReviewRequest]:
    """Return who was asked to review the current revision."""
    rows = ReviewRequest.objects.filter(document=document, revision_number=document.version)
    return rows.select_related("reviewer", "requested_by").order_by("id")


def approvals_of(document: Document) -> list[Review]:
    """Return the approvals of the current revision that still stand, the newest first.

    A save voids them, and so does a reviewer who asks for changes.
    """
    rows = Review.objects.filter(document=document, revision_number=document.version).select_related("reviewer")
    return list(takewhile(lambda row: row.verdict == Verdict.APPROVED.value, rows))


def missing_roles(document: Document) -> list[Role]:
    """Return the roles that must approve the current revision and have not yet."""
    given = {role for row in approvals_of(document) for role in row.roles}
    wanted = policy_of(document.incident.product, document.kind).required_roles
    return [Role(role) for role in wanted if role not in given]


def standing_approval(document: Document) -> Review | None:
    """Return the last approval of the current revision, None where there is none or a required role is missing."""
    approvals = approvals_of(document)
    return approvals[0] if approvals and not missing_roles(document) else None


def author_of_current(document: Document) -> "User | None":
    """Return who wrote the current revision."""
    row = Revision.objects.filter(document=document, number=document.version).select_related("author").first()
    return row.author if row else None


def people_who_may(product: Product, action: Action) -> "QuerySet[User]":
    """Return the active people whose roles include the action for the product."""
    roles = [role.value for role, actions in PERMISSIONS.items() if action in actions]
    held = Q(memberships__role__in=roles) & (Q(memberships__product=product) | Q(memberships__product=None))
    users: QuerySet[User] = get_user_model().objects.filter(Q(is_superuser=True) | held, is_active=True)
    return users.distinct().order_by("username")


def possible_reviewers(document: Document) -> "QuerySet[User]":
    """Return who may approve the current revision: people with the permission who did not write it."""
    author = author_of_current(document)
    rows = people_who_may(document.incident.product, Action.APPROVE_DOCUMENT)
    return rows.exclude(pk=author.pk) if author else rows


def notices_of(change: Change) -> QuerySet[Document]:
    """Return the notices about a change."""
    return Document.objects.filter(change=change, kind=DocumentKind.NOTICE).select_related("incident")


def waiting_documents(user: "User | AnonymousUser", states: Sequence[DocumentState]) -> QuerySet[Document]:
    """Return the person's documents in these states, the longest waiting first."""
    return visible_documents(user).filter(state__in=[state.value for state in states]).order_by("updated_at", "id")


def require_action(user: "User", document: Document, action: Action) -> None:
    """Raise NotPermitted where the person may not do this to the document."""
    require(user, action, document.incident.product)


def named_change_ids(user: "User | AnonymousUser") -> set[int]:
    """Return the changes that a case of the person's names as contributing: by a person, or by its newest run."""
    incidents = list(visible_incidents(user).values_list("pk", flat=True))
    statement = """
        select distinct on (r.incident_id) r.incident_id,
            jsonb_path_query_array(r.result, '$.changes[*] ? (@.verdict == "contributing").change')
        from incidents_attributionrun r where r.incident_id = any(%s)
        order by r.incident_id, r.created_at desc, r.id desc
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [incidents])
        by_run = {incident: json.loads(found) for incident, found in cursor.fetchall()}
    promoted: dict[int, set[int]] = {}
    rejected: dict[int, set[int]] = {}
    decided = CandidateChange.objects.filter(incident__in=incidents).exclude(status=CandidateStatus.CANDIDATE)
    for incident, change, status in decided.values_list("incident_id", "change_id", "status"):
        (promoted if status == CandidateStatus.CONTRIBUTING else rejected).setdefault(incident, set()).add(change)
    named: set[int] = set()
    for incident in incidents:
        named |= promoted.get(incident, set()) | (set(by_run.get(incident, ())) - rejected.get(incident, set()))
    return named
