"""In which order people expect the values of a dimension, when two files list them."""

import re
from collections.abc import Iterable, Sequence

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(.*)\Z")


def version_key(value: str) -> tuple[tuple[int, ...], bool, str] | None:
    """Return a sort key for a version such as 2.1.10 or 2.2.0-beta.1 (before 2.2.0); None for other words."""
    match = _VERSION.match(value)
    if match is None or len(value) > 60:
        return None
    numbers = tuple(int(part) for part in match.group(1).split("."))
    return numbers, not match.group(2).startswith("-"), match.group(2)


def merged_order(known: Sequence[str], given: Iterable[str]) -> list[str]:
    """Return the known values and the new ones among the given, each new one before what follows it where it was given.

    Where all are versions and the known ones stand in their order, the new ones take their places among them.
    """
    there = set(known)
    given = list(dict.fromkeys(given))
    new = [value for value in given if value not in there]
    if not new:
        return list(known)
    keys = {value: version_key(value) for value in [*known, *new]}
    if known and None not in keys.values() and list(known) == sorted(known, key=lambda value: keys[value] or ()):
        return sorted([*known, *new], key=lambda value: keys[value] or ())
    before: dict[str, list[str]] = {}
    waiting: list[str] = []
    for value in given:
        if value in there:
            before.setdefault(value, []).extend(waiting)
            waiting = []
        else:
            waiting.append(value)
    return [*(one for value in known for one in [*before.get(value, []), value]), *waiting]
