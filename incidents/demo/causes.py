"""What brings tickets in: everyday complaints, three harmful changes, two outages, one widely read post.

The sizes are the case's truth in expectation; the tickets drawn from them are counted in :mod:`incidents.demo.truth`.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from incidents.demo.changelog import EFFORT_DEFAULT, LENGTH_LIMITS, REASONING_CLEAR
from incidents.demo.world import Floats

SYMPTOM_KEYS: Final = (
    "less_intelligent",
    "forgetful",
    "ignores_instructions",
    "too_terse",
    "limits_drain",
    "slow",
    "errors",
    "tool_failures",
    "billing",
    "interface",
)

EVERYDAY_TICKETS: Final = 8450
EVERYDAY_MIX: Final = np.array([0.13, 0.06, 0.09, 0.04, 0.14, 0.11, 0.15, 0.13, 0.07, 0.08])
DAY_SHOCK: Final = 0.012
"""Variance of a day's level around the rhythm (gamma); a day of a symptom varies by twice that."""

POST_AT: Final = dt.datetime(2026, 4, 2, 19, 30, tzinfo=dt.UTC)
POST_LIFT: Final = 0.85
POST_FADES_HOURS: Final = 34.0


@dataclass(frozen=True, slots=True)
class Harm:
    """A harmful change: expected tickets in the window, delay from exposure to ticket, symptoms of the excess.

    ``masked_builds`` do not meet it although its scope names them, because another change hides it there.
    """

    change: str
    tickets: int
    delay_mean_hours: float
    delay_shape: float
    mix: Floats
    masked_builds: tuple[str, ...] = ()


HARMS: Final = (
    Harm(EFFORT_DEFAULT, 1700, 84.0, 2.0, np.array([0.61, 0.04, 0.14, 0.05, 0.0, 0.06, 0.0, 0.06, 0.03, 0.01])),
    Harm(
        REASONING_CLEAR,
        1300,
        36.0,
        2.0,
        np.array([0.08, 0.49, 0.04, 0.0, 0.33, 0.0, 0.0, 0.05, 0.01, 0.0]),
        ("internal",),
    ),
    Harm(LENGTH_LIMITS, 350, 14.0, 2.0, np.array([0.20, 0.0, 0.07, 0.66, 0.0, 0.0, 0.0, 0.05, 0.0, 0.02])),
)


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch of failed requests that no change in the log explains."""

    key: str
    started_at: dt.datetime
    lasted: dt.timedelta
    tickets: int


OUTAGES: Final = (
    Outage("outage-feb-19", dt.datetime(2026, 2, 19, 15, 10, tzinfo=dt.UTC), dt.timedelta(hours=3, minutes=40), 80),
    Outage("outage-apr-28", dt.datetime(2026, 4, 28, 17, 25, tzinfo=dt.UTC), dt.timedelta(hours=4, minutes=30), 125),
)
OUTAGE_MIX: Final = np.array([0.0, 0.0, 0.0, 0.0, 0.02, 0.20, 0.72, 0.05, 0.01, 0.0])

# How much likelier a complaint of everyday life is on each value than its usage alone says.
PLAN_PRONE: Final = np.array([0.45, 1.05, 1.45, 0.85, 0.45])
PLATFORM_PRONE: Final = np.array([1.0, 1.2, 0.85, 1.15])
SURFACE_PRONE: Final = np.array([1.05, 0.92, 1.1, 0.75])
IDLE_TILT: Final = np.array([1.0, 1.7, 1.0, 1.0, 1.5, 1.0, 1.0, 1.0, 0.6, 0.8])
SURFACE_TILT: Final = np.array(
    [
        [1.0, 1.0, 1.1, 1.0, 1.0, 1.0, 0.9, 1.2, 0.9, 1.0],
        [1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 0.9, 1.3, 0.7, 0.9],
        [0.9, 0.9, 0.9, 1.0, 1.1, 1.1, 1.2, 0.6, 1.1, 1.3],
        [0.9, 1.0, 0.7, 1.1, 1.1, 1.1, 1.3, 0.3, 1.7, 1.0],
    ],
)
