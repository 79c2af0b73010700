"""Client releases and how quickly each surface moves to them."""

import datetime as dt
from functools import cache
from typing import Final

import numpy as np

from incidents.demo.world import DIMENSIONS, Floats, hours, hours_since

RELEASES: Final[dict[str, dt.datetime]] = {
    "3.40.2": dt.datetime(2026, 1, 20, 18, 0, tzinfo=dt.UTC),
    "3.41.0": dt.datetime(2026, 2, 10, 18, 12, tzinfo=dt.UTC),
    "3.42.0": dt.datetime(2026, 2, 24, 17, 41, tzinfo=dt.UTC),
    "3.43.0": dt.datetime(2026, 3, 17, 17, 30, tzinfo=dt.UTC),
    "3.44.0": dt.datetime(2026, 3, 24, 18, 5, tzinfo=dt.UTC),
    "3.45.0": dt.datetime(2026, 4, 1, 17, 20, tzinfo=dt.UTC),
    "3.46.0": dt.datetime(2026, 4, 10, 17, 35, tzinfo=dt.UTC),
    "3.47.0": dt.datetime(2026, 4, 16, 16, 5, tzinfo=dt.UTC),
    "3.48.0": dt.datetime(2026, 4, 20, 20, 50, tzinfo=dt.UTC),
    "3.49.0": dt.datetime(2026, 4, 29, 17, 15, tzinfo=dt.UTC),
}
"""Client versions in order, with the time each was offered."""

VERSIONS: Final = tuple(RELEASES)

# Hours until 63 % of those who update by themselves have done so, and the share that waits for weeks.
_PACE_HOURS: Final = np.array([26.0, 44.0, 58.0, 3.0])
_LAGGARDS: Final = np.array([0.05, 0.08, 0.09, 0.0])
_LAGGARD_PACE_HOURS: Final = 24.0 * 16


@cache
def reached() -> Floats:
    """Share of usage on each version or a later one: shape (hours, surfaces, versions)."""
    share = np.empty((len(hours()), len(DIMENSIONS["surface"]), len(VERSIONS)))
    for index, released_at in enumerate(RELEASES.values()):
        since = np.maximum(hours_since(released_at), 0.0)[:, None]
        quick = 1 - np.exp(-since / _PACE_HOURS[None, :])
        slow = 1 - np.exp(-since / _LAGGARD_PACE_HOURS)
        share[:, :, index] = (1 - _LAGGARDS) * quick + _LAGGARDS * slow
    share[:, :, 0] = 1.0
    return share


@cache
def version_share() -> Floats:
    """Share of usage on exactly each version: shape (hours, surfaces, versions)."""
    later = np.concatenate([reached()[:, :, 1:], np.zeros_like(reached()[:, :, :1])], axis=2)
    share: Floats = np.maximum(reached() - later, 0.0)
    return share


def reached_by(version: str) -> Floats:
    """Share of usage that has reached ``version`` or a later one: shape (hours, surfaces)."""
    share: Floats = reached()[:, :, VERSIONS.index(version)]
    return share
