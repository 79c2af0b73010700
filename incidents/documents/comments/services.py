"""Commenting, answering, suggesting, resolving; a suggestion that is accepted becomes a revision."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from incidents.catalog.queries import permitted, require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, Form, NotPermitted, NotReady, NotThere
from incidents.documents.comments.anchors import Anchor, find
from incidents.documents.enums import CommentState
from incidents.documents.models import Comment, Document
from incidents.documents.services import locked, save_document

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_refused = Form("comment").refused

_LONGEST = 5_000


@transaction.atomic
def add_comment(
    *,
    actor: "User",
    document: Document,
    text: str,
    quote: str = "",
    before: str = "",
    after: str = "",
    near: int = 0,
    suggestion: str | None = None,
) -> Comment:
    """Comment on quoted words of the saved text (on the whole document where nothing is quoted).

    With `suggestion` it proposes other words for them. Raises InputError where the words are not in the saved text.
    """
    require(actor, Action.VIEW, document.incident.product)
    text = text.strip()
    if not text and suggestion is None:
        raise _refused("text", "the comment is empty", "write a sentence")
    if max(len(text), len(suggestion or "")) > _LONGEST:
        raise _refused("text", f"a comment has at most {_LONGEST:,} characters", "shorten it")
    row = Document.objects.select_for_update(of=("self",)).select_related("incident__product").get(pk=document.pk)
    anchor = find(row.body, quote.replace("\r\n", "\n"), before, after, near) if quote.strip() else None
    if quote.strip() and anchor is None:
        raise _refused("quote", "these words are not in the saved text", "save first, or quote other words")
    if suggestion is not None and (anchor is None or suggestion == anchor.quote):
        raise _refused("suggestion", "nothing would change", "quote words and write others for them")
    comment = Comment.objects.create(
        document=row,
        author=actor,
        text=text,
        suggestion=None if suggestion is None else suggestion.replace("\r\n", "\n"),
        revision_number=row.version,
        **_place(anchor),
    )
    what = "comment added" if suggestion is None else "suggestion made"
    _told(actor, row, what, comment)
    return comment


def _place(anchor: Anchor | None) -> dict[str, object]:
    if anchor is None:
        return {}
    return {
        "start": anchor.start,
        "end": anchor.end,
        "quote": anchor.quote,
        "first_quote": anchor.quote,
        "before": anchor.before,
        "after": anchor.after,
    }


@transaction.atomic
def answer_comment(*, actor: "User", comment: Comment, text: str) -> Comment:
    """Answer a comment; an answer has no place of its own."""
    require(actor, Action.VIEW, comment.document.incident.product)
    if not 1 <= len(text.strip()) <= _LONGEST:
        raise _refused("text", f"an answer has 1 to {_LONGEST:,} characters", "write a sentence")
    first = comment.answers_to or comment
    made = Comment.objects.create(
        document=comment.document,
        answers_to=first,
        author=actor,
        text=text.strip(),
        revision_number=comment.document.version,
    )
    _told(actor, comment.document, "comment answered", first)
    return made


@transaction.atomic
def resolve_comment(*, actor: "User", comment: Comment, resolved: bool = True) -> None:
    """Close a comment, or open it again: its author, or whoever may edit the document."""
    row = _open_row(comment)
    may_edit = permitted(actor, Action.EDIT_DOCUMENT, row.document.incident.product)
    if not may_edit and row.author_id != actor.pk:
        raise NotPermitted("Only its author and people who may edit the document can close a comment.")
    row.state = CommentState.RESOLVED if resolved else CommentState.OPEN
    _decide(row, actor, resolved)
    _told(actor, row.document, "comment resolved" if resolved else "comment reopened", row)


def _open_row(comment: Comment) -> Comment:
    row = (
        Comment.objects.select_for_update(of=("self",))
        .select_related("document__incident__product", "author")
        .get(pk=comment.pk)
    )
    if row.suggestion is not None and row.state in (CommentState.ACCEPTED, CommentState.REFUSED):
        raise NotReady("This suggestion was decided already.")
    return row


def _decide(row: Comment, actor: "User", decided: bool = True) -> None:
    row.decided_by = actor if decided else None
    row.decided_at = timezone.now() if decided else None
    row.save(update_fields=["state", "decided_by", "decided_at"])


@transaction.atomic
def decide_suggestion(*, actor: "User", comment: Comment, accept: bool, seen_version: int) -> Document:
    """Put suggested words into the text as a revision, or refuse them.

    Raises Conflict where the document moved on or the words changed, NotReady where it was decided already.
    """
    require(actor, Action.EDIT_DOCUMENT, comment.document.incident.product)
    document = locked(comment.document, seen_version)
    row = _open_row(comment)
    if row.suggestion is None:
        raise NotThere("This comment suggests no words.")
    if accept:
        if row.start is None or row.end is None or document.body[row.start : row.end] != row.quote:
            raise Conflict("The words it was about are gone from the text: refuse it, or edit by hand.")
        if row.quote != row.first_quote:
            raise Conflict("The words it was about were edited since: look at both, then edit by hand or refuse it.")
        body = document.body[: row.start] + row.suggestion + document.body[row.end :]
        who = row.author.get_username() if row.author else "somebody"
        # Decided before the save, so that the save does not carry it along as an open one.
        row.state = CommentState.ACCEPTED
        _decide(row, actor)
        document = save_document(
            actor=actor,
            document=document,
            title=document.title,
            body=body,
            seen_version=seen_version,
            note=f"Accepted a suggestion of {who}",
        )
    else:
        row.state = CommentState.REFUSED
        _decide(row, actor)
    _told(actor, document, "suggestion accepted" if accept else "suggestion refused", row)
    return document


def _told(actor: "User", document: Document, action: str, comment: Comment) -> None:
    record_audit(
        actor=actor,
        action=action,
        subject=document,
        product_id=document.incident.product_id,
        detail={"comment": comment.pk, "revision": document.version},
    )
