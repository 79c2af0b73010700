"""Writes one ticket: title and text, in the manner of its channel, from the phrases of its symptom."""

import re
from collections.abc import Sequence

from incidents.demo.wording.grammar import Dice, Phrase, parse, sections
from incidents.demo.wording.people import Facts, Voice, voice
from incidents.demo.wording.slips import with_slips

# Said twice in one text these would sound like a form letter.
ONCE = frozenset({"since", "before", "task", "job", "rule", "brk", "day", "version", "model", "platform", "plan"})

LAST_STEP = {
    "less_intelligent": "Review what it {produced|wrote|says}",
    "forgetful": "{Keep going|Continue for a few turns} and {ask about|refer to} {an earlier|the first} decision",
    "ignores_instructions": "Compare the {result|diff} with {ALDER.md|the instructions}",
    "too_terse": "Read the {answer|summary}",
    "limits_drain": "{Look at|Watch} the usage page",
    "slow": "Wait",
    "errors": "{Wait for|See} the error",
    "tool_failures": "{Look at|Watch} the tool calls",
    "billing": "Open the billing page",
    "interface": "{Watch|Look at} the screen",
}

CONNECTORS = ("Also, ", "On top of that, ", "And then, ", "Besides, ", "Another thing: ", "Separate problem: ")

_SPACES = re.compile(r"[ \t]{2,}")
_SPACE_BEFORE = re.compile(r" +([.,;!?])(?=\s|$)")
_FRENCH_MARK = re.compile(r"(?<=\w)([?!:;])(?!\w)")
_SENTENCE_START = re.compile(r"(^|[.!?]\s+|\n+(?:\d\. |- )?)([a-z])(?![\w./-]*[/_`(]|\w*-\w+-\d)")


def write_ticket(dice: Dice, facts: Facts) -> tuple[str, str]:
    """Title (may be empty) and text of one ticket."""
    writer = voice(dice, facts)
    if facts.language != "english":
        return _foreign(writer)
    if facts.channel == "social":
        return "", with_slips(dice, _social(writer), writer.tone)
    body = {"github": _github, "forum": _forum, "support": _support}[facts.channel](writer)
    title = _title(writer)
    return title, with_slips(dice, body, writer.tone)


# ---------------------------------------------------------------- choosing phrases


def _say(writer: Voice, phrases: Sequence[Phrase], *, any_topic: bool = False) -> str:
    """A phrase that the writer can say here, if possible with nothing said twice; empty if there is none."""
    today = writer.facts.reported_at.date()
    fitting = [
        phrase
        for phrase in phrases
        if (any_topic or not phrase.topics or phrase.topics & writer.topics)
        and phrase.fits(today, writer.values)
        and id(phrase) not in writer.said
    ]
    if not fitting:
        return ""
    fresh = [phrase for phrase in fitting if not phrase.slots & ONCE & writer.used]
    phrase = writer.dice.pick(fresh or fitting)
    writer.used |= phrase.slots
    writer.said.add(id(phrase))
    writer.latest = phrase
    return _tidy(phrase.expand(writer.dice, writer.values))


def _shared(writer: Voice, section: str) -> str:
    return _say(writer, sections("shared")[section])


def _title(writer: Voice) -> str:
    name = "vague" if writer.facts.vague else writer.facts.symptom
    writer.used.clear()  # a title may name what the text names
    return _say(writer, sections(name)["titles"])


def _core(writer: Voice) -> str:
    """The complaint itself."""
    if writer.facts.vague:
        return _say(writer, sections("vague")["cores"])
    found = sections(writer.facts.symptom)
    if "idle" in found and writer.facts.segment["session"] == "idle_over_1h" and writer.dice.chance(0.6):
        return _say(writer, found["idle"])
    text = _say(writer, found["cores"], any_topic=True)
    writer.topics = writer.latest.topics if writer.latest is not None else frozenset()
    return text


def _complaint(writer: Voice, *, details: float, follow: float) -> list[str]:
    """The complaint, then with these chances a detail and a consequence, then perhaps a second complaint."""
    dice, found = writer.dice, sections(writer.facts.symptom)
    said = [_core(writer)]
    if writer.facts.vague:
        return said
    if dice.chance(details):
        said.append(_say(writer, found["details"]))
    if dice.chance(details * 0.22):
        said.append(_say(writer, found["details"]))
    if dice.chance(follow):
        said.append(_say(writer, found["follow"]))
    if writer.facts.second_symptom is not None:
        other = _say(writer, sections(writer.facts.second_symptom)["cores"], any_topic=True)
        said.append(dice.pick(CONNECTORS) + _mid_sentence(other))
    return [sentence for sentence in said if sentence]


def _mid_sentence(sentence: str) -> str:
    """The sentence with a small first letter, unless its first word keeps its capital anywhere."""
    first = sentence.split(" ", maxsplit=1)[0]
    keeps = first in {"I", "I'm", "I'd", "I've", "ALDER.md", "Alder", "Bash", "API"} or not first.isalpha()
    return sentence if keeps else sentence[:1].lower() + sentence[1:]


def _surroundings(writer: Voice, chance: float) -> list[str]:
    """Version, model, session, effort and onset, as far as the writer knows and cares."""
    dice, facts = writer.dice, writer.facts
    said = []
    if dice.chance(chance):
        said.append(_shared(writer, "context"))
    if "session" in facts.observed and dice.chance(chance * 0.45):
        said.append(_shared(writer, "session_" + facts.segment["session"].split("_", maxsplit=1)[0]))
    if "effort" in facts.observed and facts.symptom in {"less_intelligent", "slow"} and dice.chance(chance * 0.5):
        said.append(_shared(writer, "effort_" + facts.segment["effort"]))
    if facts.onset_stated and dice.chance(0.7):
        said.append(_shared(writer, "onset"))
    return [sentence for sentence in said if sentence]


# ---------------------------------------------------------------- channels


def _support(writer: Voice) -> str:
    dice = writer.dice
    brief = writer.tone == "brief"
    head = _shared(writer, "openers.support") if dice.chance(0.2 if brief else 0.55) else ""
    complaint = _complaint(writer, details=0.35 if brief else 0.75, follow=0.15 if brief else 0.5)
    around = _surroundings(writer, 0.3 if brief else 0.5)
    tail = []
    if writer.tone == "friendly" and dice.chance(0.3):
        tail.append(_shared(writer, "praise"))
    if writer.tone == "angry" and dice.chance(0.6):
        tail.append(_shared(writer, "closers.angry"))
    if not brief and dice.chance(0.5):
        tail.append(_shared(writer, "closers.support"))
    return _paragraphs(dice, [[head], [*complaint, *around], tail], split=0.5)


def _forum(writer: Voice) -> str:
    dice = writer.dice
    head = _shared(writer, "openers.forum") if dice.chance(0.5) else ""
    complaint = _complaint(writer, details=0.8, follow=0.55)
    tail = [_shared(writer, "closers.forum")] if dice.chance(0.6) else []
    if writer.tone == "friendly" and dice.chance(0.3):
        tail.insert(0, _shared(writer, "praise"))
    return _paragraphs(dice, [[head], [*complaint, *_surroundings(writer, 0.45)], tail], split=0.4)


def _social(writer: Voice) -> str:
    found = sections("vague" if writer.facts.vague else writer.facts.symptom)
    if writer.dice.chance(0.75):
        return _tidy(_say(writer, found["social"]))
    return _sentences([_core(writer)])


def _github(writer: Voice) -> str:
    layout = writer.dice.roll()
    if layout < 0.4:
        return _github_sections(writer)
    complaint = _complaint(writer, details=0.8, follow=0.3)
    if layout < 0.75:
        around = _surroundings(writer, 0.35)
        tail = [_shared(writer, "closers.github")] if writer.dice.chance(0.35) else []
        head = _shared(writer, "openers.github") if writer.dice.chance(0.25) else ""
        return _paragraphs(writer.dice, [[head], [*complaint, *around], tail], split=0.6)
    environment = " / ".join(writer.values[name] for name in ("version", "platform", "model") if name in writer.values)
    return _paragraphs(writer.dice, [complaint, [environment]], split=1.0)


def _github_sections(writer: Voice) -> str:
    """The issue template, filled in more or less completely."""
    dice, facts = writer.dice, writer.facts
    parts = ["### What happened", _sentences(_complaint(writer, details=0.7, follow=0.15))]
    if dice.chance(0.55):
        parts += ["### Steps to reproduce", _steps(writer)]
    if dice.chance(0.6) and not facts.vague:
        parts += ["### Expected", _sentences([_say(writer, sections(facts.symptom)["expected"])])]
    names = {"version": "Version", "surface": "Client", "platform": "Platform", "model": "Model", "plan": "Plan"}
    environment = [f"- {label}: {writer.values[name]}" for name, label in names.items() if name in writer.values]
    if environment:
        parts += ["### Environment", "\n".join(environment)]
    if facts.onset_stated and dice.chance(0.5):
        parts.append(_sentences([_shared(writer, "onset")]))
    return "\n\n".join(part for part in parts if part)


def _steps(writer: Voice) -> str:
    dice, values = writer.dice, writer.values
    first = dice.pick(("Open {a} {lang} project", "Start a session in {a} {lang} repository", "Open {area}"))
    article = "an" if values["lang"] in {"Elixir", "SQL"} else "a"
    if writer.facts.segment["session"] == "idle_over_1h" and dice.chance(0.5):
        second = "Leave the session alone for more than an hour, then ask it to {task}"
    else:
        second = dice.pick(("Ask it to {task}", 'Prompt: "{task}"', "Let it {task}"))
    last = _tidy(parse(LAST_STEP[writer.facts.symptom]).expand(dice, values))
    return f"1. {first.format(a=article, **values)}\n2. {second.format(**values)}\n3. {last}"


def _foreign(writer: Voice) -> tuple[str, str]:
    dice, found = writer.dice, sections(writer.facts.language)
    text = _say(writer, found[writer.facts.symptom])
    if writer.facts.channel == "social":
        return "", _spaced_marks(writer, text)
    title = _say(writer, found[f"{writer.facts.symptom}.titles"])
    if "version" in writer.values and dice.chance(0.35):
        gap = "" if writer.facts.language == "japanese" else " "
        text += f"{gap}({writer.values['version']})"
    if dice.chance(0.5):
        text += "\n\n" + _say(writer, found["shared"])
    return _spaced_marks(writer, title), _spaced_marks(writer, text)


def _spaced_marks(writer: Voice, text: str) -> str:
    """French keeps a space before its tall marks, which tidying took away."""
    return _FRENCH_MARK.sub(r" \1", text) if writer.facts.language == "french" else text


# ---------------------------------------------------------------- putting it together


def _paragraphs(dice: Dice, groups: list[list[str]], *, split: float) -> str:
    """Groups of sentences, each group perhaps a paragraph of its own."""
    out = ""
    for group in groups:
        text = _sentences(group)
        if not text:
            continue
        if not out:
            out = text
        else:
            out += ("\n\n" if out.endswith(",") or dice.chance(split) else " ") + text
    return out


def _sentences(said: list[str]) -> str:
    text = _tidy(" ".join(sentence for sentence in said if sentence))
    return _SENTENCE_START.sub(lambda m: m.group(1) + m.group(2).upper(), text)


def _tidy(text: str) -> str:
    """The text without doubled spaces and spaces before marks; most texts have none."""
    if "  " in text:
        text = _SPACES.sub(" ", text)
    if " ." in text or " ," in text or " ;" in text or " ?" in text:
        text = _SPACE_BEFORE.sub(r"\1", text)
    return text.strip()
