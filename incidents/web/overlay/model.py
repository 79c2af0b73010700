"""What the latest attribution run says, as far as the overlay draws it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from incidents.attribution.queries import (
    StoredLayers,
    changes_by_id,
    findings,
    latest_run,
    layers,
    shared_layers,
)
from incidents.charts.axis import Axis, Bins
from incidents.charts.complaints import ChangeLayer, ModelLayers, rebin
from incidents.charts.labels import moment, plural
from incidents.charts.typed import Numbers
from incidents.web.overlay.state import OverlayState

FAINTEST = 0.5  # complaints in view; a layer with fewer is not drawn
# So many changes have a layer of their own, those that the run names first; of the rest, only what is not tiny.
MOST_LAYERS = 8
SMALL = 0.005  # of the background
NAMED = frozenset({"contributing", "ambiguous"})
UNLABELLED = "unknown"  # how a run names complaints without a symptom; the overlay's key for them is ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """The run that speaks, if there is one; `filtered` says that its layers are those of the filtered segment alone."""

    made_at: dt.datetime | None = None
    made_label: str = ""
    filtered: bool = False
    expected: StoredLayers | None = None
    n_unseen: float = 0.0  # complaints of the filtered segment that the run did not see as they are now
    verdicts: Mapping[int, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any] | None:
        """Return what the page says of the run; None where there is none."""
        if self.made_at is None:
            return None
        return {"made": self.made_label}

    @property
    def layers_note(self) -> str:
        """What the layers are, where they are not simply the run's."""
        if not self.filtered:
            return ""
        if self.expected is None:
            return "The case's window moved since the run, or it kept no cells: run the attribution again."
        told = "layers: shared out by the run’s probabilities"
        if self.n_unseen >= 1:
            n = round(self.n_unseen)
            told += f"; {plural(n, 'complaint')} {'is' if n == 1 else 'are'} of a kind that came after the run"
        return told

    @property
    def bin_seconds(self) -> int:
        """The width of the run's bins: its layers say nothing finer."""
        if self.expected is None:
            return 0
        widths = zip(self.expected.edges[:-1], self.expected.edges[1:], strict=True)
        return int(min((last - first).total_seconds() for first, last in widths))

    def layers(self, axis: Axis, bins: Bins, symptoms: Sequence[str]) -> ModelLayers | None:
        """Return the expected complaints in the shown bins, one column per symptom; None without a usable run."""
        if self.expected is None:
            return None
        edges = np.array([axis.hours(edge) for edge in self.expected.edges])
        columns = [key or UNLABELLED for key in symptoms]

        def table(told: Mapping[str, Sequence[float]]) -> Numbers:
            empty = np.zeros(len(edges) - 1)
            return rebin(edges, np.column_stack([told.get(key, empty) for key in columns] or [empty]), bins.hours)

        changes = changes_by_id(list(self.expected.excess))
        tables = [(pk, table(told)) for pk, told in self.expected.excess.items() if pk in changes]
        ranked = sorted(tables, key=lambda pair: (self.verdicts.get(pair[0]) not in NAMED, -pair[1].sum()))
        total = sum(sum(one) for one in self.expected.background.values())
        large = [
            pair
            for pair in ranked[:MOST_LAYERS]
            if pair[1].sum() >= max(FAINTEST, SMALL * total) or self.verdicts.get(pair[0]) in NAMED
        ]
        small = [values for pk, values in ranked if pk not in dict(large)]
        return ModelLayers(
            background=table(self.expected.background),
            changes=tuple(
                ChangeLayer(key=pk, name=changes[pk].title, colour=changes[pk].colour, values=values)
                for pk, values in sorted(large, key=lambda pair: -pair[1].sum())
                if values.sum() >= FAINTEST
            ),
            unattributed=table(self.expected.unattributed),
            others=np.sum(small, axis=0) if small and np.sum(small) >= FAINTEST else None,
            n_others=len(small),
        )


def read_model(state: OverlayState) -> ModelView:
    """Read the latest run of the case."""
    run = latest_run(state.incident)
    if run is None:
        return ModelView()
    found = findings(run)
    expected, unseen = None, 0.0
    if state.layers:
        shared = None if state.segment_ids is None else shared_layers(run, state.segment_ids)
        expected = layers(run) if state.segment_ids is None else shared and shared[0]
        unseen = shared[1] if shared else 0.0
    return ModelView(
        made_at=run.created_at,
        made_label=moment(run.created_at, state.zone),
        filtered=bool(state.chosen),
        expected=expected,
        n_unseen=unseen,
        verdicts={int(change.key): change.verdict for change in found.changes},
    )
