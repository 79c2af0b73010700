"""`manage.py attribute` as a person runs it: bundles alone, nothing set in the environment, clear errors."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from incidents.attribution.bundles.evidence import read_bundle
from incidents.attribution.bundles.source import BundleError

ROOT = Path(__file__).resolve().parents[2]


def case(folder: Path, **changes: object) -> Path:
    """Write a small bundle: complaints in the app double from 15 March on, a change of the app starts that day."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "format": "incident-case/1",
        "title": "Slow app",
        "timezone": "Europe/Berlin",
        "window": {"start": "2026-03-01", "end": "2026-03-31"},
        "bucket": "day",
        "dimensions": {"surface": ["app", "web"]},
        "symptoms": [
            {"key": "slow", "name": "Slow", "terms": ["slow", "takes ages"]},
            {"key": "limits", "name": "Limits", "terms": ["quota"]},
        ],
    }
    (folder / "case.json").write_text(json.dumps(head | changes))
    (folder / "changes.jsonl").write_text(
        "\n".join(
            json.dumps(row)
            for row in (
                {"id": "cache", "kind": "cache", "started_at": "2026-03-15", "scope": {"surface": ["app"]}},
                {"id": "flag", "kind": "flag", "started_at": "2026-03-08T09:00:00Z", "scope": {"surface": ["web"]}},
            )
        )
    )
    rows = []
    for day in range(1, 32):
        for k in range(10 if day < 15 else 34):
            surface = "app" if k >= 5 else "web"
            text = "Everything is SLOW today." if k % 3 else "My quota is gone"
            rows.append({"created_at": f"2026-03-{day:02d}", "segment": {"surface": surface}, "text": text})
    (folder / "tickets.jsonl").write_text("\n".join(json.dumps({"id": f"t{i}"} | row) for i, row in enumerate(rows)))
    return folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return case(tmp_path / "slow-app")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "DATABASE", "BROKER", "WORKBENCH"))}
    command = [sys.executable, "manage.py", "attribute", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False, timeout=170)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run over a good folder, a bad one and a zip."""
    home = tmp_path_factory.mktemp("bundles")
    good = case(home / "good")
    bad = case(home / "bad")
    (bad / "changes.jsonl").write_text('{"id": "x", "started_at": "2026-03-04 10:00"}')
    zipped = home / "good.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for name in ("case.json", "changes.jsonl", "tickets.jsonl"):
            archive.write(good / name, f"inside/{name}")
    return run(good, bad, zipped, "--json", "--tickets"), home


def test_good_bundles_are_answered_and_the_bad_one_is_told(
    answers: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, home = answers
    assert done.returncode == 2
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(r["case"]).name for r in found] == ["good", "good.zip"]
    assert done.stderr.strip() == (
        f"{home / 'bad'}: changes.jsonl:1: started_at: '2026-03-04 10:00' is not an ISO 8601 time with an offset, "
        "nor a date; write 2026-03-04T09:20:53Z, or a bare date for the whole day"
    )


def test_the_answer_has_the_members_of_the_format(answers: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    answer = json.loads(answers[0].stdout.splitlines()[0])
    assert {"case", "seconds", "changes", "unattributed", "tickets"} <= answer.keys()
    cache, flag = answer["changes"]
    assert (cache["id"], cache["verdict"], flag["verdict"]) == ("cache", "contributing", "not supported")
    assert 0.95 < cache["probability"] <= 1
    assert cache["excess"]["low"] <= cache["excess"]["estimate"] <= cache["excess"]["high"]
    assert 250 < cache["excess"]["estimate"] < 550
    assert set(cache["symptoms"]) == {"slow", "limits"}
    assert set(cache["symptoms"]["slow"]) == {"excess", "rate_ratio"}
    assert {"onset", "scope"} <= {item["kind"] for item in cache["evidence"]}
    assert all(item["direction"] in {"supports", "contradicts", "neutral"} for item in cache["evidence"])
    assert cache["indistinguishable_from"] == []
    assert set(answer["unattributed"]["excess"]) == {"estimate", "low", "high"}


def test_ticket_probabilities_sum_to_one(answers: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    answer = json.loads(answers[0].stdout.splitlines()[0])
    assert len(answer["tickets"]) == 14 * 10 + 17 * 34
    for ticket in answer["tickets"]:
        assert sum(ticket["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
        assert ticket["probabilities"].keys() <= {"cache", "flag", "none"}


def test_folder_and_zip_agree(answers: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    folder, zipped = (json.loads(line) for line in answers[0].stdout.splitlines())
    assert folder["changes"] == zipped["changes"]


def test_without_json_a_table_is_printed(bundle: Path) -> None:
    done = run(bundle)
    assert done.returncode == 0
    assert "cache" in done.stdout
    assert "contributing" in done.stdout


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("case.json", "{", r"case.json:1: is no JSON"),
        ("case.json", '{"format": "other"}', r"case.json: format: is 'other'"),
        ("changes.jsonl", '{"id": "a"}', r"changes.jsonl:1: started_at"),
        (
            "changes.jsonl",
            '{"id": "a", "started_at": "2026-03-09", "ended_at": "2026-03-01"}',
            r"changes.jsonl:1: ended_at: lies before started_at",
        ),
        ("changes.jsonl", '{"id": "a", "started_at": "2026-03-09", "scope": {"surface": "app"}}', r"scope.surface"),
        (
            "changes.jsonl",
            '{"id": "a", "started_at": "2026-03-09", "rollout": [{"at": "2026-03-09", "share": 50}]}',
            r"rollout.share: 50 is no share",
        ),
        (
            "changes.jsonl",
            '{"id": "a", "started_at": "2026-03-09"}\n{"id": "a", "started_at": "2026-03-09"}',
            r"changes.jsonl:2: id: 'a' stands on line 1 too",
        ),
        ("tickets.jsonl", '{"created_at": "2026-03-09"}', r"tickets.jsonl:1: id"),
        ("tickets.jsonl", '{"id": "a"}', r"tickets.jsonl:1: created_at: is missing"),
        ("tickets.jsonl", '{"id": "a", "created_at": "2026-03-09", "symptoms": ["nope"]}', r"symptoms: 'nope'"),
        ("tickets.jsonl", '{"id": "a", "created_at": "2026-03-09", "weight": -1}', r"weight: -1 is no weight"),
        ("exposure.csv", "at,surface,count\n,app,many\n", r"exposure.csv:2: count: 'many'"),
        ("exposure.csv", "at,surface,count\n,app\n", r"exposure.csv:2: has 2 cells where the header has 3"),
        ("metrics.csv", "metric,at\nm,2026-03-01\n", r"metrics.csv:1: value: the column is missing"),
    ],
)
def test_a_bad_bundle_names_file_line_field_and_remedy(bundle: Path, file: str, text: str, told: str) -> None:
    (bundle / file).write_text(text)
    with pytest.raises(BundleError, match=told) as error:
        read_bundle(bundle)
    assert "; " in str(error.value)


def test_good_rows_count_and_bad_ones_are_told(bundle: Path) -> None:
    whole = read_bundle(bundle)
    with (bundle / "tickets.jsonl").open("a") as file:
        file.write('\n{"id": "x", "created_at": "yesterday"}\n{\n[]\n')
        file.write('{"id": "y", "created_at": "2026-03-09", "segment": {"surface": "new"}, "symptoms": ["nope"]}\n')
    (bundle / "exposure.csv").write_text("at,surface,count\n,app,10\n,app\n,app,many\n")
    (bundle / "metrics.csv").write_text("metric,at,value\nm,2026-03-02,1\nm,someday,1\n")
    (bundle / "evals.jsonl").write_text('{"suite": "a"}\n{"suite": "a", "n": "many"}\n')
    done = run(bundle, "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["changes"]) == 2
    told = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in told] == [
        *(f"tickets.jsonl:{whole_line}" for whole_line in range(len(whole.ticket_ids) + 1, len(whole.ticket_ids) + 5)),
        "exposure.csv:3",
        "exposure.csv:4",
        "metrics.csv:3",
        "evals.jsonl:2",
    ]
    assert json.loads(done.stdout)["left_out"]["rows"] == 8
    read = read_bundle(bundle)
    # Of a row that is left out nothing stays: no ticket, no segment, no value.
    assert read.evidence.cell_count.tolist() == whole.evidence.cell_count.tolist()
    assert "new" not in {value for dimension in read.evidence.dimensions for value in dimension.values}


@pytest.mark.parametrize("name", ["case.json", "changes.jsonl", "tickets.jsonl"])
def test_a_missing_file_is_told(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: is missing"):
        read_bundle(bundle)


def test_tickets_may_come_as_a_table(bundle: Path) -> None:
    lines = [json.loads(line) for line in (bundle / "tickets.jsonl").read_text().splitlines()]
    from_lines = read_bundle(bundle)
    (bundle / "tickets.jsonl").unlink()
    with (bundle / "tickets.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "created_at", "surface", "text"])
        table.writerows([r["id"], r["created_at"], r["segment"]["surface"], r["text"]] for r in lines)
    from_table = read_bundle(bundle)
    assert from_table.evidence.cell_count.tolist() == from_lines.evidence.cell_count.tolist()
    assert from_table.evidence.patterns.tolist() == from_lines.evidence.patterns.tolist()


def test_tickets_without_symptoms_are_classified_and_the_rest_still_counts(bundle: Path) -> None:
    with (bundle / "tickets.jsonl").open("a") as file:
        file.write('\n{"id": "last", "created_at": "2026-03-20", "text": "something else"}')
    evidence = read_bundle(bundle).evidence
    assert evidence.symptoms == ("slow", "limits", "unknown")
    assert evidence.n_tickets == 14 * 10 + 17 * 34 + 1


def test_tickets_outside_the_window_are_nobodys(bundle: Path) -> None:
    with (bundle / "tickets.jsonl").open("a") as file:
        file.write('\n{"id": "early", "created_at": "2026-02-01", "symptoms": ["slow"]}')
    read = read_bundle(bundle)
    assert "early" in read.ticket_ids
    assert read.evidence.n_tickets == 14 * 10 + 17 * 34


def test_versions_that_carry_a_change_and_its_fix(bundle: Path) -> None:
    (bundle / "changes.jsonl").write_text(
        json.dumps(
            {
                "id": "v",
                "kind": "client_release",
                "started_at": "2026-03-10",
                "ended_at": "2026-03-20",
                "carried_by_version": "2.1.9",
                "fixed_in_version": "2.1.10",
            }
        )
    )
    rows = [
        {
            "id": f"x{i}",
            "created_at": f"2026-03-{1 + i % 30:02d}",
            "segment": {"version": version},
            "symptoms": ["slow"],
        }
        for i, version in enumerate(["2.1.8", "2.1.9", "2.1.10"] * 20)
    ]
    (bundle / "tickets.jsonl").write_text("\n".join(map(json.dumps, rows)))
    evidence = read_bundle(bundle).evidence
    carrier = evidence.changes[0].carrier
    assert carrier is not None
    values = evidence.dimensions[carrier.dimension].values
    assert [values[v] for v in carrier.values] == ["2.1.9"]
    assert carrier.fixed


SHARED = ROOT.parent / "shared" / "cases"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not beside this checkout")
@pytest.mark.parametrize("name", ["claude-code-2026", "claude-code-baseline-2025-11"])
def test_real_cases_are_read(name: str) -> None:
    read = read_bundle(SHARED / name)
    assert len(read.evidence.changes) > 30
    assert read.evidence.n_tickets > 900
    assert read.evidence.usage is None
