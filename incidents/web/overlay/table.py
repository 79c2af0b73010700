"""What is shown, as rows of a CSV file."""

import csv
import io
from dataclasses import replace

from incidents.charts.typed import from_float32
from incidents.web.overlay.payload import overlay_payload
from incidents.web.overlay.state import OverlayState

HEADER = ("kind", "name", "key", "at", "until", "value", "unit")
# A cell that a spreadsheet would take for a formula is told that it is text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def overlay_csv(state: OverlayState) -> str:
    """Return one row per shown bin of each symptom and per shown point of each metric; times are UTC."""
    everything = replace(state, every_metric=True)
    payload = overlay_payload(everything, frozenset({"complaints", "metrics"}))
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(HEADER)
    complaints = payload["complaints"]
    edges = from_float32(complaints["edges"])
    for series in complaints["series"]:
        for i, value in enumerate(from_float32(series["y"])):
            when = _time(state, edges[i]), _time(state, edges[i + 1])
            writer.writerow(["complaints", _safe(series["name"]), series["key"], *when, f"{value:.6g}", "complaints"])
    for metric in payload["metrics"]["rows"]:
        for trace in metric["figure"]["data"]:
            if trace["meta"]["role"] != "line":
                continue
            for at, value in zip(from_float32(trace["x"]), from_float32(trace["y"]), strict=True):
                if value == value:  # noqa: PLR0124 - a gap is NaN, and NaN alone differs from itself
                    name = _safe(f"{metric['name']}: {trace['name']}")
                    writer.writerow(
                        ["metric", name, metric["key"], _time(state, at), "", f"{value:.8g}", metric["unit"]]
                    )
    return target.getvalue()


def _time(state: OverlayState, hours: float) -> str:
    moment = state.axis.origin.timestamp() + round(float(hours) * 3600)
    return state.axis.origin.fromtimestamp(moment, tz=state.axis.origin.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
