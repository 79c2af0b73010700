"""What a correction changed, for readers: two public snapshots compared, where the earlier one may be seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.publishing.exports.blocks import parse_blocks, text_lines
from incidents.publishing.models import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """One line of a page's history: `before` and `after` are plain text, None where the earlier words are hidden."""

    publication: Publication
    before: str | None
    after: str | None


def errata(publication: Publication) -> list[Erratum]:
    """Return the page's history, the newest first.

    A correction that hides what it replaced hides every earlier text as well: it may stand there, too. So do
    withdrawn snapshots.
    """
    rows = Publication.objects.filter(document_id=publication.document_id, number__lte=publication.number)
    history = list(rows.order_by("-number"))
    found = []
    open_so_far = True
    for place, row in enumerate(history):
        earlier = history[place + 1] if place + 1 < len(history) else None
        open_so_far = open_so_far and row.withdrawn_at is None
        shown = open_so_far and row.shows_earlier and earlier is not None and earlier.withdrawn_at is None
        if row.withdrawn_at is None:
            found.append(
                Erratum(
                    publication=row,
                    before=_text(earlier) if shown and earlier is not None else None,
                    after=_text(row) if shown else None,
                )
            )
        open_so_far = open_so_far and (row.shows_earlier or not row.correction)
    return found


def _text(publication: Publication) -> str:
    lines: Sequence[str] = [publication.title, *text_lines(parse_blocks(publication.html))]
    return "\n".join(lines)
