"""No tasks module is forgotten: what is not imported by the registry is never done."""

import re
import sys
from pathlib import Path

import incidents.tasks
from incidents.jobs import handlers

INCIDENTS = Path(incidents.tasks.__file__).parent


def test_every_tasks_module_is_in_the_registry() -> None:
    modules = {
        ".".join(path.with_suffix("").relative_to(INCIDENTS.parent).parts) for path in INCIDENTS.glob("*/**/tasks.py")
    }
    registered = {getattr(incidents.tasks, name).__name__ for name in incidents.tasks.__all__}
    assert modules == registered
    assert modules <= set(sys.modules)


def test_kinds_are_a_noun_and_a_verb_and_are_done_by_a_tasks_module() -> None:
    assert handlers.kinds()
    for kind in handlers.kinds():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind), kind
        handler = handlers.handler_of(kind)
        assert handler is not None
        assert handler.__module__ in sys.modules
        assert handler.__module__.startswith(("incidents.", "tests.")), kind
