"""What granian runs for the benchmark: the workbench with its static files, and the bare pages beside it.

WORKBENCH_BENCH_FILES names a folder with the numbers and with uPlot.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
os.environ["WORKBENCH_TLS"] = "0"
django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up before its parts are imported
from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402

from benchmarks.overlay_peers import pages  # noqa: E402

settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
FILES = Path(os.environ["WORKBENCH_BENCH_FILES"])
TYPES = {".js": "text/javascript", ".css": "text/css", ".gz": "application/json"}
_workbench = WSGIHandler()
_with_files = StaticFilesHandler(_workbench)


def _bare(path: str) -> tuple[str, bytes, bool]:
    """Return (type, body, whether it is compressed) of one of the bare pages' addresses."""
    if path == "/bench/uplot":
        return "text/html; charset=utf-8", pages.UPLOT.encode(), False
    if path == "/bench/canvas":
        return "text/html; charset=utf-8", pages.CANVAS.encode(), False
    name = {"/bench/numbers.json": "numbers.json.gz", "/bench/uplot.js": "uplot.js", "/bench/uplot.css": "uplot.css"}[
        path
    ]
    file = FILES / name
    return TYPES[file.suffix], file.read_bytes(), file.suffix == ".gz"


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    path = environ["PATH_INFO"]
    if path.startswith("/bench/"):
        kind, body, is_compressed = _bare(path)
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start("200 OK", headers + ([("Content-Encoding", "gzip")] if is_compressed else []))
        return [body]
    handler = _with_files if path.startswith(str(settings.STATIC_URL)) else _workbench
    answer: Iterable[bytes] = handler(environ, start)
    return answer
