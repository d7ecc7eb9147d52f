"""What there is to say about a gradient: what breaks its contract, and what its errors look like.

The patterns are read off the claimed and the measured numbers alone: no right answer is needed, and none can leak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flatgrade.core.finding import Finding
from flatgrade.core.gradients.slope import Array, Loss

SAME = 1e-12  # relative: two calls agree (a matrix product may round by the alignment of its arrays)
NOT_FINITE = "Look for a division by zero, the log of zero, or an exp that overflows."


def place(label: str, index: tuple[int, ...]) -> str:
    """An entry as Python writes it: `dW[2, 0]`, or `dW` alone for a number."""
    return f"{label}[{', '.join(map(str, index))}]" if index else label


def apart(one: float, other: float) -> tuple[str, str]:
    """Both numbers in as many digits (at least 4) as it takes to tell them apart."""
    for digits in range(4, 17):
        shown = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if shown[0] != shown[1]:
            break
    return shown


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


# --- the contract ------------------------------------------------------------------------------------------------


def broken_gradient(gradient: Any, at: Array, name: str) -> Finding | None:
    """What keeps `gradient` from being a finite float64 array of the shape of `at`; None if nothing does."""
    label = f"d{name}"
    if gradient is Ellipsis:
        return Finding(f"{label} is not written yet.", f"Replace the ... by the gradient of the loss for {name}.")
    if not isinstance(gradient, np.ndarray | float):
        return Finding(f"{label} is {_kind(gradient)}, not an array.", "Return a NumPy array of float64.")
    gradient = np.asarray(gradient)
    if gradient.shape != at.shape:
        transposed = at.ndim > 1 and gradient.shape == at.shape[::-1]
        advice = "Is it the transpose?" if transposed else "A gradient has exactly the shape of its variable."
        return Finding(f"{label} has shape {gradient.shape}; {name} has {at.shape}.", advice)
    if gradient.dtype != np.float64:
        advice = "Where does an array of another type enter the computation?"
        return Finding(f"{label} holds {gradient.dtype}, not float64.", advice)
    finite = np.isfinite(gradient)
    if not np.all(finite):
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        count = at.size - np.count_nonzero(finite)
        found = f"{place(label, first)} is {gradient[first]}; {count:,} of {at.size:,} entries are not finite."
        return Finding(found, NOT_FINITE)
    return None


def broken_loss(loss: Loss, at: Array, name: str) -> Finding | None:
    """What keeps `loss` from having a slope at `at` that can be measured; None if nothing does. Two calls."""
    if at.size == 0:
        return Finding(f"{name} has no entries: there is nothing to check.", "Check at an input of another size.")
    own = at.copy()
    value = loss.raw(own)
    changed = changed_in_place([(name, own)], {name: at}, "The loss")
    if changed:
        return changed
    if not isinstance(value, np.number | np.ndarray | int | float) or np.shape(value):
        got = f"an array of shape {np.shape(value)}" if np.shape(value) else _kind(value)
        return Finding(f"The loss is {got}, not one number.", "Sum it, or take its mean.")
    dtype = np.asarray(value).dtype
    if dtype in (np.float16, np.float32):
        return Finding(f"The loss is a {dtype}, too coarse to measure slopes with.", "Compute it in float64.")
    if not np.isfinite(value):
        return Finding(f"The loss is {value} at this {name}: it has no slope there.", NOT_FINITE)
    once, again = float(value), loss(at.copy())
    if not abs(again - once) <= SAME * abs(once):
        one, other = apart(once, again)
        advice = "Fix what is random: draw a dropout mask once, before the gradient is checked."
        return Finding(f"The loss is {one}, then {other}, for the same {name}.", advice)
    return None


def broken_output(out: Any) -> Finding | None:
    """What keeps the output of a layer from being a finite float64 array; None if nothing does."""
    if not isinstance(out, np.ndarray | np.float64):
        return Finding(f"forward returns {_kind(out)}, not an array.", "Hand over the output alone.")
    if out.dtype != np.float64:
        return Finding(f"forward returns {out.dtype}, not float64.", "Slopes are measured in float64 only.")
    bad = out.size - np.count_nonzero(np.isfinite(out))
    if bad:
        return Finding(f"{bad:,} of {out.size:,} entries of the output are not finite.", NOT_FINITE)
    return None


def changed_in_place(held: Sequence[tuple[str, Any]], before: Mapping[str, Array], who: str) -> Finding | None:
    """The first of the arrays `held` that differs from what it was `before`, as a finding."""
    for name, value in held:
        if not np.array_equal(value, before[name], equal_nan=True):
            return Finding(f"{who} changes {name} in place.", f"Work on a copy: {name} belongs to the caller.")
    return None


def broken_backward(calls: Sequence[Any], point: Mapping[str, Array]) -> dict[str, Finding]:
    """What breaks the contract of a backward pass, by input; `calls` returned for dout, dout and 2 * dout."""
    for call in calls:
        if not isinstance(call, Mapping):
            advice = f"Its keys are {', '.join(point)}."
            return dict.fromkeys(point, Finding(f"backward returns {_kind(call)}, not a dict.", advice))
    found = {name: _broken_entry(calls, at, name) for name, at in point.items()}
    return {name: finding for name, finding in found.items() if finding}


def _broken_entry(calls: Sequence[Mapping[str, Any]], at: Array, name: str) -> Finding | None:
    for call in calls:
        if name not in call:
            fact = f"backward returns no gradient for {name}; its keys are {', '.join(map(str, call)) or 'none'}."
            return Finding(fact, f"Add the key {name}.")
        broken = broken_gradient(call[name], at, name)
        if broken:
            return broken
    first, second, doubled = (np.asarray(call[name]) for call in calls)
    slack = SAME * np.max(np.abs(first), initial=0.0)
    if not np.all(np.abs(second - first) <= slack):
        fact = f"backward returns another d{name} when it is called again with the same dout."
        return Finding(fact, "Does it add to the result of the last call, or draw random numbers?")
    if not np.all(np.abs(doubled - 2 * first) <= 2 * slack):
        fact = f"backward(2 * dout) does not return twice the d{name} of backward(dout)."
        return Finding(fact, "A backward pass is linear in dout: masks and scales come from the forward pass.")
    return None


# --- the pattern of the errors -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """A claimed gradient beside the slopes measured at the flat indices `index`, of which `wrong` are wrong.

    `claimed` and `at` have the shape of the variable; `index` (int), `measured` (float64) and `wrong` (bool) are of
    one length. `sizes` names numbers that may turn up as a factor.
    """

    name: str
    claimed: Array
    at: Array
    index: NDArray[np.intp]
    measured: Array
    wrong: NDArray[np.bool_]
    sizes: Mapping[str, int]

    def here(self, array: Array) -> Array:
        """The entries of an array of the variable's shape at `index`."""
        return array.reshape(-1)[self.index]

    def explains(self, array: Array) -> bool:
        """Whether an array of the variable's shape leaves less than a twentieth of the differences."""
        rest = np.max(np.abs(self.here(array) - self.measured))
        return bool(rest <= 0.05 * np.max(np.abs(self.here(self.claimed) - self.measured)))


def pattern(seen: Comparison) -> tuple[str, str]:
    """A sentence on what the differences have in common, and an advice; two empty texts where nothing fits."""
    rules: tuple[Callable[[Comparison], tuple[str, str] | None], ...] = (
        _zero,
        _factor,
        _rearranged,
        _regulariser,
        _located,
    )
    return next((said for rule in rules if (said := rule(seen))), ("", ""))


def _zero(seen: Comparison) -> tuple[str, str] | None:
    if np.any(seen.claimed):
        return None
    return f"d{seen.name} is 0 everywhere, but the loss moves.", "Is the gradient computed, kept and returned?"


def _factor(seen: Comparison) -> tuple[str, str] | None:
    mine = seen.here(seen.claimed)
    if not np.any(seen.measured):
        return None
    ratio = float(mine @ seen.measured / (seen.measured @ seen.measured))
    if not ratio or not seen.explains(seen.claimed / ratio):
        return None
    if abs(ratio + 1) < 1e-3:
        return "Every entry has the wrong sign.", "A gradient points to where the loss grows."
    if abs(ratio / 2 - 1) < 1e-3:
        return "Every entry is twice the slope.", "Is a factor 2 counted twice, or a 1/2 in the loss forgotten?"
    if abs(ratio * 2 - 1) < 1e-3:
        return "Every entry is half the slope.", f"The derivative of {seen.name}**2 is 2 * {seen.name}."
    for size, number in seen.sizes.items():
        if number < 3:
            continue
        if abs(ratio / number - 1) < 1e-3:
            fact = f"Every entry is {number} times the slope ({size} = {number})."
            return fact, "If the loss takes a mean, its gradient is divided by that number too."
        if abs(ratio * number - 1) < 1e-3:
            fact = f"Every entry is 1/{number} of the slope ({size} = {number})."
            return fact, "Is it divided twice, or is a mean taken where the loss has a sum?"
    if len(mine) < 3:
        return None
    return f"Every entry is {apart(ratio, 1.0)[0]} times the slope.", "One constant factor is wrong."


def _rearranged(seen: Comparison) -> tuple[str, str] | None:
    if seen.at.ndim < 2:
        return None
    transposed = np.swapaxes(seen.claimed, -1, -2)
    if transposed.shape == seen.at.shape and seen.explains(transposed):
        return "Its transpose agrees.", "Swap the two factors of the last product and transpose both, or the result."
    if seen.explains(seen.claimed[..., ::-1, ::-1]):
        return "With its last two axes reversed it agrees.", "Is the window flipped in the forward pass too?"
    return None


def _regulariser(seen: Comparison) -> tuple[str, str] | None:
    x, missing = seen.here(seen.at), seen.measured - seen.here(seen.claimed)
    if len(x) < 3 or np.ptp(x) == 0:
        return None
    share = float(missing @ x / (x @ x))
    if not seen.explains(seen.claimed + share * seen.at):
        return None
    fact = f"What is missing is {share:.4g} * {seen.name}." if share > 0 else ""
    fact = fact or f"It has {-share:.4g} * {seen.name} too much."
    return fact, "Compare the derivative of the regulariser with its factor in the loss."


def _located(seen: Comparison) -> tuple[str, str] | None:
    """What the wrong entries have in common, among others that are right: an index, the border, or being 0."""
    if np.all(seen.wrong):
        return None
    shape = seen.at.shape
    wrong = np.stack(np.unravel_index(seen.index[seen.wrong], shape), axis=-1)
    zero = " and are 0" if not np.any(seen.here(seen.claimed)[seen.wrong]) else ""
    if len(wrong) > 1 and seen.at.ndim > 1:
        for axis in range(seen.at.ndim):
            if shape[axis] > 1 and np.all(wrong[:, axis] == wrong[0, axis]):
                fact = f"All wrong entries have index {wrong[0, axis]} on axis {axis}{zero}."
                return fact, "What sets this index apart: a bias, a label, the last window?"
        ends = np.array(shape[-2:]) - 1
        if min(shape[-2:]) > 2 and np.all(np.any((wrong[:, -2:] == 0) | (wrong[:, -2:] == ends), axis=1)):
            fact = f"All wrong entries lie on the border of the last two axes{zero}."
            return fact, "Check the padding, and how overlapping windows are added up at the edge."
    if zero:
        advice = "Is the gradient cut off there by a mask, an index, or a slice that is never written?"
        return "It is 0 at all wrong entries, but the loss moves there.", advice
    return None
