"""No text of 200 kB keeps the workbench busy for more than a second: it is rendered and read in time, or refused."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from incidents.core.errors import InputError
from incidents.documents.audiences import Audience, check_marks, text_for
from incidents.documents.citations import citations, gaps
from incidents.documents.detector import loose_statements
from incidents.documents.merging import merge
from incidents.documents.plain import plain_text
from incidents.documents.redaction import Guard, find_leaks, public_markdown
from incidents.documents.rendering import MAX_BYTES, check_source, render_markdown
from incidents.documents.rendering.pool import SECONDS, _renderer

_SIZE = MAX_BYTES - 1_000


def _lines(unit: str, width: int) -> str:
    """Return a text of many lines that are the unit again and again."""
    per_line = max(1, width // len(unit))
    return "\n".join([unit * per_line] * (_SIZE // (len(unit) * per_line + 1)))


# What other renderers and readers of Markdown are known to stall on, whole and cut into lines that pass the guard.
HOSTILE = {
    "brackets": "[" * 20_000,
    "links": "[a](<b" * 10_000,
    "backticks": "".join("`" * n + " " for n in range(1, 390)) * 2,
    "nested lists": "\n".join("  " * n + "- a" for n in range(390)),
    "nested quotes": ">" * 1_500 + "a",
    "emphasis": "*a **a " * 2_000,
    "entities": "&" * 390 + "\n",
    **{f"{unit!r} in lines": _lines(unit, 390) for unit in ("[a](<b", "`", "[[internal:")},
    **{f"{unit!r}": _lines(unit, 15_000) for unit in ("1 ", "a-", "# a\n", "::: internal\n", "\n", "[4](ev:x) ")},
    "definitions": "[a]: b\n" * 25_000,
    "notes": "".join(f"[^{n}]: x\n" for n in range(15_000)),
}
# Each that is ended by its alarm costs the test as long.
RENDERED = [name for name in HOSTILE if " in lines" not in name and not name.startswith("'")] + ["'[a](<b' in lines"]


def _child_seconds() -> float:
    """Return what the living renderer has computed (seconds of processor time)."""
    child = _renderer._child
    if child is None or child.poll() is not None:
        return 0.0
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="NO /proc: what the renderer computes cannot be read")
def test_rendering_is_bounded_whatever_is_written() -> None:
    render_markdown("warm", public=True)
    told: dict[str, str] = {}
    for name in RENDERED:
        text = HOSTILE[name]
        before = _child_seconds()
        try:
            render_markdown(text, public=True)
            told[name] = "rendered"
            assert _child_seconds() - before <= SECONDS + 0.1, name
        except InputError as refused:
            # Either refused before, or ended by its own alarm, which the kernel keeps.
            told[name] = str(refused)
    assert "repeated four hundred times" in told["brackets"]
    assert "more than 1,000 notes" in told["definitions"]
    assert list(told.values()).count("rendered") >= 1, told
    assert render_markdown("fine", public=True) == "<p>fine</p>"


@contextlib.contextmanager
def _within_a_second(name: str) -> Iterator[None]:
    started = time.process_time()
    with contextlib.suppress(InputError):
        yield
    assert time.process_time() - started < 1.0, name


READ = [name for name in HOSTILE if name not in ("brackets", "backticks", "nested quotes", "definitions", "notes")]
READERS: dict[str, Callable[[str], object]] = {
    "citations": citations,
    "gaps": gaps,
    "loose statements": lambda text: loose_statements(text, ["Larch 2"]),
    "marks": check_marks,
    "cut for the public": lambda text: text_for(text, Audience.PUBLIC),
    "public Markdown": public_markdown,
    "leaks": lambda text: find_leaks("Title", text, Guard()),
    "plain text": plain_text,
    "merging": lambda text: merge(text, f"first\n{text[: len(text) // 2]}", f"{text}\nlast"),
}


@pytest.mark.parametrize("reader", READERS)
def test_reading_a_text_is_bounded(reader: str) -> None:
    for name in READ:
        text = HOSTILE[name]
        with _within_a_second(f"{reader}: {name}"):
            check_source(text)
            READERS[reader](text)
