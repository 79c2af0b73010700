"""How well and how fast tickets are classified, on labelled tickets of the real cases.

    .venv/bin/python benchmarks/classify.py [--cases ../shared/cases]

Prints micro-F1, precision, recall and expected calibration error: of the two baselines (the taxonomy's terms alone, the
majority label), of the start without labels, and by cross-validation after 50, 100, 200 labels. Labels are in
benchmarks/labels: made by hand from title and text alone, by three people. Those marked "unseen" were drawn and
labelled after the lexicon was last changed; the lexicon's author had read the others, so that their figures flatter
the start without labels. 110 tickets were labelled a second time without sight of the first labels
(benchmarks/labels/again): how far two people agree is as right as a machine can be found.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from incidents.tickets.classifier.engine import Classifier, Example, shown_matrix
from incidents.tickets.classifier.evaluation import Quality, cross_validate, measure
from incidents.tickets.classifier.prior import Floats, Symptom
from incidents.tickets.classifier.text import words_of
from incidents.tickets.classify import TermMatcher

LABELS = Path(__file__).parent / "labels"


def main() -> None:
    """Read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--cases", type=Path, default=Path(__file__).resolve().parent.parent.parent / "shared" / "cases"
    )
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    taxonomy, examples, unseen, rows = read(options.cases)
    keys = [symptom.key for symptom in taxonomy]
    shown = shown_matrix(keys, examples)
    held = np.array(unseen)
    corpus = [words_of(row.get("title", ""), row.get("text", "")) for row in rows]

    print(f"{len(examples)} labelled tickets, {held.sum()} of them unseen; {len(rows)} tickets in all")
    print(f"{'':<24}{'F1':>7}{'prec.':>7}{'recall':>7}{'ECE':>7}{'F1 new':>9}{'ECE new':>9}")
    print(f"{'two people':<24}{agreement():>7.3f}")
    report("majority label", keys, majority(shown), shown, held)
    report("terms alone", keys, terms(taxonomy, examples), shown, held)
    for n in (0, 50, 100, 200):
        runs = [
            cross_validate(taxonomy, examples, corpus=corpus, n_labels=n, seed=seed)
            for seed in range(1 if n == 0 else options.seeds)
        ]
        for seed, confidences in enumerate(runs):
            report(f"after {n} labels, run {seed + 1}", keys, confidences, shown, held)
    per_symptom(measure(keys, runs[0], shown))
    speed(taxonomy, examples, rows)


def read(cases: Path) -> tuple[list[Symptom], list[Example], list[bool], list[dict[str, Any]]]:
    """Return the taxonomy, the labelled tickets, which of them are unseen, and all tickets."""
    if not cases.is_dir():
        sys.exit(f"{cases} is not there: give the folder of the cases with --cases.")
    taxonomy: list[Symptom] = []
    examples: list[Example] = []
    unseen: list[bool] = []
    rows: list[dict[str, Any]] = []
    for path in sorted(LABELS.glob("*.jsonl")):
        folder = cases / path.stem
        case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        taxonomy = [
            Symptom(**{name: one[name] for name in ("key", "name", "description", "terms")}) for one in case["symptoms"]
        ]
        tickets = {}
        for line in (folder / "tickets.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            tickets[row["id"]] = row
        for line in path.read_text(encoding="utf-8").splitlines():
            label = json.loads(line)
            row = tickets[label["id"]]
            examples.append(
                Example(title=row.get("title", ""), text=row.get("text", ""), symptoms=frozenset(label["symptoms"]))
            )
            unseen.append(bool(label.get("unseen")))
        rows.extend(tickets.values())
    return taxonomy, examples, unseen, rows


def agreement() -> float:
    """Return the micro-F1 of the tickets' second labels against the first."""
    n_both = n_said = 0
    for path in sorted((LABELS / "again").glob("*.jsonl")):
        first = {
            row["id"]: set(row["symptoms"]) for row in map(json.loads, (LABELS / path.name).open(encoding="utf-8"))
        }
        for again in map(json.loads, path.open(encoding="utf-8")):
            n_both += len(first[again["id"]] & set(again["symptoms"]))
            n_said += len(first[again["id"]]) + len(again["symptoms"])
    return 2 * n_both / n_said


def majority(shown: Floats) -> Floats:
    """Say the commonest symptom of every ticket."""
    answer = np.zeros_like(shown)
    answer[:, shown.sum(axis=0).argmax()] = 1.0
    return answer


def terms(taxonomy: list[Symptom], examples: list[Example]) -> Floats:
    """Say what the taxonomy's terms say."""
    matcher = TermMatcher({symptom.key: symptom.terms for symptom in taxonomy})
    found = [dict(matcher.match(f"{example.title}\n{example.text}")) for example in examples]
    return np.array([[row.get(symptom.key, 0.0) for symptom in taxonomy] for row in found])


def report(name: str, keys: list[str], confidences: Floats, shown: Floats, held: np.ndarray[Any, Any]) -> None:
    """Print one line."""
    all_of_them = measure(keys, confidences, shown)
    apart = measure(keys, confidences[held], shown[held])
    right = sum(one.n_right for one in all_of_them.symptoms)
    said = sum(one.n_asserted for one in all_of_them.symptoms)
    print(
        f"{name:<24}{all_of_them.micro_f1:>7.3f}{right / max(1, said):>7.3f}{right / shown.sum():>7.3f}"
        f"{all_of_them.calibration_error:>7.3f}{apart.micro_f1:>9.3f}{apart.calibration_error:>9.3f}"
    )


def per_symptom(quality: Quality) -> None:
    """Print precision, recall and calibration of each symptom."""
    print(f"\n{'after 200 labels':<24}{'shown':>7}{'prec.':>7}{'recall':>7}{'ECE':>7}")
    for one in quality.symptoms:
        precision = "" if one.precision is None else f"{one.precision:.2f}"
        recall = "" if one.recall is None else f"{one.recall:.2f}"
        print(f"{one.key:<24}{one.n_shown:>7}{precision:>7}{recall:>7}{one.calibration_error:>7.3f}")


def speed(taxonomy: list[Symptom], examples: list[Example], rows: list[dict[str, Any]]) -> None:
    """Print tickets a second: the floor (hashing the words alone), the terms' matcher, the classifier at each stage."""
    texts = [(row.get("title", ""), row.get("text", "")) for row in rows]
    corpus = [words_of(title, text) for title, text in texts]
    joined = [f"{title}\n{text}" for title, text in texts]
    matcher = TermMatcher({symptom.key: symptom.terms for symptom in taxonomy})
    hashing = HashingVectorizer()
    runs: list[tuple[str, Callable[[], object]]] = [
        ("floor: HashingVectorizer", lambda: hashing.transform(joined)),
        ("terms alone", lambda: [matcher.match(one) for one in joined]),
    ]
    stages = {
        "phrases": Classifier(taxonomy),
        "taught by tickets": Classifier.train(taxonomy, [], corpus=corpus),
        "learned from labels": Classifier.train(taxonomy, examples, corpus=corpus),
    }
    for name, made in stages.items():
        runs.append((name, lambda made=made: list(made.judge_many(texts))))  # type: ignore[misc]
    floor = 0.0
    print()
    for name, run in runs:
        started = time.process_time()
        run()
        rate = len(texts) / (time.process_time() - started)
        floor = floor or rate
        print(f"{name:<26}{rate:>9,.0f} tickets/s of CPU time, {rate / floor:.2f} of the floor")
    started = time.process_time()
    Classifier.train(taxonomy, [], corpus=corpus)
    print(f"teaching by {len(corpus):,} tickets: {time.process_time() - started:.1f} s of CPU time")


if __name__ == "__main__":
    main()
