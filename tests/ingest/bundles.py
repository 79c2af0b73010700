"""Small bundles for tests: a good one by default, with what a test changes in it."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

CASE: dict[str, Any] = {
    "format": "incident-case/1",
    "title": "Answers got shallower",
    "timezone": "America/Los_Angeles",
    "window": {"start": "2026-03-01", "end": "2026-03-31"},
    "bucket": "hour",
    "dimensions": {"surface": ["cli", "web"], "version": ["1.0", "1.1"]},
    "symptoms": [
        {"key": "slow", "name": "Slow", "description": "Waits too long.", "terms": ["slow", "takes ages"]},
        {"key": "forgetful", "name": "Forgetful", "terms": ["forgets"]},
    ],
    "metrics": [{"key": "latency", "name": "Latency", "unit": "ms", "better": "lower", "source": "probe"}],
    "publicity": [{"at": "2026-03-12", "title": "A long thread", "views": 9000}],
    "owner": "team-7",
}
CHANGES: list[dict[str, Any]] = [
    {
        "id": "c1",
        "kind": "effort",
        "title": "Medium effort by default",
        "started_at": "2026-03-04T10:00:00Z",
        "rollout": [{"at": "2026-03-04T10:00:00Z", "share": 0.1, "who": "staff"}, {"at": "2026-03-06", "share": 1}],
        "ended_at": "2026-03-20",
        "end_kind": "revert",
        "scope": {"surface": ["cli"]},
        "announced_at": "2026-03-05",
        "user_facing": True,
        "artifact": {"name": "default", "before": "high", "after": "medium"},
        "masks": ["c2"],
        "risk": {"level": 3},
    },
    {"id": "c2", "kind": "client_release", "title": "1.1", "started_at": "2026-03-02", "carried_by_version": "1.1"},
]
TICKETS: list[dict[str, Any]] = [
    {
        "id": "t1",
        "created_at": "2026-03-05T11:00:00Z",
        "occurred_at": "2026-03-04",
        "title": "So slow",
        "text": "It takes ages.",
        "segment": {"surface": "cli"},
        "channel": "forum",
        "reporter": "r1",
        "url": "https://forum.example/1",
        "votes": 4,
    },
    {"id": "t2", "created_at": "2026-03-06", "symptoms": ["forgetful"], "weight": 2.5},
    {"id": "t3", "created_at": "2026-03-07T00:00:00+01:00", "text": "Nothing that a term names.", "symptoms": []},
]
EXPOSURE = "at,surface,version,count\n,cli,,700\n2026-03-05T06:00:00Z,,1.0,12\n2026-03-05,web,,30.5\n"
METRICS = "metric,at,surface,version,value,n,stderr\nlatency,2026-03-05,cli,,812.5,40,\nlatency,2026-03-06,,,900,,1.5\n"
EVALS = [{"id": "e1", "suite": "daily", "at": "2026-03-08", "n": 200, "paired": True, "score": 0.5, "subject": "c1"}]
STATEMENTS = [
    {
        "id": "s1",
        "at": "2026-03-10T09:00:00Z",
        "channel": "status page",
        "audience": "public",
        "text": "All is well.",
        "claims": [{"about": "c1", "says": "no effect", "sure": True}, {"about": None, "says": "nothing changed"}],
        "impact": "none",
    }
]
SOURCES = [{"id": "log", "url": "https://log.example/", "title": "The log", "used_for": "changes", "read": "2026-05"}]


def lines(rows: Iterable[Mapping[str, Any] | str | bytes]) -> bytes:
    """Return rows as a .jsonl file; a text is written as it is."""
    raw = [
        row if isinstance(row, bytes) else row.encode() if isinstance(row, str) else orjson.dumps(row) for row in rows
    ]
    return b"".join(row + b"\n" for row in raw)


def good_files() -> dict[str, bytes]:
    """Return the files of a good bundle that uses every part of the format."""
    return {
        "case.json": orjson.dumps(CASE),
        "changes.jsonl": lines(CHANGES),
        "tickets.jsonl": lines(TICKETS),
        "exposure.csv": EXPOSURE.encode(),
        "metrics.csv": METRICS.encode(),
        "evals.jsonl": lines(EVALS),
        "statements.jsonl": lines(STATEMENTS),
        "sources.jsonl": lines(SOURCES),
    }


def content(value: object) -> bytes:
    """Return what a file holds: bytes and texts as they are, rows as lines, an object as JSON."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return lines(value) if isinstance(value, list) else orjson.dumps(value)


def make_folder(place: Path, **files: object) -> Path:
    """Write a good bundle with other contents for some files (`tickets=[…]` is tickets.jsonl; None leaves it out)."""
    folder = place / "bundle"
    folder.mkdir(exist_ok=True)
    for entry in folder.iterdir():
        entry.unlink()
    for name, raw in chosen(files).items():
        (folder / name).write_bytes(raw)
    return folder


def make_zip(place: Path, prefix: str = "bundle/", **files: object) -> Path:
    """Write the same as a .zip."""
    path = place / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in chosen(files).items():
            archive.writestr(prefix + name, raw)
    return path


def chosen(files: Mapping[str, object]) -> dict[str, bytes]:
    """Return the good files with the wanted ones in their place; `exposure_parquet` names exposure.parquet."""
    result = good_files()
    for key, value in files.items():
        base = key.split("_")[0]
        name = key.replace("_", ".") if "_" in key else _name(key)
        for known in [known for known in result if known.split(".")[0] == base]:
            del result[known]
        if value is not None:
            result[name] = content(value)
    return result


def _name(key: str) -> str:
    return {"case": "case.json", "exposure": "exposure.csv", "metrics": "metrics.csv"}.get(key, f"{key}.jsonl")


def case(**members: object) -> dict[str, Any]:
    """Return the good case with other members; None takes one away."""
    wanted = {**CASE, **members}
    return {name: value for name, value in wanted.items() if value is not None}


def change(**members: object) -> dict[str, Any]:
    """Return a good change with other members."""
    wanted = {"id": "c1", "kind": "flag", "title": "A flag", "started_at": "2026-03-04T10:00:00Z", **members}
    return {name: value for name, value in wanted.items() if value is not None}


def ticket(**members: object) -> dict[str, Any]:
    """Return a good ticket with other members."""
    wanted = {"id": "t1", "created_at": "2026-03-05T11:00:00Z", "text": "It is slow.", **members}
    return {name: value for name, value in wanted.items() if value is not None}
