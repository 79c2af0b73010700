"""Numbers on their way to the browser: base64 typed arrays as Plotly reads them, never lists of text."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
# One Plotly figure, trace or layout as plain JSON.
Plain = dict[str, Any]


def float32(values: Sequence[float] | NDArray[Any]) -> Plain:
    """Return values as a little-endian float32 array in Plotly's `{dtype, bdata}` form; NaN stays NaN (a gap)."""
    array = np.ascontiguousarray(values, dtype="<f4")
    return {"dtype": "f4", "bdata": base64.b64encode(array.tobytes()).decode("ascii")}


def from_float32(packed: Plain) -> Numbers:
    """Read what `float32` wrote."""
    return np.frombuffer(base64.b64decode(packed["bdata"]), dtype="<f4").astype(np.float64)
