"""The comments of a document: those with a place, on the whole, orphaned, and closed ones, each with its answers."""

from dataclasses import dataclass

from incidents.core.errors import NotThere
from incidents.documents.enums import CommentState
from incidents.documents.models import Comment, Document

__all__ = ["Comment", "Threads", "comment_of", "threads_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A comment with its answers; `line` is where its words stand now, 0 for none, `share` how far into the text."""

    comment: Comment
    answers: list[Comment]
    line: int
    share: float

    @property
    def is_changed(self) -> bool:
        """Tell whether the words were edited since it was written."""
        return self.comment.quote != self.comment.first_quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """All comments of a document, sorted for reading."""

    placed: list[Thread]
    general: list[Thread]
    orphaned: list[Thread]
    closed: list[Thread]

    @property
    def n_open(self) -> int:
        """Return how many wait for somebody."""
        return len(self.placed) + len(self.general) + len(self.orphaned)


def threads_of(document: Document) -> Threads:
    """Return the document's comments in the order of the text."""
    rows = list(Comment.objects.filter(document=document).select_related("author", "decided_by").order_by("id"))
    answers: dict[int, list[Comment]] = {}
    for row in rows:
        if row.answers_to_id is not None:
            answers.setdefault(row.answers_to_id, []).append(row)
    first = [row for row in rows if row.answers_to_id is None]
    threads = [
        Thread(
            comment=row,
            answers=answers.get(row.pk, []),
            line=0 if row.start is None else document.body.count("\n", 0, row.start) + 1,
            share=(row.start or 0) / max(1, len(document.body)),
        )
        for row in first
    ]
    threads.sort(key=lambda one: (one.comment.start or 0, one.comment.pk))
    still = [one for one in threads if one.comment.state == CommentState.OPEN]
    return Threads(
        placed=[one for one in still if one.comment.start is not None],
        general=[one for one in still if one.comment.start is None and not one.comment.first_quote],
        orphaned=[one for one in still if one.comment.start is None and one.comment.first_quote],
        closed=[one for one in threads if one.comment.state != CommentState.OPEN],
    )


def comment_of(document: Document, pk: int) -> Comment:
    """Return one comment of the document."""
    row = (
        Comment.objects.filter(document=document, pk=pk)
        .select_related("document__incident__product", "answers_to", "author")
        .first()
    )
    if row is None:
        raise NotThere("There is no such comment on this document.")
    return row
