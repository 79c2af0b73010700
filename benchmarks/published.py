"""The published simulated incidents: ../shared/bench/attribution beside a development checkout."""

import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT.parent / "shared" / "bench" / "attribution"


def folder() -> Path | None:
    """Return the folder of the simulator: beside this checkout, or beside the one it is a working tree of."""
    places = [BENCH]
    if (ROOT / ".git").is_file():  # a linked working tree tells where its repository lies
        home = Path((ROOT / ".git").read_text(encoding="utf-8").removeprefix("gitdir:").strip())
        places.append(home.parent.parent.parent.parent / "shared" / "bench" / "attribution")
    return next((place for place in places if (place / "make_cases.py").is_file()), None)


def make(bench: Path, home: Path, seeds: range, **overrides: Any) -> list[Path]:
    """Write the cases of some seeds that `home` does not hold yet; the simulator's settings can be overridden."""
    home.mkdir(parents=True, exist_ok=True)
    sys.dont_write_bytecode = True  # the simulator's folder stays as it is
    sys.path.insert(0, str(bench))
    try:
        simulator: Any = importlib.import_module("make_cases")
    finally:
        sys.path.remove(str(bench))
    for seed in seeds:
        if not (home / "truth" / f"{seed}.json").is_file():
            simulator.write_case(seed, home, **overrides)
    return [home / str(seed) for seed in seeds]


def truth(case: Path) -> dict[str, Any]:
    """Read the truth of a case."""
    told: dict[str, Any] = json.loads((case.parent / "truth" / f"{case.name}.json").read_text(encoding="utf-8"))
    return told


def official_figures(bench: Path, home: Path, lines: Sequence[str]) -> dict[str, Any]:
    """Return what score.py says of the printed results."""
    results = home / "results.jsonl"
    results.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-B", str(bench / "score.py"), str(home), str(results), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"score.py failed: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
