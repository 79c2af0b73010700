"""Daily usage counts by surface, model, session, effort and client version; builds for employees stand apart.

Platform and plan are not split here, as in many real products: they are known from the tickets alone.
"""

import csv
import io
from collections.abc import Iterator

import numpy as np

from incidents.demo.adoption import VERSIONS, version_share
from incidents.demo.world import (
    BUILD_SHARE,
    DIMENSIONS,
    SESSION_SHARE,
    SURFACE_SHARE,
    Floats,
    day_of_hour,
    default_effort_share,
    local_days,
    model_share,
    rhythm,
)

SESSIONS_PER_DAY = 184_000
COLUMNS = ("at", "surface", "model", "session", "effort", "version", "build", "count")
_SMALLEST = 6
"""Cells with fewer sessions a day are counted with the surface's most used version."""


def daily_sessions() -> Floats:
    """Sessions of each local day, all segments together."""
    hourly = rhythm() / len(rhythm()) * len(local_days()) * SESSIONS_PER_DAY
    counts: Floats = np.bincount(day_of_hour(), weights=hourly).astype(np.float64)
    return counts


def exposure_csv(rng: np.random.Generator) -> str:
    """The text of exposure.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(rng))
    return out.getvalue()


def _daily(share: Floats) -> Floats:
    """Means of an hourly share over each local day, weighted by usage."""
    weight = rhythm()
    n_days = len(local_days())
    flat = (share * weight.reshape(-1, *[1] * (share.ndim - 1))).reshape(len(weight), -1)
    sums = np.stack([np.bincount(day_of_hour(), weights=column, minlength=n_days) for column in flat.T], axis=1)
    per_day = np.bincount(day_of_hour(), weights=weight, minlength=n_days)
    means: Floats = sums / per_day[:, None]
    return means.reshape(n_days, *share.shape[1:])


def _rows(rng: np.random.Generator) -> Iterator[tuple[str | int, ...]]:
    models, versions, default = _daily(model_share()), _daily(version_share()), _daily(default_effort_share())
    sessions = daily_sessions() * np.exp(rng.normal(0, 0.015, len(local_days())))
    for day, date in enumerate(local_days()):
        at = date.isoformat()
        for index, build in enumerate(DIMENSIONS["build"][1:], 1):
            yield at, "", "", "", "", "", build, round(float(sessions[day] * BUILD_SHARE[index]))
        public = float(sessions[day] * BUILD_SHARE[0])
        for s, surface in enumerate(DIMENSIONS["surface"]):
            efforts = np.array([default[day, s], 1 - default[day, s]])
            cells = np.einsum("m,e,i,v->miev", models[day, s], efforts, SESSION_SHARE[s], versions[day, s])
            counts = _fold(cells * public * SURFACE_SHARE[s])
            for m, i, e, v in np.argwhere(counts):
                yield (
                    at,
                    surface,
                    DIMENSIONS["model"][m],
                    DIMENSIONS["session"][i],
                    DIMENSIONS["effort"][e],
                    VERSIONS[v],
                    "public",
                    int(counts[m, i, e, v]),
                )


def _fold(counts: Floats) -> Floats:
    """Whole counts; what is too small for a row of its own joins the most used version of its cell."""
    small = counts < _SMALLEST
    moved = np.where(small, counts, 0.0).sum(axis=3)
    kept = np.where(small, 0.0, counts)
    main = counts.argmax(axis=3)
    np.put_along_axis(kept, main[..., None], np.take_along_axis(kept, main[..., None], 3) + moved[..., None], 3)
    return np.rint(kept)
