"""The colours, measured: style sheet and Python agree, text and marks stand out, changes stay apart for every eye."""

import itertools
import re

import numpy as np
import pytest
from django.conf import settings

from incidents.charts.palette import DARK, LIGHT, Palette

THEMES = ("light", "dark")
SURFACES = ("--canvas", "--surface", "--sunken", "--raised", "--hover", "--selected")
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Ottosson's OKLab (2020).
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _tokens() -> dict[str, dict[str, str]]:
    css = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
    pairs = re.findall(r"(--[\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return {"light": {name: light for name, light, _ in pairs}, "dark": {name: dark for name, _, dark in pairs}}


TOKENS = _tokens()


def _linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _contrast(first: str, second: str) -> float:
    bright, dim = sorted((float(_linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (first, second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _lab(colour: str, vision: np.ndarray) -> np.ndarray:
    return np.cbrt(np.clip(vision @ _linear(colour), 0, 1) @ TO_LMS.T) @ TO_LAB.T


def test_contrast_is_measured_right() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_python_and_the_style_sheet_have_the_same_colours(theme: str, palette: Palette) -> None:
    named = palette.tokens()
    assert len(named) == 20
    assert named == {name: TOKENS[theme][name] for name in named}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ink", ["--ink", "--ink-2", "--ink-3", "--accent", "--bad"])
@pytest.mark.parametrize("surface", SURFACES)
def test_text_stands_out_from_every_surface(theme: str, ink: str, surface: str) -> None:
    assert _contrast(TOKENS[theme][ink], TOKENS[theme][surface]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tone", ["ok", "warn", "bad", "info"])
def test_tones_stand_out_from_their_own_surface(theme: str, tone: str) -> None:
    colours = TOKENS[theme]
    for ink in (f"--{tone}", "--ink", "--accent"):
        assert _contrast(colours[ink], colours[f"--{tone}-surface"]) >= 4.5, ink


@pytest.mark.parametrize("theme", THEMES)
def test_words_on_the_primary_button_stand_out(theme: str) -> None:
    for face in ("--accent", "--accent-strong"):
        assert _contrast(TOKENS[theme]["--on-accent"], TOKENS[theme][face]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_edges_of_controls_stand_out(theme: str) -> None:
    marks = [f"--change-{i}" for i in range(1, 9)]
    for mark in [*marks, "--background-layer", "--unattributed", "--statement", "--line-strong"]:
        for surface in ("--surface", "--canvas"):
            assert _contrast(TOKENS[theme][mark], TOKENS[theme][surface]) >= 3.0, (mark, surface)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_every_two_changes_stay_apart(theme: str, vision: str) -> None:
    colours = [TOKENS[theme][f"--change-{i}"] for i in range(1, 9)]
    distances = [
        float(np.linalg.norm(_lab(a, VISION[vision]) - _lab(b, VISION[vision])))
        for a, b in itertools.combinations(colours, 2)
    ]
    assert len(distances) == 28
    assert min(distances) >= 0.09


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_no_change_looks_like_the_background(theme: str, vision: str) -> None:
    grey = _lab(TOKENS[theme]["--background-layer"], VISION[vision])
    for i in range(1, 9):
        assert float(np.linalg.norm(_lab(TOKENS[theme][f"--change-{i}"], VISION[vision]) - grey)) >= 0.09, i


def test_no_page_uses_more_than_five_sizes_of_text() -> None:
    css = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"--text-\w+", css))) == ["--text-l", "--text-m", "--text-s", "--text-xl", "--text-xs"]
