"""The overlay's data from a seed, and what it is measured against: Dash, uPlot, a bare canvas, nginx."""
