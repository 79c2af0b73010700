"""The peer that people build: Dash with plotly-resampler, 60 series held in memory. Runs in an environment of its own.

python dash_app.py VALUES.npy BANDS.json PORT
"""

import json
import sys

import numpy as np
import plotly.graph_objects as go  # type: ignore[import-untyped]
from dash import Dash, dcc, html  # type: ignore[import-not-found]
from plotly_resampler import FigureResampler  # type: ignore[import-not-found]


def main() -> None:
    """Serve one page with one graph."""
    values = np.load(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as stream:
        told = json.load(stream)
    n = values.shape[1]
    at = np.datetime64("2026-02-01T00:00:00", "ns") + (np.arange(n) * (90 * 86400 * 10**9 // n)).astype(
        "timedelta64[ns]"
    )
    figure = FigureResampler(go.Figure(), default_n_shown_samples=600)
    for i, row in enumerate(values):
        figure.add_trace(go.Scatter(name=f"s{i}", mode="lines", line={"width": 1}), hf_x=at, hf_y=row)
    hours = np.datetime64("2026-02-01T00:00:00", "ns") + (np.array(told["hours"]) * 3600 * 10**9).astype(
        "timedelta64[ns]"
    )
    for i, counts in enumerate(told["tickets"]):
        figure.add_trace(go.Scatter(name=f"t{i}", mode="lines", stackgroup="t", yaxis="y2", x=hours, y=counts))
    origin = np.datetime64("2026-02-01T00:00:00", "s")
    shapes = [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": str(origin + np.timedelta64(int(low * 3600), "s")),
            "x1": str(origin + np.timedelta64(int(high * 3600), "s")),
            "y0": 0,
            "y1": 1,
            "line": {"width": 0},
            "fillcolor": "rgba(80,80,200,0.05)",
        }
        for low, high in told["bands"]
    ]
    figure.update_layout(
        shapes=shapes, width=1400, height=820, yaxis={"domain": [0, 0.65]}, yaxis2={"domain": [0.7, 1]}
    )
    app = Dash(__name__)
    app.layout = html.Div(dcc.Graph(id="graph", figure=figure))
    figure.register_update_graph_callback(app, "graph")
    app.run(host="127.0.0.1", port=int(sys.argv[3]), debug=False)


if __name__ == "__main__":
    main()
