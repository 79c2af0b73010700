"""Designs that tell two changes apart or not, and remedies that hold once they are followed."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import CaseEvidence, ChangeExposure, Dimension, EvidenceError, Usage
from incidents.stats.attribution.separation import design_report
from incidents.stats.identifiability import ENOUGH

SURFACE = Dimension(name="surface", values=("cli", "web", "app"))
ONE = ChangeExposure(key="one", started=14 * 24.0)
TWO = ChangeExposure(key="two", started=14 * 24.0)


def plan(*changes: ChangeExposure, per_day: float = 300.0, days: int = 35, stated: bool = True) -> CaseEvidence:
    use = np.array([0.5, 0.3, 0.2])
    share = np.append(use, 0.0) if stated else np.array([0.0, 0.0, 0.0, 1.0])
    return CaseEvidence(
        edges=24.0 * np.arange(days + 1),
        day=np.arange(days),
        weekday=np.arange(days) % 7,
        hour=None,
        dimensions=(SURFACE,),
        patterns=np.array([[0], [1], [2], [-1]]),
        symptoms=("slow",),
        cell_bin=np.zeros(4, int),
        cell_pattern=np.arange(4),
        cell_symptom=np.zeros(4, int),
        cell_count=per_day * days * share,
        changes=changes,
        usage=Usage(segments=np.array([[0], [1], [2]]), share=use),
    )


def test_twins_are_confused_and_more_complaints_or_days_alone_do_not_help() -> None:
    report = design_report(plan(ONE, TWO), dispersion=0.01, rise=0.4)
    (pair,) = report.pairs
    assert pair.confused
    assert pair.correlation == pytest.approx(1.0)
    assert {one.kind for one in pair.separators} == {"hold_back", "stagger"}


def test_each_remedy_tells_them_apart_once_it_is_followed_and_less_would_not() -> None:
    found = {one.kind: one for one in design_report(plan(ONE, TWO), dispersion=0.01, rise=0.4).pairs[0].separators}
    held = found["hold_back"]
    assert held.dimension == 0
    assert held.change in {"one", "two"}
    assert 1 <= held.amount <= 21
    assert held.discrimination >= ENOUGH
    later = found["stagger"]
    shifted = replace(TWO, started=TWO.started + later.amount)
    followed = design_report(plan(ONE, shifted), dispersion=0.01, rise=0.4).pairs[0]
    assert not followed.confused
    early = replace(TWO, started=TWO.started + 0.5 * later.amount)
    assert design_report(plan(ONE, early), dispersion=0.01, rise=0.4).pairs[0].confused


def test_a_segment_that_complaints_do_not_state_is_no_remedy() -> None:
    (pair,) = design_report(plan(ONE, TWO, stated=False), dispersion=0.01, rise=0.4).pairs
    assert "hold_back" not in {one.kind for one in pair.separators}


def test_more_complaints_help_where_the_exposures_differ_a_little() -> None:
    near = replace(TWO, started=TWO.started + 30.0)
    few = design_report(plan(ONE, near, per_day=40.0), dispersion=0.0, rise=0.4).pairs[0]
    (tickets,) = (one for one in few.separators if one.kind == "tickets")
    more = design_report(plan(ONE, near, per_day=40.0 * tickets.amount * 1.05), dispersion=0.0, rise=0.4).pairs[0]
    assert few.confused
    assert not more.confused


def test_other_segments_or_weeks_apart_are_told_apart() -> None:
    web = replace(ONE, scope=((0, (1,)),))
    cli = replace(TWO, scope=((0, (0,)),))
    assert not design_report(plan(web, cli), dispersion=0.01, rise=0.4).pairs[0].confused
    late = replace(TWO, started=25 * 24.0)
    assert not design_report(plan(ONE, late), dispersion=0.01, rise=0.4).pairs[0].confused


def test_splitting_a_value_or_renaming_changes_nothing() -> None:
    plain = design_report(plan(ONE, TWO), dispersion=0.01, rise=0.4).pairs[0]
    renamed = design_report(plan(replace(ONE, key="b"), replace(TWO, key="a")), dispersion=0.01, rise=0.4).pairs[0]
    assert renamed.discrimination == pytest.approx(plain.discrimination)
    assert [one.amount for one in renamed.separators] == [one.amount for one in plain.separators]


def test_what_nobody_could_see_is_told_by_its_signal_and_no_remedy_is_promised() -> None:
    report = design_report(plan(ONE, TWO), dispersion=0.01)
    assert (report.signal < 3).all()
    assert report.excess == pytest.approx([315.0, 315.0], rel=1e-6)
    assert report.pairs[0].separators == ()


def test_changes_are_taken_at_the_size_that_is_given() -> None:
    large = design_report(plan(ONE, TWO), dispersion=0.01, sizes=np.array([2000.0, 2000.0]))
    small = design_report(plan(ONE, TWO), dispersion=0.01, sizes=np.array([50.0, 50.0]))
    assert large.excess == pytest.approx([2000.0, 2000.0])
    assert large.pairs[0].separators
    assert not small.pairs[0].separators


def test_nothing_to_compare_is_told_as_nothing() -> None:
    assert design_report(plan(), dispersion=0.01, rise=0.4).pairs == ()
    assert design_report(plan(ONE), dispersion=0.01, rise=0.4).pairs == ()
    outside = replace(TWO, started=90 * 24.0)
    report = design_report(plan(ONE, outside), dispersion=0.01, rise=0.4)
    assert report.pairs == ()
    assert report.signal[1] == 0.0
    with pytest.raises(EvidenceError):
        design_report(replace(plan(ONE), day=np.arange(3)), dispersion=0.01, rise=0.4)
