"""The demo case's symptoms and metrics as case.json lists them."""

from typing import Any, Final

SYMPTOMS: Final[list[dict[str, Any]]] = [
    {
        "key": "less_intelligent",
        "name": "Less intelligent",
        "description": "Answers or code are worse than before: shallow, careless, wrong reasoning, invented results.",
        "terms": [
            "less intelligent", "less sharp", "dumb", "dumber", "quality", "regression", "degraded", "worse", "weaker",
            "shallow", "superficial", "careless", "sloppy", "lazy", "guesses", "guessing", "guess", "hallucinates",
            "hallucinated", "invents", "made-up", "made up", "makes things up", "reasoning", "nerfed", "lobotomised",
            "mistakes", "dümmer", "schlechter", "Qualität", "qualité", "moins intelligent", "calidad", "peor", "peores",
            "品質",
        ],
    },
    {
        "key": "forgetful",
        "name": "Forgetful",
        "description": "Loses what was said or done earlier in a session: repeats work, re-reads, contradicts itself.",
        "terms": [
            "forgets", "forgot", "forgotten", "forgetting", "forgetful", "amnesia", "memory", "remembers", "remember",
            "remind", "repeats", "repeating", "loses context", "lost context", "lost track", "loses track",
            "re-reads", "contradicts", "compaction", "in circles", "starts over", "started over", "vergisst",
            "oublie", "oublié", "olvida", "olvidado", "忘れ",
        ],
    },
    {
        "key": "ignores_instructions",
        "name": "Ignores instructions",
        "description": "Does not follow the prompt, ALDER.md, rules, plan mode or a user's no.",
        "terms": [
            "ignores", "ignored", "ignoring", "ALDER.md", "instructions", "rule", "rules", "violates", "violated",
            "does not follow", "no longer follows", "plan mode", "without approval", "without asking", "went ahead",
            "changed it anyway", "made the change anyway", "consigne", "instrucciones", "Anweisungen", "無視",
        ],
    },
    {
        "key": "too_terse",
        "name": "Too terse",
        "description": "Output is too short, without explanation, or stops early.",
        "terms": [
            "terse", "too short", "short", "brief", "too brief", "concise", "curt", "clipped", "no explanation",
            "explanation", "explanations", "one line", "one sentence", "truncated", "abbreviated", "stops early",
            "incomplete", "summary", "summaries", "zu kurz", "courtes", "cortas", "短すぎ",
        ],
    },
    {
        "key": "limits_drain",
        "name": "Limits drain fast",
        "description": "Usage limits, quota or tokens are used up faster than expected.",
        "terms": [
            "limit", "limits", "quota", "usage", "drain", "drains", "draining", "used up", "exhausted", "tokens",
            "token consumption", "token usage", "burns", "burning", "5-hour", "weekly", "cache miss", "cache reads",
            "Verbrauch", "limite", "jetons", "límite", "cuota", "利用制限", "上限",
        ],
    },
    {
        "key": "slow",
        "name": "Slow or stuck",
        "description": "Takes much longer than before, hangs, gets stuck, times out.",
        "terms": [
            "slow", "slower", "slowest", "hangs", "hang", "hanging", "freezes", "frozen", "stuck", "latency", "timeout",
            "timeouts", "spinner", "unresponsive", "stalls", "takes forever", "langsam", "hängt", "lent", "lento",
            "遅く", "固まる",
        ],
    },
    {
        "key": "errors",
        "name": "Errors and outages",
        "description": "Error messages, overload, failed requests, outages, crashes.",
        "terms": [
            "error", "errors", "500", "502", "503", "529", "overloaded", "outage", "crash", "crashes", "crashed",
            "request failed", "connection reset", "exception", "is it down", "are you down", "down",
            "Fehler", "stürzt", "erreur", "panne", "エラー",
        ],
    },
    {
        "key": "tool_failures",
        "name": "Tools fail",
        "description": "Shell, edit, search, tool servers, hooks, subagents or the editor link fail or misbehave.",
        "terms": [
            "tool", "tools", "tool server", "edit tool", "shell", "bash", "string not found", "malformed", "hook",
            "hooks", "subagent", "subagents", "permission", "disconnects", "reconnects", "exit code",
            "Edit-Tool", "outil", "herramienta", "ツール",
        ],
    },
    {
        "key": "billing",
        "name": "Billing and accounts",
        "description": "Subscriptions, payment, invoices, refunds, plan changes, sign-in to a paid plan.",
        "terms": [
            "billing", "billed", "charged", "charge", "invoice", "invoices", "refund", "subscription", "payment",
            "card", "receipt", "VAT", "cancel", "cancelled", "upgrade", "seat", "Rechnung", "abgebucht",
            "facture", "débité", "factura", "cobrado", "請求",
        ],
    },
    {
        "key": "interface",
        "name": "Interface and other",
        "description": "Display, keys, settings, documentation, requests for features, anything else.",
        "terms": [
            "flicker", "flickers", "flickering", "scroll", "scrolling", "display", "font", "theme", "paste", "pasting",
            "shortcut", "notifications", "status line", "diff view", "documentation", "docs", "feature request",
            "feature", "a wish", "setting", "option", "accessibility", "Anzeige", "affichage", "pantalla", "画面",
        ],
    },
]  # fmt: skip

METRICS: Final[list[dict[str, str]]] = [
    {
        "key": "eval_task_success",
        "name": "Task success, nightly evaluation",
        "unit": "%",
        "better": "higher",
        "period": "day",
        "note": "Fresh sessions at the default effort; about 50 tasks a night and model, so wide.",
    },
    {
        "key": "thinking_tokens_per_turn",
        "name": "Thinking tokens per turn, median",
        "unit": "tokens",
        "better": "higher",
        "period": "day",
        "note": "Sampled turns by model and effort setting.",
    },
    {
        "key": "cache_hit_rate",
        "name": "Input read from the cache",
        "unit": "%",
        "better": "higher",
        "period": "hour",
        "note": "By session state. The collector was silent on 21 and 22 March.",
    },
    {
        "key": "latency_p50",
        "name": "Time to the first word, median",
        "unit": "s",
        "better": "lower",
        "period": "hour",
        "note": "By model.",
    },
    {
        "key": "error_rate",
        "name": "Failed requests",
        "unit": "%",
        "better": "lower",
        "period": "hour",
        "note": "By surface.",
    },
    {
        "key": "limit_use_per_session_hour",
        "name": "Five-hour limit used per session hour",
        "unit": "% of limit",
        "better": "lower",
        "period": "day",
        "note": "By session state and plan; a promotion counted evening usage half from 13 to 27 March.",
    },
    {
        "key": "sessions",
        "name": "Sessions",
        "unit": "sessions",
        "period": "day",
        "note": "All surfaces together.",
    },
]
