"""What happens in a simulated incident: segments, their use, the usual complaints, the changes as they truly were."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.scoring import Floats, Ints

Scope = tuple[tuple[int, tuple[int, ...]], ...]
NAMES = ("Produkt", "tier", "Länge", "region", "client", "locale", "auth", "network")
HARM = ((0, 1, 2, 3), (0.34, 0.28, 0.22, 0.16))  # numbers of harmful changes and how often
TWIN, DECOY = 0.15, 0.4  # how often a harmful change has a harmless one with all its properties, or beside it
MOST_RATIO = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A change as it truly was; hours since the window's start."""

    key: str
    start: float
    end: float | None
    scope: Scope
    steps: tuple[tuple[float, float], ...]
    shape: Literal["steps", "linear"]
    harmful: bool
    share: float  # of the usual complaints, as excess
    profile: Floats  # over symptoms
    delay: float  # hours, mean
    half_life: float  # hours, 0: does not fade


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """S segments, K symptoms, T hours."""

    days: int
    sizes: tuple[int, ...]
    segments: Ints  # (S, n_dims)
    usage: Floats  # (S,) sums to 1
    background: Floats  # (S, K) sums to 1
    season: Floats  # (T,) sums to 1
    volume: float  # usual complaints in the window
    day_spread: float  # variance of a day's level
    changes: tuple[Happening, ...]
    twins: tuple[tuple[str, str], ...]


def scope_mask(segments: Ints, scope: Scope) -> Floats:
    """Return which segments a scope holds, as 0 and 1."""
    out = np.ones(len(segments))
    for dim, values in scope:
        out *= np.isin(segments[:, dim], values)
    return out


def draw_world(random: np.random.Generator, *, volume: tuple[float, float], n_harmful: int | None = None) -> World:
    """Draw a world; `n_harmful` fixes how many of its changes do harm."""
    days = int(random.integers(18, 50))
    n_dims, n_symptoms = int(random.integers(3, 6)), int(random.integers(3, 9))
    sizes = tuple(int(n) for n in random.integers(2, 6, n_dims))
    segments = np.array(np.unravel_index(np.arange(int(np.prod(sizes))), sizes)).T
    use = np.zeros(len(segments))
    for dim, size in enumerate(sizes):
        use += np.log(random.dirichlet(np.full(size, 3.0)) + 0.03)[segments[:, dim]]
    use = np.exp(use + random.normal(0, 0.3, len(segments)))
    use /= use.sum()
    tilt = random.normal(0, 0.15, (len(segments), n_symptoms))
    for dim, size in enumerate(sizes):
        tilt += random.normal(0, 0.3, (size, n_symptoms))[segments[:, dim]]
    background = use[:, None] * random.dirichlet(np.full(n_symptoms, 2.5)) * np.exp(tilt)
    hours = np.arange(days * 24) + 0.5
    weekend = np.where((hours // 24).astype(int) % 7 >= 5, random.uniform(0.4, 0.9), 1.0)
    night = 1 + random.uniform(0.1, 0.6) * np.cos(2 * np.pi * (hours % 24 - random.uniform(11, 20)) / 24)
    growth = np.exp(random.uniform(-0.03, 0.06) * hours / 168)
    changes, twins = _changes(random, days * 24.0, sizes, n_symptoms, n_harmful)
    return World(
        days=days,
        sizes=sizes,
        segments=segments,
        usage=use,
        background=background / background.sum(),
        season=weekend * night * growth / (weekend * night * growth).sum(),
        volume=float(np.exp(random.uniform(*np.log(volume)))),
        day_spread=float(np.exp(random.uniform(np.log(0.003), np.log(0.05)))),
        changes=changes,
        twins=twins,
    )


def _changes(
    random: np.random.Generator, length: float, sizes: tuple[int, ...], n_symptoms: int, n_harmful: int | None
) -> tuple[tuple[Happening, ...], tuple[tuple[str, str], ...]]:
    if n_harmful is None:
        n_harmful = int(random.choice(HARM[0], p=HARM[1]))
    drawn: list[Happening] = []
    pairs: list[tuple[int, int]] = []

    def add(start: float, *, harmful: bool, like: Happening | None = None, scope: Scope | None = None) -> None:
        end: float | None = None
        if random.random() < (0.45 if harmful else 0.2):
            end = start + float(np.exp(random.uniform(np.log(24), np.log(300))))
        steps, shape = (like.steps, like.shape) if like else _rollout(random, start)
        drawn.append(
            Happening(
                key="",
                start=start,
                end=like.end if like else (None if end is None or end > length else end),
                scope=like.scope if like else (scope if scope is not None else _scope(random, sizes)),
                steps=steps,
                shape=shape,
                harmful=harmful,
                share=float(np.exp(random.uniform(np.log(0.015), np.log(0.2)))),
                profile=random.dirichlet(np.full(n_symptoms, 0.6)),
                delay=float(np.exp(random.uniform(np.log(3), np.log(60)))),
                half_life=float(random.choice([0.0, 0.0, random.uniform(150, 500)])),
            )
        )

    for _ in range(n_harmful):
        add(random.uniform(0.15, 0.85) * length, harmful=True)
        own = drawn[-1]
        if random.random() < TWIN:
            add(own.start + random.uniform(-0.5, 0.5), harmful=False, like=own)
            pairs.append((len(drawn) - 2, len(drawn) - 1))
        elif random.random() < DECOY:
            near = float(np.clip(own.start + random.normal(0, 10), 1, length - 12))
            other = own.scope[:-1] if random.random() < 0.5 else _scope(random, sizes)
            add(near, harmful=False, scope=other)
    for _ in range(int(random.integers(2, 8))):
        add(random.uniform(0.05, 0.95) * length, harmful=False)
    order = random.permutation(len(drawn))
    keys = {int(old): f"c{new:02d}" for new, old in enumerate(order)}
    fields = dict.fromkeys(Happening.__dataclass_fields__)
    changes = tuple(
        Happening(**{name: getattr(drawn[int(old)], name) for name in fields if name != "key"}, key=keys[int(old)])
        for old in order
    )
    return changes, tuple((keys[a], keys[b]) for a, b in pairs)


def _scope(random: np.random.Generator, sizes: tuple[int, ...]) -> Scope:
    chosen = random.choice(len(sizes), int(random.choice([0, 1, 2], p=[0.15, 0.5, 0.35])), replace=False)
    return tuple(
        (
            int(dim),
            tuple(sorted(int(v) for v in random.choice(sizes[dim], random.integers(1, sizes[dim]), replace=False))),
        )
        for dim in sorted(chosen)
    )


def _rollout(
    random: np.random.Generator, start: float
) -> tuple[tuple[tuple[float, float], ...], Literal["steps", "linear"]]:
    kind, length = random.random(), float(np.exp(random.uniform(np.log(8), np.log(150))))
    if kind < 0.4:
        return ((start, 1.0),), "steps"
    if kind < 0.65:
        return ((start, 0.0), (start + length, 1.0)), "linear"
    return ((start, 0.1), (start + length / 3, 0.4), (start + length, 1.0)), "steps"
