"""No tasks module is forgotten: what is not imported by the registry is never done."""

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


def test_kinds_are_named_after_their_concept() -> None:
    for kind in handlers.kinds():
        concept, _, verb = kind.partition(".")
        assert verb, kind
        assert (INCIDENTS / concept).is_dir(), kind
