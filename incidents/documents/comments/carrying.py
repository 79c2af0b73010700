"""Taking comments along when a text is saved."""

from incidents.documents.comments.anchors import Anchor, carried, find
from incidents.documents.enums import CommentState
from incidents.documents.models import Comment, Document


def carry_comments(document: Document, old_body: str) -> None:
    """Move the places of open comments from the old text to the saved one; what lost its words is orphaned."""
    rows = list(Comment.objects.filter(document=document, state=CommentState.OPEN, answers_to=None).exclude(quote=""))
    for row in rows:
        if row.start is None or row.end is None:
            # Its words may have come back, by a restored revision for example.
            found = find(document.body, row.first_quote, row.before, row.after)
        else:
            anchor = Anchor(start=row.start, end=row.end, quote=row.quote, before=row.before, after=row.after)
            found = carried(old_body, document.body, anchor)
        if found is None:
            row.start = row.end = None
        else:
            row.start, row.end, row.quote = found.start, found.end, found.quote
            row.before, row.after = found.before, found.after
    Comment.objects.bulk_update(rows, ["start", "end", "quote", "before", "after"])
