"""What the recording services of a case take: the case, publicity, statements and sources as a bundle tells them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityRecord:
    """An event that made people complain more everywhere at once."""

    at: dt.datetime
    title: str
    day_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """A case over the half-open window [starts_at, ends_at)."""

    title: str
    timezone: str
    bucket: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    day_fields: tuple[str, ...]
    publicity: tuple[PublicityRecord, ...]
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRecord:
    """What was said in public; each claim has `about` (id of a change, or None) and `says`."""

    line: int
    external_id: str
    at: dt.datetime
    channel: str
    audience: str
    text: str
    claims: tuple[Mapping[str, Any], ...]
    day_fields: tuple[str, ...]
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRecord:
    """Where facts of the case come from."""

    line: int
    external_id: str
    url: str
    title: str
    used_for: str
    extra: Mapping[str, Any]
