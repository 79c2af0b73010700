"""Draws the tickets: when, from which segment, with which symptom, and from which cause.

An excess ticket's rate is proportional to exposure (scope, rollout, adoption) delayed by a gamma kernel, times the
rhythm of the week and the level of the day: the additive model, so that the truth is exact.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from incidents.demo import causes
from incidents.demo.adoption import VERSIONS, version_share
from incidents.demo.causes import Harm, Outage
from incidents.demo.changelog import ChangeRow
from incidents.demo.exposed import exposed, within
from incidents.demo.world import (
    BUILD_SHARE,
    DIMENSIONS,
    HOUR,
    PLAN_SHARE,
    PLATFORM_SHARE,
    SESSION_SHARE,
    SURFACE_SHARE,
    Floats,
    day_of_hour,
    default_effort_share,
    hours,
    hours_since,
    model_share,
    rhythm,
)

Ints = npt.NDArray[np.int64]

KERNEL_HOURS = 24 * 21
NO_CAUSE = -1


@dataclass(frozen=True, slots=True)
class Draws:
    """One entry a ticket. Segment fields index the values of their dimension, ``version`` those of VERSIONS.

    ``reported`` and ``onset`` are hours since the window's start; ``cause`` is an index into HARMS, NO_CAUSE, or
    NO_CAUSE - 1 - i for outage i.
    """

    reported: Floats
    onset: Floats
    surface: Ints
    model: Ints
    platform: Ints
    plan: Ints
    session: Ints
    effort: Ints
    build: Ints
    version: Ints
    symptom: Ints
    cause: Ints

    def in_order(self) -> "Draws":
        """The same tickets by time of report."""
        order = np.argsort(self.reported, kind="stable")
        return Draws(**{f.name: getattr(self, f.name)[order] for f in fields(self)})


def delay_kernel(harm: Harm) -> Floats:
    """Probability of each whole hour of delay from exposure to ticket (gamma density, normalised)."""
    at = np.arange(KERNEL_HOURS) + 0.5
    scale = harm.delay_mean_hours / harm.delay_shape
    log_density = (harm.delay_shape - 1) * np.log(at) - at / scale - math.lgamma(harm.delay_shape)
    density = np.exp(log_density - log_density.max())
    kernel: Floats = density / density.sum()
    return kernel


def publicity_lift() -> Floats:
    """How much more people complain at each hour because of the widely read post; 1 is as ever."""
    since = hours_since(causes.POST_AT)
    lift = causes.POST_LIFT * np.exp(-np.maximum(since, 0) / causes.POST_FADES_HOURS)
    raised: Floats = 1 + np.where(since >= 0, lift, 0.0)
    return raised


def levels(rng: np.random.Generator) -> Floats:
    """Rhythm times the post times each day's own level, for each hour; mean near 1."""
    n_days = int(day_of_hour()[-1]) + 1
    shock = rng.gamma(1 / causes.DAY_SHOCK, causes.DAY_SHOCK, n_days)
    drift = np.cumsum(rng.normal(0, 0.03, n_days))
    level: Floats = rhythm() * publicity_lift() * (shock * np.exp(drift - drift.mean()))[day_of_hour()]
    return level


def draw(rng: np.random.Generator, changes: dict[str, ChangeRow]) -> Draws:
    """All tickets of the case, by time of report."""
    level = levels(rng)
    symptom_level = rng.gamma(0.5 / causes.DAY_SHOCK, 2 * causes.DAY_SHOCK, (int(day_of_hour()[-1]) + 1, 10))
    parts = [_everyday(rng, level, symptom_level)]
    for index, harm in enumerate(causes.HARMS):
        parts.append(_excess(rng, level, harm, index, changes[harm.change]))
    for index, outage in enumerate(causes.OUTAGES):
        parts.append(_outage(rng, outage, NO_CAUSE - 1 - index))
    joined = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Draws)}
    return Draws(**joined).in_order()


def choose(rng: np.random.Generator, weights: Floats) -> Ints:
    """For each row of ``weights`` the index of one column, drawn in proportion."""
    edges = np.cumsum(weights, axis=1)
    marks = rng.random(len(weights)) * edges[:, -1]
    chosen: Ints = np.minimum((marks[:, None] >= edges).sum(axis=1), weights.shape[1] - 1)
    return chosen


def _rows(weights: Floats, n: int) -> Floats:
    return np.broadcast_to(weights, (n, len(weights)))


def _counts_to_tickets(rng: np.random.Generator, rate: Floats) -> tuple[Ints, Ints]:
    """Hour and surface of each ticket from expected counts of shape (hours, surfaces)."""
    counts = rng.poisson(rate)
    hour, surface = np.nonzero(counts)
    repeats = counts[hour, surface]
    return np.repeat(hour, repeats), np.repeat(surface, repeats)


def _everyday(rng: np.random.Generator, level: Floats, symptom_level: Floats) -> Draws:
    prone = SURFACE_SHARE * causes.SURFACE_PRONE
    rate = level[:, None] * (prone / prone.sum())[None, :]
    hour, surface = _counts_to_tickets(rng, rate * causes.EVERYDAY_TICKETS / rate.sum())
    n = len(hour)
    reported = hour + rng.random(n)
    late = rng.random(n) < 0.25
    lag = np.where(late, rng.exponential(52.0, n), rng.exponential(4.0, n))
    onset = np.maximum(reported - lag, 0.0)
    at = onset.astype(np.int64)
    session = choose(rng, SESSION_SHARE[surface])
    tilt = causes.SURFACE_TILT[surface] * np.where((session == 2)[:, None], causes.IDLE_TILT, 1.0)
    mix = causes.EVERYDAY_MIX * tilt * symptom_level[day_of_hour()[hour]]
    default = default_effort_share()[at, surface]
    return Draws(
        reported=reported,
        onset=onset,
        surface=surface,
        model=choose(rng, model_share()[at, surface]),
        platform=choose(rng, _rows(PLATFORM_SHARE * causes.PLATFORM_PRONE, n)),
        plan=choose(rng, _rows(PLAN_SHARE * causes.PLAN_PRONE, n)),
        session=session,
        effort=(rng.random(n) >= default).astype(np.int64),
        build=choose(rng, _rows(BUILD_SHARE, n)),
        version=choose(rng, version_share()[at, surface]),
        symptom=choose(rng, mix),
        cause=np.full(n, NO_CAUSE),
    )


def expected_excess(level: Floats, harm: Harm, row: ChangeRow) -> Floats:
    """Expected tickets of a harmful change: shape (hours, surfaces), summing to its size."""
    kernel = delay_kernel(harm)
    reach = exposed(row)
    delayed = np.stack([np.convolve(reach[:, s], kernel)[: len(reach)] for s in range(reach.shape[1])], axis=1)
    rate = level[:, None] * delayed
    expected: Floats = rate * harm.tickets / rate.sum()
    return expected


def _excess(rng: np.random.Generator, level: Floats, harm: Harm, index: int, row: ChangeRow) -> Draws:
    hour, surface = _counts_to_tickets(rng, expected_excess(level, harm, row))
    n = len(hour)
    lag = _lags(rng, delay_kernel(harm), exposed(row), hour, surface)
    at = hour - lag
    inside = rng.random(n)
    onset = at.astype(np.float64) + np.where(lag == 0, inside * rng.random(n), rng.random(n))
    default, chosen = within(row, "effort")
    default_share = default_effort_share()[at, surface]
    efforts = np.stack([default_share * default, (1 - default_share) * chosen], axis=1)
    return Draws(
        reported=hour + inside,
        onset=onset,
        surface=surface,
        model=choose(rng, model_share()[at, surface] * within(row, "model")),
        platform=choose(rng, _rows(PLATFORM_SHARE * within(row, "platform"), n)),
        plan=choose(rng, _rows(PLAN_SHARE * within(row, "plan"), n)),
        session=choose(rng, SESSION_SHARE[surface] * within(row, "session")),
        effort=choose(rng, efforts),
        build=choose(rng, _rows(BUILD_SHARE * within(row, "build") * _unmasked(harm), n)),
        version=choose(rng, version_share()[at, surface] * _affected_versions(row)),
        symptom=choose(rng, _rows(harm.mix, n)),
        cause=np.full(n, index),
    )


def _lags(rng: np.random.Generator, kernel: Floats, reach: Floats, hour: Ints, surface: Ints) -> Ints:
    """Hours from exposure to report, drawn given that the exposure happened while the change was met."""
    back = hour[:, None] - np.arange(KERNEL_HOURS)[None, :]
    weights = np.where(back >= 0, reach[np.maximum(back, 0), surface[:, None]], 0.0) * kernel[None, :]
    return choose(rng, weights)


def _affected_versions(row: ChangeRow) -> Floats:
    """1 for each version before the one that fixes the change, else 0."""
    if "fixed_in_version" not in row:
        return np.ones(len(VERSIONS))
    return (np.arange(len(VERSIONS)) < VERSIONS.index(row["fixed_in_version"])).astype(np.float64)


def _unmasked(harm: Harm) -> Floats:
    """1 for each build on which the change shows, else 0."""
    return np.array([0.0 if build in harm.masked_builds else 1.0 for build in DIMENSIONS["build"]])


def _outage(rng: np.random.Generator, outage: Outage, cause: int) -> Draws:
    start = (outage.started_at - hours()[0]) / HOUR
    n = int(rng.poisson(outage.tickets))
    onset = start + rng.random(n) * (outage.lasted / HOUR)
    at = onset.astype(np.int64)
    surface = choose(rng, _rows(SURFACE_SHARE, n))
    default = default_effort_share()[at, surface]
    return Draws(
        reported=onset + rng.exponential(1.4, n),
        onset=onset,
        surface=surface,
        model=choose(rng, model_share()[at, surface]),
        platform=choose(rng, _rows(PLATFORM_SHARE, n)),
        plan=choose(rng, _rows(PLAN_SHARE * causes.PLAN_PRONE, n)),
        session=choose(rng, SESSION_SHARE[surface]),
        effort=(rng.random(n) >= default).astype(np.int64),
        build=choose(rng, _rows(BUILD_SHARE, n)),
        version=choose(rng, version_share()[at, surface]),
        symptom=choose(rng, _rows(causes.OUTAGE_MIX, n)),
        cause=np.full(n, cause),
    )
