"""Rendering under a hard time limit: each web process keeps one rendering process and replaces it when it stalls."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from incidents.core.errors import InputError, Problem
from incidents.documents.rendering.guard import check_source
from incidents.documents.rendering.worker import WAIT

# Of computing, for one text. The longest honest one takes a quarter of it.
SECONDS = 1.0
_ENDED_BY_ALARM = (-signal.SIGPROF, -signal.SIGALRM)
# How long a request waits for its turn behind others.
_QUEUE_SECONDS = 10.0
_ROOT = Path(__file__).resolve().parents[3]


class _Renderer:
    """One child process, used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._owner = 0

    def render(self, request: dict[str, object], seconds: float) -> dict[str, str] | None:
        """Return the child's answer, or None where it did not come in time (the child is then replaced)."""
        if not self._lock.acquire(timeout=_QUEUE_SECONDS):
            return None
        try:
            for attempt in (1, 2):
                child = self._running()
                answer = self._ask(child, request, seconds)
                if answer is not None:
                    return answer
                stalled = child.poll() is None or child.returncode in _ENDED_BY_ALARM
                self.stop()
                # A child that died before it was asked (restart, memory) deserves a second try; a stalled one does not.
                if stalled or attempt == 2:
                    return None
            return None
        finally:
            self._lock.release()

    def _running(self) -> "subprocess.Popen[str]":
        # A forked server process must not share its parent's child.
        if self._child is None or self._owner != os.getpid() or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "incidents.documents.rendering.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                bufsize=1,
                cwd=_ROOT,
                env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8"},
            )
            self._owner = os.getpid()
        return self._child

    def _ask(self, child: "subprocess.Popen[str]", request: dict[str, object], seconds: float) -> dict[str, str] | None:
        if child.stdin is None or child.stdout is None:
            return None
        try:
            child.stdin.write(json.dumps({**request, "seconds": seconds}) + "\n")
            child.stdin.flush()
            # The start of the child (about half a second) is not the text's fault.
            ready, _, _ = select.select([child.stdout], [], [], WAIT * seconds + 5.0)
            line = child.stdout.readline() if ready else ""
        except (BrokenPipeError, OSError):
            return None
        answer: dict[str, str] | None = json.loads(line) if line else None
        return answer

    def stop(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                # A pipe whose other end is dead may refuse its last flush; nothing is lost by that.
                try:
                    stream.close()
                except OSError:
                    continue
        child.wait()


_renderer = _Renderer()
atexit.register(_renderer.stop)


def render_markdown(
    body: str,
    *,
    public: bool,
    states: Mapping[str, str] | None = None,
    figures: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> str:
    """Return safe HTML for a text of staff; `states` gives each claim's state by key, `figures` ready-made figures.

    Raises InputError where the text is refused or is not rendered within `seconds` of computing.
    """
    check_source(body)
    request = {"body": body, "public": public, "states": dict(states or {}), "figures": dict(figures or {})}
    answer = _renderer.render(request, seconds)
    if answer is None or "html" not in answer:
        limit = "a second" if seconds == 1 else f"{seconds:g} seconds"
        reason = answer.get("error", "") if answer else f"rendering took more than {limit}"
        raise InputError(
            [Problem(file="text", line=None, field="", message=reason, remedy="simplify the marks in it and try again")]
        )
    return answer["html"]
