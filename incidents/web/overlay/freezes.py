"""The case's deploy freezes on the overlay's axis."""

from typing import Any

from incidents.response.freezes import freezes_of
from incidents.web.overlay.state import OverlayState


def freeze_bands(state: OverlayState) -> list[list[Any]]:
    """Return [start, end, title] (hours on the axis) of each freeze that meets the window."""
    low, high = state.axis.shown
    bands = ((state.axis.hours(one.start), state.axis.hours(one.end), one.title) for one in freezes_of(state.incident))
    return sorted([round(start, 3), round(end, 3), title] for start, end, title in bands if start < high and end > low)
