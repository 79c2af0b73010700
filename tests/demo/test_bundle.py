"""The demo bundle: same seed, same bytes; a true bundle; the shape that makes it worth looking at."""

import csv
import datetime as dt
import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from incidents.demo.bundle import write_bundle
from tests.demo.conftest import Demo

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKER = ROOT.parent / "shared" / "cases" / "check_bundle.py"

FILES = {
    "case.json",
    "changes.jsonl",
    "evals.jsonl",
    "exposure.csv",
    "metrics.csv",
    "sources.jsonl",
    "statements.jsonl",
    "tickets.jsonl",
}


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_same_seed_gives_same_bytes_in_another_process(demo: Demo, tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from incidents.demo.bundle import write_bundle; write_bundle(pathlib.Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "PYTHONUTF8": "0", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=ROOT, env=environment)
    assert digests(tmp_path) == digests(demo.folder)
    assert set(digests(tmp_path)) == FILES


def test_other_seed_gives_other_tickets_of_the_same_case(demo: Demo, tmp_path: Path) -> None:
    other = write_bundle(tmp_path, seed=7)
    ours, theirs = digests(demo.folder), digests(tmp_path)
    assert {name for name in FILES if ours[name] != theirs[name]} == {"tickets.jsonl", "exposure.csv", "metrics.csv"}
    assert [change.id for change in other.harmful()] == [change.id for change in demo.truth.harmful()]


@pytest.mark.skipif(not CHECKER.exists(), reason=f"NOT CHECKED AGAINST THE FORMAT: {CHECKER} is not there")
def test_bundle_passes_the_strict_checker(demo: Demo) -> None:
    done = subprocess.run(
        [sys.executable, str(CHECKER), str(demo.folder), "--strict", "--privacy"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_sizes(demo: Demo) -> None:
    changes, tickets = demo.rows("changes.jsonl"), demo.rows("tickets.jsonl")
    assert len(changes) == 25
    assert 11_500 <= len(tickets) <= 12_500
    assert len(demo.case()["symptoms"]) == 10
    with (demo.folder / "exposure.csv").open(encoding="utf-8") as lines:
        assert 10_000 < sum(1 for _ in lines) < 40_000


def test_changes_hold_what_a_reader_should_find(demo: Demo) -> None:
    changes = {row["id"]: row for row in demo.rows("changes.jsonl")}
    assert {row["kind"] for row in changes.values()} >= {
        "client_release",
        "prompt",
        "effort",
        "cache",
        "routing",
        "model",
        "flag",
        "pricing",
        "experiment",
        "infra",
    }
    masking = {key: row["masks"] for key, row in changes.items() if "masks" in row}
    assert masking == {
        "experiment-message-queue": ["idle-reasoning-cleanup"],
        "flag-thinking-collapsed": ["idle-reasoning-cleanup"],
    }
    late = changes["routing-second-pool"]
    found = dt.datetime.fromisoformat(late["discovered_at"]) - dt.datetime.fromisoformat(late["started_at"])
    assert found > dt.timedelta(weeks=3)
    assert sum("announced_at" not in row for row in changes.values()) >= 6
    assert all(row["artifact"]["before"] != row["artifact"]["after"] for row in changes.values() if "artifact" in row)


def test_no_row_tells_the_truth(demo: Demo) -> None:
    for name in ("changes.jsonl", "tickets.jsonl"):
        assert not any({"harmful", "cause", "symptom"} & row.keys() for row in demo.rows(name))
    assert not list(demo.folder.glob("*truth*"))


def test_missing_attributes(demo: Demo) -> None:
    tickets = demo.rows("tickets.jsonl")
    for dimension in demo.case()["dimensions"]:
        missing = sum(dimension not in row["segment"] for row in tickets) / len(tickets)
        assert 0.28 < missing < 0.44, dimension
    labelled = sum("symptoms" in row for row in tickets) / len(tickets)
    assert labelled == pytest.approx(0.40, abs=0.03)


def test_onset_is_never_after_the_report(demo: Demo) -> None:
    stated = [row for row in demo.rows("tickets.jsonl") if "occurred_at" in row]
    assert len(stated) > 2500
    assert all(row["occurred_at"][:10] <= row["created_at"][:10] for row in stated)
    exact = [row for row in stated if "T" in row["occurred_at"]]
    assert all(row["occurred_at"] <= row["created_at"] for row in exact)


def test_some_people_write_more_than_once_and_keep_their_platform(demo: Demo) -> None:
    tickets = demo.rows("tickets.jsonl")
    times = Counter(row["reporter"] for row in tickets)
    assert sum(n > 1 for n in times.values()) > 500
    platforms: dict[str, set[str]] = {}
    for row in tickets:
        if "platform" in row["segment"]:
            platforms.setdefault(row["reporter"], set()).add(row["segment"]["platform"])
    assert sum(len(seen) > 1 for seen in platforms.values()) / len(platforms) < 0.02


def test_cache_source_is_silent_for_two_days(demo: Demo) -> None:
    days: Counter[str] = Counter()
    with (demo.folder / "metrics.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["metric"] == "cache_hit_rate":
                days[row["at"][:10]] += 1
    # Local days in UTC: the gap runs from 21 March 07:00 to 23 March 07:00.
    assert days["2026-03-22"] == 0
    assert days["2026-03-21"] == 7 * 3
    assert days["2026-03-20"] == 24 * 3


def test_small_evaluations_could_not_see_three_points(demo: Demo) -> None:
    """Power from the discordant share: the standard error of a paired difference is sqrt(discordant / n)."""
    for row in demo.rows("evals.jsonl"):
        if row["verdict"] == "no regression":
            error = (row["discordant"] / row["n"]) ** 0.5
            assert abs(row["score"] - row["baseline_score"]) < 1.96 * error, row["id"]
            assert (1.96 + 0.84) * error > 0.03, row["id"]
        if row["n"] >= 5000:
            error = (row["discordant"] / row["n"]) ** 0.5
            assert row["baseline_score"] - row["score"] > 3 * error, row["id"]
