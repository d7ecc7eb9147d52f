"""Which gradient line of a student's flat code does not follow from the lines above it.

The slope of the whole rest of the forward pass would blame every line below the first one that does not fit. So
disturb a stage s, run the rest, and wherever it comes to a stage t that has a gradient line dt of its own, put the
undisturbed value back (a *cut*) and take that line at its word:

    slope(s) = change of the loss on the paths that avoid all cuts + sum over t of <dt, change of t>.

That also takes most kinks out of the way: from W to scores everything is linear.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from flatgrade.core.exercise import Exercise, slope_of
from flatgrade.core.finding import Finding
from flatgrade.core.gradients.measure import Measured, factor, factors, measure, relation, slopes
from flatgrade.core.gradients.rerun import Cut, Rerun
from flatgrade.core.gradients.slope import STEP, Agreement, Array

LARGE = 400  # stages with more entries are not looked into
DIRECTIONS = 4


@dataclass(eq=False)
class Line:
    """A gradient line: `name` claims that `value` is the slope of the loss by the forward name `of` at `point`.

    It is complete after the step `end` - 1 of the run. `whole` compares it with the slope of the whole rest of the
    forward pass; of outputs only `right` is known beforehand.
    """

    name: str
    variable: str
    of: str
    value: Array
    end: int
    point: int
    right: bool
    whole: Measured | None = None
    variants: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Misfit:
    """A line that does not follow from those above it, its finding, and the lines of the text that it is about."""

    name: str
    finding: Finding
    lines: tuple[int, ...]


def blame(exercise: Exercise, own: Rerun, wrong: Collection[str], size: int) -> tuple[list[Misfit], dict[str, bool]]:
    """The lines to look at, from the top, and for each line that was compared whether it follows.

    `wrong` are the outputs that are not the slope of the loss; `size` is N. Empty where no line could be compared.
    """
    lines = _gradient_lines(exercise, own, wrong, size)
    inputs = tuple(exercise.gradients.values())
    blamed, follows = _Search(own, lines, inputs, size).cheapest()
    first = blamed[0].line if len(blamed) > 1 else None
    for variant in first.variants if first else ():
        others = [variant if line is first else line for line in lines]
        blamed, follows = min((blamed, follows), _Search(own, others, inputs, size).cheapest(), key=lambda r: len(r[0]))
    told = _Told(exercise, own, lines, size)
    misfits = [told.misfit(local) for local in blamed]
    return misfits, {**{line.name: True for line in follows}, **{misfit.name: False for misfit in misfits}}


# --- the gradient lines ------------------------------------------------------------------------------------------


def _gradient_lines(exercise: Exercise, own: Rerun, wrong: Collection[str], size: int) -> list[Line]:
    """Outputs that are gradients, and names such as dscores that the backward code assigns, as they are completed."""
    lines, last = [], len(own.steps)
    for output, name in exercise.gradients.items():
        variable = own.variables[output]
        ends = [i + 1 for i in range(last) if variable in own.steps[i].writes]
        value = np.asarray(own.outputs[output], dtype=np.float64)
        lines.append(Line(output, variable, name, value, max(ends, default=last), 0, output not in wrong))
    taken = {line.variable for line in lines}
    backward = [i for i in range(last) if i not in own.forward]
    for name in dict.fromkeys(name for i in backward for name in sorted(own.steps[i].writes)):
        if name not in taken:
            writes = [i for i in backward if name in own.steps[i].writes]
            lines += filter(None, [_stage_line(own, name, writes, size)])
    return sorted(lines, key=lambda line: line.end)


def _stage_line(own: Rerun, name: str, writes: list[int], size: int) -> Line | None:
    """The line of a stage's gradient. What counts is the value at its first use: `dscores` after `dscores /= N`.

    A stage may hold several values in turn (`scores -= scores.max()`). The one whose slope this is counts, else one
    whose slope it is but for a factor, else the last one before the first use; the others are `variants`.
    """
    used = next((i for i in range(writes[0] + 1, len(own.steps)) if name in own.uses(i)), len(own.steps))
    end = max(i for i in writes if i < used) + 1
    value = _real(own.before[used].get(name))
    found = []
    for point in own.points(slope_of(name)):
        at = _real(own.before[point].get(slope_of(name)))
        if value is None or at is None or at.shape != value.shape or at.size > LARGE:
            continue
        if own.faithful(point, slope_of(name)):
            run = own.disturbed(point, slope_of(name))
            whole = measure(lambda moved, run=run: run(moved)[0], at, value)  # type: ignore[misc]
            right = whole.agreement is Agreement.AGREE
            found.append(Line(name, name, slope_of(name), value, end, point, right, whole))
    found.sort(key=lambda line: (not line.right, not _is_factor(line, size)))
    return replace(found[0], variants=tuple(found[1:])) if found else None


def _is_factor(line: Line, size: int) -> bool:
    return line.whole is not None and bool(factor(line.value, line.whole.slope, size))


def _real(value: object) -> Array | None:
    if isinstance(value, (float, int, np.generic, np.ndarray)) and np.asarray(value).dtype.kind in "fiub":
        return np.asarray(value, dtype=np.float64)
    return None


# --- one line ----------------------------------------------------------------------------------------------------


class _Local:
    """The loss as a function of the stage of one line, with the lines `above` taken at their word.

    `scales` says which lines are in another unit (N times the slope, to be divided by N further down).
    """

    def __init__(self, own: Rerun, line: Line, above: Sequence[Line], scales: Mapping[Line, float]) -> None:
        self.own, self.line, self.scale = own, line, scales.get(line, 1.0)
        # Two lines for one stage (dscores, grad_scores): the later one counts.
        words = {item.of: item for item in above if item.point > line.point and item.of != line.of}
        self.cuts: list[Cut] = [(item.point, item.of) for item in words.values()]
        self.words = {name: item.value / scales.get(item, 1.0) for name, item in words.items()}
        self.at = np.asarray(own.before[line.point][line.of], dtype=np.float64)
        self.loss = self.through(None)

    def through(self, step: int | None) -> Callable[[Array], float]:
        """The loss where only that step sees the disturbed value (None: all steps do)."""
        run = self.own.disturbed(self.line.point, self.line.of, self.cuts, step)

        def loss(value: Array) -> float:
            number, found = run(value)
            return self.scale * (number + sum(float(np.sum(self.words[name] * at)) for name, at in found.items()))

        return loss

    def users(self) -> list[int]:
        """The forward steps that read the stage, up to the first that writes it anew."""
        found = []
        for i in self.own.forward:
            if i >= self.line.point and self.line.of in self.own.steps[i].reads:
                found.append(i)
            if i >= self.line.point and self.line.of in self.own.steps[i].writes:
                break
        return found

    def agreement(self, inputs: Sequence[str]) -> Agreement:
        """Whether the line follows from those above; `inputs` are the names whose gradients are asked for."""
        if not self.own.faithful(self.line.point, self.line.of, self.cuts):
            return Agreement.INCONCLUSIVE
        agreement = measure(self.loss, self.at, self.line.value).agreement
        if agreement is Agreement.DISAGREE and self.line.whole:
            claims, slopes = self.in_reach(inputs)
            if np.any(slopes) and np.all(np.abs(claims - slopes) <= 1e-5 * np.max(np.abs(slopes))):
                return Agreement.AGREE
        return agreement

    def in_reach(self, inputs: Sequence[str]) -> tuple[Array, Array]:
        """Claim and slope along some directions in which the inputs can move the stage.

        There a mask as dmargins is as good as 1/N everywhere: margins that are 0 do not move.
        """
        rng, claims, slopes = np.random.default_rng(0), [], []
        for name in inputs if self.line.point else ():
            at = np.asarray(self.own.before[0][name], dtype=np.float64)
            reach = self.own.disturbed(0, name, [(self.line.point, self.line.of)])
            for _ in range(DIRECTIONS):
                step = STEP * rng.standard_normal(at.shape)
                ends = [reach(at + sign * step)[1][self.line.of] for sign in (1, -1)]
                change = (ends[0] - ends[1]) / 2
                claims.append(float(np.sum(self.line.value * change)) / STEP)
                slopes.append((self.loss(self.at + change) - self.loss(self.at - change)) / (2 * STEP))
        return np.array(claims), np.array(slopes)


# --- the shortest reading ----------------------------------------------------------------------------------------


class _Search:
    def __init__(self, own: Rerun, lines: Sequence[Line], inputs: Sequence[str], size: int) -> None:
        self.own, self.lines, self.inputs, self.size = own, lines, inputs, size
        self._known: dict[tuple[object, ...], tuple[_Local, Agreement]] = {}
        right = [line for line in lines if line.right and line.whole is None]
        # A line that does not fit, above an output that does, follows a convention of its own: no news.
        self.silent = {line for line in lines if not line.right and any(self._feeds(line, out) for out in right)}

    def cheapest(self) -> tuple[list[_Local], list[Line]]:
        """The lines to look at in the reading that has the fewest of them, and the lines that follow.

        A line that is N, 1/N, 2, 1/2 or -1 times its slope is either one to look at, or it begins a stretch of lines
        in another unit, which a line further down ought to make good: both are tried. A line that is no such factor
        may still be meant in the usual other unit, N times the slope.
        """
        stages = [line for line in self.lines if line.whole and not line.right and line not in self.silent]
        known = factors(self.size)
        readings: list[dict[Line, float]] = [{}]
        for i, first in enumerate(stages):
            scale = known.get(self._factor(first)) or known.get("N", 1.0)
            readings += [dict.fromkeys(stages[i : k + 1], scale) for k in range(i, len(stages))]
        found = [(self._read(reading), bool(reading)) for reading in readings]
        return min(found, key=lambda item: len(item[0][0]) + 0.1 * item[1])[0]

    def _feeds(self, line: Line, output: Line) -> bool:
        return line.end - 1 in self.own.behind(output.variable, output.end)

    def _factor(self, line: Line) -> str:
        assert line.whole is not None
        local = _Local(self.own, line, (), {})
        return factor(line.value, line.whole.slope, self.size) or factor(*local.in_reach(self.inputs), self.size)

    def _read(self, scales: Mapping[Line, float]) -> tuple[list[_Local], list[Line]]:
        blamed: list[_Local] = []
        above: list[Line] = []
        for line in self.lines:
            if line in self.silent:
                continue
            if not line.right:
                local, agreement = self._compare(line, above, scales)
                if agreement is Agreement.INCONCLUSIVE:
                    continue
                if agreement is Agreement.DISAGREE:
                    blamed.append(local)
            above.append(line)
        return blamed, above

    def _compare(self, line: Line, above: Sequence[Line], scales: Mapping[Line, float]) -> tuple[_Local, Agreement]:
        key = (line, *((item, scales.get(item)) for item in (line, *above)))
        if key not in self._known:
            local = _Local(self.own, line, above, scales)
            self._known[key] = local, local.agreement(self.inputs)
        return self._known[key]


# --- in words ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """Puts a line that does not follow into words."""

    exercise: Exercise
    own: Rerun
    lines: Sequence[Line]
    size: int

    def misfit(self, local: _Local) -> Misfit:
        """Both ends of the inconsistency, and how the line differs from what would fit."""
        line, slope = local.line, slopes(local.loss, local.at)[0]
        shares = {i: slopes(local.through(i), local.at)[0] for i in local.users()}
        users = [i for i, share in shares.items() if np.any(share)] or list(shares)
        share, name = self._odd_share(local, slope, shares)
        ends = users if share is None else [share]
        own, theirs = self._own_lines(line), sorted({self.own.steps[i].line for i in ends})
        part = "it"
        if share is not None and len(users) > 1:
            part = f"the share that comes from {self._written(share)}"
        if name == "0" and part != "it":
            said = f"{part} is missing"
            uses = _numbers(sorted({self.own.steps[i].line for i in users}))
            advice = f"{line.of} is used in {uses}, and every use adds its share to {line.name}."
        elif name:
            said = f"{part} is {relation(name, self.size)}"
            advice = _ADVICE[name].format(line=line.name, of=line.of)
        else:
            unit = next((name for name, scale in factors(self.size).items() if scale == local.scale), "")
            said = Measured(Agreement.DISAGREE, line.value, slope).example(line.name, unit, self.size)
            advice = f"Work out the derivative of {_numbers(theirs)} by {line.of}, and compare it with {_numbers(own)}."
        others = _listed([f"{self._written(i)} (line {self.own.steps[i].line})" for i in ends])
        fact = f"{line.name} ({_numbers(own)}) does not fit {others}: {said}."
        return Misfit(line.name, Finding(fact, advice, line.name, own[-1]), tuple(sorted({*own, *theirs})))

    def _odd_share(self, local: _Local, slope: Array, shares: Mapping[int, Array]) -> tuple[int | None, str]:
        """The one user of the stage whose share is off by a plain factor, and the factor; (None, factor) for all."""
        value = local.line.value
        for i, share in shares.items():
            name = factor(value - (slope - share), share, self.size)
            if name == "0" or (name and local.scale == 1.0):
                return i, name
        return None, factor(value, slope, self.size) if local.scale == 1.0 else ""

    def _own_lines(self, line: Line) -> list[int]:
        """The lines of the text that made the value, down from the gradient lines above that were compared.

        What comes before the first use of a gradient's variable (N, rows, dW = zeros) only prepares.
        """
        others = frozenset(other.variable for other in self.lines) - {line.variable}
        made = self.own.behind(line.variable, line.end, without=others)
        inputs = set(self.exercise.gradients.values())
        begin = next((i for i in self.own.forward if self.own.steps[i].reads & inputs), 0)
        found = sorted({self.own.steps[i].line for i in made if i not in self.own.forward and i > begin})
        return found or [self.own.steps[line.end - 1].line]

    def _written(self, step: int) -> str:
        """What a step writes: an output or a stage of the contract if it can be one."""
        shown = {variable: name for name, variable in self.own.variables.items()}
        names = sorted(shown.get(name, name) for name in self.own.steps[step].writes)
        return next((name for name in names if self.exercise.stage(name)), names[0])


_ADVICE = {
    "0": "{line} is where the loss is felt by {of}: is it computed, and kept?",
    "2": "Compare the constant factors of the two lines.",
    "1/2": "Compare the constant factors of the two lines: the derivative of a square has a factor 2.",
    "-1": "Compare the signs of the two lines: a gradient points to where the loss grows.",
    "N": "Where the loss takes the mean over N examples, its gradient is divided by N as well.",
    "1/N": "Is it divided by N once more than the loss is?",
}


def _numbers(lines: Sequence[int]) -> str:
    """Line numbers in words: `line 3`, `lines 3 and 4`, `lines 3 to 6`, `lines 3, 5 and 9`."""
    if len(lines) > 2 and lines[-1] - lines[0] == len(lines) - 1:
        return f"lines {lines[0]} to {lines[-1]}"
    return f"line{'s' if len(lines) > 1 else ''} {_listed([str(line) for line in lines])}"


def _listed(items: Sequence[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
