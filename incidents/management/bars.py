"""A progress line for commands: one that is redrawn on a terminal, and nothing elsewhere."""

import time

from django.core.management.base import OutputWrapper

_WIDTH = 28
_EVERY_SECONDS = 0.1


class Bar:
    """Call it as a service's `progress`: (done, total, message)."""

    def __init__(self, out: OutputWrapper) -> None:
        """Draw on `out` if it is a terminal."""
        self._out = out
        self._live = out.isatty()
        self._drawn_at = 0.0
        self._length = 0

    def __call__(self, n_done: int, n_total: int | None = None, message: str = "") -> None:
        """Redraw, at most ten times a second."""
        now = time.monotonic()
        if not self._live or now - self._drawn_at < _EVERY_SECONDS:
            return
        self._drawn_at = now
        share = n_done / n_total if n_total else 0.0
        full = round(_WIDTH * share)
        line = f"[{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%} {message}"[:110]
        self._out.write("\r" + line.ljust(self._length), ending="")
        self._out.flush()
        self._length = len(line)

    def close(self) -> None:
        """Wipe the line."""
        if self._live and self._length:
            self._out.write("\r" + " " * self._length + "\r", ending="")
            self._out.flush()
