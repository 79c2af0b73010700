"""The demo case's world: window, segment dimensions, who uses what, and the hours everything is counted in.

All of it is invented. Times are UTC inside; the case's own zone is Los Angeles.
"""

import datetime as dt
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ZONE: Final = ZoneInfo("America/Los_Angeles")
WINDOW_START: Final = dt.datetime(2026, 2, 4, tzinfo=ZONE)
WINDOW_END: Final = dt.datetime(2026, 5, 11, tzinfo=ZONE)
HOUR: Final = dt.timedelta(hours=1)
SEED: Final = 20260423

DIMENSIONS: Final[dict[str, list[str]]] = {
    "surface": ["cli", "ide", "desktop", "web"],
    "model": ["alder-large-4", "alder-medium-4", "alder-small-4", "alder-large-5"],
    "platform": ["macos", "windows", "linux", "wsl"],
    "plan": ["free", "plus", "pro", "team", "enterprise"],
    "session": ["fresh", "resumed", "idle_over_1h"],
    "effort": ["default", "chosen"],
    "build": ["public", "dogfood", "internal"],
}
"""Every segment dimension but ``version``, whose values follow from the releases."""

SURFACE_SHARE: Final = np.array([0.52, 0.23, 0.14, 0.11])
PLATFORM_SHARE: Final = np.array([0.45, 0.28, 0.19, 0.08])
PLAN_SHARE: Final = np.array([0.12, 0.34, 0.28, 0.18, 0.08])
BUILD_SHARE: Final = np.array([0.978, 0.015, 0.007])
SESSION_SHARE: Final = np.array(
    [[0.52, 0.27, 0.21], [0.64, 0.23, 0.13], [0.54, 0.27, 0.19], [0.60, 0.18, 0.22]],
)
"""Session states (columns) on each surface (rows)."""
MODEL_SHARE: Final = np.array(
    [[0.50, 0.38, 0.12, 0.0], [0.38, 0.45, 0.17, 0.0], [0.46, 0.42, 0.12, 0.0], [0.36, 0.44, 0.20, 0.0]],
)
"""Models on each surface before the newest one came out."""
EFFORT_DEFAULT_SHARE: Final = np.array([0.74, 0.82, 0.85, 0.91])
"""Users of each surface who keep the default effort, before the effort selector."""

NEW_MODEL_AT: Final = dt.datetime(2026, 4, 16, 16, 5, tzinfo=dt.UTC)
SELECTOR_AT: Final = dt.datetime(2026, 3, 17, 17, 30, tzinfo=dt.UTC)


@cache
def hours() -> tuple[dt.datetime, ...]:
    """The start of every hour of the window, in UTC; 2 303 of them, one day being an hour short."""
    start = WINDOW_START.astimezone(dt.UTC)
    n_hours = int((WINDOW_END - start) / HOUR)
    return tuple(start + HOUR * i for i in range(n_hours))


@cache
def local_days() -> tuple[dt.date, ...]:
    """The days of the window in the case's zone."""
    n_days = (WINDOW_END.date() - WINDOW_START.date()).days
    return tuple(WINDOW_START.date() + dt.timedelta(days=i) for i in range(n_days))


@cache
def day_of_hour() -> npt.NDArray[np.int64]:
    """For each hour the index of its local day."""
    first = WINDOW_START.date()
    return np.array([(hour.astimezone(ZONE).date() - first).days for hour in hours()])


def hours_since(at: dt.datetime) -> Floats:
    """Hours from ``at`` to the middle of each hour of the window; negative before it."""
    first = (hours()[0] - at) / HOUR
    since: Floats = first + 0.5 + np.arange(len(hours()), dtype=np.float64)
    return since


@cache
def rhythm() -> Floats:
    """Usage of each hour relative to the window's mean: growth, weekday and hour of the day."""
    weekday = np.array([1.09, 1.14, 1.12, 1.07, 0.95, 0.60, 0.58])
    utc = np.arange(24)
    hourly = (
        0.35
        + 1.25 * np.exp(-0.5 * ((utc - 18.5) / 3.6) ** 2)
        + 0.80 * np.exp(-0.5 * ((utc - 9.0) / 2.6) ** 2)
        + 0.25 * np.exp(-0.5 * ((utc - 2.0) / 2.0) ** 2)
    )
    week = np.array([weekday[hour.astimezone(ZONE).weekday()] for hour in hours()])
    of_day = np.array([hourly[hour.hour] for hour in hours()])
    level = week * of_day * np.exp(0.026 * np.arange(len(hours())) / 168)
    relative: Floats = level / level.mean()
    return relative


@cache
def model_share() -> Floats:
    """Share of each model by hour and surface: shape (hours, 4 surfaces, 4 models)."""
    since = np.maximum(hours_since(NEW_MODEL_AT), 0.0) / 24
    moved = 0.62 * (1 - np.exp(-since / 5.0))
    share = np.repeat(MODEL_SHARE[None], len(hours()), axis=0)
    taken = share[:, :, 0] * moved[:, None] + share[:, :, 1] * 0.12 * moved[:, None]
    share[:, :, 3] = taken
    share[:, :, 1] *= 1 - 0.12 * moved[:, None]
    share[:, :, 0] *= 1 - moved[:, None]
    return share


@cache
def default_effort_share() -> Floats:
    """Share of users on the default effort by hour and surface; it falls a little once they can choose inline."""
    since = np.maximum(hours_since(SELECTOR_AT), 0.0) / 24
    fallen = 0.10 * (1 - np.exp(-since / 9.0))
    share: Floats = EFFORT_DEFAULT_SHARE[None, :] * (1 - fallen[:, None])
    return share
