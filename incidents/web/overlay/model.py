"""What the latest attribution run says, as far as the overlay draws it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from incidents.attribution.queries import (
    StoredFindings,
    StoredLayers,
    changes_by_id,
    findings,
    latest_run,
    layers,
)
from incidents.charts.axis import Axis, Bins
from incidents.charts.complaints import ChangeLayer, ModelLayers, rebin
from incidents.charts.labels import moment
from incidents.charts.typed import Numbers
from incidents.web.overlay.state import OverlayState

UNLABELLED = "unknown"  # how a run names complaints without a symptom; the overlay's key for them is ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """The run that speaks, if there is one; `filtered` says that its layers, made for all segments, do not apply."""

    made_at: dt.datetime | None = None
    made_label: str = ""
    filtered: bool = False
    found: StoredFindings | None = None
    expected: StoredLayers | None = None
    verdicts: Mapping[int, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any] | None:
        """Return what the page says of the run; None where there is none."""
        if self.made_at is None:
            return None
        return {"made": self.made_label, "usable": not self.filtered}

    def layers(self, axis: Axis, bins: Bins, symptoms: Sequence[str]) -> ModelLayers | None:
        """Return the expected complaints in the shown bins, one column per symptom; None without a usable run."""
        if self.expected is None or self.found is None or self.filtered:
            return None
        edges = np.array([axis.hours(edge) for edge in self.expected.edges])
        columns = [key or UNLABELLED for key in symptoms]

        def table(told: Mapping[str, Sequence[float]]) -> Numbers:
            empty = np.zeros(len(edges) - 1)
            return rebin(edges, np.column_stack([told.get(key, empty) for key in columns] or [empty]), bins.hours)

        changes = changes_by_id(list(self.expected.excess))
        parts = sorted(self.expected.excess.items(), key=lambda pair: -sum(sum(one) for one in pair[1].values()))
        return ModelLayers(
            background=table(self.expected.background),
            changes=tuple(
                ChangeLayer(key=pk, name=changes[pk].title, colour=changes[pk].colour, values=table(told))
                for pk, told in parts
                if pk in changes
            ),
            unattributed=self._unattributed(axis, bins, columns),
        )

    def _unattributed(self, axis: Axis, bins: Bins, columns: Sequence[str]) -> Numbers:
        """Lay each rise that no change explains evenly over its time; one of no single symptom over all of them."""
        values = np.zeros((bins.n, max(len(columns), 1)))
        widths = np.diff(bins.hours)
        for rise in self.found.rises if self.found else ():
            low, high = axis.hours(rise.starts_at), axis.hours(rise.ends_at)
            shared = np.clip(np.minimum(bins.hours[1:], high) - np.maximum(bins.hours[:-1], low), 0, widths)
            amount = rise.excess.value * shared / max(high - low, 1e-9)
            where = [columns.index(rise.symptom)] if rise.symptom in columns else list(range(len(columns)))
            for column in where:
                values[:, column] += amount / len(where)
        return values


def read_model(state: OverlayState) -> ModelView:
    """Read the latest run of the case."""
    run = latest_run(state.incident)
    if run is None:
        return ModelView()
    found = findings(run)
    return ModelView(
        made_at=run.created_at,
        made_label=moment(run.created_at, state.zone),
        filtered=bool(state.chosen),
        found=found,
        expected=layers(run) if state.layers else None,
        verdicts={int(change.key): change.verdict for change in found.changes},
    )
