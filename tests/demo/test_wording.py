"""The grammar, the phrase files, and what the sentences give a classifier that knows the terms alone."""

import datetime as dt
import re
from collections import Counter

import pytest

from incidents.demo.causes import SYMPTOM_KEYS
from incidents.demo.taxonomy import SYMPTOMS
from incidents.demo.wording.compose import write_ticket
from incidents.demo.wording.grammar import PHRASE_FOLDER, Dice, parse, sections
from incidents.demo.wording.people import Facts, voice
from tests.demo.conftest import Demo

LANGUAGES = ("german", "french", "spanish", "japanese")


def facts(**given: object) -> Facts:
    settings: dict = {
        "symptom": "forgetful",
        "second_symptom": None,
        "channel": "github",
        "language": "english",
        "reported_at": dt.datetime(2026, 4, 2, 12, tzinfo=dt.UTC),
        "onset_at": dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC),
        "segment": {
            "surface": "cli",
            "model": "alder-large-4",
            "platform": "linux",
            "plan": "pro",
            "session": "idle_over_1h",
            "effort": "default",
            "build": "public",
            "version": "3.45.0",
        },
        "observed": frozenset({"surface", "model", "platform", "plan", "session", "effort", "version"}),
        "previous_version": "3.44.0",
        "onset_stated": True,
        "vague": False,
    }
    return Facts(**(settings | given))


def test_expansion_fills_slots_and_takes_each_alternative() -> None:
    phrase = parse("{It|The {big|small} model} forgets <thing>{| again}.")
    said = {phrase.expand(Dice(seed), {"thing": "names"}) for seed in range(200)}
    heads = ("It", "The big model", "The small model")
    assert said == {f"{head} forgets names{tail}." for head in heads for tail in ("", " again")}
    assert phrase.slots == {"thing"}


@pytest.mark.parametrize("text", ["{a|b", "a|b", "a}", "{a|{b}"])
def test_unbalanced_phrase_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        parse(text)


def test_dated_phrase_is_said_within_its_days_only() -> None:
    phrase = parse("@2026-03-13..2026-04-12 The promotion ended.")
    assert [phrase.fits(dt.date(2026, *day), {}) for day in ((3, 12), (3, 13), (4, 12), (4, 13))] == [
        False,
        True,
        True,
        False,
    ]
    assert phrase.expand(Dice(1), {}) == "The promotion ended."


@pytest.mark.parametrize("name", sorted(path.stem for path in PHRASE_FOLDER.glob("*.txt")))
def test_every_phrase_expands(name: str) -> None:
    values = voice(Dice(1), facts()).values
    for section, phrases in sections(name).items():
        for phrase in phrases:
            assert phrase.slots <= values.keys(), (section, phrase.slots - values.keys())
            for seed in range(12):
                assert not re.search(r"[{}|]|<[a-z]", phrase.expand(Dice(seed), values))


def test_every_symptom_has_words_in_every_language() -> None:
    for symptom in SYMPTOM_KEYS:
        assert {"titles", "cores", "details", "follow", "expected", "social"} <= sections(symptom).keys()
        for language in LANGUAGES:
            assert sections(language)[symptom]
            assert sections(language)[f"{symptom}.titles"]


@pytest.mark.parametrize("channel", ["support", "github", "forum", "social"])
@pytest.mark.parametrize("language", ["english", *LANGUAGES])
def test_every_kind_of_ticket_can_be_written(channel: str, language: str) -> None:
    for index, symptom in enumerate(SYMPTOM_KEYS):
        for vague in (False, True):
            told = facts(symptom=symptom, channel=channel, language=language, vague=vague)
            title, text = write_ticket(Dice(index), told)
            assert text
            assert (title == "") == (channel == "social")
            assert not re.search(r"[{}|]|  ", text)


def test_texts_are_varied(demo: Demo) -> None:
    tickets = demo.rows("tickets.jsonl")
    texts = Counter(row["text"] for row in tickets)
    assert len(texts) / len(tickets) > 0.95
    assert max(texts.values()) <= 12
    assert Counter(row["channel"] for row in tickets).keys() == {"support", "github", "forum", "social"}


def test_terms_find_most_symptoms_and_not_all(demo: Demo) -> None:
    """Most tickets hold a term of their symptom, some hold none at all, and some point elsewhere."""
    terms = {row["key"]: [term.casefold() for term in row["terms"]] for row in SYMPTOMS}
    patterns = {
        key: re.compile("|".join(rf"\b{re.escape(t)}\b" if t.isascii() else re.escape(t) for t in known))
        for key, known in terms.items()
    }
    outcome: Counter[str] = Counter()
    for row in demo.rows("tickets.jsonl")[::7]:
        text = f"{row.get('title', '')} {row['text']}".casefold()
        hits = {key: len(set(pattern.findall(text))) for key, pattern in patterns.items()}
        most = max(hits.values())
        truth = demo.truth.symptoms[row["id"]]
        if most == 0:
            outcome["none"] += 1
        elif hits[truth] == most and list(hits.values()).count(most) == 1:
            outcome["right"] += 1
        else:
            outcome["wrong or tied"] += 1
    shares = {key: n / outcome.total() for key, n in outcome.items()}
    assert shares["right"] == pytest.approx(0.85, abs=0.05)
    assert shares["none"] == pytest.approx(0.07, abs=0.03)
    assert shares["wrong or tied"] == pytest.approx(0.08, abs=0.03)
