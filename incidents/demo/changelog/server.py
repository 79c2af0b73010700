"""Changes that raise no complaints: prompts, flags, routing, infrastructure, prices, experiments, mitigations."""

from incidents.demo.changelog.harmful import EFFORT_DEFAULT, MAIN_MODELS, REASONING_CLEAR
from incidents.demo.changelog.rows import ChangeRow, local, steps

_PROMPTS: tuple[ChangeRow, ...] = (
    {
        "id": "prompt-file-references",
        "kind": "prompt",
        "title": "System prompt: how to name files and lines",
        "description": "Files are named with their path and line, so that clients can turn them into links.",
        "started_at": local("2026-02-13 11:40"),
        "scope": {},
        "user_facing": False,
        "visibility": "public",
        "artifact": {
            "name": "prompts/references.md",
            "before": "When you mention a file, give its name.\n",
            "after": (
                "When you mention a file, give its path from the repository root and the line, as in `src/app.py:40`.\n"
            ),
        },
        "url": "https://changes.alder.example/1987",
    },
    {
        "id": "prompt-tool-narration",
        "kind": "prompt",
        "title": "System prompt: no narration of routine tool calls",
        "description": (
            "Went out in the same push as the length limits: reading and searching need no comment. Stays in force."
        ),
        "started_at": local("2026-04-16 09:30"),
        "rollout": steps(("2026-04-16 09:30", 0.5), ("2026-04-16 12:00", 1.0)),
        "scope": {"model": [*MAIN_MODELS, "alder-large-5"]},
        "user_facing": False,
        "visibility": "public",
        "artifact": {
            "name": "prompts/tools.md",
            "before": "Before each tool call, say in a sentence what it is for.\n",
            "after": (
                "Before a tool call that changes something, say in a sentence what it is for. "
                "Reading and searching need no comment.\n"
            ),
        },
        "url": "https://changes.alder.example/2141",
    },
)

_FLAGS: tuple[ChangeRow, ...] = (
    {
        "id": "flag-parallel-search",
        "kind": "flag",
        "title": "Flag: search several folders at once",
        "description": "Searches run in parallel. Rolled out in four steps without a step back.",
        "started_at": local("2026-02-17 10:00"),
        "rollout": steps(
            ("2026-02-17 10:00", 0.05),
            ("2026-02-18 10:00", 0.25),
            ("2026-02-20 10:00", 0.5),
            ("2026-02-24 10:00", 1.0),
        ),
        "scope": {"surface": ["cli", "ide"]},
        "user_facing": False,
        "visibility": "public",
        "announced_at": local("2026-02-24 12:00"),
        "url": "https://changes.alder.example/1996",
    },
    {
        "id": "notice-effort-at-start",
        "kind": "flag",
        "title": "Start-up notice: which effort is in use",
        "description": (
            "Mitigation after the new default: the client says at start which effort is in use and how to change it. "
            "Most users keep the default all the same."
        ),
        "started_at": local("2026-03-12 14:00"),
        "rollout": steps(("2026-03-12 14:00", 0.2), ("2026-03-13 10:00", 1.0)),
        "ended_at": local("2026-04-07 16:20"),
        "end_kind": "superseded",
        "scope": {"surface": ["cli", "ide"], "effort": ["default"]},
        "user_facing": True,
        "visibility": "public",
        "announced_at": local("2026-03-12 14:00"),
        "mitigates": [EFFORT_DEFAULT],
        "url": "https://changes.alder.example/2049",
    },
    {
        "id": "flag-thinking-collapsed",
        "kind": "flag",
        "title": "Thinking is collapsed by default in the CLI",
        "description": (
            "The terminal shows a single line instead of the model's thinking. Noted later: while it is collapsed "
            "nobody can see whether the thinking of earlier turns is still there."
        ),
        "started_at": local("2026-03-24 11:05"),
        "carried_by_version": "3.44.0",
        "scope": {"surface": ["cli"]},
        "user_facing": True,
        "visibility": "public",
        "announced_at": local("2026-03-24 11:05"),
        "masks": [REASONING_CLEAR],
        "artifact": {
            "name": "client/display.toml",
            "before": '[thinking]\nshow = "full"\n',
            "after": '[thinking]\nshow = "collapsed"\n',
        },
        "url": "https://changes.alder.example/2071",
    },
    {
        "id": "flag-plan-preview",
        "kind": "flag",
        "title": "Flag: preview of plans, dogfood builds",
        "description": "Plans can be edited before they run. Dogfood and internal builds only.",
        "started_at": local("2026-04-13 09:50"),
        "scope": {"build": ["dogfood", "internal"]},
        "user_facing": False,
        "visibility": "dogfood",
        "url": "https://changes.alder.example/2126",
    },
)

_SERVICE: tuple[ChangeRow, ...] = (
    {
        "id": "infra-west-region",
        "kind": "infra",
        "title": "Browser sessions served from a second region",
        "description": "Half of the web app's traffic moves to the new region, then all of it.",
        "started_at": local("2026-03-05 08:30"),
        "rollout": steps(("2026-03-05 08:30", 0.5), ("2026-03-06 08:30", 1.0)),
        "scope": {"surface": ["web"]},
        "user_facing": False,
        "visibility": "public",
        "announced_at": local("2026-03-03 16:00"),
        "url": "https://changes.alder.example/2034",
    },
    {
        "id": "cache-prefix-order",
        "kind": "cache",
        "title": "Cache: stable order of tool definitions",
        "description": "Tool definitions are sorted before they enter the cached prefix; more requests share it.",
        "started_at": local("2026-03-26 09:15"),
        "rollout": steps(("2026-03-26 09:15", 0.1), ("2026-03-27 09:40", 1.0)),
        "scope": {},
        "user_facing": False,
        "visibility": "public",
        "artifact": {
            "name": "service/prefix.yaml",
            "before": "tools:\n  order: as_registered\n",
            "after": "tools:\n  order: by_name\n",
        },
        "url": "https://changes.alder.example/2076",
    },
    {
        "id": "routing-second-pool",
        "kind": "routing",
        "title": "Part of Alder Large 4 served from a second pool",
        "description": (
            "A balancing rule sent a growing part of the large model's requests to newer machines. Made by the "
            "capacity team and entered into the change log only when the log was reviewed."
        ),
        "started_at": local("2026-03-30 07:00"),
        "rollout": steps(("2026-03-30 07:00", 0.15), ("2026-04-03 07:00", 0.35)),
        "ended_at": local("2026-04-22 18:00"),
        "end_kind": "superseded",
        "scope": {"model": ["alder-large-4"]},
        "discovered_at": local("2026-04-21 10:10"),
        "user_facing": False,
        "visibility": "public",
        "url": "https://changes.alder.example/2155",
    },
    {
        "id": "model-large-5",
        "kind": "model",
        "title": "Alder Large 5 is available",
        "description": "The new large model can be chosen by everyone and becomes the suggestion for new projects.",
        "started_at": local("2026-04-16 09:05"),
        "scope": {"model": ["alder-large-5"]},
        "user_facing": True,
        "visibility": "public",
        "announced_at": local("2026-04-16 09:05"),
        "url": "https://changes.alder.example/2138",
    },
)

_PRICES_AND_TESTS: tuple[ChangeRow, ...] = (
    {
        "id": "promo-evening-limits",
        "kind": "pricing",
        "title": "Two weeks of doubled limits outside working hours",
        "description": "Usage outside working hours counts half on the Plus and Pro plans.",
        "started_at": local("2026-03-13 09:00"),
        "ended_at": local("2026-03-28 00:00"),
        "end_kind": "superseded",
        "scope": {"plan": ["plus", "pro"]},
        "user_facing": True,
        "visibility": "public",
        "announced_at": local("2026-03-13 09:00"),
        "url": "https://changes.alder.example/2052",
    },
    {
        "id": "experiment-message-queue",
        "kind": "experiment",
        "title": "Experiment: queue messages while the model works",
        "description": (
            "Internal builds only. Messages wait in a queue on the server. Noted later: the queue keeps sessions "
            "warm, so that on these builds hardly any session counts as idle."
        ),
        "started_at": local("2026-03-20 10:30"),
        "ended_at": local("2026-04-14 17:00"),
        "end_kind": "superseded",
        "scope": {"build": ["internal"]},
        "user_facing": False,
        "visibility": "internal",
        "masks": [REASONING_CLEAR],
        "url": "https://changes.alder.example/2066",
    },
    {
        "id": "limits-reset-all",
        "kind": "pricing",
        "title": "Usage limits reset for all subscribers",
        "description": "Five-hour and weekly limits start again at zero for everyone, once.",
        "started_at": local("2026-04-23 10:00"),
        "scope": {"plan": ["plus", "pro", "team", "enterprise"]},
        "user_facing": True,
        "visibility": "public",
        "announced_at": local("2026-04-23 10:00"),
        "url": "https://changes.alder.example/2163",
    },
)

SERVER_CHANGES: tuple[ChangeRow, ...] = (*_PROMPTS, *_FLAGS, *_SERVICE, *_PRICES_AND_TESTS)
