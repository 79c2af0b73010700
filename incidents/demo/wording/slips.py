"""Slips of the keyboard: a swapped pair, a lost letter or apostrophe, no capitals at all."""

import re

from incidents.demo.wording.grammar import Dice

_WORD = re.compile(r"(?<![\w./`<-])[a-z]{5,}(?![\w./`(-])")


def with_slips(dice: Dice, text: str, tone: str) -> str:
    """The text, in about one of eight cases with one or two slips; names of files and functions stay whole."""
    if dice.chance(0.07 if tone == "brief" else 0.025) and "###" not in text:
        text = text.lower()
    if dice.chance(0.04):
        text = text.replace("'", "")
    if dice.chance(0.09):
        for _ in range(dice.between(1, 2)):
            text = _one_slip(dice, text)
    return text


def _one_slip(dice: Dice, text: str) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = dice.pick(words)
    at = word.start() + dice.between(1, len(word.group()) - 3)
    kind = dice.below(3)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at] + text[at:]
