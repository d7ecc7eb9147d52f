"""Which pass is at fault: what is wrong in a forward and a backward pass, told by three comparisons.

The output against the reference, each gradient against the reference, and each gradient against the slopes of the
student's *own* forward pass. This is a diagnosis and never points: a forward pass of 0 fits a backward pass of 0.

The slopes are measured here, from what the worker sends back for many inputs in one reply. What they cannot tell (a
kink, rounding to float32, a forward pass that raises, draws random numbers or is slow) gives no diagnosis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from flatgrade.core.exercise import Exercise
from flatgrade.core.finding import Finding
from flatgrade.core.gradients.consistency import measurable
from flatgrade.core.gradients.probe import Probe
from flatgrade.core.gradients.slope import Agreement, Array
from flatgrade.grader.cases import Asks, CaseResult, is_number, request
from flatgrade.grader.replies import read_calls

_SECONDS = 2.0  # for all calls of a diagnosis
_MOST_ENTRIES = 1 << 20  # of all arrays that are sent to and fro
_SAME = 1e-12  # relative: two calls give the same (a matrix product may round by the alignment of its arrays)

Fits = Mapping[str, Agreement]


def passes_findings(exercise: Exercise, results: Sequence[CaseResult], worker: Asks) -> list[Finding]:
    """The diagnosis of a wrong answer, as one finding; none where it has no two passes, or nothing can be told.

    Flat code of one call with stages has none either: replay tells the line. Raises WorkerGoneError.
    """
    if (exercise.stages and len(exercise.plan) == 1) or not all(result.returned for result in results):
        return []
    result = _typical(exercise, results)
    if result is None:
        return []
    fits = _fits(exercise, result, worker)
    return [finding] if fits and (finding := _told(exercise, result, fits)) else []


def _typical(exercise: Exercise, results: Sequence[CaseResult]) -> CaseResult | None:
    """A failing case that shows all that is wrong with the two passes, so that what is said of it holds for all.

    The smallest of the generic ones, if one does.
    """
    passes = (exercise.loss, *exercise.gradients)
    wrong = {name for name in passes if not all(result.right(name) for result in results)}
    shown = [result for result in results if wrong and wrong == {name for name in passes if not result.right(name)}]
    return min(shown, key=lambda result: (not result.case.generic, _size(result.case.inputs)), default=None)


def _size(inputs: Mapping[str, Any]) -> int:
    return sum(np.size(value) for value in inputs.values())


def _fits(exercise: Exercise, result: CaseResult, worker: Asks) -> Fits:
    """By output gradient, whether it is the slope of the student's own forward pass; empty where that has no slope."""
    inputs, values = result.case.inputs, result.reply.values
    at = {output: np.asarray(inputs[name]) for output, name in measurable(exercise, inputs).items()}
    upstream: Array = np.asarray(exercise.upstream(inputs), dtype=np.float64)
    shapes = {exercise.loss: upstream.shape, **{output: point.shape for output, point in at.items()}}
    if at.keys() != exercise.gradients.keys() or not all(_has(values.get(name), shapes[name]) for name in shapes):
        return {}
    rng = np.random.default_rng(0)
    probes = {output: Probe(point, rng) for output, point in at.items()}
    changes: list[dict[str, Any]] = [
        {exercise.gradients[output]: point if point.ndim else float(point)}
        for output, probe in probes.items()
        for point in probe.points
    ]
    entries = sum(np.size(value) for change in changes for value in change.values()) + len(changes) * upstream.size
    if entries > _MOST_ENTRIES:
        return {}
    outs = _outputs(exercise, inputs, [{}, *changes, {}], worker)
    with np.errstate(all="ignore"):
        if outs is None or not all(_same(out, values[exercise.loss]) for out in (outs[0], outs[-1])):
            return {}
        middle, *losses = (float(np.sum(out * upstream)) for out in outs[:-1])
        terms = float(np.sum(np.abs(outs[0] * upstream)))
    left = iter(losses)
    return {
        output: probe.agreement(values[output], middle, list(islice(left, len(probe.points))), terms)
        for output, probe in probes.items()
    }


def _outputs(
    exercise: Exercise, inputs: Mapping[str, Any], changes: Sequence[Mapping[str, Any]], worker: Asks
) -> list[Array] | None:
    """The student's first output for the inputs with each of the changes; None where one is not of the usual shape."""
    forward = 1 + next(i for i, call in enumerate(exercise.plan) if exercise.loss in call.results)
    asked = request("calls", exercise, inputs)
    asked |= {"plan": asked["plan"][:forward], "returns": [exercise.loss], "changes": list(changes)}
    rows = read_calls(worker.ask(asked, _SECONDS), len(changes))
    if rows is None:
        return None
    outs: list[Any] = [row.get(exercise.loss) for row in rows]
    if not all(_has(out, np.shape(outs[0])) for out in outs):
        return None
    return [np.asarray(out, dtype=np.float64) for out in outs]


def _has(value: Any, shape: tuple[int, ...]) -> bool:
    return is_number(value) and np.shape(value) == shape


def _same(out: Array, own: Any) -> bool:
    own = np.asarray(own, dtype=np.float64)
    return out.shape == own.shape and bool(np.all(np.abs(out - own) <= _SAME * np.abs(own).max(initial=0.0)))


def _told(exercise: Exercise, result: CaseResult, fits: Fits) -> Finding | None:
    """What the three comparisons say together; None where one that matters could not be made."""
    out = exercise.loss
    wrong = [output for output in fits if not result.right(output)]
    if result.right(out):
        backward = (
            "Your forward pass is right, and your backward pass does not fit it; the fault is in the backward, or in a "
            "value that it takes from the forward."
        )
        return Finding(backward) if all(fits[output] is Agreement.DISAGREE for output in wrong) else None
    if Agreement.INCONCLUSIVE in fits.values():
        return None
    if neither := [output for output in wrong if fits[output] is Agreement.DISAGREE]:
        fit = "fits" if len(neither) == 1 else "fit"
        return Finding(
            f"Your forward pass is wrong, and {_listed(neither)} {fit} neither it nor the right one.",
            "Mend the forward first; the backward may be wrong only through the values that it takes from there.",
        )
    fitting = all(item is Agreement.AGREE for item in fits.values())
    if not wrong:
        return _right_backward(out, fitting=fitting)
    if not any(np.any(result.reply.values[output]) for output in fits):
        return Finding(
            f"Your backward pass is 0, which fits your own forward pass: {out} does not change with the inputs.",
            "Both are wrong.",
        )
    said = "Your backward pass" if fitting else "Where it is not right, your backward pass"
    because = f"{out} is wrong, and {_listed(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong because of it."
    return Finding(f"{said} fits your own forward pass; the fault is in the forward.", because)


def _right_backward(out: str, *, fitting: bool) -> Finding:
    if fitting:
        return Finding(
            f"Your backward pass is right and fits your own forward pass, too; what is wrong in {out} does not change "
            "its slopes.",
            "Is a constant missing, or one too many?",
        )
    return Finding(
        "Your backward pass is right for the right forward pass, and does not fit your own; the fault is in the "
        "forward."
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
