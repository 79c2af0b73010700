"""The port of the web server, on loopback alone."""

import os
import socket

from workbench.embedded.errors import EmbeddedError

HOST = "127.0.0.1"
FIRST = 8000
LAST = 8999


def choose() -> int:
    """Return PORT where it is set and free, else the first free port from 8000 upward."""
    named = os.environ.get("PORT", "").strip()
    if not named:
        for port in range(FIRST, LAST + 1):
            if is_free(port):
                return port
        raise EmbeddedError(f"No port from {FIRST} to {LAST} is free: set PORT to one that is.")
    if not named.isdigit() or not 1 <= int(named) <= 65535:
        raise EmbeddedError(f"PORT={named!r} is no port: use a number from 1 to 65535.")
    if not is_free(int(named)):
        raise EmbeddedError(
            f"Port {named} is taken by another program (or not allowed): set PORT to a free one, or unset it."
        )
    return int(named)


def is_free(port: int) -> bool:
    """Say whether a server could listen here now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True
