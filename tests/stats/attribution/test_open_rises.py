"""Rises that surely happened and whose owner stays open."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from incidents.stats.attribution import Settings
from incidents.stats.attribution.open_rises import open_rises
from incidents.stats.attribution.search import UNLOGGED, Slot
from incidents.stats.attribution.verdicts import Named

NOBODY = Named(verdict="not supported", others=(), set_probability=0.1)
N = 40
DAY = 24.0


def search_for(prior: float = 0.05) -> Any:
    """Return what is read of a search over forty changes, two symptoms and thirty days."""
    changes = tuple(SimpleNamespace(key=f"change-{j}") for j in range(N))
    evidence = SimpleNamespace(changes=changes, edges=np.arange(31) * DAY, symptoms=("slow", "wrong"))
    return SimpleNamespace(
        frame=SimpleNamespace(evidence=evidence, n_changes=N),
        settings=Settings(),
        prior=np.full(N, np.log(prior / (1 - prior))),
        reachable=list(range(N)),
    )


def slot_of(owners: dict[int, float], *, nothing: float = 0.001, size: float = 200.0) -> Slot:
    """Return an excess that each owner, from its own day on, may have raised by about so many tickets."""
    candidates = []
    for change in owners:
        begins = 10 if change == UNLOGGED else 10 + change % 10
        exposure = SimpleNamespace(change=change, curve=(np.arange(30) >= begins).astype(float))
        candidates.append(
            SimpleNamespace(
                exposure=exposure, theta=np.array([1.0, 3.0]), size=size, owned_error=0.15 * size, thinning=size
            )
        )
    known = np.zeros(N)
    for change, share in owners.items():
        if change != UNLOGGED:
            known[change] = share
    return Slot(
        candidates=tuple(candidates),  # type: ignore[arg-type]
        weights=np.array(list(owners.values())),
        nothing=nothing,
        owners=known,
        unlogged=owners.get(UNLOGGED, 0.0),
    )


def told(*slots: Slot, named: list[Named] | None = None, prior: float = 0.05) -> Any:
    return open_rises(search_for(prior), SimpleNamespace(slots=slots), named or [NOBODY] * N)  # type: ignore[arg-type]


def test_size_start_symptom_and_odds_are_told() -> None:
    (rise,) = told(slot_of({0: 0.45, 3: 0.30, 5: 0.20, 7: 0.049}))
    assert rise.excess.value == pytest.approx(200, rel=0.1)
    assert 100 < rise.excess.low < 170
    assert 230 < rise.excess.high < 330
    assert rise.owners == (("change-0", 0.45), ("change-3", 0.30), ("change-5", 0.20))  # nine tenths of the odds
    assert rise.starts == (10 * DAY, 15 * DAY)
    assert rise.symptom == "wrong"
    assert rise.probability == pytest.approx(0.999)


def test_the_largest_comes_first() -> None:
    found = told(slot_of({0: 0.5, 1: 0.49}, size=80.0), slot_of({2: 0.5, 3: 0.49}, size=300.0))
    assert [rise.owners[0][0] for rise in found] == ["change-2", "change-0"]


@pytest.mark.parametrize(
    ("slot", "why"),
    [
        (slot_of({0: 0.5, 1: 0.3}, nothing=0.2), "nothing may have happened"),
        (slot_of(dict.fromkeys(range(N), 0.95 / N), nothing=0.05), "only the length of the log makes an owner likely"),
        (slot_of({UNLOGGED: 0.8, 0: 0.19}), "an event that nobody logged is named"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_open_rise(slot: Slot, why: str) -> None:
    assert told(slot) == (), why


def test_an_event_that_may_be_in_the_log_or_not_stays_open() -> None:
    (rise,) = told(slot_of({UNLOGGED: 0.45, 0: 0.45, 1: 0.09}))
    assert rise.unlogged == 0.45
    assert dict(rise.owners)["change-0"] == 0.45


def test_what_named_changes_mostly_hold_is_told_with_them() -> None:
    named = [NOBODY] * N
    named[0] = Named(verdict="ambiguous", others=(1,), set_probability=0.9)
    named[1] = Named(verdict="ambiguous", others=(0,), set_probability=0.9)
    assert told(slot_of({0: 0.4, 1: 0.4, 2: 0.19}), named=named) == ()
    assert len(told(slot_of({0: 0.2, 1: 0.2, 2: 0.59}), named=named)) == 1
