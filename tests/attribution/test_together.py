"""Pairs of changes and evaluation runs on the way from the tables and bundles to the stored run."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from incidents.attribution.bundles.evidence import read_bundle
from incidents.attribution.bundles.source import BundleError
from incidents.attribution.casefile import read_case
from incidents.attribution.differences import MovedKind, moved_inputs
from incidents.attribution.inputs import case_fingerprint, inputs_of
from incidents.attribution.queries import findings
from incidents.attribution.services import run_attribution
from incidents.attribution.stored import decode, encode
from incidents.changes.models import ChangeLink
from incidents.ingest.bundle.export import export_case
from incidents.metrics.models import EvalRun
from incidents.stats.attribution import Estimate, Interaction, attribute
from tests.attribution.cases import Case, at, make_case

pytestmark = pytest.mark.django_db


def make_eval(case: Case, **fields: object) -> EvalRun:
    told = {
        "external_id": f"run-{EvalRun.objects.count()}",
        "suite": "tasks, wide",
        "at": at(24 * 12),
        "n": 6000,
        "paired": True,
        "score": 0.70,
        "baseline_score": 0.73,
        "discordant": 0.14,
        "subject": case.harmful.external_id,
    } | fields
    return EvalRun.objects.create(product=case.product, source=case.harmful.source, **told)


def test_a_linked_pair_is_tested_stored_and_read_back() -> None:
    case = make_case(per_day=60)
    ChangeLink.objects.create(change=case.harmless, other=case.harmful, kind="masks")
    run = run_attribution(incident=case.incident, actor=None)
    (pair,) = findings(run).interactions
    assert (pair.first, pair.second, pair.relation) == (str(case.harmless.pk), str(case.harmful.pk), "masks")
    assert run.result["interactions"][0]["outcome"] == pair.outcome


def test_open_intervals_survive_the_store() -> None:
    case = read_case(make_case(per_day=6).incident)
    keys = [change.key for change in case.evidence.changes]
    nothing = Estimate(value=0.0, low=-float("inf"), high=float("inf"))
    pair = Interaction(
        first=keys[0], second=keys[1], relation="interacts_with", outcome="cannot tell", excess=nothing, kept=None,
        log_bayes_factor=None, threshold=2.9957, n_scanned=0,
    )  # fmt: skip
    found = replace(attribute(case.evidence), interactions=(pair,))
    assert decode(encode(case, found)).interactions == (pair,)


def test_evaluations_are_evidence_and_weak_ones_are_none(tmp_path: Path) -> None:
    case = make_case(per_day=6)
    make_eval(case)
    make_eval(case, suite="tasks, small", n=300, score=0.725, discordant=0.16, subject=case.harmless.external_id)
    make_eval(case, suite="no subject", subject="")
    make_eval(case, suite="no numbers", score=None)
    make_eval(case, suite="of another change", subject="nothing-of-the-kind")
    table = read_case(case.incident)
    assert {(one.subject, one.run.suite) for one in table.evidence.evaluations} == {
        (str(case.harmful.pk), "tasks, wide"),
        (str(case.harmless.pk), "tasks, small"),
    }
    bundle = read_bundle(export_case(incident=case.incident, path=tmp_path / "case"))
    assert {one.run for one in bundle.evidence.evaluations} >= {one.run for one in table.evidence.evaluations}

    found = {change.key: change for change in attribute(table.evidence).changes}
    (wide,) = (item for item in found[str(case.harmful.pk)].evidence if item.kind == "evaluation")
    (small,) = (item for item in found[str(case.harmless.pk)].evidence if item.kind == "evaluation")
    assert (wide.direction, small.direction, small.log_bayes_factor) == ("supports", "neutral", 0.0)
    assert dict(small.facts)["detectable"] > 0.03
    blind = replace(table.evidence, evaluations=())
    without = {change.key: change for change in attribute(blind).changes}
    held = found[str(case.harmless.pk)].probability
    assert without[str(case.harmless.pk)].probability == pytest.approx(held, abs=1e-3)
    assert without[str(case.harmful.pk)].probability <= found[str(case.harmful.pk)].probability


def test_a_new_evaluation_puts_a_run_out_of_date() -> None:
    case = make_case(per_day=6)
    before, fingerprint = inputs_of(case.incident), case_fingerprint(case.incident)
    run = make_eval(case)
    assert case_fingerprint(case.incident) != fingerprint
    (moved,) = moved_inputs(before, inputs_of(case.incident))
    assert (moved.kind, moved.n_before, moved.n_after) == (MovedKind.EVALUATIONS, 0, 1)
    EvalRun.objects.filter(pk=run.pk).update(at=at(0) + dt.timedelta(days=900))
    run.refresh_from_db()
    assert run.at > case.incident.ends_at


def test_a_bad_number_in_a_bundle_names_its_place(tmp_path: Path) -> None:
    path = export_case(incident=make_case(per_day=2).incident, path=tmp_path / "case")
    (path / "evals.jsonl").write_text('{"id": "a", "subject": "b", "n": "many"}\n', encoding="utf-8")
    with pytest.raises(BundleError, match=r"evals\.jsonl:1: n: 'many' is no number"):
        read_bundle(path)
