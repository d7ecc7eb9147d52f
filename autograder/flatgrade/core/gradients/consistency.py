"""Check without answers: whether a student's backward pass fits the student's own forward pass.

The slope of the returned loss says *whether* an output gradient fits; for that the function is only called. If one does
not fit, and the code is flat, a second slope says *which line* does not (`flatgrade.core.gradients.blame`). An
inconsistency has two ends, so no finding calls a line wrong: it names the gradient line, and the forward line that it
does not fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flatgrade.core.exercise import Exercise
from flatgrade.core.finding import Finding
from flatgrade.core.gradients.blame import blame
from flatgrade.core.gradients.measure import Measured, factor, measure, relation
from flatgrade.core.gradients.rerun import NotFlatError, Rerun
from flatgrade.core.gradients.slope import Agreement, Array, Loss, Remainder

Run = Callable[[Mapping[str, Any]], Mapping[str, Any]]

DIRECTIONS = 16
ROUNDING = 5e-7  # of the norm of a gradient: more than its rounding to float32 adds up to along a direction


@dataclass(frozen=True)
class Consistency:
    """The outcome. `agreement` is AGREE if each output gradient is the slope of the returned loss, else see below.

    `findings` says what does not fit (DISAGREE only), and `lines` are the lines that the first finding is about.
    `stages` tells of each gradient line that was compared whether it follows from the lines above it.
    """

    agreement: Agreement
    findings: tuple[Finding, ...] = ()
    lines: tuple[int, ...] = ()
    stages: Mapping[str, bool] = field(default_factory=dict)


def consistency(
    exercise: Exercise, run: Run, inputs: Mapping[str, Any], function: Callable[..., Any] | None = None
) -> Consistency:
    """Check the gradients of an exercise on `inputs` (float64 arrays and floats, int64 labels; teaching size).

    `run` maps inputs to outputs by name, and leaves the inputs as they are. `function` is the student's function if
    the plan is one call: lines are found in its text. The loss is the exercise's first output; if that is an array
    and there is an input named `d` + its name, the loss is the sum of their product. INCONCLUSIVE if there is nothing
    to compare, or if the loss has no slope that can be measured. What `run` raises is passed on.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _consistency(exercise, run, inputs, function)


def _consistency(
    exercise: Exercise, run: Run, inputs: Mapping[str, Any], function: Callable[..., Any] | None
) -> Consistency:
    outputs = run(inputs)
    checks = {
        output: measure(_loss(exercise, run, inputs, name), inputs[name], outputs[output])
        for output, name in measurable(exercise, inputs).items()
    }
    wrong = {output: check for output, check in checks.items() if check.agreement is Agreement.DISAGREE}
    if not wrong:
        agree = bool(checks) and all(check.agreement is Agreement.AGREE for check in checks.values())
        return Consistency(Agreement.AGREE if agree else Agreement.INCONCLUSIVE)
    size = letter_sizes(exercise, inputs).get("N", 1)
    if function and len(exercise.plan) == 1:
        try:
            arguments = [inputs[name] for name in exercise.call.arguments]
            own = Rerun(function, arguments, exercise.returns, exercise.upstream(inputs))
            misfits, stages = blame(exercise, own, wrong, size)
        except NotFlatError:
            misfits, stages = [], {}
        if misfits:
            return Consistency(Agreement.DISAGREE, tuple(m.finding for m in misfits), misfits[0].lines, stages)
    return Consistency(Agreement.DISAGREE, tuple(_told(exercise, out, check, size) for out, check in wrong.items()))


def fits_along(exercise: Exercise, run: Run, inputs: Mapping[str, Any]) -> bool:
    """False if an output gradient disagrees with the loss in more than half of 16 random directions of +-1.

    For inputs of real width, where entry by entry would take too long: about 31 + 2 * 16 calls of `run` a gradient.
    An error in one entry shows in all directions; the rounding of a gradient to float32 is none. Shapes and dtypes as
    in `consistency`.
    """
    rng = np.random.default_rng(0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        outputs = run(inputs)
        for output, name in measurable(exercise, inputs).items():
            loss, at = Loss(_loss(exercise, run, inputs, name)), np.asarray(inputs[name])
            claimed = np.asarray(outputs[output], dtype=np.float64)
            remainder, least = Remainder(loss, at, claimed, rng), ROUNDING * float(np.linalg.norm(claimed))
            readings = [remainder.along(rng.choice((-1.0, 1.0), at.size)) for _ in range(DIRECTIONS)]
            wrong = [item for item in readings if item.agreement is Agreement.DISAGREE and abs(item.error) > least]
            if 2 * len(wrong) > DIRECTIONS:
                return False
    return True


def letter_sizes(exercise: Exercise, inputs: Mapping[str, Any]) -> dict[str, int]:
    """The number that stands for each letter of the contract's shapes in these inputs."""
    shapes = [(item.shape, np.shape(inputs[item.name])) for item in exercise.inputs if item.shape]
    return {letter: n for letters, shape in shapes for letter, n in zip(letters, shape, strict=True)}


def measurable(exercise: Exercise, inputs: Mapping[str, Any]) -> dict[str, str]:
    """The output gradients whose slopes can be measured, each with its input: those by inputs that can be disturbed."""
    real = {name for name, value in inputs.items() if np.asarray(value).dtype == np.float64}
    return {output: name for output, name in exercise.gradients.items() if name in real}


def _loss(exercise: Exercise, run: Run, inputs: Mapping[str, Any], name: str) -> Callable[[Array], float]:
    upstream = exercise.upstream(inputs)

    def loss(value: Array) -> float:
        moved = value if np.ndim(inputs[name]) else float(value)
        return float(np.sum(run({**inputs, name: moved})[exercise.loss] * upstream))

    return loss


def _told(exercise: Exercise, output: str, check: Measured, size: int) -> Finding:
    """A gradient that does not fit, where no line can be told."""
    name = factor(check.claimed, check.slope, size)
    said = f"it is {relation(name, size)}" if name else check.example(output)
    names = ", ".join(stage.name for stage in exercise.stages) if len(exercise.plan) == 1 else ""
    advice = f"To learn which line it is, write one statement a line and name every value: {names}." if names else ""
    return Finding(f"{output} does not fit {exercise.loss}: {said}.", advice, output)
