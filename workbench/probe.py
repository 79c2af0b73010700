"""The health check of a container: `python -m workbench.probe web | worker | beat`. Exit code 0 means healthy.

It starts without Django, so that asking often costs little.
"""

import http.client
import os
import sys
import time
from pathlib import Path

# The worker and the scheduler renew their sign every few seconds.
_LONGEST_SILENCE_SECONDS = 30.0


def web_answers(port: int, host_name: str) -> bool:
    """Ask /healthz of this machine's web server by a name that it accepts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": host_name})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def sign_is_fresh(sign: Path) -> bool:
    """Say whether the sign of life was renewed lately."""
    try:
        return time.time() - sign.stat().st_mtime < _LONGEST_SILENCE_SECONDS
    except FileNotFoundError:
        return False


def main(arguments: list[str]) -> int:
    """Ask one part; return the exit code."""
    match arguments:
        case ["web"]:
            accepted = os.environ.get("DJANGO_ALLOWED_HOSTS", "127.0.0.1").split(",")[0].strip().lstrip(".")
            healthy = web_answers(int(os.environ.get("PORT", "8000")), accepted or "127.0.0.1")
        case ["worker" | "beat"]:
            healthy = sign_is_fresh(Path(os.environ["WORKBENCH_READY_FILE"]))
        case _:
            sys.stderr.write("usage: python -m workbench.probe web | worker | beat\n")
            return 2
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
