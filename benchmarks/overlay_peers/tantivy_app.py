"""The search engine that people would add: tantivy. Runs in an environment of its own.

python tantivy_app.py FOLDER < JSON lines

The first line is {"rounds": {name: [words or texts]}}, each later one a ticket {"id", "at", "text"}. Prints one line of
JSON: milliseconds of each question, and what the whole-text questions found.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import tantivy  # type: ignore[import-not-found]


def main() -> None:
    """Index, ask, print."""
    asked = json.loads(sys.stdin.readline())["rounds"]
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("id", stored=True, fast=True)
    schema.add_integer_field("at", fast=True)
    schema.add_text_field("text", stored=False, tokenizer_name="default")
    index = tantivy.Index(schema.build(), path=sys.argv[1])
    writer = index.writer(heap_size=300_000_000, num_threads=1)
    started = time.perf_counter()
    for line in sys.stdin:
        row = json.loads(line)
        writer.add_document(tantivy.Document(id=row["id"], at=row["at"], text=row["text"]))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    took: dict[str, Any] = {"indexing_s": round(time.perf_counter() - started, 1)}

    def numbers(words: str, limit: int, *, newest: bool = False) -> list[int]:
        query = index.parse_query(words, ["text"])
        more = {"order_by_field": "at"} if newest else {}
        hits = searcher.search(query, limit, **more).hits
        return [int(searcher.doc(address)["id"][0]) for _, address in hits]

    ways: dict[str, Callable[[str], list[int]]] = {
        "newest": lambda words: numbers(words, 50, newest=True),
        "ranked": lambda words: numbers(words, 20),
        "alike": lambda words: numbers(words, 11),
    }
    found = {}
    for name, questions in asked.items():
        way = ways[name.partition(":")[0]]
        times, answers = [], []
        for words in questions:
            began = time.perf_counter()
            answers.append(way(words))
            times.append((time.perf_counter() - began) * 1e3)
        took[name] = {"p50_ms": round(statistics.median(times), 2), "max_ms": round(max(times), 2)}
        found[name] = answers if name == "alike" else []
    print(json.dumps({"took": took, "found": found["alike"]}))


if __name__ == "__main__":
    main()
