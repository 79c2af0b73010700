"""The process that renders: one JSON object a line in, one a line out, each under its own alarm.

`python -m incidents.documents.rendering.worker`. The alarm is the kernel's own (no handler): a regular expression that
never comes back is ended even if whoever started this process is gone. Imports no Django.
"""

import json
import signal
import sys

from incidents.documents.rendering.convert import convert

# How many times its computing a text may take by the clock.
WAIT = 10.0


def main() -> None:
    """Answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    convert("# warm", public=True)
    for line in sys.stdin:
        request = json.loads(line)
        # Of computing, so that a busy machine refuses nothing; the second one ends what waits for ever.
        signal.setitimer(signal.ITIMER_PROF, float(request["seconds"]))
        signal.setitimer(signal.ITIMER_REAL, WAIT * float(request["seconds"]))
        try:
            answer = {
                "html": convert(
                    request["body"], public=request["public"], states=request["states"], figures=request["figures"]
                )
            }
        except RecursionError:
            answer = {"error": "the text is nested too deeply"}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
