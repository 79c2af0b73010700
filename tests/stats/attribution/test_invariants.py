"""What must not move the answer: how segments are cut, what else is reported, in which units use is counted."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import Attribution, ChangeExposure, Dimension, Usage, attribute
from tests.stats.attribution.world import CACHE, FLAG, PROMPT, Drawn, World, draw

WRONG = (0.1, 0.8, 0.1)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(World(changes=(PROMPT, CACHE, FLAG), harm={"cache": (350.0, WRONG)}, background=1800.0))


@pytest.fixture(scope="module")
def answer(drawn: Drawn) -> Attribution:
    return attribute(drawn.evidence)


def same(first: Attribution, second: Attribution, *, probability: float = 1e-6) -> None:
    """Same verdicts; same numbers where a change is named, numbers within each other's intervals where it is not."""
    for a, b in zip(first.changes, second.changes, strict=True):
        assert b.key == a.key
        assert b.verdict == a.verdict
        assert b.probability == pytest.approx(a.probability, abs=probability)
        if a.verdict == "contributing" or probability <= 1e-6:
            assert b.excess.value == pytest.approx(a.excess.value, rel=0.05, abs=2)
            assert b.excess.high - b.excess.low == pytest.approx(a.excess.high - a.excess.low, rel=0.2)
        else:
            assert a.excess.low <= b.excess.value <= a.excess.high
            assert b.excess.low <= a.excess.value <= b.excess.high


def test_a_segment_told_in_two_parts(drawn: Drawn, answer: Attribution) -> None:
    """The value "large" becomes "large-a" and "large-b", half of its use and of its tickets each."""
    e = drawn.evidence
    assert e.usage is not None
    random = np.random.default_rng(5)
    row, count, patterns = [], [], [tuple(p) for p in e.patterns]
    place = {p: k for k, p in enumerate(patterns)}
    for cell in range(len(e.cell_count)):
        pattern = patterns[e.cell_pattern[cell]]
        moved = 0
        if pattern[1] == 0:
            moved = int(random.binomial(int(e.cell_count[cell]), 0.5))
        if moved:
            other = (pattern[0], 2, pattern[2])
            if other not in place:
                place[other] = len(patterns)
                patterns.append(other)
            row.append((e.cell_bin[cell], place[other], e.cell_symptom[cell]))
            count.append(float(moved))
        if e.cell_count[cell] > moved:
            row.append((e.cell_bin[cell], e.cell_pattern[cell], e.cell_symptom[cell]))
            count.append(float(e.cell_count[cell]) - moved)
    table = np.array(row)
    large = e.usage.segments[:, 1] == 0
    halves = e.usage.segments[large].copy()
    halves[:, 1] = 2
    use = np.where(large, e.usage.share / 2, e.usage.share)
    split = replace(
        e,
        dimensions=(e.dimensions[0], Dimension(name="model", values=("large-a", "small", "large-b")), e.dimensions[2]),
        patterns=np.array(patterns),
        cell_bin=table[:, 0],
        cell_pattern=table[:, 1],
        cell_symptom=table[:, 2],
        cell_count=np.array(count),
        usage=Usage(
            segments=np.vstack([e.usage.segments, halves]), share=np.concatenate([use, e.usage.share[large] / 2])
        ),
        changes=tuple(
            replace(c, scope=tuple((d, (0, 2) if d == 1 and v == (0,) else v) for d, v in c.scope)) for c in e.changes
        ),
    )
    same(answer, attribute(split), probability=0.06)


def test_a_dimension_that_has_nothing_to_do_with_it(drawn: Drawn, answer: Attribution) -> None:
    """Four regions, stated at random by four in five."""
    e = drawn.evidence
    assert e.usage is not None
    random = np.random.default_rng(6)
    told = np.repeat(np.arange(len(e.cell_count)), e.cell_count.astype(int))
    region = np.where(random.random(len(told)) < 0.8, random.integers(0, 4, len(told)), -1)
    rows = np.column_stack([e.cell_bin[told], e.patterns[e.cell_pattern[told]], region, e.cell_symptom[told]])
    patterns, pattern = np.unique(rows[:, 1:5], axis=0, return_inverse=True)
    cells, count = np.unique(np.column_stack([rows[:, 0], pattern.reshape(-1), rows[:, 5]]), axis=0, return_counts=True)
    n = len(e.usage.share)
    wider = replace(
        e,
        dimensions=(*e.dimensions, Dimension(name="region", values=("n", "e", "s", "w"))),
        patterns=patterns,
        cell_bin=cells[:, 0],
        cell_pattern=cells[:, 1],
        cell_symptom=cells[:, 2],
        cell_count=count.astype(float),
        usage=Usage(
            segments=np.column_stack([np.tile(e.usage.segments, (4, 1)), np.repeat(np.arange(4), n)]),
            share=np.tile(e.usage.share / 4, 4),
        ),
    )
    same(answer, attribute(wider), probability=0.06)


@pytest.mark.parametrize("factor", [1e-6, 1e9])
def test_units_of_use(drawn: Drawn, answer: Attribution, factor: float) -> None:
    e = drawn.evidence
    assert e.usage is not None
    same(answer, attribute(replace(e, usage=replace(e.usage, share=e.usage.share * factor))))


@pytest.mark.parametrize("factor", [1e-3, 1e6])
def test_units_of_total_use_over_time(drawn: Drawn, factor: float) -> None:
    e = drawn.evidence
    total = 1000.0 + 10.0 * np.arange(e.n_bins)
    once = attribute(replace(e, usage_total=total))
    same(once, attribute(replace(e, usage_total=total * factor)))


def test_a_shift_of_the_clock(drawn: Drawn, answer: Attribution) -> None:
    """The window starts at hour 1000 instead of 0; changes and publicity with it."""
    e = drawn.evidence

    def moved(change: ChangeExposure) -> ChangeExposure:
        return replace(
            change,
            started=change.started + 1000,
            ended=None if change.ended is None else change.ended + 1000,
            steps=tuple((hour + 1000, share) for hour, share in change.steps),
        )

    later = replace(e, edges=e.edges + 1000, changes=tuple(moved(c) for c in e.changes))
    same(answer, attribute(later))


def test_order_of_symptoms_and_segments(drawn: Drawn, answer: Attribution) -> None:
    e = drawn.evidence
    assert e.usage is not None
    turn = np.array([2, 0, 1])
    order = np.random.default_rng(8).permutation(len(e.usage.share))
    turned = replace(
        e,
        symptoms=tuple(e.symptoms[int(k)] for k in np.argsort(turn)),
        cell_symptom=turn[e.cell_symptom],
        usage=Usage(segments=e.usage.segments[order], share=e.usage.share[order]),
    )
    same(answer, attribute(turned), probability=1e-3)


def test_twice_the_same_change_is_a_set_whatever_their_names(drawn: Drawn) -> None:
    e = drawn.evidence
    copy = replace(CACHE, key="aaa")
    found = {c.key: c for c in attribute(replace(e, changes=(*e.changes, copy))).changes}
    assert found["cache"].verdict == found["aaa"].verdict == "ambiguous"
    assert found["cache"].probability == pytest.approx(found["aaa"].probability, abs=0.06)
    assert found["cache"].indistinguishable_from == ("aaa",)
