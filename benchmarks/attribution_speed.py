"""What a fit costs: processor seconds, memory, probabilities of every ticket, in ratios to two floors of the same run.

    make bench NAME=attribution_speed

Three cases are drawn from a seed: 5,000 complaints and 10 changes by the hour; 100,000 and 20, a million and 50 by the
day, with about 4,000 patterns of segments reported. Each runs in a process of its own, on one thread. Floors: counting
the complaints into their cells (one `np.bincount`), and one NumPy pass over cells x changes that yields a likelihood.
`tickets` is what each complaint's probabilities cost: packed as a run stores them, unpacked, and looked up for all
complaints. `what_if` is the demo case with a change moved by a day or left out, fitted anew from where the full fit
ended, as the scratch scenario of the page does while somebody drags: the mean and the longest over all changes. The
last line is one JSON object.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings_offline")

import django  # noqa: E402 - threads are limited before NumPy comes
from django.core.management import call_command  # noqa: E402

django.setup()

import numpy as np  # noqa: E402

from incidents.attribution.archive import CellArchive, pack_archive, unpack_cells  # noqa: E402
from incidents.attribution.bundles.evidence import read_bundle  # noqa: E402
from incidents.stats.attribution import (  # noqa: E402
    Attribution,
    CaseEvidence,
    ChangeExposure,
    Dimension,
    Usage,
    attribute,
)
from incidents.stats.attribution.evidence import Floats, Ints  # noqa: E402
from incidents.stats.attribution.rerun import attribute_again, attribute_fully  # noqa: E402

SIZES = {
    "5k_x_10": (5_000, 10, 28, 24),
    "100k_x_20": (100_000, 20, 56, 1),
    "1m_x_50": (1_000_000, 50, 42, 1),
}
LEVELS = (4, 3, 3, 3, 3, 2)
SYMPTOMS = 6
SEED = 20260401
ROUNDS = 3
DELAY = 20.0  # hours
WHAT_IF = "what_if"
MOVED = 24.0  # hours by which a change is dragged


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A case, and the cell of each of its complaints; `harmful` changes did what `excess` says."""

    evidence: CaseEvidence
    ticket_key: Ints
    harmful: list[str]
    excess: list[int]


def draw(n_tickets: int, n_changes: int, days: int, per_day: int) -> Drawn:
    """Draw a case: usage and symptoms by segment, weekdays, noisy days, missing values, three harmful changes."""
    random = np.random.default_rng(SEED + n_tickets)
    segments = np.array(np.unravel_index(np.arange(np.prod(LEVELS)), LEVELS)).T
    use = np.exp(sum(random.normal(0, 0.6, n)[segments[:, a]] for a, n in enumerate(LEVELS)))
    use = use / use.sum()
    tilt = sum(random.normal(0, 0.25, (n, SYMPTOMS))[segments[:, a]] for a, n in enumerate(LEVELS))
    background = use[:, None] * random.dirichlet(np.full(SYMPTOMS, 4.0)) * np.exp(tilt)
    n_bins = days * per_day
    hours = (np.arange(n_bins) + 0.5) * 24.0 / per_day
    day = np.arange(n_bins) // per_day
    height = np.where(day % 7 >= 5, 0.6, 1.0) * random.gamma(100.0, 0.01, days)[day]
    changes = tuple(change(random, j, days * 24.0) for j in range(n_changes))
    parts = [emit(random, height, background, n_tickets)]
    excess = []
    for one in changes[:3]:
        on = (hours >= one.started) & (hours < (one.ended or np.inf))
        lag = np.exp(-hours / DELAY)
        curve = np.convolve(on.astype(float), lag / lag.sum())[:n_bins]
        inside = np.ones(len(segments))
        for dim, values in one.scope:
            inside = inside * np.isin(segments[:, dim], values)
        profile = random.dirichlet(np.full(SYMPTOMS, 0.7))
        parts.append(emit(random, height * curve, (use * inside)[:, None] * profile, 0.05 * n_tickets))
        excess.append(len(parts[-1]))
    rows = np.concatenate(parts)
    reported = segments[rows[:, 1]]
    reported[random.random(reported.shape) < random.uniform(0.2, 0.6, len(LEVELS))] = -1
    return counted(rows, reported, changes, (use, segments), per_day=per_day, excess=excess)


def change(random: np.random.Generator, number: int, length: float) -> ChangeExposure:
    """Draw one entry of the log: up to three dimensions in scope, at once or along a ramp, sometimes reverted."""
    scope = []
    for dim in sorted(random.choice(len(LEVELS), random.integers(1 if number < 3 else 0, 4), replace=False)):
        size = random.integers(1, LEVELS[dim])
        scope.append((int(dim), tuple(sorted(int(v) for v in random.choice(LEVELS[dim], size, replace=False)))))
    started = float(random.uniform(0.15, 0.75) * length)
    ramp = () if random.random() < 0.5 else ((started, 0.0), (started + float(random.uniform(12, 120)), 1.0))
    ended = float(started + random.uniform(96, 300)) if random.random() < 0.3 else None
    return ChangeExposure(
        key=f"change {number}",
        started=started,
        scope=tuple(scope),
        steps=ramp,
        shape="linear" if ramp else "steps",
        ended=ended if ended is not None and ended < length else None,
    )


def emit(random: np.random.Generator, when: Floats, where: Floats, total: float) -> Ints:
    """Draw complaints as rows (bin, segment, symptom)."""
    counts = random.poisson(when / max(float(when.sum()), 1e-12) * total)
    cell = random.choice(where.size, int(counts.sum()), p=where.ravel() / where.sum())
    bins = np.repeat(np.arange(len(when)), counts)
    return np.column_stack([bins, cell // SYMPTOMS, cell % SYMPTOMS])


def counted(
    rows: Ints,
    reported: Ints,
    changes: tuple[ChangeExposure, ...],
    told: tuple[Floats, Ints],
    *,
    per_day: int,
    excess: list[int],
) -> Drawn:
    """Count complaints into cells."""
    use, segments = told
    patterns, pattern = np.unique(reported, axis=0, return_inverse=True)
    key = (rows[:, 0] * len(patterns) + pattern.reshape(-1)) * SYMPTOMS + rows[:, 2]
    cells, count = np.unique(key, return_counts=True)
    n_bins = int(rows[:, 0].max()) // per_day * per_day + per_day
    edges = np.arange(n_bins + 1) * (24.0 / per_day)
    day = np.arange(n_bins) // per_day
    evidence = CaseEvidence(
        edges=edges.astype(np.float64),
        day=day,
        weekday=day % 7,
        hour=(np.arange(n_bins) % 24) if per_day == 24 else None,
        dimensions=tuple(
            Dimension(name=f"dimension {a}", values=tuple(f"value {v}" for v in range(n))) for a, n in enumerate(LEVELS)
        ),
        patterns=patterns,
        symptoms=tuple(f"symptom {y}" for y in range(SYMPTOMS)),
        cell_bin=cells // SYMPTOMS // len(patterns),
        cell_pattern=cells // SYMPTOMS % len(patterns),
        cell_symptom=cells % SYMPTOMS,
        cell_count=count.astype(np.float64),
        changes=changes,
        usage=Usage(segments=segments, share=use),
    )
    return Drawn(evidence=evidence, ticket_key=key, harmful=[c.key for c in changes[: len(excess)]], excess=excess)


def seconds(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least processor seconds of some rounds."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        taken.append(time.process_time() - began)
    return min(taken)


def counting_floor(drawn: Drawn) -> float:
    """Count all complaints into a dense table of cells."""
    e = drawn.evidence
    size = e.n_bins * len(e.patterns) * SYMPTOMS
    return seconds(lambda: np.bincount(drawn.ticket_key, minlength=size))


def pass_floor(drawn: Drawn) -> float:
    """Mix one column per change, take the logarithm and the counts' sum, once, at full precision."""
    e = drawn.evidence
    columns = np.random.default_rng(1).random((len(e.cell_count), len(e.changes) + 1))
    heights = np.linspace(0.5, 1.5, columns.shape[1])
    return seconds(lambda: float(e.cell_count @ np.log(columns @ heights)))


def every_ticket(drawn: Drawn, found: Attribution) -> tuple[float, int]:
    """Pack the probabilities of all cells, unpack them and look up each complaint; return seconds and bytes."""
    e = drawn.evidence
    archive = CellArchive(
        edges=e.edges,
        bin=e.cell_bin,
        segment=e.cell_pattern,
        symptom=e.cell_symptom,
        changes=np.arange(len(e.changes)),
        probabilities=found.cell_probabilities[:, :-1],
    )
    began = time.process_time()
    packed = pack_archive(archive)
    back = unpack_cells(packed)
    keys = (back.bin * len(e.patterns) + back.segment) * SYMPTOMS + back.symptom
    told = back.probabilities[np.searchsorted(keys, drawn.ticket_key)]
    taken = time.process_time() - began
    if len(told) != len(drawn.ticket_key):
        raise AssertionError("a complaint has no probabilities")
    return taken, len(packed)


def measure(name: str) -> dict[str, object]:
    """Measure one size in this process."""
    attribute(draw(500, 3, 28, 1).evidence)  # compiled, or read from the cache, before the clock starts
    drawn = draw(*SIZES[name])
    e = drawn.evidence
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: list[Attribution] = []
    fit = seconds(lambda: found.append(attribute(e)), 1 if name == "1m_x_50" else ROUNDS)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counting, one_pass = counting_floor(drawn), pass_floor(drawn)
    tickets, size = every_ticket(drawn, found[-1])
    named = [c.key for c in found[-1].changes if c.verdict != "not supported"]
    return {
        "tickets": len(drawn.ticket_key),
        "cells": len(e.cell_count),
        "patterns": len(e.patterns),
        "changes": len(e.changes),
        "fit_seconds": round(fit, 3),
        "fit_over_counting": round(fit / counting, 1),
        "fit_over_one_pass": round(fit / one_pass, 1),
        "counting_floor_seconds": round(counting, 4),
        "one_pass_floor_seconds": round(one_pass, 4),
        "peak_megabytes": round(peak / 1024),
        "megabytes_before_fitting": round(before / 1024),
        "every_ticket_seconds": round(tickets, 3),
        "every_ticket_over_counting": round(tickets / counting, 1),
        "stored_bytes_a_ticket": round(size / len(drawn.ticket_key), 2),
        "fits": found[-1].diagnostics.evaluations,
        "harmful_named": sum(key in named for key in drawn.harmful),
        "others_named": sum(key not in drawn.harmful for key in named),
    }


def measure_what_if() -> dict[str, object]:
    """Measure a full fit of the demo case in this process, and what-ifs on top of it."""
    with tempfile.TemporaryDirectory() as folder, io.StringIO() as said:
        call_command("write_demo", folder, stdout=said)
        e = read_bundle(Path(folder)).evidence
    attribute(e)  # compiled, or read from the cache, before the clock starts
    began = time.process_time()
    finished = attribute_fully(e)
    full = time.process_time() - began
    taken = []
    for j, one in enumerate(e.changes):
        changes = (*e.changes[:j], replace(one, started=one.started + MOVED), *e.changes[j + 1 :])
        moved = replace(e, changes=changes)
        taken.append(seconds(partial(attribute_again, finished, moved, moved=(j,)), 1))
        taken.append(seconds(partial(attribute_again, finished, e, moved=(), left_out=(j,)), 1))
    return {
        "cells": len(e.cell_count),
        "changes": len(e.changes),
        "full_fit_seconds": round(full, 3),
        "mean_seconds": round(sum(taken) / len(taken), 3),
        "longest_seconds": round(max(taken), 3),
    }


def main() -> int:
    """Measure the sizes, each in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--one", choices=[*SIZES, WHAT_IF], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure_what_if() if options.one == WHAT_IF else measure(options.one)))
        return 0
    table = {}
    for name in (*options.sizes, WHAT_IF):
        command = [sys.executable, __file__, "--one", name]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        table[name] = json.loads(done.stdout.splitlines()[-1])
    for figure in table[options.sizes[0]]:
        print(f"{figure:30}" + "".join(f"{table[name][figure]:>14,}" for name in options.sizes))
    for figure, value in table[WHAT_IF].items():
        print(f"{'what if: ' + figure:30}{value:>14,}")
    print(json.dumps({"benchmark": "attribution_speed", **table}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
