"""What goes wrong between what happened and what an analyst sees."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmarks.simulated.worlds import Happening, World
from incidents.stats.attribution import ChangeExposure

WRONG = 0.4  # how often an entry of a careless log is wrong


def faithful(world: World, change: Happening, random: np.random.Generator) -> ChangeExposure:
    """Note the change as it was."""
    return ChangeExposure(
        key=change.key,
        started=change.start,
        ended=change.end,
        end_kind=None if change.end is None else "revert",
        scope=change.scope,
        steps=change.steps if len(change.steps) > 1 else (),
        shape=change.shape,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One trouble; `note` is told by the log's changes as they truly were, with a random source of its own."""

    key: str
    name: str
    note: Callable[[World, Happening, np.random.Generator], ChangeExposure] = faithful
    effect: Literal["adds", "multiplies", "saturates"] = "adds"
    missing: Literal["at random", "by complaint"] = "at random"
    adoption: Literal["none", "untold", "told"] = "none"
    usage_known: bool = True
    by_day: bool = False
    event_in_scope: bool = False  # something nobody logged happens where a harmless change is active
    reverted_on_complaints: bool = False
    volume: tuple[float, float] = (600.0, 12_000.0)


def wrong_edges(world: World, change: Happening, random: np.random.Generator) -> ChangeExposure:
    """Note start and end some hours off: usually half a day, at times two days."""
    noted = faithful(world, change, random)
    off = random.normal(0, 14, 2) * random.choice([0.5, 1.0, 2.0], 2)
    last = world.days * 24.0 - 1
    start = float(np.clip(noted.started + off[0], 0, last))
    end = None if noted.ended is None else float(np.clip(noted.ended + off[1], start + 1, last))
    shift = start - noted.started
    return replace(noted, started=start, ended=end, steps=tuple((at + shift, share) for at, share in noted.steps))


def wrong_ramp(world: World, change: Happening, random: np.random.Generator) -> ChangeExposure:
    """Note a ramp as instant, and an instant change as a ramp over two days."""
    noted = faithful(world, change, random)
    if noted.steps:
        return replace(noted, steps=(), shape="steps")
    return replace(noted, steps=((noted.started, 0.0), (noted.started + 48.0, 1.0)), shape="linear")


def wrong_scope(world: World, change: Happening, random: np.random.Generator) -> ChangeExposure:
    """Note two in five scopes wrongly: a condition forgotten, or one value too many or too few."""
    noted = faithful(world, change, random)
    if random.random() > WRONG or not change.scope:
        return noted
    scope = list(change.scope)
    at = int(random.integers(len(scope)))
    dim, values = scope[at]
    others = [v for v in range(world.sizes[dim]) if v not in values]
    if random.random() < 0.5:
        del scope[at]
    elif len(values) > 1 and random.random() < 0.5:
        scope[at] = (dim, values[1:])
    else:
        scope[at] = (dim, tuple(sorted({*values, int(random.choice(others))})))
    return replace(noted, scope=tuple(scope))


def bare_dates(world: World, change: Happening, random: np.random.Generator) -> ChangeExposure:
    """Note days only."""
    noted = faithful(world, change, random)
    start = 24.0 * np.floor(noted.started / 24)
    end = None if noted.ended is None else 24.0 * float(np.floor(noted.ended / 24))
    steps = tuple((24.0 * float(np.floor(at / 24)), share) for at, share in noted.steps)
    return replace(noted, started=float(start), ended=end, steps=steps, edge_uncertainty=24.0)


TROUBLES: tuple[Trouble, ...] = (
    Trouble(key="none", name="None: the log is right, effects add"),
    Trouble(key="edges", name="Starts and ends in the log are off by 7 to 28 hours", note=wrong_edges),
    Trouble(key="ramp", name="Rollouts in the log are wrong", note=wrong_ramp),
    Trouble(key="scope", name="Two in five scopes in the log are wrong", note=wrong_scope),
    Trouble(key="multiplies", name="Effects multiply the usual complaints, and each other", effect="multiplies"),
    Trouble(key="saturates", name="Who has complained does not complain again", effect="saturates"),
    Trouble(key="adoption", name="Clients adopt it over days, the log tells only the release", adoption="untold"),
    Trouble(key="versions", name="Clients adopt it over days, versions and their use are told", adoption="told"),
    Trouble(key="missing", name="What complaints leave out depends on what they are about", missing="by complaint"),
    Trouble(key="usage", name="No counts of use", usage_known=False),
    Trouble(key="days", name="Only days are known, of complaints and changes", note=bare_dates, by_day=True),
    Trouble(key="unlogged", name="An event nobody logged, in the scope of a harmless change", event_in_scope=True),
    Trouble(key="reverts", name="Changes are reverted because complaints rose", reverted_on_complaints=True),
    Trouble(key="few", name="Few complaints: 150 to 500", volume=(150.0, 500.0)),
    Trouble(key="many", name="Many complaints: 30,000 to 60,000", volume=(30_000.0, 60_000.0)),
)
