"""What every page needs around its content: theme, zone, the rail, the palette's commands."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from incidents.web.accounts.preferences import theme_of, zone_of
from incidents.web.public.bundle import bundle_url


@dataclass(frozen=True, slots=True, kw_only=True)
class RailItem:
    """One destination of the rail; `on_small` ones stay in the bottom bar at 390 px, the rest move under "More"."""

    key: str
    label: str
    icon: str
    route: str
    shortcut: str
    on_small: bool = False
    url: str = ""


RAIL = (
    RailItem(key="cases", label="Cases", icon="briefcase", route="cases", shortcut="g c", on_small=True),
    RailItem(key="changes", label="Changes", icon="git-commit-vertical", route="changes", shortcut="g h"),
    RailItem(key="tickets", label="Tickets", icon="inbox", route="tickets", shortcut="g t", on_small=True),
    RailItem(key="metrics", label="Metrics", icon="chart-line", route="metrics", shortcut="g m"),
    RailItem(key="documents", label="Documents", icon="file-text", route="documents", shortcut="g d", on_small=True),
    RailItem(key="publish", label="Publish", icon="megaphone", route="publish", shortcut="g p", on_small=True),
    RailItem(key="sources", label="Sources", icon="plug", route="sources", shortcut="g s"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell's context; `section`, set by a view, says which rail item is the current one."""
    context: dict[str, Any] = {
        "theme": theme_of(request),
        "preferred_zone": zone_of(request),
        # A function: only public pages ask.
        "public_style_url": bundle_url,
    }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return context
    rail = [RailItem(**{**asdict(item), "url": url}) for item in RAIL if (url := _address(item.route))]
    return context | {
        "rail": rail,
        "commands": _commands(rail, is_staff=user.is_staff),
    }


def _address(route: str) -> str:
    """Return the route's address, or nothing where it does not exist: the rail never shows a dead link."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _commands(rail: list[RailItem], *, is_staff: bool) -> list[dict[str, str]]:
    """Return the palette's commands that hold on every page; pages add theirs with `data-command`."""
    commands = [
        {"label": f"Go to {item.label.lower()}", "icon": item.icon, "url": item.url, "keys": item.shortcut}
        for item in rail
    ]
    others = [("Open a case", "plus", "case-new"), ("Preferences", "settings", "preferences")]
    others += [("Change password", "key-round", "password-change")]
    others += [("People and roles", "users", "people")] if is_staff else []
    others += (
        [("Style guide", "layers", "styleguide"), ("Administration", "shield-check", "admin:index")] if is_staff else []
    )
    commands += [
        {"label": label, "icon": icon, "url": url} for label, icon, route in others if (url := _address(route))
    ]
    return commands
