"""A simulated case: what an analyst sees, and the truth beside it."""

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.scoring import Floats, Ints, Truth
from benchmarks.simulated import draws
from benchmarks.simulated.draws import NOBODY, Complaints, Days, Effect
from benchmarks.simulated.troubles import Trouble
from benchmarks.simulated.worlds import NAMES, World, draw_world, scope_mask
from incidents.stats.attribution import CaseEvidence, ChangeExposure, Dimension, Usage
from incidents.stats.attribution.evidence import Carrier

REVERT_RATIO, REVERT_HOURS = 1.35, 18.0
EVENT_SHARE = (0.03, 0.12)
USE_ERROR = 0.1  # of the logarithm of counted use


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Evidence with the way back from its cells to complaints, as a bundle that was read has it."""

    evidence: CaseEvidence
    truth: Truth
    ticket_ids: list[str]
    label_ticket: Ints
    label_cell: Ints
    label_weight: Floats


def simulate(trouble: Trouble, seed: int, *, n_harmful: int | None = None) -> Case:
    """Draw one case; the same seed gives the same world under every trouble of the same volume."""
    world = draw_world(np.random.default_rng([seed, 1]), volume=trouble.volume, n_harmful=n_harmful)
    random = np.random.default_rng([seed, 2])
    hours = draws.hours_of(world)
    days = draws.draw_days(world, random)
    usual = draws.emit(world.season * world.volume, world.background, days, NOBODY, random)
    released = _released(world) if trouble.adoption != "none" else None
    adoption = None
    if released is not None:
        adoption = draws.adoption_of(world.changes[released], hours, np.random.default_rng([seed, 3]))
    if trouble.reverted_on_complaints:
        world = _reverted(world, usual, trouble, days, seed)
    parts = [usual]
    earlier: list[Effect] = []
    for j in sorted(range(len(world.changes)), key=lambda j: world.changes[j].start):
        effect = draws.effect_of(world, j, trouble, adoption if j == released else None)
        if effect.curve.sum() > 0:
            parts.append(draws.raised(effect, earlier, trouble, days, np.random.default_rng([seed, 4, j])))
            earlier.append(effect)
    if trouble.event_in_scope:
        parts.append(_event(world, days, np.random.default_rng([seed, 5])))
    told = draws.together(parts)
    noting = np.random.default_rng([seed, 6])
    log = tuple(trouble.note(world, change, noting) for change in world.changes)
    observed = _observed(world, told, trouble, np.random.default_rng([seed, 7]))
    return _as_case(world, trouble, told=told, observed=observed, log=log, release=(released, adoption), seed=seed)


def _released(world: World) -> int | None:
    """Return the change that travels with the clients: the first harmful one, else the first."""
    order = sorted(range(len(world.changes)), key=lambda j: (not world.changes[j].harmful, world.changes[j].start))
    return order[0] if order else None


def _reverted(world: World, usual: Complaints, trouble: Trouble, days: Days, seed: int) -> World:
    """End each change some hours after the first day on which complaints in its scope stood clearly above before."""
    out = []
    for j, change in enumerate(world.changes):
        free = replace(world, changes=(*world.changes[:j], replace(change, end=None), *world.changes[j + 1 :]))
        effect: Effect = draws.effect_of(free, j, trouble, None)
        both = draws.together(
            [usual, draws.emit(effect.curve, effect.cells, days, j, np.random.default_rng([seed, 4, j]))]
        )
        inside = scope_mask(world.segments, change.scope)[both.segment] > 0
        daily = np.bincount(both.hour[inside] // 24, minlength=world.days)
        first = int(change.start // 24)
        before = daily[:first].mean() if first > 2 else np.inf
        late = np.flatnonzero(daily[first + 1 :] > REVERT_RATIO * before + 3)
        end = None if not len(late) else 24.0 * (first + 2 + float(late[0])) + REVERT_HOURS
        out.append(replace(change, end=end if end is not None and end < world.days * 24 else None))
    return replace(world, changes=tuple(out))


def _event(world: World, days: Days, random: np.random.Generator) -> Complaints:
    """Something that no log knows, in the scope and after the start of a harmless change."""
    harmless = [change for change in world.changes if not change.harmful]
    change = harmless[int(random.integers(len(harmless)))]
    hours = draws.hours_of(world)
    start = change.start + random.uniform(0, 72)
    shown = world.season * ((hours >= start) & (hours < start + random.uniform(24, 96)))
    total = random.uniform(*EVENT_SHARE) * world.volume
    cells = (world.usage * scope_mask(world.segments, change.scope))[:, None] * random.dirichlet(
        np.full(world.background.shape[1], 0.6)
    )
    return draws.emit(shown / max(shown.sum(), 1e-300) * total, cells / cells.sum(), days, NOBODY, random)


def _observed(world: World, told: Complaints, trouble: Trouble, random: np.random.Generator) -> Ints:
    """Return the dimensions as complaints state them, -1 where they do not."""
    observed = world.segments[told.segment].copy()
    n_dims, n_symptoms = len(world.sizes), world.background.shape[1]
    missing = np.broadcast_to(random.uniform(0.15, 0.55, n_dims), observed.shape)
    if trouble.missing == "by complaint":
        by_symptom = random.uniform(-0.3, 0.3, (n_symptoms, n_dims))[told.symptom]
        by_value = np.stack([random.uniform(-0.3, 0.3, n)[observed[:, d]] for d, n in enumerate(world.sizes)], axis=1)
        hurt = 0.15 * (told.cause >= 0)[:, None]
        missing = np.clip(missing + by_symptom + by_value + hurt, 0.02, 0.95)
    observed[random.random(observed.shape) < missing] = -1
    return np.asarray(observed)


def _as_case(
    world: World,
    trouble: Trouble,
    *,
    told: Complaints,
    observed: Ints,
    log: tuple[ChangeExposure, ...],
    release: tuple[int | None, Floats | None],
    seed: int,
) -> Case:
    random = np.random.default_rng([seed, 8])
    dimensions = [Dimension(name=NAMES[d], values=tuple(f"w{v}" for v in range(n))) for d, n in enumerate(world.sizes)]
    segments = world.segments
    released, adoption = release
    if trouble.adoption == "told" and released is not None and adoption is not None:
        carrying = random.random(len(told.hour)) < adoption[told.hour]
        carrying |= told.cause == released
        stated = np.where(random.random(len(told.hour)) < 0.7, carrying.astype(np.int64), -1)
        observed = np.column_stack([observed, stated])
        segments = np.column_stack([segments, np.full(len(segments), -1)])
        carrier = Carrier(dimension=len(dimensions), values=(1,), adoption=adoption)
        dimensions.append(Dimension(name="build", values=("1.0", "1.1")))
        log = tuple(replace(c, steps=(), carrier=carrier) if j == released else c for j, c in enumerate(log))
    elif adoption is not None:
        log = tuple(replace(c, steps=(), shape="steps") if j == released else c for j, c in enumerate(log))
    width = 24 if trouble.by_day else 1
    n_bins = world.days * 24 // width
    day = np.arange(n_bins) * width // 24
    patterns, pattern = np.unique(observed, axis=0, return_inverse=True)
    rows = np.column_stack([told.hour // width, pattern.reshape(-1), told.symptom])
    cells, cell, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    counted = world.usage * np.exp(random.normal(0, USE_ERROR, len(world.usage)))
    evidence = CaseEvidence(
        edges=np.arange(n_bins + 1, dtype=np.float64) * width,
        day=day,
        weekday=day % 7,
        hour=None if trouble.by_day else np.arange(n_bins) % 24,
        dimensions=tuple(dimensions),
        patterns=patterns,
        symptoms=tuple(f"s{k}" for k in range(world.background.shape[1])),
        cell_bin=cells[:, 0],
        cell_pattern=cells[:, 1],
        cell_symptom=cells[:, 2],
        cell_count=count.astype(float),
        changes=log,
        usage=Usage(segments=segments, share=counted) if trouble.usage_known else None,
    )
    n = len(told.hour)
    return Case(
        evidence=evidence,
        truth=_truth(world, told, log),
        ticket_ids=[f"t{i}" for i in range(n)],
        label_ticket=np.arange(n),
        label_cell=cell.reshape(-1),
        label_weight=np.ones(n),
    )


def _twins(world: World, log: tuple[ChangeExposure, ...]) -> tuple[tuple[str, str], ...]:
    """Return the pairs that are twins in the log, too."""
    by_key = {change.key: change for change in log}

    def alike(a: ChangeExposure, b: ChangeExposure) -> bool:
        same = (a.scope, a.ended, len(a.steps), a.carrier is None) == (
            b.scope,
            b.ended,
            len(b.steps),
            b.carrier is None,
        )
        return same and abs(a.started - b.started) <= 1.0

    return tuple((a, b) for a, b in world.twins if alike(by_key[a], by_key[b]))


def _truth(world: World, told: Complaints, log: tuple[ChangeExposure, ...]) -> Truth:
    n = len(world.changes)
    tickets = np.bincount(told.cause[told.cause >= 0], minlength=n).astype(float)
    seen = np.zeros(n)
    for j, change in enumerate(world.changes):
        inside = scope_mask(world.segments, change.scope)[told.segment] > 0
        stop = np.inf if change.end is None else change.end + 72
        active = inside & (told.hour >= change.start) & (told.hour < stop)
        seen[j] = tickets[j] / np.sqrt(max(active.sum(), 1))
    return Truth(
        keys=tuple(change.key for change in world.changes),
        harmful=np.array([change.harmful for change in world.changes], bool),
        tickets=tickets,
        detectability=seen,
        twins=_twins(world, log),
        cause=np.where(told.cause < 0, n, told.cause),
    )
