"""The metric timelines: what the service's own telemetry showed, by day and by hour, with gaps and noise.

Each series follows the change that moved it through the same exposure that drives the tickets.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np

from incidents.demo.causes import OUTAGES
from incidents.demo.changelog import EFFORT_DEFAULT, LENGTH_LIMITS, REASONING_CLEAR, ChangeRow
from incidents.demo.exposed import in_force
from incidents.demo.exposure import daily_sessions
from incidents.demo.world import (
    DIMENSIONS,
    SURFACE_SHARE,
    Floats,
    day_of_hour,
    default_effort_share,
    hours,
    hours_since,
    local_days,
    model_share,
    rhythm,
)

COLUMNS: Final = ("metric", "at", "surface", "model", "plan", "session", "effort", "value", "n", "stderr")
MetricLine: TypeAlias = tuple[str | float | int, ...]

SILENT_DAYS: Final = (dt.date(2026, 3, 21), dt.date(2026, 3, 22))
"""Days on which the cache's collector sent nothing."""

_NEW_MODEL_DAY: Final = dt.date(2026, 4, 16)
_AFFECTED: Final = ("alder-large-4", "alder-medium-4")


def metrics_csv(rng: np.random.Generator, changes: dict[str, ChangeRow]) -> str:
    """The text of metrics.csv."""
    force = {key: in_force(changes[key]) @ SURFACE_SHARE for key in (EFFORT_DEFAULT, REASONING_CLEAR, LENGTH_LIMITS)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rows in (
        _task_success(rng, force),
        _thinking_tokens(rng, force),
        _limit_use(rng, force, changes),
        _sessions(rng),
        _cache_hits(rng, force),
        _latency(rng, force),
        _errors(rng),
    ):
        writer.writerows(rows)
    return out.getvalue()


def _line(
    metric: str, at: str, value: float, n: int | None = None, stderr: float | None = None, **segment: str
) -> MetricLine:
    cells = [segment.get(name, "") for name in COLUMNS[2:7]]
    return (metric, at, *cells, value, "" if n is None else n, "" if stderr is None else stderr)


def _by_day(hourly: Floats) -> Floats:
    """Usage-weighted mean of each local day."""
    weight = rhythm()
    total = np.bincount(day_of_hour(), weights=hourly * weight)
    mean: Floats = total / np.bincount(day_of_hour(), weights=weight)
    return mean


def _models_of(day: dt.date) -> Sequence[str]:
    return DIMENSIONS["model"] if day >= _NEW_MODEL_DAY else DIMENSIONS["model"][:3]


def _stamps() -> list[str]:
    return [hour.strftime("%Y-%m-%dT%H:%M:%SZ") for hour in hours()]


def _noise(rng: np.random.Generator, day_sd: float, hour_sd: float) -> Floats:
    """Noise of each hour: its day's and its own."""
    days: Floats = rng.normal(0, day_sd, len(local_days()))
    return days[day_of_hour()] + rng.normal(0, hour_sd, len(hours()))


# ---------------------------------------------------------------- daily


def _task_success(rng: np.random.Generator, force: dict[str, Floats]) -> Iterator[MetricLine]:
    """A nightly evaluation of some fifty tasks: a fall of three points drowns in its own width."""
    base = {"alder-large-4": 72.6, "alder-medium-4": 66.9, "alder-small-4": 57.8, "alder-large-5": 76.2}
    effort, terse = _by_day(force[EFFORT_DEFAULT]), _by_day(force[LENGTH_LIMITS])
    for index, day in enumerate(local_days()):
        for model in _models_of(day):
            fallen = 2.9 * effort[index] * (model in _AFFECTED) + 3.0 * terse[index] * (model != "alder-small-4")
            n = int(rng.integers(44, 58))
            share = (base[model] - fallen) / 100
            hit = int(rng.binomial(n, share)) / n
            error = round(100 * float(np.sqrt(hit * (1 - hit) / n)), 2)
            yield _line("eval_task_success", day.isoformat(), round(100 * hit, 2), n, error, model=model)


def _thinking_tokens(rng: np.random.Generator, force: dict[str, Floats]) -> Iterator[MetricLine]:
    base = {"alder-large-4": 2440.0, "alder-medium-4": 1870.0, "alder-small-4": 760.0, "alder-large-5": 2690.0}
    effort = _by_day(force[EFFORT_DEFAULT])
    for index, day in enumerate(local_days()):
        for model in _models_of(day):
            for setting in DIMENSIONS["effort"]:
                hit = setting == "default" and model in _AFFECTED
                level = base[model] * (1.22 if setting == "chosen" else 1.0) * (1 - 0.41 * effort[index] * hit)
                n = int(rng.integers(320, 680)) // (3 if setting == "chosen" else 1)
                error = level * 1.1 / n**0.5
                value = level * (1 + 0.012 * rng.normal()) + error * rng.normal()
                yield _line(
                    "thinking_tokens_per_turn",
                    day.isoformat(),
                    round(float(value), 1),
                    n,
                    round(float(error), 1),
                    model=model,
                    effort=setting,
                )


def _limit_use(
    rng: np.random.Generator, force: dict[str, Floats], changes: dict[str, ChangeRow]
) -> Iterator[MetricLine]:
    base = {"plus": 21.0, "pro": 9.5, "team": 12.0}
    state = {"fresh": 0.92, "resumed": 1.05, "idle_over_1h": 1.16}
    clearing = _by_day(force[REASONING_CLEAR])
    promotion = _by_day(in_force(changes["promo-evening-limits"]) @ SURFACE_SHARE)
    for index, day in enumerate(local_days()):
        for plan, level in base.items():
            for session, factor in state.items():
                drained = 1 + 0.95 * clearing[index] * (session == "idle_over_1h")
                eased = 1 - 0.17 * promotion[index] * (plan != "team")
                n = int(rng.integers(500, 1500))
                value = level * factor * drained * eased * float(np.exp(rng.normal(0, 0.035)))
                error = value * 0.9 / n**0.5
                yield _line(
                    "limit_use_per_session_hour",
                    day.isoformat(),
                    round(value, 2),
                    n,
                    round(error, 2),
                    plan=plan,
                    session=session,
                )


def _sessions(rng: np.random.Generator) -> Iterator[MetricLine]:
    counts = daily_sessions() * np.exp(rng.normal(0, 0.015, len(local_days())))
    for day, count in zip(local_days(), counts, strict=True):
        yield _line("sessions", day.isoformat(), round(float(count)))


# ---------------------------------------------------------------- hourly


def _cache_hits(rng: np.random.Generator, force: dict[str, Floats]) -> Iterator[MetricLine]:
    """Falls in sessions that come back from idle, and nowhere else."""
    base = {"fresh": 78.5, "resumed": 71.0, "idle_over_1h": 64.0}
    share = {"fresh": 0.55, "resumed": 0.26, "idle_over_1h": 0.19}
    silent = np.isin(day_of_hour(), [local_days().index(day) for day in SILENT_DAYS])
    stamps = _stamps()
    for session, level in base.items():
        fallen = 24.5 * force[REASONING_CLEAR] * (session == "idle_over_1h")
        values = level - fallen + _noise(rng, 0.5, 0.8)
        n = np.rint(5200 * share[session] * rhythm() * np.exp(rng.normal(0, 0.05, len(stamps))))
        for at, value, size, gone in zip(stamps, values, n, silent, strict=True):
            if not gone:
                yield _line("cache_hit_rate", at, round(float(value), 2), int(size), session=session)


def _latency(rng: np.random.Generator, force: dict[str, Floats]) -> Iterator[MetricLine]:
    """Falls with the lower default effort, which was its purpose; rises with load and in outages."""
    base = {"alder-large-4": 6.4, "alder-medium-4": 4.1, "alder-small-4": 1.6, "alder-large-5": 6.9}
    kept = default_effort_share() @ SURFACE_SHARE
    shares = np.einsum("hsm,s->hm", model_share(), SURFACE_SHARE)
    failing = _failing()
    stamps = _stamps()
    for index, (model, level) in enumerate(base.items()):
        quicker = 1 - 0.34 * force[EFFORT_DEFAULT] * kept * (model in _AFFECTED)
        load = 0.92 + 0.08 * rhythm()
        values = level * quicker * load * np.exp(_noise(rng, 0.025, 0.03)) * (1 + 5 * failing)
        for at, value, share, n in zip(stamps, values, shares[:, index], rhythm() * 5200, strict=True):
            if share * n >= 1:
                yield _line("latency_p50", at, round(float(value), 3), int(share * n), model=model)


def _errors(rng: np.random.Generator) -> Iterator[MetricLine]:
    failing = _failing()
    stamps = _stamps()
    for index, surface in enumerate(DIMENSIONS["surface"]):
        values = 0.42 * np.exp(_noise(rng, 0.12, 0.22)) + 100 * failing
        n = np.rint(5200 * SURFACE_SHARE[index] * rhythm())
        for at, value, size in zip(stamps, values, n, strict=True):
            yield _line("error_rate", at, round(float(value), 3), int(size), surface=surface)


def _failing() -> Floats:
    """Share of requests that fail at each hour because of an outage."""
    share = np.zeros(len(hours()))
    for outage in OUTAGES:
        since = hours_since(outage.started_at)
        inside = (since >= 0) & (since < outage.lasted / dt.timedelta(hours=1))
        share = np.where(inside, 0.27 * np.exp(-np.maximum(since, 0) / 5), share)
    return share
