"""The public pages' style as one file: a reader's browser asks once, and keeps it for a year."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse

from incidents.core.errors import NotThere
from incidents.publishing.queries import NOT_PUBLIC
from incidents.web.public.caching import FOREVER, public

# In the order of the layers; what only staff pages use stays out.
_SHEETS = ("reset", "tokens", "base", "layout", "controls", "display", "feedback", "figures", "prose", "public")
_URL = re.compile(r"url\((['\"]?)([^'\")]+)\1\)")
_IMPORT = re.compile(r"@import url\(\"\.\./([^\"]+)\"\) layer\((\w+)\);")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The text and the mark that changes with it."""

    text: str
    mark: str


@cache
def bundle() -> Bundle:
    """Return the sheets as one, comments left out, addresses within made absolute."""
    parts = [_sheet(name) for name in _SHEETS]
    parts.append(f"@media print {{\n{_sheet('print')}\n}}")
    text = "\n".join(parts)
    return Bundle(text, hashlib.sha256(text.encode()).hexdigest()[:16])


def bundle_url() -> str:
    """Return the bundle's address."""
    return reverse("public-style", kwargs={"mark": bundle().mark})


@public
def style(request: HttpRequest, mark: str) -> HttpResponse:
    """Return the bundle; an old mark is not there any more."""
    if mark != bundle().mark:
        raise NotThere(NOT_PUBLIC)
    response = HttpResponse(bundle().text, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOREVER
    return response


def _sheet(name: str) -> str:
    text = _IMPORT.sub(_inlined, _read(f"css/{name}.css"))
    return _URL.sub(_absolute, text)


def _inlined(found: re.Match[str]) -> str:
    return f"@layer {found[2]} {{\n{_read(found[1])}\n}}"


def _read(path: str) -> str:
    return _COMMENT.sub("", (settings.BASE_DIR / "static" / path).read_text(encoding="utf-8"))


def _absolute(found: re.Match[str]) -> str:
    address = found[2]
    if address.startswith(("data:", "/", "#")):
        return found[0]
    place: list[str] = ["css"]
    for part in PurePosixPath(address).parts:
        if part == "..":
            place.pop()
        else:
            place.append(part)
    return f'url("{static("/".join(place))}")'
