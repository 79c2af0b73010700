"""Fewer files for browsers to ask for: page modules with what they alone import, style sheets with what they import.

Both keep their names, so templates say the same whether files are bundled (production) or not (development, tests).
A module that several pages' modules reach stays a file of its own: it has one state on a page, and is kept once.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

Texts = Mapping[str, str]

# Nearly all of it runs when it is loaded. Chromium compiles a file that says so beside the page's own thread, instead
# of function by function on it: 20 ms there instead of 110. Others see a comment.
_RUN_WHOLE = frozenset({"vendor/plotly/plotly-basic.min.js"})
_HINT = "//# allFunctionsCalledOnLoad\n"

_IMPORT = re.compile(r'^import \{ ([^{}]+?) \} from "\./([\w-]+\.js)";[ ]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) ([\w$]+)", re.MULTILINE)
# What cannot be put into a function that gives its exports back once.
_OTHER = re.compile(r"^(?:import|export)\b|\bimport\(|\bimport\.meta\b|^await\b", re.MULTILINE)
_SHEET = re.compile(r'@import url\("([^"]+)"\)(?: layer\((\w+)\))?( print)?;')


class BundleError(ValueError):
    """A file cannot be bundled; the message names it and says what to write instead."""


def bundled(texts: Texts) -> dict[str, str]:
    """Return the texts that change: by name, of modules that pages load and of sheets that import others."""
    modules = {name: text for name, text in texts.items() if name.startswith("js/") and name.endswith(".js")}
    sheets = {name: text for name, text in texts.items() if name.startswith("css/") and name.endswith(".css")}
    graph = {name: _imported(name, text) for name, text in modules.items()}
    entries = sorted(graph.keys() - {found for imported in graph.values() for found in imported})
    orders = {entry: _order(entry, graph) for entry in entries}
    reached = [name for order in orders.values() for name in order]
    shared = {name for name in reached if reached.count(name) > 1}
    changed = {name: _module(order, shared, modules) for name, order in orders.items()}
    changed |= {name: _sheet(name, texts) for name in sheets}
    changed |= {name: _HINT + texts[name] for name in _RUN_WHOLE & texts.keys()}
    return {name: text for name, text in changed.items() if text != texts[name]}


def _imported(name: str, text: str) -> list[str]:
    return [str(PurePosixPath(name).with_name(found[2])) for found in _IMPORT.finditer(text)]


def _order(entry: str, graph: Mapping[str, list[str]]) -> list[str]:
    """Return what a module needs in the order in which it runs, itself last."""
    order: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in open_:
            raise BundleError(f"{name} imports itself by way of {open_[-1]}: move what both need into a third module.")
        if name not in graph:
            raise BundleError(f"{open_[-1]} imports {name}, which is not there.")
        open_.append(name)
        for found in graph[name]:
            visit(found)
        open_.pop()
        order.append(name)

    visit(entry)
    return order


def _module(order: list[str], shared: set[str], texts: Texts) -> str:
    """Return one module: each that it alone imports as a function run once, whose answer are its exports."""
    *inner, entry = order
    apart = [name for name in inner if name in shared]
    lines = [f'import * as {_handle(name)} from "./{PurePosixPath(name).name}";' for name in apart]
    for name in inner:
        if name not in shared:
            body, exports = _body(name, texts[name])
            lines.append(f"const {_handle(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();")
    return "\n".join([*lines, _body(entry, texts[entry])[0]])


def _body(name: str, text: str) -> tuple[str, list[str]]:
    """Return a module's text with imports as plain constants and without `export`, and the names that it exports."""

    def constants(found: re.Match[str]) -> str:
        return f"const {{ {found[1].replace(' as ', ': ')} }} = {_handle(found[2])};\n"

    exports = [found[2] for found in _EXPORT.finditer(text)]
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(constants, text))
    other = _OTHER.search(body)
    if other is not None:
        line = body[: other.start()].count("\n") + 1
        raise BundleError(
            f'{name}, line {line}: write imports as `import {{ a }} from "./b.js";`, '
            "exports as `export const`, `export function` or `export class`, and await nothing outside functions."
        )
    return body, exports


def _handle(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", PurePosixPath(name).stem)


def _sheet(name: str, texts: Texts) -> str:
    """Return a sheet with each that it imports in its place."""

    def inlined(found: re.Match[str]) -> str:
        place: list[str] = list(PurePosixPath(name).parent.parts)
        for part in PurePosixPath(found[1]).parts:
            if part == "..":
                place.pop()
            else:
                place.append(part)
        other = "/".join(place)
        text = _sheet(other, texts)
        if "url(" in text and PurePosixPath(other).parent != PurePosixPath(name).parent:
            raise BundleError(f"{other} names files and lies in another folder than {name}, which imports it.")
        around = f"@layer {found[2]}" if found[2] else "@media print" if found[3] else ""
        return f"{around} {{\n{text}\n}}" if around else text

    return _SHEET.sub(inlined, texts[name])
