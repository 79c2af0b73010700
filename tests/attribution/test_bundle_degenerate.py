"""Bundles with next to nothing in them: a clear answer or a clear error, never a number that is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from incidents.attribution.bundles.evidence import read_bundle
from incidents.attribution.bundles.source import BundleError
from incidents.attribution.result import result_object
from incidents.stats.attribution import attribute

HEAD: dict[str, Any] = {
    "format": "incident-case/1",
    "title": "Little",
    "timezone": "UTC",
    "window": {"start": "2026-03-01", "end": "2026-03-15"},
    "bucket": "day",
    "dimensions": {"surface": ["app", "web"]},
    "symptoms": [{"key": "slow", "name": "Slow"}],
}
TICKET = {"id": "t1", "created_at": "2026-03-08T10:00:00Z", "symptoms": ["slow"], "segment": {"surface": "app"}}
CHANGE = {"id": "c1", "kind": "flag", "started_at": "2026-03-08T09:00:00Z", "scope": {"surface": ["app"]}}


def answer(
    folder: Path,
    *,
    tickets: list[dict[str, Any]],
    changes: list[dict[str, Any]],
    use: list[str] | None = None,
    **head: Any,
) -> dict[str, Any]:
    """Write the bundle, answer it, and make sure that it can be written as strict JSON."""
    folder.mkdir(exist_ok=True)
    (folder / "case.json").write_text(json.dumps(HEAD | head))
    (folder / "tickets.jsonl").write_text("\n".join(map(json.dumps, tickets)))
    (folder / "changes.jsonl").write_text("\n".join(map(json.dumps, changes)))
    if use is not None:
        (folder / "exposure.csv").write_text("\n".join(["at,surface,count", *use]))
    bundle = read_bundle(folder)
    told = result_object(case="", seconds=0.0, bundle=bundle, found=attribute(bundle.evidence), tickets=True)
    json.dumps(told, allow_nan=False)
    for change in told["changes"]:
        assert 0.0 <= change["probability"] <= 1.0
        assert change["excess"]["low"] <= change["excess"]["estimate"] <= change["excess"]["high"]
    return told


@pytest.mark.parametrize(
    ("tickets", "changes"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([], [CHANGE], id="no tickets"),
        pytest.param([TICKET], [], id="no changes"),
        pytest.param([TICKET], [CHANGE], id="one ticket"),
        pytest.param([TICKET | {"symptoms": []}], [CHANGE], id="one ticket without a symptom"),
        pytest.param([{"id": "t1", "created_at": "2026-03-08"}], [CHANGE], id="a bare day and nothing else"),
        pytest.param([TICKET | {"weight": 0}], [CHANGE], id="a ticket of no weight"),
        pytest.param([TICKET | {"created_at": "2025-01-01"}], [CHANGE], id="a ticket outside the window"),
        pytest.param([TICKET], [CHANGE | {"started_at": "2027-01-01"}], id="a change after the window"),
        pytest.param(
            [TICKET],
            [CHANGE | {"started_at": "2025-01-01", "ended_at": "2025-01-02"}],
            id="a change that ended before the window",
        ),
        pytest.param([TICKET], [CHANGE, CHANGE | {"id": "c2"}], id="two identical changes"),
        pytest.param([TICKET], [CHANGE | {"id": f"c{k}"} for k in range(300)], id="three hundred changes"),
        pytest.param(
            [TICKET], [CHANGE | {"scope": {"surface": ["never"], "unheard": ["of"]}}], id="a scope nobody names"
        ),
    ],
)
def test_next_to_nothing_is_answered_and_nobody_is_named(
    tmp_path: Path, tickets: list[dict[str, Any]], changes: list[dict[str, Any]]
) -> None:
    told = answer(tmp_path / "case", tickets=tickets, changes=changes)
    assert [change["verdict"] for change in told["changes"]] == ["not supported"] * len(changes)
    assert len(told["tickets"]) == len(tickets)


@pytest.mark.parametrize("use", [[], [",app,0", ",web,0"], [",app,0", ",web,100"], [",,100"]])
def test_use_that_says_nothing(tmp_path: Path, use: list[str]) -> None:
    tickets = [TICKET | {"id": f"t{k}", "created_at": f"2026-03-{1 + k % 14:02d}T10:00:00Z"} for k in range(60)]
    told = answer(tmp_path / "case", tickets=tickets, changes=[CHANGE], use=use)
    assert told["changes"][0]["verdict"] == "not supported"


def test_all_segments_unknown(tmp_path: Path) -> None:
    tickets = [
        {"id": f"t{k}", "created_at": f"2026-03-{1 + k % 14:02d}T10:00:00Z", "symptoms": ["slow"]} for k in range(200)
    ]
    told = answer(tmp_path / "case", tickets=tickets, changes=[CHANGE])
    assert told["changes"][0]["verdict"] == "not supported"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"window": {"start": "2026-03-15", "end": "2026-03-01"}}, "window"),
        ({"window": {"start": "2026-03-01", "end": "2026-03-01T00:00:00Z"}}, "window"),
        ({"timezone": "Europe/Nowhere"}, "timezone"),
    ],
)
def test_a_window_that_is_none_is_told(tmp_path: Path, head: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        answer(tmp_path / "case", tickets=[TICKET], changes=[CHANGE], **head)
