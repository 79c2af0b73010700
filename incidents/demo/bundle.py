"""Writes the demo case as a case bundle of format ``incident-case/1``: same seed, same bytes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from incidents.demo.adoption import VERSIONS
from incidents.demo.causes import POST_AT
from incidents.demo.changelog import change_rows
from incidents.demo.evals import EVALS
from incidents.demo.exposure import exposure_csv
from incidents.demo.metrics import metrics_csv
from incidents.demo.statements import SOURCES, STATEMENTS
from incidents.demo.taxonomy import METRICS, SYMPTOMS
from incidents.demo.tickets import write_tickets
from incidents.demo.truth import DemoTruth, truth_of
from incidents.demo.volume import draw
from incidents.demo.wording.grammar import Dice
from incidents.demo.world import DIMENSIONS, SEED, WINDOW_END, WINDOW_START, ZONE

TITLE: Final = "Alder Code: complaints about quality, spring 2026"


def case_json() -> dict[str, Any]:
    """The content of case.json."""
    return {
        "format": "incident-case/1",
        "title": TITLE,
        "timezone": ZONE.key,
        "window": {"start": WINDOW_START.isoformat(), "end": WINDOW_END.isoformat()},
        "bucket": "hour",
        "dimensions": {**DIMENSIONS, "version": list(VERSIONS)},
        "symptoms": SYMPTOMS,
        "metrics": METRICS,
        "publicity": [
            {
                "at": POST_AT.astimezone(ZONE).isoformat(),
                "title": "A side-by-side comparison of February and April answers is shared widely",
            },
        ],
    }


def write_bundle(folder: Path, *, seed: int = SEED) -> DemoTruth:
    """Write all files of the bundle into ``folder``, which is made if needed; the truth is returned, not written."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    changes = change_rows()
    by_id = {row["id"]: row for row in changes}
    written = write_tickets(Dice(seed), draw(rng, by_id))
    _write(folder / "case.json", json.dumps(case_json(), ensure_ascii=False, indent=1) + "\n")
    _write(folder / "changes.jsonl", _lines(changes))
    _write(folder / "tickets.jsonl", _lines(ticket.row for ticket in written))
    _write(folder / "exposure.csv", exposure_csv(rng))
    _write(folder / "metrics.csv", metrics_csv(rng, by_id))
    _write(folder / "evals.jsonl", _lines(sorted(EVALS, key=lambda row: row["at"])))
    _write(folder / "statements.jsonl", _lines(STATEMENTS))
    _write(folder / "sources.jsonl", _lines(SOURCES))
    return truth_of(seed, list(by_id), written)


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
