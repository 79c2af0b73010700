"""Margins over what patterns leave open, against sums written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.stats.attribution.evidence import CaseEvidence, Dimension, Usage
from incidents.stats.attribution.lattice import Lattice, build_lattice, usage_tensor

SHAPE = (3, 2, 4)
LATTICE = Lattice(dims=(0, 1, 2), levels=tuple(np.arange(n) for n in SHAPE))


def evidence(dimensions: tuple[int, ...], patterns: list[list[int]], usage: Usage | None = None) -> CaseEvidence:
    n = len(patterns)
    return CaseEvidence(
        edges=np.array([0.0, 24.0]),
        day=np.zeros(1, int),
        weekday=np.zeros(1, int),
        hour=None,
        dimensions=tuple(
            Dimension(name=f"d{i}", values=tuple(map(str, range(size)))) for i, size in enumerate(dimensions)
        ),
        patterns=np.array(patterns, dtype=np.int64).reshape(n, len(dimensions)),
        symptoms=("s",),
        cell_bin=np.zeros(n, int),
        cell_pattern=np.arange(n),
        cell_symptom=np.zeros(n, int),
        cell_count=np.full(n, 5.0),
        usage=usage,
    )


@settings(deadline=None)  # the first example compiles
@given(st.integers(0, 2**32 - 1))
def test_margins_are_sums_over_compatible_segments(seed: int) -> None:
    x = np.random.default_rng(seed).random(SHAPE)
    margins = LATTICE.margins(x).ravel()
    for row in ([0, -1, 2], [-1, -1, -1], [2, 1, 3], [-1, 0, -1]):
        picked = x[tuple(slice(None) if v < 0 else slice(v, v + 1) for v in row)]
        assert margins[LATTICE.locate(np.array([row]))[0]] == pytest.approx(picked.sum())


@settings(deadline=None)  # the first example compiles
@given(st.integers(0, 2**32 - 1))
def test_spread_is_the_transpose_of_margins(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, w = random.random(SHAPE), random.random(tuple(n + 1 for n in SHAPE))
    assert (LATTICE.margins(x) * w).sum() == pytest.approx((x * LATTICE.spread(w)).sum())


def test_many_values_are_merged_as_far_as_scopes_allow() -> None:
    case = evidence((100, 3), [[5, 0], [70, 2]])
    lattice = build_lattice(case, [((0, (5, 6)),), ((0, (6, 7)),)])
    assert dict(zip(lattice.dims, lattice.shape, strict=True)) == {0: 4, 1: 3}
    inside = lattice.mask(((0, (5, 6)),))
    assert set(np.unique(inside)) == {0.0, 1.0}


def test_usage_meets_every_margin_that_was_counted() -> None:
    rows = np.array([[0, -1], [1, -1], [-1, 0], [-1, 1], [-1, 2]])
    case = evidence((2, 3), [[0, 0]], Usage(segments=rows, share=np.array([30.0, 70.0, 20.0, 30.0, 50.0])))
    lattice = build_lattice(case, [])
    usage, known = usage_tensor(lattice, case)
    assert known
    by_dim = {dim: usage.sum(axis=1 - axis) for axis, dim in enumerate(lattice.dims)}
    np.testing.assert_allclose(by_dim[0], [0.3, 0.7], atol=1e-6)
    np.testing.assert_allclose(by_dim[1], [0.2, 0.3, 0.5], atol=1e-6)


def test_a_dimension_that_no_count_names_takes_its_margin_from_the_tickets() -> None:
    rows = np.array([[0, -1], [1, -1]])
    patterns = [[0, 0]] * 8 + [[0, 1]] * 2
    case = evidence((2, 2), patterns, Usage(segments=rows, share=np.array([1.0, 1.0])))
    lattice = build_lattice(case, [])
    usage, _ = usage_tensor(lattice, case)
    margin = usage.sum(axis=tuple(a for a in range(2) if a != lattice.dims.index(1)))
    assert margin[0] == pytest.approx(0.8, abs=0.03)
