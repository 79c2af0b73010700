"""`manage.py classify`: one line a ticket, without a database."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

CASE = {
    "format": "incident-case/1",
    "title": "A case",
    "timezone": "UTC",
    "window": {"start": "2026-03-01", "end": "2026-03-31"},
    "dimensions": {"platform": ["linux", "macos"]},
    "symptoms": [
        {"key": "slow", "name": "Slow", "description": "Takes long.", "terms": ["slow"]},
        {"key": "limits", "name": "Limits", "description": "Quota drains.", "terms": ["quota"]},
    ],
}
TICKETS = [
    {"id": "a", "created_at": "2026-03-02", "title": "So slow on Ubuntu since yesterday", "segment": {}},
    {"id": "b", "created_at": "2026-03-02", "text": "Quota is gone", "segment": {"platform": "macos"}},
    {"id": "c", "created_at": "2026-03-02", "symptoms": ["slow"]},
]


def bundle(folder: Path) -> Path:
    (folder / "case.json").write_text(json.dumps(CASE))
    (folder / "changes.jsonl").write_text("")
    (folder / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TICKETS))
    return folder


def lines(*arguments: object) -> list[dict[str, object]]:
    out = io.StringIO()
    call_command("classify", *map(str, arguments), "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_line_a_ticket_in_order(tmp_path: Path) -> None:
    first, second, third = lines(bundle(tmp_path))
    assert [first["id"], second["id"], third["id"]] == ["a", "b", "c"]
    assert first["symptoms"][0]["key"] == "slow"  # type: ignore[index]
    assert first["symptoms"][0]["confidence"] >= 0.5  # type: ignore[index]
    assert (first["segment"], first["segment_from_text"]) == ({"platform": "linux"}, {"platform": "Ubuntu"})
    assert (second["segment"], second["abstained"]) == ({"platform": "macos"}, False)
    assert (first["onset"], second["onset"]) == (
        {"earliest": "2026-03-01T00:00:00+00:00", "latest": "2026-03-02T00:00:00+00:00", "words": "since yesterday"},
        None,
    )
    assert (third["symptoms"], third["abstained"]) == ([], True)


def test_a_bad_label_is_named_with_its_line(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"id": "elsewhere", "symptoms": ["x"]}\n{"id": "a", "symptoms": ["nonsense"]}\n')
    errors = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("classify", str(bundle(tmp_path)), "--train", str(labels), stderr=errors)
    assert end.value.code == 2
    assert "labels.jsonl:2: symptoms: 'nonsense' is not known" in errors.getvalue()


def test_it_learns_from_labels(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    taught = [{"id": f"t{i}", "created_at": "2026-03-03", "title": f"gluey reply number {i}"} for i in range(12)]
    with (folder / "tickets.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in taught)
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps({"id": f"t{i}", "symptoms": ["slow"]}) + "\n" for i in range(10)))

    def sure(rows: list[dict[str, object]]) -> float:
        return next((s["confidence"] for s in rows[-1]["symptoms"] if s["key"] == "slow"), 0.0)  # type: ignore[attr-defined]

    assert sure(lines(folder)) < 0.5 < sure(lines(folder, "--train", labels))


def test_it_runs_with_nothing_set(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "classify", str(bundle(tmp_path))],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Slow" in done.stdout
    assert "Not judged        1   of 3 tickets" in done.stdout
