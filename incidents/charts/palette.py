"""The colours of meaning, light and dark: the same values as `static/css/tokens.css` (a test keeps them equal).

A change keeps one colour everywhere. Eight colours, derived from Okabe and Ito's set and moved in lightness until every
pair stays apart for readers without red, green or blue cones and each has a contrast of 3:1 with its surface; the ninth
change starts again at the first colour with a pattern laid over it.

A figure that must follow the reader's theme names a token ("--change-3") where Plotly wants a colour;
`static/js/tokens.js` puts the value in before it is drawn.
"""

from dataclasses import dataclass

N_CHANGE_COLOURS = 8
# Plotly's names; the first is "no pattern". The style sheet has the same order as `.change-pattern-0` to `-3`.
PATTERNS = ("", "/", ".", "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """One theme's colours as `#rrggbb`, named as in the style sheet."""

    surface: str
    ink: str
    ink_2: str
    ink_3: str
    line: str
    changes: tuple[str, ...]
    background_layer: str
    unattributed: str
    statement: str
    accent: str
    ok: str
    warn: str
    bad: str

    def tokens(self) -> dict[str, str]:
        """Return the colours by the name of their custom property, `--change-1` and so on."""
        named = {
            "--surface": self.surface,
            "--ink": self.ink,
            "--ink-2": self.ink_2,
            "--ink-3": self.ink_3,
            "--line": self.line,
            "--background-layer": self.background_layer,
            "--unattributed": self.unattributed,
            "--statement": self.statement,
            "--accent": self.accent,
            "--ok": self.ok,
            "--warn": self.warn,
            "--bad": self.bad,
        }
        return named | {f"--change-{i}": colour for i, colour in enumerate(self.changes, start=1)}


LIGHT = Palette(
    surface="#ffffff",
    ink="#16181d",
    ink_2="#454b57",
    ink_3="#636a77",
    line="#e3e5ea",
    changes=("#b98412", "#0093ee", "#017e5b", "#5a4902", "#024d81", "#b35211", "#860958", "#854bb7"),
    background_layer="#868991",
    unattributed="#636a77",
    statement="#16181d",
    accent="#3a4bc4",
    ok="#17653f",
    warn="#7a4f00",
    bad="#a3271e",
)
DARK = Palette(
    surface="#17191d",
    ink="#eceef1",
    ink_2="#b9bfc9",
    ink_3="#959ca8",
    line="#2b2f36",
    changes=("#fdba4b", "#47b0ee", "#64efb2", "#aaa001", "#0081ce", "#ba5c26", "#eb759a", "#cecaff"),
    background_layer="#666971",
    unattributed="#959ca8",
    statement="#eceef1",
    accent="#a3afff",
    ok="#6fd3a0",
    warn="#efbf60",
    bad="#ff9b8f",
)


def colour_index(position: int) -> int:
    """Return the colour number, 1 to 8, of the change at this place (0, 1, 2, …) in its case's order.

    Raises:
        ValueError: the position is negative.
    """
    if position < 0:
        raise ValueError(f"A change's position starts at 0, not {position}.")
    return position % N_CHANGE_COLOURS + 1


def pattern_index(position: int) -> int:
    """Return the pattern number, 0 (plain) to 3, of the change at this place; past 32 changes the looks repeat."""
    return (colour_index(position) and position // N_CHANGE_COLOURS) % len(PATTERNS)


def plotly_pattern(position: int) -> str:
    """Return Plotly's `marker.pattern.shape` or `fillpattern.shape` for the change at this place."""
    return PATTERNS[pattern_index(position)]


def change_token(position: int) -> str:
    """Return the custom property of the change at this place, for example `--change-3`."""
    return f"--change-{colour_index(position)}"


def classes(position: int) -> str:
    """Return the style classes that give an element this change's colour and pattern."""
    return f"change-{colour_index(position)} change-pattern-{pattern_index(position)}"
