"""A small world with known truth: segments, season, changes that do harm and changes that do not."""

from dataclasses import dataclass, field

import numpy as np

from incidents.stats.attribution import CaseEvidence, ChangeExposure, Dimension, Settings, Usage

SIZES = (3, 2, 2)
DIMENSIONS = (
    Dimension(name="surface", values=("cli", "web", "app")),
    Dimension(name="model", values=("large", "small")),
    Dimension(name="session", values=("fresh", "idle")),
)
SYMPTOMS = ("slow", "wrong", "limits")
SEGMENTS = np.array(np.unravel_index(np.arange(12), SIZES)).T


@dataclass(kw_only=True)
class World:
    """What happens: `harm` maps a change's key to (tickets, shares of the symptoms)."""

    changes: tuple[ChangeExposure, ...] = ()
    harm: dict[str, tuple[float, tuple[float, float, float]]] = field(default_factory=dict)
    unlogged: tuple[float, float, float, int, float] | None = None  # start hour, end hour, tickets, model, missing
    days: int = 28
    background: float = 2500.0
    missing: float = 0.3
    delay: float = 12.0
    seed: int = 1


@dataclass(kw_only=True)
class Drawn:
    """Tickets with their true cause (-1: none), and the evidence that an analyst would have."""

    evidence: CaseEvidence
    bins: np.ndarray
    pattern: np.ndarray
    symptom: np.ndarray
    cause: np.ndarray


def exposed_share(change: ChangeExposure, hours: np.ndarray) -> np.ndarray:
    """Share of the scope reached, written apart from the engine's own."""
    steps = change.steps or ((change.started, 1.0),)
    if change.shape == "linear":
        out = np.interp(hours, [h for h, _ in steps], [s for _, s in steps], left=0.0)
    else:
        out = np.zeros(len(hours))
        for at, share in steps:
            out = np.where(hours >= at, share, out)
    return np.where(hours < (change.ended if change.ended is not None else np.inf), out, 0.0)


def draw(world: World, settings: Settings | None = None) -> Drawn:
    """Draw one case."""
    random = np.random.default_rng(world.seed)
    hours = np.arange(world.days * 24) + 0.5
    day = np.arange(world.days * 24) // 24
    season = np.where(day % 7 >= 5, 0.6, 1.0) * (1 + 0.4 * np.cos(2 * np.pi * (hours % 24 - 15) / 24))
    shock = random.gamma(100.0, 0.01, world.days)[day]
    use = random.dirichlet(np.full(12, 6.0))
    tilt = np.exp(random.normal(0, 0.25, (12, 3)))
    background = use[:, None] * np.array([0.4, 0.35, 0.25]) * tilt
    background /= background.sum()
    parts: list[tuple[np.ndarray, int]] = []

    def emit(when: np.ndarray, where: np.ndarray, total: float, cause: int) -> None:
        mean = when * shock / max((when * shock).sum(), 1e-12) * total
        n = random.poisson(mean)
        time = np.repeat(np.arange(len(hours)), n)
        cell = random.choice(where.size, len(time), p=where.ravel() / where.sum())
        parts.append((np.column_stack([time, cell // 3, cell % 3]), cause))

    emit(season, background, world.background, -1)
    for j, change in enumerate(world.changes):
        if change.key not in world.harm:
            continue
        total, profile = world.harm[change.key]
        fine = exposed_share(change, hours)
        lag = np.exp(-np.arange(len(hours)) / world.delay)
        curve = np.convolve(fine, lag / lag.sum())[: len(hours)] * season
        inside = np.ones(12, bool)
        for dim, values in change.scope:
            inside &= np.isin(SEGMENTS[:, dim], values)
        emit(curve, (use * inside)[:, None] * np.array(profile), total, j)
    if world.unlogged is not None:
        start, end, total, model, _ = world.unlogged
        emit(
            season * ((hours >= start) & (hours < end)),
            (use * (SEGMENTS[:, 1] == model))[:, None] * np.array([0.1, 0.8, 0.1]),
            total,
            -1,
        )
    rows = np.concatenate([p for p, _ in parts])
    cause = np.concatenate([np.full(len(p), c) for p, c in parts])
    observed = SEGMENTS[rows[:, 1]].copy()
    observed[random.random(observed.shape) < world.missing] = -1
    patterns, pattern = np.unique(observed, axis=0, return_inverse=True)
    pattern = pattern.reshape(-1)
    evidence = _as_evidence(world, rows, patterns=patterns, pattern=pattern, use=use, settings=settings or Settings())
    return Drawn(evidence=evidence, bins=rows[:, 0], pattern=pattern, symptom=rows[:, 2], cause=cause)


def _as_evidence(
    world: World, rows: np.ndarray, *, patterns: np.ndarray, pattern: np.ndarray, use: np.ndarray, settings: Settings
) -> CaseEvidence:
    hours = np.arange(world.days * 24) + 0.5
    day = np.arange(world.days * 24) // 24
    cells, count = np.unique(np.column_stack([rows[:, 0], pattern, rows[:, 2]]), axis=0, return_counts=True)
    return CaseEvidence(
        edges=np.arange(world.days * 24 + 1, dtype=float),
        day=day,
        weekday=day % 7,
        hour=(hours % 24).astype(int),
        dimensions=DIMENSIONS,
        patterns=patterns,
        symptoms=SYMPTOMS,
        cell_bin=cells[:, 0],
        cell_pattern=cells[:, 1],
        cell_symptom=cells[:, 2],
        cell_count=count.astype(float),
        changes=world.changes,
        usage=Usage(segments=SEGMENTS, share=use),
        settings=settings,
    )


CACHE = ChangeExposure(key="cache", started=300.0, ended=500.0, end_kind="revert", scope=((1, (0,)),))
PROMPT = ChangeExposure(key="prompt", started=200.0, scope=((0, (1, 2)),))
RAMP = ChangeExposure(key="ramp", started=380.0, steps=((380.0, 0.0), (480.0, 1.0)), shape="linear")
TWIN = ChangeExposure(key="twin", started=300.5, ended=500.0, end_kind="revert", scope=((1, (0,)),))
FLAG = ChangeExposure(key="flag", started=150.0, scope=((2, (1,)),))
