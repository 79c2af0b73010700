"""How late a case's complaints come: from those that state when their trouble began, for all the others."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import Floats, Reporting
from incidents.stats.reporting_delay import mixed_delay

ENOUGH = 30  # complaints from which the delay is used
LONGEST_HOURS = 60 * 24.0  # what is said to have begun earlier is no delay of a report
AFTER_HOURS = 12.0  # a trouble known by its day may seem to begin after its report


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTimes:
    """One channel's complaints that state when their trouble began, in hours; how many others it has."""

    began: Floats
    reported: Floats
    others: int


def reporting_of(channels: Mapping[str, ChannelTimes], *, until: float) -> Reporting | None:
    """Return the case's reporting delay, mixed over channels as its other complaints are; None for too few.

    `until`: the hour of the window's end. Later reports show that the case was read later still.
    """
    times = [channels[name] for name in sorted(channels)]
    n, others = sum(len(one.began) for one in times), sum(one.others for one in times)
    until = max([until, *(float(one.reported.max()) for one in times if len(one.reported))])
    parts = []
    for one in times:
        delay = one.reported - one.began
        usable = (delay > -AFTER_HOURS) & (delay <= LONGEST_HOURS)
        delay = np.maximum(delay[usable], 0.0)
        parts.append((delay, np.maximum(until - one.began[usable], delay), float(one.others)))
    known = sum(len(delay) for delay, _, _ in parts)
    if known < ENOUGH or not others:
        return None
    found = mixed_delay(parts)
    return None if found is None else Reporting(hours=found[0], share=found[1], late=others / (n + others), n=known)
