"""Surges, drift of use and verdicts, each for itself."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import Settings, attribute, layout
from incidents.stats.attribution.clustering import cluster
from incidents.stats.attribution.drift import measure_drift
from incidents.stats.attribution.frame import build_frame
from incidents.stats.attribution.surges import Totals, best_surge, calm_variance, surge_column
from incidents.stats.attribution.verdicts import LEAST_UNCOUNTED, name_changes
from tests.stats.attribution.world import CACHE, FLAG, World, draw

HOURS = 24.0 * np.arange(35) + 12.0


def totals(height: float, *, spread: float, seed: int) -> Totals:
    random = np.random.default_rng(seed)
    mean = 200.0 * np.exp(height * surge_column(HOURS, 24.0, 400.0, 75.0)) * random.gamma(1 / spread, spread, 35)
    return Totals(
        hours=HOURS,
        count=random.poisson(mean).astype(float),
        expected=np.full(35, 200.0),
        design=np.column_stack([np.ones(35), np.linspace(-0.5, 0.5, 35)]),
        precision=np.array([0.0, 8.0]),
        offset=np.zeros(2),
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_surge_is_set_aside_from_the_day_to_day_variance(seed: int) -> None:
    with_surge = calm_variance(totals(1.2, spread=0.01, seed=seed))
    assert with_surge < 0.035
    found = best_surge(totals(1.2, spread=0.01, seed=seed), with_surge)
    assert found is not None
    assert found[0] > 10
    assert abs(HOURS[int(np.argmax(found[1]))] - 400) <= 36


@pytest.mark.parametrize("seed", range(4))
def test_calm_days_have_no_surge(seed: int) -> None:
    calm = totals(0.0, spread=0.01, seed=seed)
    found = best_surge(calm, calm_variance(calm))
    assert found is not None
    assert found[0] < 1.0


def test_a_launched_value_is_seen_in_the_tickets_alone() -> None:
    drawn = draw(World(changes=(CACHE, FLAG), missing=0.0))
    evidence = drawn.evidence
    late = (evidence.patterns[evidence.cell_pattern, 0] != 2) | (evidence.cell_bin >= 300)
    cut = {n: getattr(evidence, n)[late] for n in ("cell_bin", "cell_pattern", "cell_symptom", "cell_count")}
    frame = build_frame(replace(evidence, **cut))
    axis = frame.lattice.dims.index(0)
    factors = frame.drift.factors[axis]
    assert factors[:11, 2].max() == 0.0
    assert factors[-5:, 2].min() > 0.5
    assert set(frame.drift.factors) == {axis}


def test_counted_use_gives_the_factors() -> None:
    drawn = draw(World(changes=(CACHE,)))
    use = np.ones((drawn.evidence.n_bins, 2))
    use[: drawn.evidence.n_bins // 2, 1] = 0.0
    frame = build_frame(replace(drawn.evidence, usage_over_time=((1, use),)))
    axis = frame.lattice.dims.index(1)
    drift = measure_drift(
        frame.evidence, frame.lattice, frame.usage, frame.block, np.zeros((3, len(drawn.evidence.cell_bin)), int)
    )
    assert drift.factors[axis][0, 1] == 0.0
    assert drift.factors[axis][-1, 1] > drift.factors[axis][0, 1]


def verdicts(probability: list[float], owners: list[list[float]], alike: bool = False) -> list[str]:
    n = len(probability)
    same = np.full((n, n), alike)
    named = name_changes(np.array(probability), np.array(owners), np.full(n, 5.0), same, 0.5)
    return [n.verdict for n in named]


def test_a_clear_owner_is_named_and_a_close_second_makes_a_set() -> None:
    assert verdicts([0.95, 0.05], [[0.95, 0.05]]) == ["contributing", "not supported"]
    assert verdicts([0.6, 0.4], [[0.6, 0.4]]) == ["ambiguous", "ambiguous"]
    assert verdicts([0.85, 0.14], [[0.85, 0.14]]) == ["contributing", "not supported"]
    assert verdicts([0.85, 0.14], [[0.85, 0.14]], alike=True) == ["ambiguous", "ambiguous"]
    assert verdicts([0.2, 0.2], [[0.2, 0.2]]) == ["not supported", "not supported"]


def test_a_wide_set_needs_a_rise_that_the_length_of_the_log_does_not_make() -> None:
    owners = np.full((1, 12), 0.08)
    table = (np.full(12, 0.08), owners, np.full(12, 2.0), np.zeros((12, 12), bool), 0.5)
    assert {one.verdict for one in name_changes(*table, rise=np.array([5.0]))} == {"ambiguous"}
    assert {one.verdict for one in name_changes(*table, rise=np.array([0.5]))} == {"not supported"}


def test_a_moved_metric_alone_names_nothing() -> None:
    named = name_changes(np.array([0.6]), np.array([[0.6]]), np.array([0.2]), np.zeros((1, 1), bool), 0.5)
    assert named[0].verdict == "not supported"


def test_merged_cells_give_nearly_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw(World(changes=(CACHE, FLAG), harm={"cache": (700.0, (0.1, 0.8, 0.1))}, background=6000.0))
    exact = attribute(drawn.evidence)
    monkeypatch.setattr(layout, "MERGE_FROM", 0)
    merged = attribute(drawn.evidence)
    for a, b in zip(exact.changes, merged.changes, strict=True):
        assert a.verdict == b.verdict
        assert b.probability == pytest.approx(a.probability, abs=0.05)
        assert b.excess.value == pytest.approx(a.excess.value, rel=0.05, abs=5)


def test_clustering_keeps_groups_apart_and_splits_the_widest() -> None:
    points = np.array([[0.0], [0.1], [0.9], [1.0], [0.5], [0.5]])
    label = np.array([0, 0, 0, 0, 1, 1])
    found = cluster(points, np.ones(6), label, 2, 3)
    assert found[0] == found[1] != found[2] == found[3]
    assert found[4] == found[5]
    assert len(set(found.tolist())) == 3


def test_a_long_log_expects_a_smaller_share_of_harm() -> None:
    settings = Settings()
    assert settings.prior_share(3) == settings.prior_share(10) == settings.inclusion
    assert settings.prior_share(1000) == pytest.approx(0.03)
    assert settings.prior_share(0) == settings.inclusion


@pytest.mark.parametrize(("evidence", "named"), [(2.0, "not supported"), (3.5, "contributing")])
def test_where_use_was_never_counted_more_evidence_is_asked_for(evidence: float, named: str) -> None:
    table = (np.array([0.8]), np.array([[0.8]]), np.array([evidence]), np.zeros((1, 1), bool), 0.5)
    assert name_changes(*table)[0].verdict == "contributing"
    assert name_changes(*table, least=LEAST_UNCOUNTED)[0].verdict == named
