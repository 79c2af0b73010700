"""Static files under the production's storage: every reference leads somewhere, every name carries a content hash."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import storages
from django.core.management import call_command
from django.template.loader import get_template
from django.test import override_settings

ROOT = Path(__file__).resolve().parents[2]
_IMPORT = re.compile(r"""(?:^|[;\s])(?:import|from)\s*["'](\.[^"']+)["']""", re.MULTILINE)
_STATIC_TAG = re.compile(r"""{%\s*(?:static|module)\s+["']([^"']+)["']""")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder into which all files were collected, uncompressed."""
    from workbench.static import HashedStaticFilesStorage

    folder = tmp_path_factory.mktemp("static")
    backends = {"staticfiles": {"BACKEND": "workbench.static.HashedStaticFilesStorage"}}
    with (
        override_settings(STATIC_ROOT=folder, STORAGES={**storages.backends, **backends}),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(HashedStaticFilesStorage, "compress_files", lambda self, names: iter(()))
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


def test_imports_between_our_modules_carry_hashes(collected: Path) -> None:
    modules = list((collected / "js").glob("*.js"))
    imports = [(module, name) for module in modules for name in _IMPORT.findall(module.read_text(encoding="utf-8"))]
    assert imports
    for module, name in imports:
        assert re.search(r"\.[0-9a-f]{12}\.js$", name), (module.name, name)
        assert (module.parent / name).is_file(), (module.name, name)


def test_pages_ask_for_few_files(collected: Path) -> None:
    manifest = json.loads((collected / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    overlay = (collected / manifest["js/overlay.js"]).read_text(encoding="utf-8")
    assert set(_IMPORT.findall(overlay)) == {f"./{manifest[f'js/{name}.js'][3:]}" for name in ("dom", "toasts")}
    assert "function drawLanes" in overlay
    sheet = (collected / manifest["css/app.css"]).read_text(encoding="utf-8")
    assert "@import" not in sheet
    assert "@media print {" in sheet
    assert ".button" in sheet


def test_only_names_with_hashes_are_kept(collected: Path) -> None:
    kept = [path for path in collected.rglob("*") if path.is_file() and path.name != "staticfiles.json"]
    assert len(kept) > 100
    assert [path.name for path in kept if not re.search(r"\.[0-9a-f]{12}(\.|$)", path.name)] == []


def test_every_file_that_a_template_names_is_there(collected: Path) -> None:
    manifest = (collected / "staticfiles.json").read_text(encoding="utf-8")
    named = {
        (path.relative_to(ROOT), name)
        for path in (ROOT / "templates").rglob("*.html")
        for name in _STATIC_TAG.findall(path.read_text(encoding="utf-8"))
    }
    assert named
    assert [(str(path), name) for path, name in sorted(named) if f'"{name}"' not in manifest] == []


def test_every_template_compiles() -> None:
    """A broken tag in a page that no test opens is found here."""
    names = [str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html")]
    assert names
    for name in names:
        get_template(name)


def test_the_suite_itself_uses_plain_names() -> None:
    assert staticfiles_storage.url("css/x.css") == "/static/css/x.css"
