"""The fastest Markdown that can be had: cmarkgfm with nh3 after it. Runs in an environment of its own.

python markdown_app.py ROUNDS < text; prints the median seconds of a round
"""

import statistics
import sys
import time

import cmarkgfm  # type: ignore[import-not-found]
import nh3


def main() -> None:
    """Render the text some rounds."""
    text = sys.stdin.read()
    taken = []
    for _ in range(int(sys.argv[1])):
        started = time.process_time()
        nh3.clean(cmarkgfm.github_flavored_markdown_to_html(text))
        taken.append(time.process_time() - started)
    print(statistics.median(taken))


if __name__ == "__main__":
    main()
