"""Remedies for twins, found on the case's own design and kept with the run."""

import pytest

from incidents.attribution.queries import findings
from incidents.attribution.services import run_attribution
from tests.attribution.cases import at, make_case
from tests.factories import make_change

pytestmark = pytest.mark.django_db


def test_twins_come_with_ways_to_tell_them_apart() -> None:
    case = make_case(per_day=120)
    twin = make_change(
        case.product,
        title="Its twin",
        started_at=at(10 * 24),
        ended_at=at(20 * 24),
        end_kind="revert",
        scope={"surface": ["cli"]},
    )
    found = findings(run_attribution(incident=case.incident, actor=None))
    ambiguous = {one.key for one in found.changes if one.verdict == "ambiguous"}
    assert ambiguous == {str(case.harmful.pk), str(twin.pk)}
    (pair,) = found.designs
    assert {pair.first, pair.second} == ambiguous
    kinds = {one.kind for one in pair.ways}
    assert "stagger" in kinds
    assert "tickets" not in kinds
    assert all(one.change in ambiguous for one in pair.ways if one.kind in {"stagger", "hold_back"})


def test_a_run_without_twins_keeps_none() -> None:
    assert findings(run_attribution(incident=make_case(per_day=60).incident, actor=None)).designs == ()
