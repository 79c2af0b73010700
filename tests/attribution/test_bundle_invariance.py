"""One case told in other words gives the same answer: other zones in the stamps, another order, other names."""

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from incidents.attribution.bundles.evidence import read_bundle
from incidents.attribution.result import result_object
from incidents.stats.attribution import attribute

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAYS = 21
Stamp = Callable[[float], str]
SURFACES, MODELS, SYMPTOMS = ("cli", "web", "ide"), ("large", "small"), ("slow", "wrong")


def utc(hours: float) -> str:
    return (START + dt.timedelta(hours=hours)).isoformat()


def elsewhere(hours: float) -> str:
    """The same instant, told in one of three other zones."""
    zone = ("Asia/Kolkata", "America/Los_Angeles", "Pacific/Chatham")[int(hours * 7) % 3]
    return (START + dt.timedelta(hours=hours)).astimezone(ZoneInfo(zone)).isoformat()


def write(
    folder: Path, *, stamp: Stamp = utc, name: Callable[[str], str] = str, shuffle: bool = False, as_table: bool = False
) -> dict[str, Any]:
    """Write the case and return the engine's answer; the random draws are always the same."""
    random = np.random.default_rng(11)
    folder.mkdir()
    head = {
        "format": "incident-case/1",
        "title": "A case",
        "timezone": "Europe/Berlin",
        "window": {"start": stamp(0.0), "end": stamp(DAYS * 24.0)},
        "bucket": "hour",
        "dimensions": {name("surface"): [name(v) for v in SURFACES], name("model"): [name(v) for v in MODELS]},
        "symptoms": [{"key": name(key), "name": key.title()} for key in SYMPTOMS],
    }
    (folder / "case.json").write_text(json.dumps(head))
    changes = [
        {"id": "cache", "kind": "cache", "started_at": stamp(200.25), "ended_at": stamp(350.0), "end_kind": "revert",
         "scope": {name("model"): [name("small")]}},
        {"id": "prompt", "kind": "prompt", "started_at": stamp(120.0), "scope": {name("surface"): [name("ide")]},
         "rollout": [{"at": stamp(120.0), "share": 0.2}, {"at": stamp(190.5), "share": 1.0}]},
        {"id": "flag", "kind": "flag", "started_at": stamp(330.0), "scope": {}},
    ]  # fmt: skip
    tickets = []
    for k in range(1500):
        hours = float(random.uniform(0, DAYS * 24))
        symptom = SYMPTOMS[int(random.random() < 0.4)]
        model = MODELS[int(random.random() < 0.5)]
        if k >= 1200:
            hours, model, symptom = float(random.uniform(203, 352)), "small", "wrong"
        segment = {"surface": SURFACES[int(random.integers(3))], "model": model}
        told = {name(d): name(v) for d, v in segment.items() if random.random() < 0.7}
        tickets.append({"id": f"t{k}", "created_at": stamp(hours), "segment": told, "symptoms": [name(symptom)]})
    if shuffle:
        order = np.random.default_rng(3)
        changes = [changes[int(k)] for k in order.permutation(len(changes))]
        tickets = [tickets[int(k)] for k in order.permutation(len(tickets))]
    (folder / "changes.jsonl").write_text("\n".join(json.dumps(row) for row in changes))
    if as_table:
        with (folder / "tickets.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "created_at", "symptoms", "segment.surface", "segment.model"])
            for row in tickets:
                own = row["segment"]
                table.writerow([row["id"], row["created_at"], row["symptoms"][0], own.get("surface"), own.get("model")])
    else:
        (folder / "tickets.jsonl").write_text("\n".join(json.dumps(row) for row in tickets))
    with (folder / "exposure.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["at", name("surface"), name("model"), "count"])
        table.writerows(["", name(s), name(m), 1000] for s in SURFACES for m in MODELS)
    bundle = read_bundle(folder)
    return result_object(case="", seconds=0.0, bundle=bundle, found=attribute(bundle.evidence), tickets=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write(tmp_path_factory.mktemp("plain") / "case")


def same(first: dict[str, Any], second: dict[str, Any], tolerance: float = 1e-5) -> None:
    theirs = {change["id"]: change for change in second["changes"]}
    for change in first["changes"]:
        other = theirs[change["id"]]
        assert other["verdict"] == change["verdict"]
        assert other["probability"] == pytest.approx(change["probability"], abs=tolerance)
        assert other["excess"]["estimate"] == pytest.approx(change["excess"]["estimate"], rel=0.02, abs=0.5)
    tickets = {ticket["id"]: ticket["probabilities"] for ticket in second["tickets"]}
    for ticket in first["tickets"]:
        for key, share in ticket["probabilities"].items():
            assert tickets[ticket["id"]].get(key, 0.0) == pytest.approx(share, abs=0.01)


def test_the_case_is_worth_telling_again(plain: dict[str, Any]) -> None:
    assert {c["id"]: c["verdict"] for c in plain["changes"]} == {
        "cache": "contributing",
        "prompt": "not supported",
        "flag": "not supported",
    }


def test_the_zone_of_a_stamp_is_no_part_of_its_instant(plain: dict[str, Any], tmp_path: Path) -> None:
    same(plain, write(tmp_path / "case", stamp=elsewhere))


def test_the_order_of_lines(plain: dict[str, Any], tmp_path: Path) -> None:
    same(plain, write(tmp_path / "case", shuffle=True), tolerance=1e-3)


def test_a_table_instead_of_lines(plain: dict[str, Any], tmp_path: Path) -> None:
    same(plain, write(tmp_path / "case", as_table=True))


@pytest.mark.parametrize("rename", [lambda word: f"{word[::-1]} ünï", str.upper], ids=["backwards", "capitals"])
def test_the_names_of_everything(plain: dict[str, Any], tmp_path: Path, rename: Callable[[str], str]) -> None:
    same(plain, write(tmp_path / "case", name=rename), tolerance=1e-3)
