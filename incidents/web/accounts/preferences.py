"""A reader's own wishes, kept in two cookies: the theme, and the zone in which times are shown."""

from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse

THEME_COOKIE, ZONE_COOKIE = "workbench_theme", "workbench_zone"
THEMES = (("system", "As the system", "monitor"), ("light", "Light", "sun"), ("dark", "Dark", "moon"))
_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones on offer: UTC first, then places by name."""
    places = sorted(name for name in available_timezones() if name.partition("/")[0] in _AREAS)
    return ("UTC", *places)


def theme_of(request: HttpRequest) -> str:
    """Return "light", "dark" or "system"."""
    wish = request.COOKIES.get(THEME_COOKIE, "")
    return wish if wish in {key for key, _, _ in THEMES} else "system"


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the zone that the reader chose; None leaves the case's own zone in force."""
    return zone_called(request.COOKIES.get(ZONE_COOKIE, ""))


def zone_called(name: str) -> ZoneInfo | None:
    """Return a zone on offer by its name, else None."""
    if name not in zone_names():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def remember(response: HttpResponse, *, theme: str | None = None, zone: str | None = None) -> None:
    """Keep the wishes for a year; an empty zone forgets it."""
    for cookie, value in ((THEME_COOKIE, theme), (ZONE_COOKIE, zone)):
        if value is None:
            continue
        if not value:
            response.delete_cookie(cookie)
            continue
        response.set_cookie(
            cookie,
            value,
            max_age=timedelta(days=365),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
