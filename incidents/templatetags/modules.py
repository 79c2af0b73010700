"""`{% load modules %}`, then `{% module "js/overlay.js" %}`: a page's module, and what it imports asked for at once."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.files.storage import storages
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_IMPORT = re.compile(r"""^import [^"']*["']\./([\w.-]+\.js)["'];""", re.MULTILINE)


@register.simple_tag
def module(name: str) -> SafeString:
    """Return the script element, and preloads of the modules that it imports, directly or not."""
    preloads = format_html_join("", '<link rel="modulepreload" href="{}">', ((url,) for url in imported(name)))
    return format_html('{}<script type="module" src="{}"></script>', preloads, staticfiles_storage.url(name))


def imported(name: str) -> tuple[str, ...]:
    """Return the addresses of what a module imports; of stored files, which never change, it is found out once."""
    storage = storages["staticfiles"]
    if isinstance(storage, ManifestFilesMixin) and not settings.DEBUG:
        return _stored(storage.stored_name(name))
    return _found(PurePosixPath(name), _source)


@cache
def _stored(name: str) -> tuple[str, ...]:
    return _found(PurePosixPath(name), lambda path: Path(storages["staticfiles"].path(str(path))))


def _source(path: PurePosixPath) -> Path:
    return Path(str(finders.find(str(path))))


def _found(first: PurePosixPath, file_of: Callable[[PurePosixPath], Path]) -> tuple[str, ...]:
    """Walk from file to file: stored files name each other by their hashed names, sources by their own."""
    seen = [first]
    for path in seen:
        names = _IMPORT.findall(file_of(path).read_text("utf-8"))
        seen += [other for other in map(path.with_name, names) if other not in seen]
    return tuple(sorted(f"{settings.STATIC_URL}{path}" for path in seen[1:]))
