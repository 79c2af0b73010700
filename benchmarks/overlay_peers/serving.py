"""What granian runs for the benchmark: the workbench as `make up` ships it, and the bare pages beside it.

WORKBENCH_BENCH_FILES names a folder with the numbers and with uPlot; without them the workbench is alone. Files of the
bare pages are compressed and kept for ever by browsers, as the workbench's own are; they are answered from memory.
"""

import gzip
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.overlay_peers import pages
from workbench.wsgi import application as workbench

FILES = Path(os.environ["WORKBENCH_BENCH_FILES"])
Header = tuple[str, str]
HTML: list[Header] = [("Content-Type", "text/html; charset=utf-8")]


def _file(kind: str, body: bytes) -> tuple[list[Header], bytes]:
    kept = ("Cache-Control", "max-age=315360000, public, immutable")
    return [("Content-Type", kind), ("Content-Encoding", "gzip"), kept], body


def _bare() -> dict[str, tuple[list[Header], bytes]]:
    return {
        "/bench/uplot": (HTML, pages.UPLOT.encode()),
        "/bench/canvas": (HTML, pages.CANVAS.encode()),
        "/bench/uplot.js": _file("text/javascript", gzip.compress((FILES / "uplot.js").read_bytes(), 9)),
        "/bench/uplot.css": _file("text/css", gzip.compress((FILES / "uplot.css").read_bytes(), 9)),
        "/bench/numbers.json": _file("application/json", (FILES / "numbers.json.gz").read_bytes()),
    }


BARE = _bare() if (FILES / "uplot.js").exists() else {}


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    bare = BARE.get(environ["PATH_INFO"])
    if bare is None:
        answer: Iterable[bytes] = workbench(environ, start)
        return answer
    headers, body = bare
    start("200 OK", [*headers, ("Content-Length", str(len(body)))])
    return [body]
