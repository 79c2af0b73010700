"""Where the intervals of changes overlap, and where none of them is in force. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import combinations

from incidents.documents.facts import ChangeFact


def overlaps(
    changes: Sequence[ChangeFact], *, until: dt.datetime
) -> Iterator[tuple[ChangeFact, ChangeFact, dt.datetime, dt.datetime]]:
    """Yield each pair of changes that were in force at once, with the shared half-open interval."""
    for first, second in combinations(sorted(changes, key=lambda change: change.started.at), 2):
        start = max(first.started.at, second.started.at)
        end = min(first.ended.at if first.ended else until, second.ended.at if second.ended else until)
        if end > start:
            yield first, second, start, end


def clean_windows(changes: Sequence[ChangeFact]) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the gaps between the first start and the last end in which no change of the list was in force."""
    gaps: list[tuple[dt.datetime, dt.datetime]] = []
    covered: dt.datetime | None = None
    for change in sorted(changes, key=lambda change: change.started.at):
        if covered is not None and change.started.at > covered:
            gaps.append((covered, change.started.at))
        if change.ended is None:
            return gaps
        covered = max(covered or change.ended.at, change.ended.at)
    return gaps
