"""Guards the hard limits of length: files of 400 lines, functions of 60. As a program it names what is over.

Compiled loops (`@compiled`, `@compiled(…)`) may be as long as their algorithm: a call in them is paid a million times.
So may the plain references (`reference_*.py`) that they are tested against, which are read beside them.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES = 400
FUNCTION_LINES = 60
_FOLDERS = ("workbench", "incidents", "tests", "benchmarks")
_SUFFIXES = {".py", ".js", ".css", ".html"}


def sources() -> Iterator[Path]:
    """Yield the project's own source files; migrations and vendored files are not written by hand."""
    for folder in (*_FOLDERS, "static", "templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _SUFFIXES and not {"vendor", "migrations", "__pycache__"} & set(path.parts):
                yield path


def too_long(path: Path, text: str) -> Iterator[str]:
    """Yield one sentence for each limit that a file breaks."""
    n_lines = text.count("\n")
    if n_lines > FILE_LINES:
        yield f"{path}: {n_lines} lines; the limit is {FILE_LINES}. Split it by purpose into a folder of the same name."
    if path.suffix != ".py" or path.name.startswith("reference_"):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_compiled(node):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines; the limit is {FUNCTION_LINES}."


def _is_compiled(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).split("(")[0] == "compiled" for decorator in node.decorator_list)


def main() -> int:
    """Print what is over a limit; return the exit code."""
    found = [line for path in sources() for line in too_long(path.relative_to(ROOT), path.read_text(encoding="utf-8"))]
    print("\n".join(found) or "Lengths: all files and functions are within their limits.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
