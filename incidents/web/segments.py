"""The one segment filter in addresses: `seg.surface=cli&seg.surface=web`; an empty value is "not stated"."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from django.http import QueryDict

PREFIX = "seg."
VERSUS = "vs."
# What a select sends where nothing is chosen; an empty value means "not stated".
ANY = "-"


def chosen_segment(query: QueryDict, known: Iterable[str], *, prefix: str = PREFIX) -> dict[str, list[str]]:
    """Return {dimension: chosen values} for the dimensions that the product knows, in a stable order.

    With `prefix=VERSUS` it is the segment that the chosen one is compared with.
    """
    found = {}
    for dimension in known:
        values = sorted(set(query.getlist(prefix + dimension)) - {ANY})
        if values:
            found[dimension] = values
    return found


def segment_of(query: QueryDict, known: Iterable[str]) -> dict[str, str]:
    """Return one reader's segment, the value by dimension, for the known dimensions that are chosen."""
    return {dimension: value for dimension in known if (value := query.get(PREFIX + dimension, ""))}


def segment_query(chosen: Mapping[str, Iterable[str]]) -> str:
    """Write a segment filter as part of an address."""
    return urlencode([(PREFIX + dimension, value) for dimension, values in sorted(chosen.items()) for value in values])
