"""The shape of a change in the demo case and how its times are written."""

import datetime as dt
from typing import Any, TypeAlias

from incidents.demo.world import ZONE

ChangeRow: TypeAlias = dict[str, Any]
"""One line of changes.jsonl."""


def local(text: str) -> str:
    """``2026-03-04 10:05`` in the case's zone as ISO 8601 with its offset."""
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).isoformat()


def steps(*pairs: tuple[str, float]) -> list[dict[str, object]]:
    """Rollout steps from (local time, share) pairs."""
    return [{"at": local(at), "share": share} for at, share in pairs]


def started(row: ChangeRow) -> dt.datetime:
    """When the change took effect."""
    return dt.datetime.fromisoformat(row["started_at"])
