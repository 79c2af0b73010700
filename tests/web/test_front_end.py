"""What the front end promises: vendored files as listed, icons that exist, nothing inline, style sheets in layers."""

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

from incidents.templatetags.modules import imported

STATIC: Path = settings.BASE_DIR / "static"
VENDOR = STATIC / "vendor"
# Letters and files that leave the site carry their style with them; no page includes them.
SENT = settings.BASE_DIR / "templates" / "sent"
TEMPLATES = sorted(path for path in (settings.BASE_DIR / "templates").rglob("*.html") if SENT not in path.parents)
SHEETS = sorted((STATIC / "css").rglob("*.css"))
MODULES = sorted((STATIC / "js").rglob("*.js"))
LISTED = dict(re.findall(r"^\| (\S+) \| `([0-9a-f]{64})` \|$", (VENDOR / "VENDORED.md").read_text(), re.MULTILINE))
NAMES = [str(path.relative_to(settings.BASE_DIR)) for path in TEMPLATES]


def test_every_vendored_file_is_listed_with_its_sum() -> None:
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDORED.md"
    }
    assert found == LISTED


def test_every_vendored_library_has_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert len(folders) >= 6
    assert [folder.name for folder in folders if not (folder / "LICENSE").is_file()] == []


def test_every_icon_that_is_used_exists() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (VENDOR / "lucide/sprite.svg").read_text()))
    used: dict[str, str] = {}
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        for pattern in (r'{%\s*icon "([\w-]+)"', r'icon_name="([\w-]+)"', r'data-command-icon="([\w-]+)"'):
            used |= dict.fromkeys(re.findall(pattern, text), path.name)
    for path in (settings.BASE_DIR / "incidents/web").rglob("*.py"):
        used |= dict.fromkeys(
            re.findall(r'icon(?:_name)?"?[=:] ?"([\w-]+)"', path.read_text(encoding="utf-8")), path.name
        )
    statuses = (settings.BASE_DIR / "incidents/web/presenters/statuses.py").read_text(encoding="utf-8")
    used |= dict.fromkeys(re.findall(r'Look\("[^"]+", "\w*", "([\w-]+)"\)', statuses), "statuses.py")
    for path in MODULES:
        pairs = re.findall(r'\bicon\("([\w-]+)"\)|icon: "([\w-]+)"', path.read_text(encoding="utf-8"))
        used |= dict.fromkeys((a or b for a, b in pairs), path.name)
    assert len(used) > 30
    assert {icon: where for icon, where in used.items() if icon not in known} == {}


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_templates_hold_nothing_inline(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{#.*?#}", "", path.read_text(encoding="utf-8"))
    assert not re.search(r"<style", text), "a style element: put the rules into static/css"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "a script without src: write a module in static/js"
    assert not re.search(r"""\sstyle\s*=\s*["']""", text), "a style attribute: use a class"
    assert not re.search(r"""\son[a-z]+\s*=\s*["']""", text), "an on… attribute: listen in a module"
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?:https?:)?//[^"']*\.(?:js|css|woff2?)""", text), "a foreign file"


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_templates_compile_and_name_files_that_exist(path: Path) -> None:
    get_template(str(path.relative_to(settings.BASE_DIR / "templates")))
    for name in re.findall(r"""{%\s*static ["']([^"']+)["']""", path.read_text(encoding="utf-8")):
        assert finders.find(name), f"{path.name} names static/{name}, which is not there"


@pytest.mark.parametrize("path", SHEETS, ids=[path.name for path in SHEETS])
def test_style_sheets_keep_to_layers_and_lengths(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "@layer " in text
    assert text.count("\n") <= (150 if path.parent.name == "pages" else 400)
    # Print undoes the screen's layout, [hidden] wins over any display, and sizes that Plotly sets inline must yield.
    assert text.count("!important") <= 2
    if path.name != "tokens.css":
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?![^{]*{)", re.sub(r"#ffffff", "", text)), (
            "a colour that is no token"
        )


def test_modules_import_files_that_exist_and_evaluate_nothing() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"""(?:from|import) ["'](\.[^"']+)["']""", text):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"
        assert not re.search(
            r"\beval\(|new Function|\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write", text
        ), path.name


def test_what_a_module_imports_is_preloaded() -> None:
    found, waiting = set(), ["shell"]
    while waiting:
        text = (STATIC / "js" / f"{waiting.pop()}.js").read_text(encoding="utf-8")
        fresh = set(re.findall(r"""from ["']\./([\w-]+)\.js["']""", text)) - found
        found |= fresh
        waiting += fresh
    assert len(found) > 5
    assert imported("js/shell.js") == tuple(sorted(f"/static/js/{name}.js" for name in found))
