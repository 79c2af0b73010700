"""Where and when two changes are in force together, and where and when one of them is by itself, as exposures."""

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.exposed import Exposure
from incidents.stats.attribution.search import UNLOGGED, Found, Search

RUNS, RUNS_NOT = 1, 2  # Frame.kind_state


class Pieces:
    """Cuts the exposures of two changes into pieces, each at its likeliest shape of delay."""

    def __init__(self, search: Search, found: Found) -> None:
        """Find the likeliest shape of each change."""
        self.search = search
        self.rate = found.state.rate
        self.level = found.state.background.sum(-1).ravel()
        best: dict[int, tuple[float, int]] = {}
        for slot in found.slots:
            for candidate, weight in zip(slot.candidates, slot.weights, strict=True):
                change = candidate.exposure.change
                if weight > best.get(change, (0.0, 0))[0]:
                    best[change] = (float(weight), candidate.exposure.shape)
        usual = 1 if len(search.frame.shapes) > 1 else 0
        self.shape = [best.get(j, (0.0, usual))[1] for j in range(search.frame.n_changes)]

    def background(self, a: int, b: int) -> float:
        """Return the complaints that the background brings while and where both are in force."""
        frame = self.search.frame
        return float(self.level @ (frame.scope[a] * frame.scope[b])) * float(self.rate @ self._curves(a, b)[0])

    def together(self, a: int, b: int) -> Exposure:
        """Return where and while both are in force."""
        frame = self.search.frame
        general, carried = self._curves(a, b)
        state = None
        for told in self._states(a, b) or ():
            if told is None:
                continue
            if state is None:
                state = told
            else:
                known = np.where((state == RUNS) & (told == RUNS), RUNS, RUNS_NOT)
                state = np.where(state + told == 0, 0, known)
        return self._exposure(frame.scope[a] * frame.scope[b], general, carried, state, self.shape[b])

    def apart(self, a: int, b: int) -> tuple[Exposure, Exposure]:
        """Return where b is in force and a is not: other times of a's segments, and segments outside a's scope."""
        frame = self.search.frame
        own = frame.curve[b, self.shape[b]], frame.carried[b, self.shape[b]]
        together, _ = self._curves(a, b)
        states = self._states(a, b)
        general, carried, state = np.maximum(own[0] - together, 0.0), own[1], None
        if states is None:
            carried = general
        elif states[0] is None:
            carried = own[1] * (1.0 - frame.curve[a, self.shape[a]])
            state = states[1]
        else:
            # known not to run the first change: the second one is alone there
            state = np.where(states[0] == RUNS_NOT, RUNS, np.where(states[0] == RUNS, RUNS_NOT, 0))
            if states[1] is None:
                carried = own[0]
            else:
                state = np.where(states[1] == RUNS_NOT, RUNS_NOT, state)
        inside = frame.scope[a] * frame.scope[b]
        rest = frame.scope[b] * (1.0 - frame.scope[a])
        return (
            self._exposure(inside, general, carried, state, self.shape[b]),
            self._exposure(rest, *own, None if states is None else states[1], self.shape[b]),
        )

    def _curves(self, a: int, b: int) -> tuple[Floats, Floats]:
        """Return the joint curve of reports in general, and of those known to run what carries the changes."""
        frame = self.search.frame
        first, second = (frame.curve[j, self.shape[j]] for j in (a, b))
        known = [frame.carried[j, self.shape[j]] for j in (a, b)]
        changes = frame.evidence.changes
        both = changes[a].carrier is not None and changes[b].carrier is not None
        # whoever runs the later of two versions runs what both carry
        return np.minimum(first, second) if both else first * second, known[0] * known[1]

    def _states(self, a: int, b: int) -> tuple[Ints | None, Ints | None] | None:
        frame = self.search.frame
        told = [
            None if frame.evidence.changes[j].carrier is None else np.asarray(frame.kind_state[:, j]) for j in (a, b)
        ]
        return None if told[0] is None and told[1] is None else (told[0], told[1])

    def _exposure(self, scope: Floats, general: Floats, carried: Floats, state: Ints | None, shape: int) -> Exposure:
        frame = self.search.frame
        mass = (scope * frame.usage.ravel()).reshape(frame.lattice.shape)
        return Exposure(
            change=UNLOGGED,
            shape=shape,
            inside=frame.lattice.margins(mass).ravel(),
            scope=scope,
            reach=float(mass.sum()),
            curve=general,
            carried=carried,
            state=state,
            moved=self.search.base.moved(scope),
        )
