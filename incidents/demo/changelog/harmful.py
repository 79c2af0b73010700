"""The three changes that raise complaints. Nothing in these rows says so: they read like any other change."""

from incidents.demo.changelog.rows import ChangeRow, local, steps

MAIN_MODELS = ["alder-large-4", "alder-medium-4"]

EFFORT_DEFAULT = "effort-default-medium"
REASONING_CLEAR = "idle-reasoning-cleanup"
LENGTH_LIMITS = "prompt-length-limits"

_PROMPT_OPENING = """\
You are Alder Code, an assistant that works in the user's repository.

Working style
- Read the files that matter before you change anything.
- Make the smallest change that solves the task.
- Run the project's checks when it has them, and report what they said.
"""

_PROMPT_BEFORE = f"""{_PROMPT_OPENING}
Talking to the user
- Say what you are about to do when a step is not obvious.
- Close with a summary: what changed, why, what is left to decide.
"""

_PROMPT_AFTER = f"""{_PROMPT_OPENING}
Talking to the user
- Use at most 30 words between two tool calls.
- Use at most 120 words in the closing summary, unless the task is itself a text.
"""

HARMFUL: tuple[ChangeRow, ...] = (
    {
        "id": EFFORT_DEFAULT,
        "kind": "effort",
        "title": "Default reasoning effort: high to medium",
        "description": (
            "Users had asked why the client looks frozen while the model thinks. The default effort of the two main "
            "models goes from high to medium: shorter waits, fewer tokens per turn. Users who chose an effort keep it."
        ),
        "started_at": local("2026-03-04 10:05"),
        "rollout": steps(
            ("2026-03-04 10:05", 0.05),
            ("2026-03-04 15:00", 0.25),
            ("2026-03-05 09:30", 0.6),
            ("2026-03-05 16:00", 1.0),
        ),
        "ended_at": local("2026-04-07 16:20"),
        "end_kind": "revert",
        "scope": {"model": MAIN_MODELS, "effort": ["default"]},
        "announced_at": local("2026-03-06 09:00"),
        "user_facing": True,
        "visibility": "public",
        "artifact": {
            "name": "service/effort.yaml",
            "before": (
                "default_effort:\n  alder-large-4: high\n  alder-medium-4: high\n  alder-small-4: medium\n"
                "respect_user_choice: true\n"
            ),
            "after": (
                "default_effort:\n  alder-large-4: medium\n  alder-medium-4: medium\n  alder-small-4: medium\n"
                "respect_user_choice: true\n"
            ),
        },
        "url": "https://changes.alder.example/2031",
    },
    {
        "id": REASONING_CLEAR,
        "kind": "cache",
        "title": "Clear old reasoning when a session returns from idle",
        "description": (
            "A session that was idle for over an hour misses the cache anyway, so the reasoning of earlier turns is "
            "dropped before the next request to make it cheaper. Meant to happen once, on return."
        ),
        "started_at": local("2026-03-26 11:20"),
        "rollout": steps(("2026-03-26 11:20", 0.1), ("2026-03-27 09:40", 0.5), ("2026-03-27 15:10", 1.0)),
        "ended_at": local("2026-04-10 10:35"),
        "end_kind": "fix",
        "fixed_in_version": "3.46.0",
        "scope": {"model": MAIN_MODELS, "session": ["idle_over_1h"]},
        "discovered_at": local("2026-04-09 15:30"),
        "user_facing": False,
        "visibility": "public",
        "artifact": {
            "name": "service/context.yaml",
            "before": "reasoning:\n  keep: all\nidle:\n  threshold_minutes: 60\n",
            "after": (
                "reasoning:\n  keep: all\nidle:\n  threshold_minutes: 60\n  on_return:\n    reasoning: keep_last\n"
                "    sticky: true\n"
            ),
        },
        "url": "https://changes.alder.example/2077",
    },
    {
        "id": LENGTH_LIMITS,
        "kind": "prompt",
        "title": "System prompt: limits on the length of answers",
        "description": (
            "The newest model writes more than its predecessors. Two lines in the system prompt limit the text "
            "between tool calls and the closing summary."
        ),
        "started_at": local("2026-04-16 09:30"),
        "rollout": steps(("2026-04-16 09:30", 0.5), ("2026-04-16 12:00", 1.0)),
        "ended_at": local("2026-04-20 13:50"),
        "end_kind": "revert",
        "fixed_in_version": "3.48.0",
        "scope": {"model": [*MAIN_MODELS, "alder-large-5"]},
        "user_facing": False,
        "visibility": "public",
        "interacts_with": ["prompt-tool-narration", "model-large-5"],
        "artifact": {"name": "prompts/system.md", "before": _PROMPT_BEFORE, "after": _PROMPT_AFTER},
        "url": "https://changes.alder.example/2140",
    },
)
