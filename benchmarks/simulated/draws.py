"""Who complains, when, where and about what, and why."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import gamma

from benchmarks.scoring import Bools, Floats, Ints
from benchmarks.simulated.troubles import Trouble
from benchmarks.simulated.worlds import MOST_RATIO, Happening, World, scope_mask

NOBODY = -1
MIX_SPREAD = 0.5  # variance of a day's mix of symptoms, against that of its level
ADOPTION_HOURS = (60.0, 150.0)  # until half of the clients carry it
POOL = 1.5  # complaints that those affected have in them, against what they would raise
LEAST = 8.0  # complaints that a harmful change raises at least, expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """n complaints in order of draw: hour, segment, symptom, and the index of the change that raised it or NOBODY."""

    hour: Ints
    segment: Ints
    symptom: Ints
    cause: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one change raises: curve (T,) of expected complaints before daily ups and downs, where and about what."""

    change: int
    curve: Floats
    cells: Floats  # (S, K), sums to 1
    ratio: Floats  # (S, K) of the usual rate at full exposure, less one


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Daily ups and downs: level (D,) and mix of symptoms (D, K)."""

    level: Floats
    mix: Floats


def hours_of(world: World) -> Floats:
    """Return the middle of each hour (T,)."""
    return np.arange(len(world.season), dtype=np.float64) + 0.5


def reach(change: Happening, hours: Floats, adoption: Floats | None) -> Floats:
    """Return the share of the scope that the change reaches at each hour."""
    if adoption is not None:
        out = adoption
    elif change.shape == "linear":
        out = np.interp(hours, [at for at, _ in change.steps], [s for _, s in change.steps], left=0.0)
    else:
        out = np.zeros(len(hours))
        for at, share in change.steps:
            out = np.where(hours >= at, share, out)
    return np.where(hours < (np.inf if change.end is None else change.end), out, 0.0)


def adoption_of(change: Happening, hours: Floats, random: np.random.Generator) -> Floats:
    """Return the share of clients that carry a release: a logistic curve from its start."""
    half = random.uniform(*ADOPTION_HOURS)
    since = hours - change.start
    curve = 0.95 / (1 + np.exp(-(since - half) / (half / 4)))
    return np.where(since >= 0, curve - 0.95 / (1 + np.exp(4.0)), 0.0).clip(0, 1)


def effect_of(world: World, index: int, trouble: Trouble, adoption: Floats | None) -> Effect:
    """Return what a change raises over the window; nothing where it is harmless."""
    change = world.changes[index]
    hours = hours_of(world)
    reached = reach(change, hours, adoption)
    if change.half_life > 0:
        reached = reached * np.exp2(-np.maximum(hours - change.start, 0) / change.half_life)
    steps = np.arange(len(hours) + 1.0)
    late = np.diff(gamma.cdf(steps, a=1.5, scale=change.delay / 1.5))
    shown = np.convolve(reached, late)[: len(hours)] * world.season
    mask = scope_mask(world.segments, change.scope)
    if trouble.effect == "multiplies":
        cells = world.background * mask[:, None] * change.profile
    else:
        cells = (world.usage * mask)[:, None] * change.profile
    usual = float((world.background * mask[:, None]).sum())
    most = MOST_RATIO * world.volume * usual * shown.sum()
    total = max(min(change.share * world.volume, most), LEAST) if change.harmful and shown.sum() > 0 else 0.0
    curve = shown / max(shown.sum(), 1e-300) * total
    if trouble.effect == "saturates" and total > 0:
        curve = curve * np.exp(-np.cumsum(curve) / (POOL * total / 3))
    cells = cells / max(cells.sum(), 1e-300)
    height = curve.max() / max(float(world.season[int(curve.argmax())]) * world.volume, 1e-300)
    return Effect(change=index, curve=curve, cells=cells, ratio=height * cells / np.maximum(world.background, 1e-300))


def draw_days(world: World, random: np.random.Generator) -> Days:
    """Draw each day's level and mix."""
    spread, mixed = world.day_spread, world.day_spread * MIX_SPREAD
    n_symptoms = world.background.shape[1]
    return Days(
        level=random.gamma(1 / spread, spread, world.days),
        mix=random.gamma(1 / mixed, mixed, (world.days, n_symptoms)),
    )


def emit(curve: Floats, cells: Floats, days: Days, cause: int, random: np.random.Generator) -> Complaints:
    """Draw complaints of one origin; `curve` (T,) expected per hour, `cells` (S, K) where and about what."""
    day = np.arange(len(curve)) // 24
    by_symptom = cells.sum(0)
    expected = curve[:, None] * days.level[day, None] * days.mix[day] * by_symptom
    counts = random.poisson(expected)
    hour, segment, symptom = [], [], []
    for k in np.flatnonzero(counts.sum(0)):
        own = np.repeat(np.arange(len(curve)), counts[:, k])
        hour.append(own)
        segment.append(random.choice(len(cells), len(own), p=cells[:, k] / by_symptom[k]))
        symptom.append(np.full(len(own), k))
    joined = [np.concatenate(part) if part else np.zeros(0, np.int64) for part in (hour, segment, symptom)]
    return Complaints(hour=joined[0], segment=joined[1], symptom=joined[2], cause=np.full(len(joined[0]), cause))


def raised(
    effect: Effect, earlier: list[Effect], trouble: Trouble, days: Days, random: np.random.Generator
) -> Complaints:
    """Draw what one change raises; where effects multiply, those of earlier changes raise this one too."""
    if trouble.effect != "multiplies" or not earlier:
        return emit(effect.curve, effect.cells, days, effect.change, random)
    most = float(np.prod([1 + e.ratio.max() for e in earlier]))
    drawn = emit(effect.curve * most, effect.cells, days, effect.change, random)
    factor = np.ones(len(drawn.hour))
    for other in earlier:
        height = other.curve[drawn.hour] / max(other.curve.max(), 1e-300)
        factor *= 1 + other.ratio[drawn.segment, drawn.symptom] * height
    return kept(drawn, random.random(len(factor)) < factor / most)


def kept(complaints: Complaints, which: Bools) -> Complaints:
    """Return some of the complaints."""
    return replace(complaints, **{n: getattr(complaints, n)[which] for n in ("hour", "segment", "symptom", "cause")})


def together(parts: list[Complaints]) -> Complaints:
    """Return all complaints in the order of time."""
    joined = {n: np.concatenate([getattr(p, n) for p in parts]) for n in ("hour", "segment", "symptom", "cause")}
    order = np.argsort(joined["hour"], kind="stable")
    return Complaints(**{name: column[order] for name, column in joined.items()})
