"""What the latest attribution adds: layers, verdicts in lanes and panel, clean windows; level shifts of metrics."""

import datetime as dt

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from incidents.attribution.models import AttributionRun
from incidents.attribution.services import run_attribution
from incidents.catalog.models import Symptom
from incidents.changes.models import Change
from incidents.charts.typed import from_float32
from incidents.core.access import Role
from incidents.response.models import Incident
from incidents.tickets.taxonomy import merge_symptoms
from tests.factories import (
    at,
    make_change,
    make_ticket,
    make_user,
)
from tests.web.overlay.asking import answer

pytestmark = pytest.mark.django_db


def estimate(value: float) -> dict[str, float]:
    return {"estimate": value, "low": value * 0.8, "high": value * 1.2}


def make_run(incident: Incident, change: Change, excess: list[float], background: list[float]) -> AttributionRun:
    """Store a run over the case's days that names one change."""
    edges = [(incident.starts_at + dt.timedelta(days=day)).isoformat() for day in range(len(excess) + 1)]
    finding = {
        "change": change.pk,
        "id": change.external_id,
        "probability": 0.98,
        "verdict": "contributing",
        "excess": estimate(sum(excess)),
        "share": estimate(0.6),
        "rate_ratio": estimate(3.0),
        "symptoms": {"slow": {"excess": estimate(sum(excess)), "rate_ratio": estimate(3.0)}},
        "lag_hours": 12.0,
        "half_life_hours": None,
        "evidence": [
            {"kind": "revert", "direction": "supports", "other": None, "log_bayes_factor": 4, **estimate(0.1)}
        ],
        "indistinguishable_from": [],
        "indistinguishable_changes": [],
        "set_probability": 0.98,
        "complaint_log_odds": 9.0,
        "reachable": True,
    }
    diagnostics = dict.fromkeys(("day_dispersion", "mix_dispersion", "log_evidence"), 0.1)
    rise = {
        "excess": estimate(6.0),
        "starts_at": edges[25],
        "ends_at": edges[28],
        "scope": {},
        "symptom": "slow",
        "log_bayes_factor": 5.0,
    }
    result = {
        "changes": [finding],
        "unattributed": {"excess": estimate(6.0)},
        "rises": [rise],
        "separations": [],
        "diagnostics": diagnostics | {"effects": 1, "evaluations": 9, "usage_known": False},
        "layers": {
            "unattributed": {"slow": [0.5] * len(excess)},
            "edges": edges,
            "background": {"slow": background},
            "excess": {str(change.pk): {"slow": excess}},
        },
    }
    return AttributionRun.objects.create(
        incident=incident, input_hash="x", code_version="1", result=result, inputs={"changes": {}}, n_tickets=100
    )


def test_layers_stack_up_to_what_the_run_expects(reader: Client, incident: Incident) -> None:
    product = incident.product
    change = make_change(product, title="Shorter answers", started_at=at(10, 0), ended_at=at(20, 0), end_kind="revert")
    for day in range(1, 32):
        make_ticket(product, "slow", segment={"surface": "cli"}, reported_at=at(day))
    make_run(incident, change, [0.0] * 9 + [2.0] * 10 + [0.0] * 12, [1.0] * 31)
    body = answer(reader, incident, layers="1")
    assert body["lanes"]["groups"][0]["name"] == "Attributed"
    assert body["lanes"]["control"] == [[0, 9 * 24], [19 * 24, 31 * 24]]
    traces = {trace["meta"]["role"]: trace for trace in body["complaints"]["figure"]["data"]}
    assert from_float32(traces["background"]["y"])[:-1].sum() == pytest.approx(31)
    excess = from_float32(traces["excess"]["y"])[:-1]
    assert traces["excess"]["meta"]["change"] == change.pk
    assert list(excess) == pytest.approx([0.0] * 9 + [2.0] * 10 + [0.0] * 12)
    assert from_float32(traces["unattributed"]["y"])[:-1].sum() == pytest.approx(15.5)
    assert [trace["meta"]["role"] for trace in body["complaints"]["figure"]["data"]] == [
        "background",
        "excess",
        "unattributed",
        "observed",
    ]


def test_a_run_of_the_time_before_unattributed_layers_is_drawn(reader: Client, incident: Incident) -> None:
    change = make_change(incident.product)
    make_ticket(incident.product, "slow", segment={"surface": "cli"})
    run = make_run(incident, change, [1.0] * 31, [1.0] * 31)
    layers = {name: layer for name, layer in run.result["layers"].items() if name != "unattributed"}
    AttributionRun.objects.create(
        incident=incident,
        input_hash="old",
        code_version="0",
        result=run.result | {"layers": layers},
        inputs=run.inputs,
        n_tickets=100,
    )
    body = answer(reader, incident, layers="1")
    traces = {trace["meta"]["role"]: trace for trace in body["complaints"]["figure"]["data"]}
    assert from_float32(traces["background"]["y"])[:-1].sum() == pytest.approx(31)


def test_a_run_without_cells_has_no_layers_under_a_filter(reader: Client, incident: Incident) -> None:
    change = make_change(incident.product)
    make_ticket(incident.product, "slow", segment={"surface": "cli"})
    make_run(incident, change, [1.0] * 31, [1.0] * 31)
    body = answer(reader, incident, layers="1", **{"seg.surface": "cli"})
    assert "run the attribution again" in body["complaints"]["layersNote"]
    assert {trace["meta"]["role"] for trace in body["complaints"]["figure"]["data"]} == {"symptom"}


def attribute_rise(incident: Incident) -> None:
    """Record complaints of the command line that rise with a change and fall with its end, and attribute them."""
    product = incident.product
    make_change(product, scope={"surface": ["cli"]}, started_at=at(10, 0), ended_at=at(20, 0), end_kind="revert")
    for day in range(1, 31):
        for i in range(12 if 10 <= day < 20 else 2):
            make_ticket(product, "slow", segment={"surface": "cli"}, reported_at=at(day, i))
        for i in range(2 + day % 3):
            make_ticket(product, "slow", segment={"surface": "web"}, reported_at=at(day, i))
            make_ticket(product, "forgetful", segment={"surface": "web"}, reported_at=at(day, 6 + i))
            make_ticket(product, "forgetful", segment={"surface": "cli"}, reported_at=at(day, 12 + i))
    run_attribution(incident=incident, actor=None)


def test_under_a_filter_the_complaints_are_shared_out_by_the_run(reader: Client, incident: Incident) -> None:
    product = incident.product
    attribute_rise(incident)
    shown = answer(reader, incident, layers="1", **{"seg.surface": "cli"})["complaints"]
    traces = {one["meta"]["role"]: from_float32(one["y"])[:-1] for one in shown["figure"]["data"]}
    parts = sum(values for role, values in traces.items() if role != "observed")
    assert parts == pytest.approx(traces["observed"], abs=1e-3)
    assert traces["observed"].sum() == 250
    assert 80 < traces["excess"][9:19].sum() < 120
    other = answer(reader, incident, layers="1", **{"seg.surface": "web"})["complaints"]
    assert {one["meta"]["role"] for one in other["figure"]["data"]} == {"background", "observed"}
    make_ticket(product, "slow", segment={"surface": "cli", "version": "1.0"}, reported_at=at(2, 20))
    later = answer(reader, incident, layers="1", **{"seg.surface": "cli"})["complaints"]
    assert later["layersNote"].endswith("1 complaint is of a kind that came after the run")


def test_under_a_filter_labels_that_a_merge_moved_are_shared_out_as_they_were(
    reader: Client, incident: Incident
) -> None:
    product = incident.product
    attribute_rise(incident)

    def traces() -> tuple[dict[str, np.ndarray], str]:
        shown = answer(reader, incident, layers="1", **{"seg.surface": "cli"})["complaints"]
        return (
            {one["meta"]["role"]: from_float32(one["y"])[:-1] for one in shown["figure"]["data"]},
            shown["layersNote"],
        )

    before, _ = traces()
    slow, forgetful = (Symptom.objects.get(product=product, key=key) for key in ("slow", "forgetful"))
    merge_symptoms(actor=make_user(Role.SUPPORT, product=product), symptom=slow, into=forgetful)
    after, note = traces()
    assert "came after the run" not in note
    for role, values in before.items():
        assert after[role] == pytest.approx(values, abs=1e-3)


def test_the_panel_tells_verdict_and_evidence(reader: Client, incident: Incident) -> None:
    change = make_change(incident.product, ended_at=at(20), end_kind="revert")
    make_run(incident, change, [1.0] * 31, [1.0] * 31)
    text = reader.get(reverse("overlay-change", args=[incident.pk, change.pk])).content.decode()
    assert "Contributing" in text
    assert "After it was reverted" in text
    assert "None is written." in text
