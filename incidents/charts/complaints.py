"""Complaints over time as Plotly figures: stacked, one small plot a symptom, the model's layers, exposed against not.

Every series is drawn as one stepped path, not as a bar a bin: thousands of bins cost no more to draw than dozens.
Colours are named by token ("--change-3", "--ink-2/0.4" for a share of opacity); the page puts the theme's values in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from incidents.charts.axis import Bins
from incidents.charts.palette import change_token, plotly_pattern
from incidents.charts.typed import Numbers, Plain, float32

HATCH: Plain = {"shape": "\\", "bgcolor": "--surface", "fgcolor": "--unattributed", "size": 6, "solidity": 0.25}
MULTIPLE_GAP = 0.022  # of the figure's height, between two small plots


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One symptom's complaints per bin."""

    key: str
    name: str
    values: Numbers

    @property
    def total(self) -> float:
        """Complaints over the shown bins."""
        return float(self.values.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLayer:
    """Expected complaints per bin and symptom that the model holds to be one change's excess."""

    key: int
    name: str
    colour: int
    values: Numbers  # (n_bins, n_symptoms)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLayers:
    """What the latest run expects per bin and symptom; `unattributed` is a rise that no known change explains.

    `others` are the small excesses of `n_others` further changes, put together so that the large ones stay readable.
    """

    background: Numbers  # (n_bins, n_symptoms)
    changes: tuple[ChangeLayer, ...]
    unattributed: Numbers  # (n_bins, n_symptoms)
    others: Numbers | None = None  # (n_bins, n_symptoms)
    n_others: int = 0


def scaled(layers: ModelLayers, factor: Numbers) -> ModelLayers:
    """Multiply all layers bin by bin, as when counts become rates."""
    column = factor[:, None]
    return replace(
        layers,
        background=layers.background * column,
        changes=tuple(replace(one, values=one.values * column) for one in layers.changes),
        unattributed=layers.unattributed * column,
        others=None if layers.others is None else layers.others * column,
    )


def step(values: Numbers) -> Numbers:
    """Repeat the last value, so that a stepped line drawn over the bins' edges ends with its last bin."""
    return np.append(values, values[-1]) if len(values) else values


def rebin(edges: Numbers, values: Numbers, onto: Numbers) -> Numbers:
    """Share amounts over other bins by the time that they have in common; `values` is (n_bins, …)."""
    cumulative = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    flat = cumulative.reshape(len(edges), -1)
    at = np.column_stack([np.interp(onto, edges, column) for column in flat.T])
    return np.diff(at, axis=0).reshape(len(onto) - 1, *values.shape[1:])


def stacked(series: Sequence[Series], bins: Bins) -> Plain:
    """Stack the symptoms, the most frequent at the bottom and darkest."""
    x = float32(bins.hours)
    tones = np.linspace(0.82, 0.26, max(len(series), 2))
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": one.name,
            "x": x,
            "y": float32(step(one.values)),
            "stackgroup": "complaints",
            "line": {"shape": "hv", "width": 0.6, "color": "--surface"},
            "fillcolor": f"--ink-2/{tones[i]:.2f}",
            "meta": {"role": "symptom", "key": one.key},
        }
        for i, one in enumerate(series)
    ]
    top = sum((one.values for one in series), np.zeros(bins.n))
    return {"data": data, "layout": layout_of([y_axis(0.0, 1.0, ceiling_of(top))])}


def small_multiples(series: Sequence[Series], bins: Bins, *, layers: ModelLayers | None = None) -> Plain:
    """Draw each symptom in a plot of its own, all on one scale of counts; with layers, what the model says below it."""
    ceiling = ceiling_of(np.max([one.values for one in series], axis=0)) if series else 1.0
    data: list[Plain] = []
    axes = []
    n = max(len(series), 1)
    height = (1.0 - MULTIPLE_GAP * (n - 1)) / n
    for i, one in enumerate(series):
        high = 1.0 - i * (height + MULTIPLE_GAP)
        axes.append(y_axis(max(high - height, 0.0), high, ceiling, few=True))
        number = "" if i == 0 else str(i + 1)
        if layers is not None:
            data += _layer_traces(layers, bins, symptom=i, axis=f"y{number}")
        data.append(_observed(one.name, one.key, one.values, bins, axis=f"y{number}", filled=layers is None))
    return {"data": data, "layout": layout_of(axes)}


def modelled(series: Sequence[Series], layers: ModelLayers, bins: Bins) -> Plain:
    """Stack what the model expects over all symptoms, background first, with the observed complaints as a line."""
    observed = sum((one.values for one in series), np.zeros(bins.n))
    data = _layer_traces(layers, bins, symptom=None, axis="y")
    data.append(_observed("Observed", "observed", observed, bins, axis="y", filled=False))
    expected = (layers.background + layers.unattributed).sum(axis=1)
    parts = [change.values for change in layers.changes] + ([] if layers.others is None else [layers.others])
    expected = expected + sum((part.sum(axis=1) for part in parts), np.zeros(bins.n))
    return {"data": data, "layout": layout_of([y_axis(0.0, 1.0, ceiling_of(np.maximum(observed, expected)))])}


def _layer_traces(layers: ModelLayers, bins: Bins, *, symptom: int | None, axis: str) -> list[Plain]:
    """Return background, each change's excess and the unattributed rise as stacked steps, of one symptom or of all."""

    def of(values: Numbers) -> Numbers:
        return step(values.sum(axis=1) if symptom is None else values[:, symptom])

    x = float32(bins.hours)
    common: Plain = {"type": "scatter", "mode": "lines", "x": x, "yaxis": axis, "stackgroup": f"model{axis}"}
    edge = {"shape": "hv", "width": 0}
    traces: list[Plain] = [
        {
            **common,
            "name": "Background",
            "y": float32(of(layers.background)),
            "line": {**edge, "color": "--background-layer"},
            "fillcolor": "--background-layer/0.4",
            "meta": {"role": "background"},
        }
    ]
    for change in layers.changes:
        token = change_token(change.colour)
        shape = plotly_pattern(change.colour)
        trace: Plain = {
            **common,
            "name": change.name,
            "y": float32(of(change.values)),
            "line": {**edge, "color": token},
            "fillcolor": f"{token}/0.85",
            "meta": {"role": "excess", "change": change.key, "pattern": shape},
        }
        if shape:
            trace["fillpattern"] = {
                "shape": shape,
                "bgcolor": f"{token}/0.85",
                "fgcolor": "--surface",
                "size": 8,
                "solidity": 0.15,
            }
        traces.append(trace)
    if layers.others is not None:
        name = f"{layers.n_others} other changes" if layers.n_others > 1 else "1 other change"
        others = {"name": name, "line": {**edge, "color": "--ink-3"}, "fillcolor": "--ink-3/0.55"}
        traces.append({**common, **others, "y": float32(of(layers.others)), "meta": {"role": "others"}})
    if layers.unattributed.any():
        rise = {"name": "Rise that no known change explains", "line": {**edge, "color": "--unattributed"}}
        meta = {"role": "unattributed"}
        traces.append({**common, **rise, "y": float32(of(layers.unattributed)), "fillpattern": HATCH, "meta": meta})
    return traces


def _observed(name: str, key: str, values: Numbers, bins: Bins, *, axis: str, filled: bool) -> Plain:
    trace: Plain = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": float32(bins.hours),
        "y": float32(step(values)),
        "yaxis": axis,
        "line": {"shape": "hv", "width": 1.2, "color": "--ink-2" if filled else "--ink"},
        "meta": {"role": "symptom" if filled else "observed", "key": key},
    }
    if filled:
        trace |= {"fill": "tozeroy", "fillcolor": "--ink-2/0.22"}
    return trace


def ceiling_of(values: Numbers) -> float:
    """Return the top of a scale that holds the values with a little air."""
    most = float(np.nanmax(values, initial=0.0))
    return most * 1.08 if most > 0 else 1.0


def y_axis(low: float, high: float, ceiling: float, *, few: bool = False) -> Plain:
    return {
        "domain": [round(low, 5), round(min(high, 1.0), 5)],
        "range": [0, ceiling],
        "fixedrange": True,
        "nticks": 3 if few else 5,
        "showgrid": True,
        "gridcolor": "--line",
        "zeroline": False,
        "tickfont": {"color": "--ink-3", "size": 11},
        "ticks": "",
    }


def layout_of(y_axes: Sequence[Plain]) -> Plain:
    """Return a layout whose x axis the page sets; every margin but the left one is nothing, so that panels align."""
    layout: Plain = {
        "showlegend": False,
        "margin": {"l": 44, "r": 0, "t": 2, "b": 2, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": False,
        "dragmode": False,
        "xaxis": {
            "visible": False,
            "fixedrange": True,
            "anchor": "y" if len(y_axes) < 2 else f"y{len(y_axes)}",
        },
    }
    for i, axis in enumerate(y_axes):
        layout["yaxis" if i == 0 else f"yaxis{i + 1}"] = axis
    return layout
