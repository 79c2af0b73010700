"""What `changes.services.record_changes` takes: one change as a source tells it, with its place in the file."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    """The text of a prompt or configuration before and after the change."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change of a source; `rollout` holds (from when, share 0 to 1), links are (kind, external id of the other)."""

    line: int
    external_id: str
    kind: str
    title: str
    description: str
    scope: Mapping[str, list[str]]
    started_at: dt.datetime
    rollout: tuple[tuple[dt.datetime, float], ...]
    rollout_shape: str
    ended_at: dt.datetime | None
    end_kind: str
    carried_by_version: str
    fixed_in_version: str
    discovered_at: dt.datetime | None
    announced_at: dt.datetime | None
    user_facing: bool
    visibility: str
    url: str
    artifacts: tuple[ArtifactRecord, ...]
    links: tuple[tuple[str, str], ...]
    day_fields: tuple[str, ...]
    extra: Mapping[str, Any]
