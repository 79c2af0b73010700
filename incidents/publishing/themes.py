"""A product's look in public: name, logo, colours, a style sheet of its own, a host of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Form, InputError, Problem
from incidents.publishing.models import Theme
from incidents.publishing.site import site_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_problem = Form("theme").problem

THEME_FIELDS = ("site_name", "home_url", "accent", "accent_dark", "domain", "css")
DEFAULT_ACCENT = "#3a4bc4"
# The least contrast of text (WCAG 2.2 AA), against the page in its light and its dark form.
READABLE = 4.5
_LIGHT, _DARK = "#ffffff", "#17191d"
LOGO_MOST = 200 * 1024
CSS_MOST = 50 * 1024
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SIGNATURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "image/svg+xml": (b"<svg", b"<?xml"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A theme with every gap filled; `mark` changes with it, `css` is its own style sheet with the colours first."""

    site_name: str
    accent: str
    css: str
    has_logo: bool
    home_url: str
    domain: str
    mark: str


def theme_for(product: Product) -> Look:
    """Return the product's look; every product has one."""
    row = getattr(product, "theme", None)
    if row is None:
        return Look(
            site_name=product.name, accent=DEFAULT_ACCENT, css="", has_logo=False, home_url="", domain="", mark=""
        )
    return Look(
        site_name=row.site_name or product.name,
        accent=row.accent or DEFAULT_ACCENT,
        css=_colours(row) + row.css,
        has_logo=bool(row.logo_type),
        home_url=row.home_url,
        domain=row.domain,
        mark=f"{row.updated_at.timestamp():.6f}".replace(".", ""),
    )


def stored_theme(product: Product) -> dict[str, str]:
    """Return what a person entered, by field; empty texts where nothing was."""
    row = Theme.objects.filter(product=product).defer("logo").first()
    return {name: getattr(row, name, "") for name in THEME_FIELDS}


def product_at(host: str) -> Product | None:
    """Return the product whose public pages stand at a host of their own."""
    return Product.objects.filter(theme__domain=host.lower()).first() if host else None


def logo_of(product: Product) -> tuple[bytes, str] | None:
    """Return the logo and its content type."""
    row = Theme.objects.filter(product=product).exclude(logo_type="").first()
    return None if row is None or row.logo is None else (bytes(row.logo), row.logo_type)


def save_theme(
    *,
    actor: "User",
    product: Product,
    site_name: str = "",
    accent: str = "",
    accent_dark: str = "",
    css: str = "",
    home_url: str = "",
    domain: str = "",
    logo: bytes | None = None,
    removes_logo: bool = False,
) -> Theme:
    """Store the look; `logo` None keeps the one there is. Raises InputError that names each field and its remedy."""
    require(actor, Action.ADMINISTER, product)
    fields: dict[str, Any] = {
        "site_name": " ".join(site_name.split())[:120],
        "accent": accent.strip().lower(),
        "accent_dark": accent_dark.strip().lower(),
        "css": css,
        "home_url": home_url.strip(),
        "domain": domain.strip().lower().rstrip("."),
    }
    kind = _logo_type(logo) if logo else ""
    problems = [*_colour_problems(fields), *_address_problems(fields), *_file_problems(css, logo, kind)]
    if problems:
        raise InputError(problems)
    if logo:
        fields |= {"logo": logo, "logo_type": kind}
    elif removes_logo:
        fields |= {"logo": None, "logo_type": ""}
    try:
        with transaction.atomic():
            theme, _ = Theme.objects.update_or_create(product=product, defaults=fields)
            record_audit(
                actor=actor,
                action="public theme saved",
                subject=product,
                product_id=product.pk,
                detail={"domain": fields["domain"], "accent": fields["accent"], "css_bytes": len(css)},
            )
            site_changed()
    except IntegrityError as error:
        raise InputError([_problem("domain", "another product stands there", "choose another host name")]) from error
    return theme


def _colour_problems(fields: Mapping[str, str]) -> Iterator[Problem]:
    dark = fields["accent_dark"] or fields["accent"]
    for name, value, paper in (("accent", fields["accent"], _LIGHT), ("accent_dark", dark, _DARK)):
        if value and not _COLOUR.fullmatch(value):
            yield _problem(name, f"{value[:20]!r} is no colour", "write it as #3a4bc4")
        elif value and contrast(value, paper) < READABLE:
            ratio = f"{contrast(value, paper):.1f}"
            remedy = f"choose a {'darker' if paper == _LIGHT else 'lighter'} one: {READABLE} to 1 at least"
            yield _problem(name, f"links in {value} are hard to read, {ratio} to 1 against the page", remedy)


def _address_problems(fields: Mapping[str, str]) -> Iterator[Problem]:
    home_url, domain = fields["home_url"], fields["domain"]
    if home_url and not home_url.startswith(("https://", "http://")):
        yield _problem("home_url", "it is no web address", "begin it with https://")
    if domain and not _HOST.fullmatch(domain):
        yield _problem("domain", f"{domain[:60]!r} is no host name", "write it as status.example.com")


def _file_problems(css: str, logo: bytes | None, kind: str) -> Iterator[Problem]:
    if len(css.encode()) > CSS_MOST:
        yield _problem("css", "the style sheet is larger than 50 kB", "shorten it")
    if "<" in css:
        yield _problem("css", "a style sheet holds no “<”", "take it out")
    if logo and len(logo) > LOGO_MOST:
        yield _problem("logo", "the logo is larger than 200 kB", "choose a smaller picture")
    elif logo and not kind:
        yield _problem("logo", "the file is no PNG, JPEG, WebP or SVG", "choose such a picture")


def _logo_type(logo: bytes) -> str:
    start = logo.lstrip()[:200]
    for kind, signs in _SIGNATURES.items():
        if start.startswith(signs):
            return kind
    return ""


def _colours(row: Theme) -> str:
    """Return the colours as the design's own properties, one for light and one for dark pages."""
    if not row.accent:
        return ""
    pair = f"light-dark({row.accent}, {row.accent_dark or row.accent})"
    return f":root {{ --accent: {pair}; --accent-strong: {pair}; }}\n"


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2), 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
