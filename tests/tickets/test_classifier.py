"""The classifier: from terms alone, from labels, stored and brought back."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.tickets.classifier.engine import ArtefactError, Classifier, Example, Silence, settled
from incidents.tickets.classifier.learning import Inputs, fit, probabilities
from incidents.tickets.classifier.prior import Symptom, one_slip
from incidents.tickets.classifier.text import clean_body, stem, words_of
from incidents.tickets.classifier.weighing import START, marks, weigh

TAXONOMY = [
    Symptom(key="slow", name="Slow", description="Takes longer than before, hangs.", terms=["slow", "frozen", "stuck"]),
    Symptom(key="forgetful", name="Forgetful", description="Loses what was said.", terms=["forgets", "loses context"]),
    Symptom(key="limits", name="Limits drain", description="Quota is used up.", terms=["quota", "usage limit"]),
    Symptom(key="wish", name="Feature request", description="Asks for something new.", terms=["feature request"]),
    Symptom(key="other", name="Other", description="None of the above.", terms=["typo"]),
]


def said(title: str, text: str = "") -> list[str]:
    return [key for key, confidence in Classifier(TAXONOMY).judge(title, text).symptoms if confidence >= 0.5]


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("It is so slow today", "", ["slow"]),
        ("Gets stuck on every prompt", "hangs for ages", ["slow"]),
        ("It forgot everything", "It loses context after each break", ["forgetful"]),
        ("Weekly quota burnt in an hour", "", ["limits"]),
        ("[FEATURE] A darker theme", "", ["wish"]),
        ("Sieht hübsch aus", "", []),
    ],
)
def test_terms_alone_go_beyond_the_terms(title: str, text: str, expected: list[str]) -> None:
    assert said(title, text) == expected


def test_what_is_denied_does_not_count() -> None:
    assert "slow" in said("It is slow")
    assert "slow" not in said("It is not slow at all", "and never frozen")
    assert "slow" in said("It is not only slow but useless")


def test_a_slip_counts_less_than_the_word() -> None:
    judge = Classifier(TAXONOMY).judge
    right = dict(judge("The window is sluggish", "").symptoms)["slow"]
    slip = dict(judge("The window is slugigsh", "").symptoms)["slow"]
    assert 0.3 < slip < right
    assert one_slip("frozne", "frozen")
    assert not one_slip("frozen", "frozen")
    assert not one_slip("limit", "timid")


def test_silence_is_other_only_where_a_complaint_would_have_been_understood() -> None:
    assert said("The logo on the start page is in the wrong corner of it") == ["other"]
    judgement = Classifier(TAXONOMY).judge("Логотип стоит не в том углу страницы", "Посмотрите пожалуйста")
    assert (judgement.abstained, judgement.symptoms) == (True, ())
    assert Classifier(TAXONOMY).judge("", "").symptoms == ()


def test_reasons_are_words_of_the_text() -> None:
    judgement = Classifier(TAXONOMY).judge("Stuck again", "Quota was gone after one prompt")
    assert judgement.reasons["slow"] == ["stuck"]
    assert judgement.reasons["limits"] == ["quota"]


def test_forms_code_and_logs_are_not_what_is_complained_of() -> None:
    body = "- [x] I have searched\n### What happened\nIt forgets.\n```\nERROR slow frozen stuck\n```\n"
    assert "forgets" in clean_body(body)
    assert "stuck" not in clean_body(body)
    assert "searched" not in clean_body(body)


def test_stems() -> None:
    assert {stem(word) for word in ("hang", "hangs", "hanging")} == {"hang"}
    assert {stem(word) for word in ("freeze", "freezes", "freezing")} == {"freez"}
    assert stem("this") == "this"


def examples(n: int) -> list[Example]:
    """Return labels that say something the terms do not know: "gluey" is slow."""
    out = []
    for i in range(n):
        out.append(Example(title=f"The reply was gluey on day {i}", text="", symptoms=frozenset({"slow"})))
        out.append(Example(title=f"The reply was upside down on day {i}", text="", symptoms=frozenset({"other"})))
    return out


def test_labels_teach_new_words_and_more_labels_teach_more() -> None:
    sure = []
    for n in (0, 5, 20):
        judged = Classifier.train(TAXONOMY, examples(n)).judge("A gluey answer once more", "")
        sure.append(dict(judged.symptoms).get("slow", 0.0))
    assert sure[0] < sure[1] < sure[2]
    assert sure[2] > 0.5
    kept = dict(Classifier.train(TAXONOMY, examples(20)).judge("Weekly quota gone in an hour", "").symptoms)
    assert kept["limits"] > 0.5


def test_all_symptoms_learn_together_how_far_phrases_are_believed() -> None:
    rng = np.random.default_rng(9)
    phrases, heard = rng.normal(0.0, 2.0, size=(300, 4)), rng.normal(0.0, 2.0, size=(300, 4))
    told = marks(phrases, heard)
    assert told.shape == (300, 4, 5)
    assert told[0, 0, 2] == max(phrases[0, 1:])
    # Here the words beside the phrases are right, and phrases say nothing.
    shown = (rng.random((300, 4)) < probabilities(1.5 * heard)).astype(float)
    learned = weigh(told, shown)
    assert abs(learned[0]) < 0.2
    assert 1.2 < learned[1] < 1.8
    rows = told.reshape(-1, 5)
    slope = rows.T @ (probabilities(rows @ learned) - shown.ravel())
    scale = np.append(rows[:, :4].std(axis=0), 1.0)
    assert np.allclose(slope, -12.0 * (scale + 1e-6) ** 2 * (learned - START), atol=1e-4)
    assert np.allclose(weigh(told[:0], shown[:0]), START)


def test_what_is_none_of_the_others_is_not_said_beside_one_of_them() -> None:
    sure = settled(np.array([[2.0, -3.0, 1.0], [0.5, 0.4, 1.0], [-3.0, -3.0, 1.0]]), rest=2)
    assert (sure >= 0.5).tolist() == [[True, False, False], [False, False, True], [False, False, True]]
    assert (settled(np.array([[2.0, -3.0, 1.0]])) >= 0.5).tolist() == [[True, False, True]]


def test_what_was_learned_comes_back_from_bytes_and_fits_only_its_taxonomy() -> None:
    learned = Classifier.train(TAXONOMY, examples(8))
    again = Classifier.from_bytes(learned.to_bytes(), TAXONOMY)
    words = [words_of("A gluey answer", "it is slow"), words_of("Upside down", "")]
    assert np.allclose(learned.confidences(words), again.confidences(words), atol=1e-4)
    plain = Classifier.from_bytes(Classifier(TAXONOMY).to_bytes(), TAXONOMY)
    assert plain.weights is None
    with pytest.raises(ArtefactError, match="another taxonomy"):
        Classifier.from_bytes(learned.to_bytes(), TAXONOMY[:3])
    with pytest.raises(ArtefactError, match="cannot be read"):
        Classifier.from_bytes(b"no archive", TAXONOMY)


def test_the_correction_is_the_minimum_of_its_loss() -> None:
    rng = np.random.default_rng(4)
    from scipy import sparse

    inputs = Inputs(
        phrases=rng.normal(size=(30, 1)),
        heard=rng.normal(size=(30, 1)),
        groups=rng.normal(size=(30, 2)),
        words=sparse.csr_matrix(rng.random((30, 5))),
    )
    shown = (rng.random((30, 1)) < 0.4).astype(float)
    weights = fit(inputs, shown)
    residual = shown - probabilities(weights.logits(inputs))
    # At the minimum each weight equals its prior variance times what its feature still pulls.
    assert np.allclose(weights.by_word, 4.0 * (inputs.words.T @ residual), atol=1e-4)
    assert np.allclose(weights.constant, 0.5 * residual.sum(axis=0), atol=1e-4)


@given(st.text(max_size=300), st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_text_gives_confidences(title: str, text: str) -> None:
    for _, confidence in Classifier(TAXONOMY).judge(title, text).symptoms:
        assert 0.0 <= confidence <= 1.0


def test_unlabelled_tickets_teach_the_words_that_go_with_the_phrases() -> None:
    corpus = [words_of(f"So slow and gluey today {n}", "") for n in range(70)]
    corpus += [words_of(f"My quota is gone on day {n}", "") for n in range(70)]
    taught = Classifier.train(TAXONOMY, [], corpus=corpus)
    assert taught.taught is not None
    before = dict(Classifier(TAXONOMY).judge("A gluey morning with it", "").symptoms).get("slow", 0.0)
    after = dict(taught.judge("A gluey morning with it", "").symptoms).get("slow", 0.0)
    assert before == 0.0 < after
    again = Classifier.from_bytes(taught.to_bytes(), TAXONOMY)
    assert np.allclose(taught.confidences(corpus[:5]), again.confidences(corpus[:5]), atol=1e-4)


def test_silence_has_its_reason() -> None:
    judge = Classifier(TAXONOMY).judge
    assert judge("", "```\nlog\n```").silence is Silence.NO_WORDS
    assert judge("Логотип стоит не в том углу страницы", "").silence is Silence.LANGUAGE
    assert judge("It is slow", "").silence is None


def test_phrases_alone_load_no_scikit_learn() -> None:
    told = (
        "import sys; from incidents.tickets.classifier.engine import Classifier; "
        "from incidents.tickets.classifier.prior import Symptom; "
        "Classifier([Symptom(key='slow', terms=['slow'])]).judge('slow', ''); "
        "from incidents.tickets import duplicates, topics, readings; print('sklearn' in sys.modules)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "workbench.settings_lint"}
    code = f"import django; django.setup(); {told}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "False"
