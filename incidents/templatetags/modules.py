"""`{% load modules %}`, then `{% module "js/overlay.js" %}`: a page's module, and what it imports asked for at once."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
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
    """Return the addresses of what a module imports; of stored files it is found out once."""
    return _found(name) if settings.DEBUG or not hasattr(staticfiles_storage, "stored_name") else _kept(name)


@cache
def _kept(name: str) -> tuple[str, ...]:
    return _found(name)


def _found(name: str) -> tuple[str, ...]:
    """Walk from file to file: stored files name each other by their hashed names, sources by their own."""
    is_stored = hasattr(staticfiles_storage, "stored_name") and not settings.DEBUG
    first = PurePosixPath(staticfiles_storage.stored_name(name) if is_stored else name)
    seen = [first]
    for path in seen:
        file = settings.STATIC_ROOT / path if is_stored else Path(str(finders.find(str(path))))
        seen += [
            other for found in _IMPORT.findall(file.read_text("utf-8")) if (other := path.with_name(found)) not in seen
        ]
    base = str(staticfiles_storage.base_url)
    return tuple(sorted(base + str(path) for path in seen[1:]))
