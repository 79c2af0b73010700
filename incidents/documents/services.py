"""Writing documents: draft, save, bind claims, restore. Review is in `review.py`.

Every save makes a revision, moves `version` on and takes the document back to a draft: an approval is of one exact
revision. The second of two writers gets a Conflict and loses nothing.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify

from incidents.attribution.queries import latest_run
from incidents.catalog.queries import require
from incidents.changes.models import Change
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, InputError, NotReady, NotThere, Problem
from incidents.documents.audiences import check_marks, has_marks
from incidents.documents.catalogue import catalogue_of
from incidents.documents.citations import citations, replace_words
from incidents.documents.comments.carrying import carry_comments
from incidents.documents.drafting import build_notice, build_postmortem
from incidents.documents.enums import ClaimState, DocumentKind, DocumentState, NoticeHeading, TemplateKind
from incidents.documents.facts import CaseFacts
from incidents.documents.findings import Catalogue
from incidents.documents.judging import judge
from incidents.documents.models import Claim, Document, Revision
from incidents.documents.queries import stored_claims
from incidents.documents.reading import facts_of
from incidents.documents.rendering import check_source
from incidents.documents.templates.queries import template_named
from incidents.response.models import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_NO_RUN = (
    "No attribution has been run for this case yet, so there is nothing to cite. Run it on the case's "
    "Attribution page, then draft."
)


def draft_postmortem(*, actor: "User", incident: Incident, template: str = "") -> Document:
    """Write a first postmortem from the case and its newest run; raise NotReady where there is no run.

    `template` is the key of a template of the product, "" for the one it begins from by default.
    """
    require(actor, Action.EDIT_DOCUMENT, incident.product)
    if latest_run(incident) is None:
        raise NotReady(_NO_RUN)
    chosen = template_named(incident.product, TemplateKind.POSTMORTEM, template)
    facts = facts_of(incident)
    return add_document(
        actor=actor,
        incident=incident,
        facts=facts,
        kind=DocumentKind.POSTMORTEM,
        title=incident.title,
        body=build_postmortem(facts, chosen.source),
        note=f"Drafted from the evidence ({chosen.told})",
    )


def draft_notice(*, actor: "User", incident: Incident, change: Change) -> Document:
    """Write a first notice about one change of the case; a notice needs no run, a cause in it does."""
    require(actor, Action.EDIT_DOCUMENT, incident.product)
    facts = facts_of(incident)
    fact = next((one for one in facts.changes if one.pk == change.pk), None)
    if fact is None:
        raise NotThere("This change is not one of the case: it was not in force in the case's window.")
    if fact.visibility != "public":
        raise NotReady("This change never reached users, so there is nobody to tell.")
    chosen = template_named(incident.product, TemplateKind.NOTICE)
    notice = build_notice(facts, fact, chosen.source)
    return add_document(
        actor=actor,
        incident=incident,
        facts=facts,
        kind=DocumentKind.NOTICE,
        title=notice.title[:300],
        body=notice.body,
        heading=notice.heading,
        change=change,
        note=f"Drafted from the evidence ({chosen.told})",
    )


@transaction.atomic
def add_document(
    *,
    actor: "User",
    incident: Incident,
    facts: CaseFacts,
    kind: DocumentKind,
    title: str,
    body: str,
    note: str,
    heading: str = "",
    change: Change | None = None,
) -> Document:
    """Store a new draft with its first revision and bind its claims; `note` says in the history where it came from."""
    # Two drafts at once take turns, so that each gets its own short name.
    Incident.objects.select_for_update().get(pk=incident.pk)
    document = Document.objects.create(
        incident=incident,
        kind=kind.value,
        change=change,
        run_id=facts.run.pk if facts.run else None,
        slug=_free_slug(incident, title),
        title=title,
        body=body,
        heading=heading,
        author=actor,
    )
    _add_revision(document, actor, note)
    _bind(document, catalogue_of(facts))
    record_audit(
        actor=actor,
        action="document drafted",
        subject=document,
        product_id=incident.product_id,
        detail={"kind": kind.value, "run": document.run_id, "note": note},
    )
    return document


def _free_slug(incident: Incident, title: str) -> str:
    base = slugify(title)[:140] or "document"
    taken = set(Document.objects.filter(incident=incident, slug__startswith=base).values_list("slug", flat=True))
    return next(
        slug for number in range(1, len(taken) + 2) if (slug := f"{base}-{number}" if number > 1 else base) not in taken
    )


def _add_revision(document: Document, actor: "User", note: str) -> None:
    Revision.objects.create(
        document=document,
        number=document.version,
        title=document.title,
        body=document.body,
        note=note[:300],
        author=actor,
    )


def _bind(document: Document, catalogue: Catalogue, refresh: Iterable[str] = ()) -> None:
    """Give each cited key its claim row; keys of `refresh` take the evidence's present value."""
    cited = {citation.key for citation in citations(document.body)}
    known = {claim.key: claim for claim in Claim.objects.filter(document=document)}
    for key in cited:
        finding = catalogue.get(key)
        if finding is None:
            continue
        if key not in known:
            Claim.objects.create(document=document, key=key, evidence=dict(finding.evidence), value=finding.value())
        elif key in set(refresh):
            known[key].value = finding.value()
            known[key].evidence = dict(finding.evidence)
            known[key].save(update_fields=["value", "evidence"])


def locked(document: Document, seen_version: int) -> Document:
    """Return the row under a lock; raise Conflict where it moved on since it was read. Inside a transaction only."""
    row = Document.objects.select_for_update(of=("self",)).select_related("incident__product").get(pk=document.pk)
    if row.version != seen_version:
        last = Revision.objects.filter(document=row, number=row.version).select_related("author").first()
        who = last.author.get_username() if last and last.author else "Somebody"
        raise Conflict(
            f"{who} saved this document meanwhile (revision {row.version}; you began from {seen_version}). "
            "Compare both texts below; nothing of yours is lost."
        )
    return row


@transaction.atomic
def save_document(
    *,
    actor: "User",
    document: Document,
    title: str,
    body: str,
    seen_version: int,
    note: str = "",
    heading: str | None = None,
) -> Document:
    """Save a text as the next revision; saving what is there already changes nothing.

    Raises Conflict where somebody saved since `seen_version`, InputError where the text is refused.
    """
    require(actor, Action.EDIT_DOCUMENT, document.incident.product)
    body = body.replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"
    title = " ".join(title.split())
    check_source(body)
    check_marks(body)
    _check_title(title)
    row = locked(document, seen_version)
    wanted_heading = _heading(row, heading)
    if (row.title, row.body, row.heading) == (title, body, wanted_heading):
        return row
    row.title, row.body, row.heading = title, body, wanted_heading
    return _store(row, actor, note)


def _store(row: Document, actor: "User", note: str, *, refresh: Iterable[str] = ()) -> Document:
    was = row.state
    before = Revision.objects.get(document=row, number=row.version).body
    row.version += 1
    row.state = DocumentState.DRAFT
    row.save(update_fields=["title", "body", "heading", "version", "state", "updated_at"])
    _add_revision(row, actor, note)
    _bind(row, catalogue_of(facts_of(row.incident)), refresh)
    carry_comments(row, before)
    record_audit(
        actor=actor,
        action="document saved",
        subject=row,
        product_id=row.incident.product_id,
        detail={"revision": row.version, "was": was, "note": note[:300]},
    )
    return row


def _check_title(title: str) -> None:
    if not 1 <= len(title) <= 300:
        raise InputError(
            [Problem(file="title", line=None, field="", message="a title has 1 to 300 characters", remedy="shorten it")]
        )
    check_source(title)
    if has_marks(title):
        problem = Problem(
            file="title", line=None, field="", message="a title is read by everyone", remedy="leave internal words out"
        )
        raise InputError([problem])


def _heading(row: Document, heading: str | None) -> str:
    if row.kind != DocumentKind.NOTICE:
        return ""
    return heading if heading in NoticeHeading.values else row.heading


@transaction.atomic
def update_stale_claims(
    *, actor: "User", document: Document, seen_version: int, key: str = "", words: str = ""
) -> Document:
    """Put the evidence's present words into stale claims: all of them, or those of one key (that say `words`).

    A claim that says something else than the evidence ever said is changed only when it is named.
    """
    require(actor, Action.EDIT_DOCUMENT, document.incident.product)
    row = locked(document, seen_version)
    facts = facts_of(row.incident)
    catalogue = catalogue_of(facts)
    moved: set[str] = set()
    for claim in judge(row.body, facts, stored_claims(row), catalogue).claims:
        named = claim.key == key and (not words or claim.words == words)
        if not claim.new or (key and not named) or (not key and claim.state != ClaimState.STALE):
            continue
        new = claim.new[0].upper() + claim.new[1:] if claim.words[:1].isupper() else claim.new
        row.body = replace_words(row.body, claim.key, claim.words, new)
        moved.add(claim.key)
    if not moved:
        return row
    note = "Updated a claim to the evidence" if len(moved) == 1 else f"Updated {len(moved)} claims to the evidence"
    return _store(row, actor, note, refresh=moved)


@transaction.atomic
def vouch(
    *, actor: "User", document: Document, seen_version: int, start: int, end: int, words: str, note: str
) -> Document:
    """Bind a stretch of the text to a person's word, with where it comes from; another person must still approve."""
    require(actor, Action.EDIT_DOCUMENT, document.incident.product)
    note = " ".join(note.split())
    if not note:
        raise InputError(
            [
                Problem(
                    file="claim",
                    line=None,
                    field="note",
                    message="it is not said where this comes from",
                    remedy="name the source: a record, a person, a decision",
                )
            ]
        )
    row = locked(document, seen_version)
    found = row.body[start:end]
    if not found or found.strip() != words.strip():
        raise Conflict("The text moved: reload the page and vouch again.")
    stretch = found.strip()
    first = start + found.index(stretch)
    numbers = (int(key[6:]) for key in stored_claims(row) if key.startswith("vouch-") and key[6:].isdigit())
    key = f"vouch-{max(numbers, default=0) + 1}"
    row.body = f"{row.body[:first]}[{stretch}](ev:{key}){row.body[first + len(stretch) :]}"
    Claim.objects.create(
        document=row,
        key=key,
        evidence={"kind": "person", "user": actor.pk},
        value={"text": stretch, "by": actor.get_username(), "note": note[:300]},
    )
    return _store(row, actor, f"Vouched for “{stretch[:80]}”: {note}")


def restore_revision(*, actor: "User", document: Document, number: int, seen_version: int) -> Document:
    """Make an earlier revision's text the next revision."""
    old = Revision.objects.filter(document=document, number=number).first()
    if old is None:
        raise NotThere("There is no such revision of this document.")
    return save_document(
        actor=actor,
        document=document,
        title=old.title,
        body=old.body,
        seen_version=seen_version,
        note=f"Restored revision {number}",
    )
