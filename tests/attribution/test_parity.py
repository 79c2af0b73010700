"""One case gives one answer: read from the database, or from the bundle that it is exported to."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from incidents.attribution.bundles.evidence import read_bundle
from incidents.attribution.casefile import read_case
from incidents.changes.models import RolloutStep
from incidents.ingest.bundle.export import export_case
from incidents.response.models import PublicityEvent
from incidents.stats.attribution import CaseEvidence, attribute
from tests.attribution.cases import at, make_case
from tests.factories import make_change, make_exposure, make_points, make_ticket

pytestmark = pytest.mark.django_db


def cells_of(evidence: CaseEvidence) -> dict[tuple[int, tuple[int, ...], str], float]:
    """Return the cells by bin, pattern and symptom."""
    rows = zip(
        evidence.cell_bin.tolist(),
        evidence.patterns[evidence.cell_pattern].tolist(),
        evidence.cell_symptom.tolist(),
        evidence.cell_count.tolist(),
        strict=True,
    )
    return {(bin_, tuple(pattern), evidence.symptoms[symptom]): count for bin_, pattern, symptom, count in rows}


@pytest.mark.parametrize("bucket", ["day", "hour"])
def test_bundle_and_database_are_one_evidence(tmp_path: Path, bucket: str) -> None:
    case = make_case(per_day=6, bucket=bucket)
    product = case.product
    stepped = make_change(product, started_at=at(50), ended_at=at(24 * 9), end_kind="fix", day_fields=["ended_at"])
    RolloutStep.objects.create(change=stepped, at=at(50), share=0.2)
    RolloutStep.objects.create(change=stepped, at=at(80), share=1.0)
    make_change(product, started_at=at(24 * 3), day_fields=["started_at"], carried_by_version="1.1")
    make_ticket(product, "slow", "forgetful", reported_at=at(24 * 4), day_fields=["reported_at"])
    make_ticket(product, "slow", reported_at=at(400), onset_at=at(300), weight=3.0, segment={"version": "1.1"})
    for day in range(28):
        make_exposure(product, 100.0 + day, at(24 * day), surface="cli")
        make_exposure(product, 90.0, at(24 * day), surface="web")
    make_points(product, "latency", {at(24 * day + 5): 1.0 + day for day in range(28)}, surface="cli")
    PublicityEvent.objects.create(incident=case.incident, at=at(24 * 6), title="A post", day_only=True)

    table = read_case(case.incident)
    bundle = read_bundle(export_case(incident=case.incident, path=tmp_path / "case"))
    one, other = table.evidence, bundle.evidence

    assert one.dimensions == other.dimensions
    assert one.symptoms == other.symptoms
    assert one.publicity == other.publicity
    for name in ("edges", "day", "weekday", "usage_total"):
        assert np.allclose(getattr(one, name), getattr(other, name)), name
    assert cells_of(one) == pytest.approx(cells_of(other))
    assert one.usage is not None
    assert other.usage is not None
    shares = [
        dict(zip(map(tuple, u.segments.tolist()), u.share.tolist(), strict=True)) for u in (one.usage, other.usage)
    ]
    assert shares[0] == pytest.approx(shares[1])
    ids = {str(change.pk): change.external_id for change in table.changes}
    for mine, theirs in zip(one.changes, other.changes, strict=True):
        assert ids[mine.key] == theirs.key
        for name in ("started", "ended", "scope", "steps", "shape", "end_kind", "edge_uncertainty", "visibility"):
            assert getattr(mine, name) == getattr(theirs, name), (theirs.key, name)
        assert (mine.carrier is None) == (theirs.carrier is None)
        if mine.carrier is not None and theirs.carrier is not None:
            assert mine.carrier.values == theirs.carrier.values
            assert np.allclose(mine.carrier.adoption, theirs.carrier.adoption)


def test_bundle_and_database_give_one_answer(tmp_path: Path) -> None:
    case = make_case()
    table = read_case(case.incident)
    bundle = read_bundle(export_case(incident=case.incident, path=tmp_path / "case"))
    ids = {str(change.pk): change.external_id for change in table.changes}
    mine = {ids[one.key]: one for one in attribute(table.evidence).changes}
    theirs = {one.key: one for one in attribute(bundle.evidence).changes}
    assert mine.keys() == theirs.keys()
    for key, one in mine.items():
        assert one.verdict == theirs[key].verdict
        assert one.probability == pytest.approx(theirs[key].probability, abs=1e-3)
        assert one.excess.value == pytest.approx(theirs[key].excess.value, rel=0.01, abs=0.5)


def test_the_reporting_delay_of_bundle_and_database_is_one(tmp_path: Path) -> None:
    case = make_case(per_day=6)
    for number in range(40):
        channel, late = ("forum", 40.0) if number % 2 else ("mail", 3.0)
        began = at(24 * 3 + 10 * number)
        make_ticket(case.product, "slow", onset_at=began, reported_at=began + dt.timedelta(hours=late), channel=channel)
    make_ticket(case.product, "slow", onset_at=at(100), reported_at=at(24 * 9), day_fields=["reported_at"])
    for number in range(6):
        make_ticket(case.product, "slow", reported_at=at(50 + number), channel="forum" if number < 4 else "mail")
    table = read_case(case.incident)
    bundle = read_bundle(export_case(incident=case.incident, path=tmp_path / "case"))
    one, other = table.evidence.reporting, bundle.evidence.reporting
    assert one is not None
    assert other is not None
    assert one.hours == pytest.approx(other.hours)
    assert one.share == pytest.approx(other.share)
    assert (one.late, one.n) == (other.late, other.n)
    assert one.n == 40
    assert 0.8 < one.late < 0.9
    told = attribute(table.evidence).diagnostics
    assert told.reporting_n == 40
    assert told.reporting_hours == pytest.approx(one.mean)


def test_few_stated_onsets_measure_no_delay() -> None:
    case = make_case(per_day=6)
    for number in range(29):
        make_ticket(case.product, "slow", onset_at=at(100 + number), reported_at=at(110 + number))
    assert read_case(case.incident).evidence.reporting is None
    make_ticket(case.product, "slow", onset_at=at(200), reported_at=at(210))
    found = read_case(case.incident).evidence.reporting
    assert found is not None
    assert found.mean == pytest.approx(10.0)
