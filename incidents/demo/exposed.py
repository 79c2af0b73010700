"""Who a change reaches, hour by hour: its rollout, its end, its versions and its scope."""

import datetime as dt

import numpy as np

from incidents.demo.adoption import reached_by
from incidents.demo.changelog import ChangeRow
from incidents.demo.world import (
    BUILD_SHARE,
    DIMENSIONS,
    PLAN_SHARE,
    PLATFORM_SHARE,
    SESSION_SHARE,
    SURFACE_SHARE,
    Floats,
    default_effort_share,
    hours_since,
    model_share,
)


def rollout_share(row: ChangeRow) -> Floats:
    """The rollout's share at each hour of the window, ends and versions left out."""
    steps = row.get("rollout") or [{"at": row["started_at"], "share": 1.0}]
    share = np.zeros_like(hours_since(_time(row["started_at"])))
    for step in steps:
        share = np.where(hours_since(_time(step["at"])) >= 0, float(step["share"]), share)
    return share


def in_force(row: ChangeRow) -> Floats:
    """Share of usage on each surface that has the change, its scope left out: shape (hours, surfaces).

    A change that is fixed in a client version fades as users update; any other ends at once.
    """
    share: Floats = np.repeat(rollout_share(row)[:, None], len(SURFACE_SHARE), axis=1)
    if "carried_by_version" in row:
        share = share * reached_by(row["carried_by_version"])
    if "fixed_in_version" in row:
        share = share * (1 - reached_by(row["fixed_in_version"]))
    elif "ended_at" in row:
        share = share * (hours_since(_time(row["ended_at"])) < 0)[:, None]
    return share


def within(row: ChangeRow, dimension: str) -> Floats:
    """1 for each value of ``dimension`` that the change's scope names (all, if it names none), else 0."""
    values = row.get("scope", {}).get(dimension, DIMENSIONS[dimension])
    return np.array([1.0 if value in values else 0.0 for value in DIMENSIONS[dimension]])


def in_scope(row: ChangeRow) -> Floats:
    """Share of all usage that is on each surface and inside the change's scope: shape (hours, surfaces)."""
    models = model_share() @ within(row, "model")
    default, chosen = within(row, "effort")
    efforts = default_effort_share() * default + (1 - default_effort_share()) * chosen
    sessions = SESSION_SHARE @ within(row, "session")
    evenly = (
        float(PLATFORM_SHARE @ within(row, "platform"))
        * float(PLAN_SHARE @ within(row, "plan"))
        * float(BUILD_SHARE @ within(row, "build"))
    )
    share: Floats = models * efforts * (sessions * SURFACE_SHARE * within(row, "surface"))[None, :] * evenly
    return share


def exposed(row: ChangeRow) -> Floats:
    """Share of all usage that meets the change, by surface: shape (hours, surfaces)."""
    return in_force(row) * in_scope(row)


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
