"""Typed readers of the environment. A value that cannot be read stops the start and says what to set."""

import os


class BadEnvironmentError(RuntimeError):
    """An environment variable is missing or malformed."""


def text(name: str, default: str | None = None) -> str:
    """Return the variable's text; without a default, its absence is an error."""
    value = os.environ.get(name, default)
    if value is None or value == "":
        if default is not None:
            return default
        raise BadEnvironmentError(f"{name} is not set: set it in the environment of this process.")
    return value


def optional(name: str) -> str | None:
    """Return the variable's text, or None where it is unset or empty."""
    return os.environ.get(name) or None


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no variable: 1, true, yes, on against 0, false, no, off."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadEnvironmentError(f"{name}={value!r} is neither yes nor no: use 1 or 0.")


def integer(name: str, default: int) -> int:
    """Return a whole number."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise BadEnvironmentError(f"{name}={value!r} is not a whole number.") from None


def items(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without empty items."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]
