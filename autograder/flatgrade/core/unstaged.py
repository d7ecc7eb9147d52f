"""Answers without stages: name a mistake by what the edited reference returns.

Layers, classes, loops and optimizers are judged by their outputs. A known mistake is again an edit of the reference's
text, and its `stage` is the output at which it starts: `Mistake("dw", "x.T @ dout", "dout.T @ x", ...)`. Where the
edited reference returns the student's numbers, that is the mistake, and outputs that are wrong only because of it are
not charged a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np

from flatgrade.core.compare import close
from flatgrade.core.exercise import Exercise
from flatgrade.core.mistake import Mistake
from flatgrade.core.plan import run_plan
from flatgrade.core.staged import Edit

_TOLERANCE = 1e-6
_MOST = 200

Values = Mapping[str, Any]


class PlainAnswer:
    """The reference's text with the names that it sees; it is trusted, and edits of it can be run.

    `given` is the code before it, which is run anew with each edit: it may call what the answer defines.
    What an edit returns on a case does not depend on any student, so it is computed once for an `inputs` object.
    """

    def __init__(self, exercise: Exercise, text: str, namespace: Mapping[str, Any], given: str = "") -> None:
        self.exercise, self.text, self.namespace, self.given = exercise, text, dict(namespace), given
        self._returned: dict[tuple[int, tuple[Edit, ...]], tuple[Values, Values | None]] = {}

    def edited(self, edits: Sequence[Edit]) -> str | None:
        """The text with the edits made, in an order in which the old text of each occurs exactly once; else None."""
        return next((text for order in permutations(edits) if (text := _edited(self.text, order))), None)

    def returned(self, edits: Sequence[Edit], inputs: Values) -> Values | None:
        """What the answer with the edits returns, by output; None where an edit does not fit or it raises."""
        at = (id(inputs), tuple(edits))
        if at not in self._returned:
            text = self.edited(edits)
            # The inputs are kept alive with the values, so that their id stays their own.
            self._returned[at] = (inputs, None if text is None else self.run(text, inputs))
        return self._returned[at][1]

    def run(self, text: str, inputs: Values) -> Values | None:
        """What a text in place of the answer's returns on copies of the inputs, by output; None where it raises."""
        namespace = dict(self.namespace)
        try:
            with np.errstate(all="ignore"):
                exec(compile(self.given, "<GIVEN>", "exec"), namespace)  # noqa: S102 -- from solutions/
                exec(compile(text, f"<{self.exercise.name}>", "exec"), namespace)  # noqa: S102 -- from solutions/
                kept = run_plan(self.exercise.plan, namespace, deepcopy(dict(inputs)))
        except Exception:  # noqa: BLE001 -- an edit may make the reference raise anything
            return None
        return {name: kept[name] for name in self.exercise.returns}


def _edited(text: str, edits: Sequence[Edit]) -> str | None:
    for old, new in edits:
        if text.count(old) != 1:
            return None
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Returned:
    """What a student's functions returned on one case, as numbers by output (None: no numbers).

    `right` are the outputs that are right; `generic` cases alone name mistakes.
    """

    inputs: Values
    outputs: Values
    right: frozenset[str]
    generic: bool


@dataclass(frozen=True)
class Account:
    """Why outputs are wrong: `charged` lose their points, `named` maps those that a mistake was found for to it.

    Outputs that follow from a charged one as the mistake there predicts are in neither.
    """

    charged: tuple[str, ...]
    named: Mapping[str, tuple[Mistake, ...]] = field(default_factory=dict)


def account(answer: PlainAnswer, mistakes: Sequence[Mistake], cases: Sequence[Returned]) -> Account:
    """Charge the wrong outputs of `cases`; a mistake is named that gives the student's numbers on all generic ones."""
    returns = answer.exercise.returns
    wrong = [name for name in returns if any(name not in case.right for case in cases)]
    generic = [case for case in cases if case.generic]
    explained: dict[str, tuple[Mistake, ...]] = {}
    for count in (1, 2):  # what one mistake explains tells which pairs are likely
        for output in wrong:
            if output not in explained and any(output not in case.right for case in generic):
                known = tuple(dict.fromkeys(item for group in explained.values() for item in group))
                if found := _found(answer, _attempts(mistakes, known, count), generic, output):
                    explained[output] = found
    named: dict[str, list[Mistake]] = {}
    for output, group in explained.items():
        for mistake in group:
            home = mistake.stage if mistake.stage in wrong else output
            if mistake not in named.setdefault(home, []):
                named[home].append(mistake)
    follows = {name for name, group in explained.items() if name not in named and _gives(answer, group, cases, name)}
    charged = tuple(name for name in wrong if name not in follows)
    return Account(charged, {name: tuple(group) for name, group in named.items()})


def _found(
    answer: PlainAnswer, attempts: Iterator[tuple[Mistake, ...]], cases: Sequence[Returned], output: str
) -> tuple[Mistake, ...] | None:
    """The first attempt that gives all outputs, the right ones too; else the first that gives this output."""
    fitting = [each for each in attempts if _gives(answer, each, cases, output)]
    whole = (each for each in fitting if all(_gives(answer, each, cases, name) for name in answer.exercise.returns))
    return next(whole, fitting[0] if fitting else None)


def _attempts(mistakes: Sequence[Mistake], known: Sequence[Mistake], count: int) -> Iterator[tuple[Mistake, ...]]:
    """Mistakes, `count` at a time; those that were found for another output come first."""
    ordered = [*known, *(item for item in mistakes if item not in known)]
    return islice(combinations(ordered, count), _MOST)


def _gives(answer: PlainAnswer, mistakes: Sequence[Mistake], cases: Sequence[Returned], output: str) -> bool:
    """True if the edited reference returns the student's value of the output on all of the cases."""
    edits = [mistake.edit for mistake in mistakes]
    for case in cases:
        edited = answer.returned(edits, case.inputs)
        got = case.outputs.get(output)
        if edited is None or got is None or not _number(edited[output]):
            return False
        if not close(got, edited[output], _TOLERANCE, equal_nan=True):
            return False
    return bool(cases)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "fiub"
