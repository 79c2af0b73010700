"""How static files are stored: under names with a content hash, so that browsers keep them for ever, and compressed."""

from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from workbench.bundling import bundled


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names everywhere, in the imports between our own modules too; modules and style sheets are bundled.

    Django can rewrite such imports, but then in every script; those that packages bring may name what is not there.
    """

    # A module's name holds the hash of what it imports, so each step of the longest chain of imports takes a pass.
    max_post_process_passes = 16

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def post_process(self, paths: dict[str, Any], *args: Any, **kwargs: Any) -> Iterator[tuple[str, str, Any]]:
        """Bundle, then hash and compress as ever."""
        texts = {}
        for name, (storage, path) in paths.items():
            if name.startswith(("js/", "css/", "vendor/")) and name.endswith((".js", ".css")):
                with storage.open(path) as file:
                    texts[name] = file.read().decode("utf-8")
        made = _Made(bundled(texts))
        yield from super().post_process(paths | {name: (made, name) for name in made.texts}, *args, **kwargs)


class _Made:
    """Where bundled files are read from."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def open(self, name: str) -> "ContentFile[bytes]":
        return ContentFile(self.texts[name].encode())
