"""Compiling every compiled loop once, so that the first case fitted on a machine does not wait for it."""

import numpy as np

from incidents.stats.attribution.base import Base
from incidents.stats.attribution.engine import attribute
from incidents.stats.attribution.evidence import CaseEvidence, ChangeExposure, Dimension
from incidents.stats.attribution.frame import build_frame
from incidents.stats.attribution.layout import merged_cells
from incidents.stats.change_points import change_points

DAYS = 28


def warm() -> None:
    """Run each compiled loop on a case of some hundred complaints, small and merged; what is compiled is cached."""
    evidence = _small_case()
    attribute(evidence)
    frame = build_frame(evidence)
    base = Base(frame)
    n_kinds = len(frame.kind_pattern)
    rows = np.ones(n_kinds * frame.n_symptoms)
    features = np.zeros((n_kinds, 1))
    merged = merged_cells(frame, base.pool, rows, features, np.zeros(n_kinds, np.int64))
    base.scopes(merged, merged.count)
    change_points(np.where(np.arange(60) < 30, 1.0, 2.0) + 0.1 * np.sin(np.arange(60.0)))


def _small_case() -> CaseEvidence:
    """Four kinds of report, two symptoms, a change that doubles one of them, all without chance."""
    day, pattern, symptom = (
        axis.ravel() for axis in np.meshgrid(np.arange(DAYS), np.arange(4), np.arange(2), indexing="ij")
    )
    patterns = np.array([[0, 0], [0, 1], [1, 0], [1, -1]])
    risen = (day >= DAYS // 2) & (patterns[pattern, 0] == 1) & (symptom == 0)
    days = np.arange(DAYS)
    return CaseEvidence(
        edges=np.arange(0.0, 24.0 * DAYS + 1.0, 24.0, dtype=np.float64),
        day=days,
        weekday=days % 7,
        hour=None,
        dimensions=(Dimension(name="a", values=("x", "y")), Dimension(name="b", values=("x", "y"))),
        patterns=patterns,
        symptoms=("s", "t"),
        cell_bin=day,
        cell_pattern=pattern,
        cell_symptom=symptom,
        cell_count=np.where(risen, 8.0, 4.0) + (day % 3),
        changes=(
            ChangeExposure(key="risen", started=24.0 * (DAYS // 2), scope=((0, (1,)),)),
            ChangeExposure(key="idle", started=24.0 * 5),
        ),
    )
