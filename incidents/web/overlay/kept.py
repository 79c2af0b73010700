"""Answers that were made once and are given again: compressed bytes, as many as fit into a bounded memory.

The key holds all that an answer depends on, a version of what it shows among it (the case, the version of its product's
data and the address; for public pages the site's mark, the host and the address), so a kept one is never out of date,
and who may see it is asked anew each time before it is looked for. The least recently used ones go first. Each process
keeps its own.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

Key = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body as it was sent: plain, compressed, and the tag that names it; the headers that Django gave each form."""

    body: bytes
    compressed: bytes
    tag: str
    headers: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict, compare=False)

    def body_as(self, form: str) -> bytes:
        """Return what is sent as "304", "gzip" or "plain"."""
        return b"" if form == "304" else self.compressed if form == "gzip" else self.body

    @property
    def size(self) -> int:
        """What it takes in memory (bytes)."""
        return len(self.body) + len(self.compressed)


class Kept:
    """The least recently used answers give way to new ones beyond `most` bytes."""

    def __init__(self, most: int) -> None:
        """Keep at most so many bytes."""
        self._most = most
        self._size = 0
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Answer | None:
        """Return the answer if it is kept."""
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            return found

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer; one that is larger than all the room is not kept."""
        if answer.size > self._most:
            return
        with self._lock:
            replaced = self._answers.pop(key, None)
            self._size += answer.size - (replaced.size if replaced else 0)
            self._answers[key] = answer
            while self._size > self._most:
                _, oldest = self._answers.popitem(last=False)
                self._size -= oldest.size

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._answers.clear()
            self._size = 0

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._answers)


# What the overlay's view answered; `incidents.web.overlay.front` gives it again.
KEPT = Kept(most=64 * 2**20)
