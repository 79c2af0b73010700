"""The compiled kernel against the same mathematics in NumPy, and against finite differences."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import attribute, laplace
from incidents.stats.attribution.base import Base
from incidents.stats.attribution.candidate import Evaluator
from incidents.stats.attribution.cells import logarithms
from incidents.stats.attribution.frame import build_frame
from incidents.stats.attribution.ground import grown
from incidents.stats.attribution.kernel import climb
from incidents.stats.attribution.laplace import Mixture
from tests.stats.attribution import reference_laplace
from tests.stats.attribution.world import CACHE, PROMPT, World, draw


@pytest.fixture(scope="module", params=[True, False], ids=["split", "whole"])
def problem(request: pytest.FixtureRequest) -> Mixture:
    scope = ((1, (0,)),) if request.param else ()
    changes = (CACHE, PROMPT)
    drawn = draw(World(changes=changes, harm={"cache": (300.0, (0.1, 0.8, 0.1))}, background=900.0))
    base = Base(build_frame(drawn.evidence))
    state = base.fit(base.start(), 6)
    evaluator = Evaluator(base)
    exposure = replace(base.exposure(0, 1), scope=base.frame.lattice.mask(scope).ravel())
    trial = evaluator.trial(state, exposure)
    assert trial is not None
    column = base.column(state, base.every, exposure, trial.columns.ratio(exposure))
    columns = np.vstack([trial.problem.column, column])
    return grown(trial.problem, columns, base.block_mass(state, exposure), evaluator.even)


def start(problem: Mixture) -> np.ndarray:
    v = np.zeros(problem.mass.shape[1:])
    v[-1] = np.log(30.0 / problem.mass.shape[2] / problem.mass[:, -1, 0].sum())
    return v


def by_symptom(problem: Mixture, share: np.ndarray) -> np.ndarray:
    """Sum counts times a share (N, m) by symptom (m, K)."""
    k = problem.mass.shape[2]
    symptom = np.repeat(problem.group % k, problem.size)
    return np.array([np.bincount(symptom, problem.count * own, minlength=k) for own in share.T])


def test_same_mode_as_the_reference(problem: Mixture) -> None:
    """Both climb to the end, by different Hessians on the way; at the mode all they report must agree."""
    ours = laplace.find_mode(problem, start(problem), iterations=60, tolerance=1e-10)
    theirs = reference_laplace.find_mode(problem, start(problem), iterations=400, tolerance=1e-10)
    assert ours.log_joint == pytest.approx(theirs.log_joint, abs=1e-6)
    assert ours.log_determinant == pytest.approx(theirs.log_determinant, abs=1e-4)
    np.testing.assert_allclose(ours.v, theirs.v, atol=1e-4)
    for told, power in ((ours.owned, 1), (ours.squared, 2)):
        np.testing.assert_allclose(told, by_symptom(problem, theirs.share**power), atol=1e-3)
    np.testing.assert_allclose(np.linalg.inv(ours.precision), theirs.covariance, rtol=1e-3, atol=1e-6)


def test_sums_at_a_point_are_those_of_the_reference(problem: Mixture) -> None:
    """Without a step, both report value, shares and curvature of the start."""
    ours = laplace.find_mode(problem, start(problem), iterations=0)
    theirs = reference_laplace.find_mode(problem, start(problem), iterations=0)
    assert ours.log_joint == pytest.approx(theirs.log_joint, abs=1e-8)
    assert ours.log_determinant == pytest.approx(theirs.log_determinant, abs=1e-8)
    for told, power in ((ours.owned, 1), (ours.squared, 2)):
        np.testing.assert_allclose(told, by_symptom(problem, theirs.share**power), atol=1e-8)


def test_a_faint_start_is_found_a_better_one(problem: Mixture) -> None:
    faint = start(problem)
    faint[-1] -= 16.0
    found = laplace.find_mode(problem, faint, faint=True)
    known = laplace.find_mode(problem, start(problem), iterations=60, tolerance=1e-10)
    assert found.iterations <= 6
    assert found.log_joint == pytest.approx(known.log_joint, abs=0.02)


def test_a_start_far_off_leads_to_the_same_mode(problem: Mixture) -> None:
    """Far off, the exact Hessian may point down; the climb must neither stop there nor call it a mode."""
    known = laplace.find_mode(problem, start(problem), iterations=60, tolerance=1e-10)
    for seed in range(6, 10):
        rho = np.zeros((len(problem.block_count), 1 + problem.mass.shape[2] + problem.split))
        rho[:, -1] = np.random.default_rng(seed).normal(0.0, 3.0, len(rho))
        rho[:, 0] = -rho[:, -1]
        found = laplace.find_mode(problem, start(problem), rho=rho, iterations=80, tolerance=1e-8)
        assert found.log_joint == pytest.approx(known.log_joint, abs=1e-3)


def test_gradient_vanishes_at_the_mode(problem: Mixture) -> None:
    mode = laplace.find_mode(problem, start(problem), iterations=60, tolerance=1e-9)
    rho = np.hstack([mode.level[:, None], mode.mix] + ([mode.scope[:, None]] if problem.split else []))

    def joint(v: np.ndarray, delta: np.ndarray) -> float:
        point = reference_laplace._Point(v, delta, rho)
        return reference_laplace._Evaluated(problem, point).joint

    step = 1e-4
    for k in range(problem.mass.shape[1]):
        for y in range(problem.mass.shape[2]):
            nudge = np.zeros_like(mode.v)
            nudge[k, y] = step
            slope = (joint(mode.v + nudge, mode.delta) - joint(mode.v - nudge, mode.delta)) / (2 * step)
            assert abs(slope) < 0.05


def test_columns_own_every_complaint_once(problem: Mixture) -> None:
    mode = laplace.find_mode(problem, start(problem))
    np.testing.assert_allclose(mode.owned.sum(0), by_symptom(problem, np.ones((len(problem.count), 1)))[0], rtol=1e-12)
    assert (mode.owned >= mode.squared).all()
    assert (mode.squared >= 0).all()


def test_logarithms_are_those_of_the_library() -> None:
    """Over all magnitudes, the edges of powers of two, and around one, where a logarithm is nearly nothing."""
    random = np.random.default_rng(1)
    values = np.concatenate(
        [10.0 ** random.uniform(-300, 300, 400), 2.0 ** np.arange(-40, 40), 1.0 + random.normal(0, 1e-6, 100)]
    )
    out, work = np.empty(len(values)), np.empty(len(values))
    logarithms(values, out, work)
    np.testing.assert_allclose(out, np.log(values), rtol=3e-16, atol=2e-16)


def test_one_compilation_serves_every_case() -> None:
    """Another memory layout of an argument would be compiled anew, while somebody waits."""
    first = draw(World(changes=(CACHE,), background=300.0, days=14)).evidence
    attribute(first)
    before = len(climb.signatures)
    attribute(replace(first, publicity=(100.0,)))
    short = replace(
        first,
        edges=np.array([0.0, 5.0]),
        day=np.zeros(1, int),
        weekday=np.zeros(1, int),
        hour=None,
        cell_bin=np.zeros(len(first.cell_bin), int),
        changes=(replace(CACHE, started=2.0, ended=None),),
    )
    attribute(short)
    base = Base(build_frame(first))
    state = base.with_surge(base.start(), np.linspace(0.0, 1.0, base.frame.n_blocks))
    assert Evaluator(base).trial(state, base.exposure(0, 1)) is not None
    assert len(climb.signatures) == before == 1


def test_error_of_what_a_column_owns_is_that_of_the_whole_hessian(problem: Mixture) -> None:
    """Nothing eliminated: slopes by finite differences in every parameter, random effects among them."""
    mode = laplace.find_mode(problem, start(problem), iterations=60, tolerance=1e-10)
    rho = np.hstack([mode.level[:, None], mode.mix] + ([mode.scope[:, None]] if problem.split else []))
    sizes = np.cumsum([mode.v.size, mode.delta.size])
    here = np.concatenate([mode.v.ravel(), mode.delta, rho.ravel()])

    def at(place: np.ndarray) -> reference_laplace._Evaluated:
        v, delta, random = np.split(place, sizes)
        point = reference_laplace._Point(v.reshape(mode.v.shape), delta, random.reshape(rho.shape))
        return reference_laplace._Evaluated(problem, point)

    def owned(place: np.ndarray) -> float:
        return float(problem.count @ at(place).share[:, -1])

    nudges = 1e-5 * np.eye(len(here))
    slope = np.array([(owned(here + nudge) - owned(here - nudge)) / 2e-5 for nudge in nudges])
    _, _, rest, cross, block = reference_laplace._derivatives(problem, at(here))
    q, r = len(rest), block.shape[1]
    whole = np.zeros((len(here), len(here)))
    whole[:q, :q] = rest
    for d in range(len(block)):
        own = slice(q + d * r, q + (d + 1) * r)
        whole[own, own] = block[d]
        whole[own, :q], whole[:q, own] = cross[d], cross[d].T
    assert mode.owned_variance == pytest.approx(float(slope @ np.linalg.solve(whole, slope)), rel=1e-3)
