"""How far the reading of a bundle is."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from incidents.ingest.bundle.client import Bundle, BundleFile

# Hears (bytes done, bytes in all, a message); may raise to stop.
Progress = Callable[[int, int | None, str], None]
_EVERY_ROWS = 1000


class Meter:
    """Turns bytes read and shares written into progress: half of each file is its reading, half its writing."""

    def __init__(self, bundle: Bundle, progress: Progress | None) -> None:
        """Measure the whole bundle in bytes."""
        self._total = max(1, bundle.total_bytes)
        self._done = 0
        self._progress = progress
        self._file: BundleFile | None = None
        self._started = time.monotonic()
        self._n_rows = 0
        self._position = 0.0

    def begin(self, file: BundleFile) -> None:
        """Begin a file."""
        self._file = file
        self._position = 0.0
        self._n_rows = 0
        self._started = time.monotonic()
        self._tell()

    def read(self, n_bytes: int) -> None:
        """Hear how many bytes of the file were read."""
        if self._file is not None:
            self._position = min(n_bytes, self._file.size) / 2

    def wrote(self, share: float) -> None:
        """Hear which share of the file's rows is written."""
        if self._file is not None:
            self._position = self._file.size * (1 + min(1.0, share)) / 2
            self._tell()

    def end(self) -> None:
        """End the file."""
        if self._file is not None:
            self._done += self._file.size
            self._position = 0.0
            self._tell()
            self._file = None

    def counted(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Pass the rows on and count them."""
        for row in rows:
            self._n_rows += 1
            if self._n_rows % _EVERY_ROWS == 0:
                self._tell()
            yield row

    def _tell(self) -> None:
        if self._progress is None or self._file is None:
            return
        rate = self._n_rows / max(0.001, time.monotonic() - self._started)
        message = f"{self._file.name}: {self._n_rows:,} rows, {rate:,.0f} rows/s" if self._n_rows else self._file.name
        self._progress(min(self._total, int(self._done + self._position)), self._total, message)
