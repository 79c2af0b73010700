"""The page on the engine's own accuracy: what was measured, nothing else; and the file that this release ships."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.core.access import Role
from incidents.web.attribution.accuracy import FIGURES, FILE, TROUBLED, bounded, measured, written
from incidents.web.attribution.reliability import reliability_curve, share_interval
from tests.factories import make_product, make_user

TOLD: dict[str, Any] = {
    "engine": "engine-0",
    "measured_on": "2026-11-01",
    "data": "simulated incidents",
    "figures": {"cases": 240, "changes": 1818, "precision": 0.961, "none_share_error": 0.0153, "top1": None},
    "intervals": {"precision": [0.931, 0.984], "none_share_error": [0.0121, 0.0189]},
    "baselines": [{"name": "Before and after", "figures": {"precision": 0.42}}],
    "calibration": [[0.7, 0.68, 50]],
    "troubles": {
        "engine": "engine-0",
        "cases": 60,
        "lines": [
            {
                "key": "scope",
                "name": "Scopes in the log are wrong",
                "figures": {"average_precision": 0.714},
                "intervals": {"average_precision": [0.61, 0.8]},
                "null_cases": 20,
                "null_accused": 3,
            }
        ],
    },
}


@pytest.fixture
def reader() -> Client:
    """Give a client of somebody of support."""
    client = Client()
    person = make_user(Role.SUPPORT, product=make_product())
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(client: Client) -> str:
    """Return the page's text without marks."""
    response = client.get(reverse("accuracy"))
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\xa0", " ").split())


@pytest.mark.django_db
def test_without_a_measurement_no_number_is_invented(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incidents.web.attribution.accuracy.measured", lambda: None)
    text = text_of(reader)
    assert "This release ships no measurement" in text
    assert "Where it fails" in text


@pytest.mark.django_db
def test_what_was_measured_is_shown_with_its_interval_and_nothing_else(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incidents.web.attribution.accuracy.measured", lambda: TOLD)
    text = text_of(reader)
    assert "240 cases with 1,818 changes" in text
    assert "96 % [93 to 98] 42 %" in text
    assert "1.5 points [1.2 to 1.9] –" in text
    assert "largest cause" not in text
    assert "Measured on 1 Nov 2026 with engine-0 ; this installation runs engine-" in text
    assert "Scopes in the log are wrong 0.71 [0.61 to 0.80] – – – – 3 of 20" in text
    assert "70 % 68 % 50" in text
    assert "Where it fails" in text


@pytest.mark.django_db
def test_this_releases_measurement_is_on_the_page(reader: Client) -> None:
    told = measured()
    assert told is not None, "Run `make bench NAME=attribution ARGS=--write` and commit what it writes."
    text = text_of(reader)
    for key, question, _, unit in FIGURES:
        assert question in text
        assert written(told["figures"][key], unit).replace("\xa0", " ") in text
    for line in told["troubles"]["lines"]:
        assert line["name"] in text


def test_the_shipped_file_is_whole() -> None:
    told = json.loads(FILE.read_text(encoding="utf-8"))
    for key, *_ in FIGURES:
        low, high = told["intervals"][key]
        assert low <= told["figures"][key] <= high
    assert told["figures"]["null_cases"] >= 300
    assert {one["name"] for one in told["baselines"]} >= {"Before and after", "Negative binomial regression"}
    assert sum(n for _, _, n in told["calibration"]) == told["figures"]["changes"]
    assert {key for line in told["troubles"]["lines"] for key in line["figures"]} >= {key for key, *_ in TROUBLED}


def test_figures_are_written_in_their_unit() -> None:
    assert written(None, "percent") == "–"
    assert written(0.0033, "tenths") == "0.3\xa0%"
    assert bounded([0.0008, 0.0149], "tenths") == "[0.1 to 1.5]"
    assert bounded([0.81, 0.863], "plain") == "[0.81 to 0.86]"
    assert bounded(None, "points") == ""


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 300, 0.0, 0.0089), (9, 10, 0.6525, 0.9777), (5, 5, 0.6488, 1.0)]
)
def test_intervals_of_shares_are_wilsons(k: int, n: int, low: float, high: float) -> None:
    """Beside statsmodels: proportion_confint(k, n, alpha=0.1, method="wilson")."""
    from statsmodels.stats.proportion import proportion_confint

    theirs = proportion_confint(k, n, alpha=0.1, method="wilson")
    assert share_interval(k / n, n) == pytest.approx(theirs, abs=1e-4)
    assert share_interval(k / n, n) == pytest.approx((low, high), abs=1e-3)


def test_the_curve_tells_its_numbers_to_those_who_cannot_see_it() -> None:
    svg = reliability_curve([[0.02, 0.01, 900], [0.97, 1.0, 40]])
    assert "2\xa0% said, 1\xa0% came true, 97\xa0% said, 100\xa0% came true" in svg
    assert svg.count("<circle") == 2
    assert reliability_curve([]) == ""
