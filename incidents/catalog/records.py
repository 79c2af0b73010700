"""What the recording services of the catalogue take: dimensions and symptoms as a source tells them."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionRecord:
    """A way to cut users into segments, with its values in the order in which people expect them."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomRecord:
    """One thing users complain of; `terms` are the words that speak for it."""

    key: str
    name: str
    description: str = ""
    terms: tuple[str, ...] = ()
    retired_at: dt.datetime | None = None
