"""Client releases: each reaches its users over days, as they update."""

from incidents.demo.adoption import RELEASES
from incidents.demo.changelog.harmful import EFFORT_DEFAULT
from incidents.demo.changelog.rows import ChangeRow
from incidents.demo.world import WINDOW_START, ZONE

_NOTES: dict[str, tuple[str, str]] = {
    "3.41.0": (
        "faster start, session names",
        "Starts in half the time. Sessions can be named and found again. Fixes a crash with very long file names.",
    ),
    "3.42.0": (
        "search in open files first",
        "Search looks at open files before the rest of the repository. The diff view wraps long lines.",
    ),
    "3.43.0": (
        "effort selector beside the prompt",
        "The reasoning effort can be chosen beside the prompt, per session. Mitigation: users who miss the old "
        "default can bring it back themselves.",
    ),
    "3.44.0": (
        "collapsed thinking, quieter terminal",
        "The terminal redraws less. Thinking is collapsed by default in the CLI (see the separate entry).",
    ),
    "3.45.0": (
        "tool server reconnects",
        "Tool servers reconnect after sleep. Permission choices are kept per project.",
    ),
    "3.46.0": (
        "fix for sessions that return from idle",
        "Keeps a session's reasoning after a long pause. Fixes flicker in split panes.",
    ),
    "3.47.0": (
        "support for Alder Large 5",
        "Adds the new model to the model menu. The prompt field keeps its history across projects.",
    ),
    "3.48.0": (
        "system prompt without length limits",
        "Goes back to the earlier wording of the system prompt. Fixes pasting of several lines.",
    ),
    "3.49.0": (
        "usage page in the client",
        "Shows what counts towards the limits, per session. The status line fits into narrow windows.",
    ),
}

_WITH_EFFORT_SELECTOR = "3.43.0"


def _release(version: str) -> ChangeRow:
    headline, notes = _NOTES[version]
    at = RELEASES[version].astimezone(ZONE).isoformat()
    row: ChangeRow = {
        "id": f"client-{version}",
        "kind": "client_release",
        "title": f"Client {version}: {headline}",
        "description": notes,
        "started_at": at,
        "carried_by_version": version,
        "announced_at": at,
        "user_facing": True,
        "visibility": "public",
        "url": f"https://releases.alder.example/{version}",
    }
    if version == _WITH_EFFORT_SELECTOR:
        row["mitigates"] = [EFFORT_DEFAULT]
    return row


RELEASE_CHANGES: tuple[ChangeRow, ...] = tuple(
    _release(version) for version, at in RELEASES.items() if at > WINDOW_START
)
