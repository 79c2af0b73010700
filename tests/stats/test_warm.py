"""Compiling ahead, and who loads the compiler."""

import os
import subprocess
import sys
from pathlib import Path

from incidents.stats import compiled
from incidents.stats.attribution import clustering, collapse, kernel
from incidents.stats.warm import warm

ROOT = Path(__file__).resolve().parents[2]


def test_each_entry_is_compiled_for_one_kind_of_arguments() -> None:
    """A second kind, met in whatever test ran before, would be compiled while a user waits."""
    warm()
    entries = [kernel.climb, clustering.cluster]
    entries += [getattr(collapse, name) for name in ("merge", "products", "share_out", "proportional")]
    entries += [getattr(collapse, name) for name in ("by_level", "by_level_merged", "open_axes", "close_axes")]
    entries += [getattr(collapse, name) for name in ("project", "by_kind", "by_step", "add_scaled")]
    for entry in entries:
        assert len(entry.signatures) == 1, entry  # type: ignore[attr-defined]


def test_compiled_code_is_stale_when_a_source_beside_it_changes(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text("@compiled\ndef f(): ...\n")
    (tmp_path / "plain.py").write_text("x = 1\n")
    stamp = compiled._stamp.__wrapped__
    before = stamp(tmp_path)
    (tmp_path / "plain.py").write_text("x = 2\n")
    assert stamp(tmp_path) == before
    (tmp_path / "two.py").write_text("@compiled\ndef f(): return 1\n")
    assert stamp(tmp_path) != before


def test_a_web_worker_loads_no_compiler_and_no_heavy_library() -> None:
    """A worker that serves pages stays near a hundred megabytes: what computes loads these by its first call."""
    program = (
        "import sys, django; django.setup(); import workbench.urls; "
        "print([name for name in ('numba', 'llvmlite', 'scipy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "workbench.settings_lint"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
