"""The circuit of flat code: which value is made of which, and the gradient that the code names for each.

A gradient belongs to a value by its name: `grad_q` and `dq` to `q`. Gradients, what is made of them, and what only they
read are the backward pass, which is no part of the circuit; nor are sizes and row numbers, along which nothing flows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from flatgrade.core.exercise import Exercise, slope_of
from flatgrade.core.flatcode import Statement, changed_in_place, statements
from flatgrade.core.trace import Trace

MOST_VALUES = 60
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.Match)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class NotFlatError(ValueError):
    """Code that has no circuit which can be drawn: one sentence."""


@dataclass(frozen=True)
class Gradient:
    """What the code names as the gradient of a value: the name, its line (0: an input), its value if it has one."""

    name: str
    line: int
    value: Any = None


@dataclass(frozen=True)
class Value:
    """One value of the circuit.

    `code` is what it is made by, a text a statement (none for an input of the function), and `parents` are the places
    of the values that it is made of, all of them before it. `value` is None where the code did not get there;
    `written` is False where it is `...` still.
    """

    name: str
    line: int = 0
    code: tuple[str, ...] = ()
    parents: tuple[int, ...] = ()
    value: Any = None
    written: bool = True
    gradient: Gradient | None = None


@dataclass
class _Step:
    """A value while the code is read; `last` is the last line that changes it, `reads` are places of earlier steps.

    It has no name ("") once a later step stands for it.
    """

    name: str
    line: int = 0
    code: list[str] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    last: int = 0
    value: Any = None
    written: bool = True


def circuit_of(exercise: Exercise, node: ast.FunctionDef, inputs: Mapping[str, Any], trace: Trace) -> tuple[Value, ...]:
    """The circuit of the function `node`, which `trace` ran on `inputs`. Raises NotFlatError."""
    arguments = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    given = dict(zip(arguments, (inputs[name] for name in exercise.call.arguments), strict=False))
    steps = _Reading(exercise, given, trace).read(node)
    outputs = _output_names(node, exercise.returns)
    own = dict(zip(exercise.call.arguments, arguments, strict=False))
    known = {step.name for step in steps if step.name}
    contract = {*(stage.name for stage in exercise.stages), *(item.name for item in exercise.inputs)}
    bases = {}
    for name in known:
        output = outputs.get(name, name)
        base = exercise.gradients.get(output, slope_of(output))
        if own.get(base, base) in (known | contract) - {name}:
            bases[name] = own.get(base, base)
    kept = {*(stage.name for stage in exercise.stages), *exercise.returns, *outputs, *bases.values()}
    values = _forward(steps, bases, kept)
    if not any(value.line for value in values):  # a backward pass alone: its gradients are what it makes
        values = _forward(steps, {}, kept)
    if len(values) > MOST_VALUES:
        raise NotFlatError(f"{node.name} has {len(values)} values; a picture holds at most {MOST_VALUES}.")
    return values


class _Reading:
    """Reads the statements that were run (or follow an error) into steps, one for each value that a name is given."""

    def __init__(self, exercise: Exercise, given: Mapping[str, Any], trace: Trace) -> None:
        self.exercise, self.trace = exercise, trace
        self.steps = [_Step(name, value=value) for name, value in given.items()]
        self.current = {step.name: i for i, step in enumerate(self.steps)}
        self.read_already: set[int] = set()

    def read(self, node: ast.FunctionDef) -> list[_Step]:
        """All steps in order, the inputs first."""
        for statement in statements(node.body):
            if isinstance(statement.node, _LOOPS):
                kind = "a match" if isinstance(statement.node, ast.Match) else "a loop"
                said = f"{node.name} is not flat code: line {statement.line} is {kind}."
                raise NotFlatError(said)
            if not self._run(statement.line) or isinstance(statement.node, _DEFINITIONS):
                continue
            if isinstance(statement.node, ast.Return):
                self._return(statement.node)
            else:
                for name, code, written in _assignments(statement):
                    self._assign(statement, name, code, written=written)
        for step in self.steps:
            self._measure(step)
        return self.steps

    def _run(self, line: int) -> bool:
        return line in self.trace.ran or bool(self.trace.error and line >= self.trace.error_line)

    def _assign(self, statement: Statement, name: str, code: ast.AST, *, written: bool) -> None:
        before = self.current.get(name)
        again = isinstance(statement.node, ast.AugAssign) and isinstance(statement.node.target, ast.Name)
        inside = name in changed_in_place(statement.node) and not again
        reads = [self.current[read] for read in _names_read(code) if read in self.current]
        if before is not None and (inside or again) and before not in reads:
            reads.insert(0, before)
        text = _text(statement.node if inside or again else code)
        step = _Step(name, statement.line, [text] if written else [], reads, statement.line, written=written)
        if inside and before is not None and before not in self.read_already and self.steps[before].line:
            step = self._changed(before, step)
        self.current[name] = len(self.steps)
        self.steps.append(step)
        self.read_already.update(step.reads)

    def _changed(self, before: int, change: _Step) -> _Step:
        """One step in place of a step that nothing has read yet and its change; it stands behind all that it reads."""
        step = self.steps[before]
        reads = [*step.reads, *(read for read in change.reads if read != before)]
        both = replace(step, reads=list(dict.fromkeys(reads)), last=change.last)
        both.code = [*step.code, *change.code] if step.written else []
        step.name, step.reads = "", []  # it lives on in the new one
        return both

    def _return(self, node: ast.Return) -> None:
        """An output that is made in the return statement itself is a step, too."""
        returned = self.trace.returned
        items = [returned] if len(self.exercise.returns) == 1 else returned
        results = items if isinstance(items, (list, tuple)) else ()
        for i, (output, code) in enumerate(zip(self.exercise.returns, _returned(node), strict=False)):
            if not isinstance(code, (ast.Name, ast.Constant)):
                reads = [self.current[name] for name in _names_read(code) if name in self.current]
                self.current[output] = len(self.steps)
                value = results[i] if i < len(results) else None
                self.steps.append(_Step(output, node.lineno, [_text(code)], reads, value=value))

    def _measure(self, step: _Step) -> None:
        """What the step's name held behind its last line; the value that it stands for where it is another name."""
        if step.last and step.value is None and self._run(step.last):
            step.value = self.trace.live(step.name, step.last)
        if step.value is None and len(step.reads) == 1 and step.code == [self.steps[step.reads[0]].name]:
            step.value = self.steps[step.reads[0]].value


def _forward(steps: Sequence[_Step], bases: Mapping[str, str], kept: set[str]) -> tuple[Value, ...]:
    """The steps that are values of the forward pass, with the gradients that `bases` names for them."""
    backward: set[int] = set()
    for i, step in enumerate(steps):
        reads_one = any(read in backward for read in step.reads)
        if step.name in bases or (reads_one and not _whole(step.value)):  # a size taken from a gradient is no gradient
            backward.add(i)
    shown = _flowing(steps, _leading_on(steps, backward, kept), kept)
    last = {steps[i].name: i for i in shown}
    gradients = {}
    for step in steps:
        if step.name in bases and bases[step.name] in last:
            gradients[last[bases[step.name]]] = Gradient(step.name, step.line, step.value)
    place = {i: at for at, i in enumerate(shown)}
    return tuple(
        Value(
            step.name,
            step.line,
            tuple(step.code),
            tuple(place[read] for read in step.reads if read in place),
            step.value,
            step.written,
            gradients.get(i),
        )
        for i, step in ((i, steps[i]) for i in shown)
    )


def _leading_on(steps: Sequence[_Step], backward: set[int], kept: set[str]) -> list[int]:
    """The steps that are no helpers of the backward pass: what only it reads belongs to it."""
    first: dict[str, int] = {}
    readers: list[list[int]] = [[] for _ in steps]
    for i, step in enumerate(steps):
        first.setdefault(step.name, i)
        for read in step.reads:
            readers[read].append(i)
    last = {step.name: i for i, step in enumerate(steps)}
    found: set[int] = set()
    for i in reversed(range(len(steps))):
        name = steps[i].name
        leads = any(reader in found for reader in readers[i])
        ends = last[name] == i and not readers[i]
        named = name in kept and first[name] == i
        if name and i not in backward and (leads or ends or (named and readers[i])):
            found.add(i)
    return sorted(found)


def _flowing(steps: Sequence[_Step], places: Sequence[int], kept: set[str]) -> list[int]:
    """Without constants, sizes, row numbers and masks: they stand in the code of the values that are made with them."""
    found: list[int] = []
    for i in places:
        step = steps[i]
        plain = not any(read in found for read in step.reads) or _whole(step.value)
        if not step.code or step.name in kept or not plain:
            found.append(i)
    return found


def _whole(value: Any) -> bool:
    """True for whole numbers and masks."""
    return np.asarray(value).dtype.kind in "iub"


def _assignments(statement: Statement) -> Iterator[tuple[str, ast.AST, bool]]:
    """Each name that a statement gives a value to, the code of that value, and False where it is `...` still."""
    node = statement.node
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if isinstance(node, ast.AnnAssign) and value is None:
        return
    targets = node.targets if isinstance(node, ast.Assign) else []
    pairs = [(target, value) for target in targets]
    if value is not None and len(targets) == 1 and isinstance(targets[0], ast.Tuple):
        names = targets[0].elts
        if isinstance(value, ast.Tuple) and len(value.elts) == len(names):
            pairs = list(zip(names, value.elts, strict=True))
        else:
            pairs = [(name, value) for name in names]
    told = set()
    for target, part in pairs:
        if isinstance(target, ast.Name) and part is not None and target.id not in told:
            told.add(target.id)
            yield target.id, part, not (isinstance(part, ast.Constant) and part.value is Ellipsis)
    for name in sorted(statement.writes - told):
        yield name, value if isinstance(node, ast.AnnAssign) and value is not None else node, True


def _output_names(node: ast.FunctionDef, returns: Sequence[str]) -> dict[str, str]:
    """The outputs by the student's own names for them, where the last return statement gives names."""
    found = [part for part in ast.walk(node) if isinstance(part, ast.Return)]
    codes = _returned(max(found, key=lambda part: part.lineno)) if found else []
    return {code.id: output for output, code in zip(returns, codes, strict=False) if isinstance(code, ast.Name)}


def _returned(node: ast.Return) -> list[ast.expr]:
    if node.value is None:
        return []
    return list(node.value.elts) if isinstance(node.value, (ast.Tuple, ast.List)) else [node.value]


def _names_read(code: ast.AST) -> list[str]:
    """The names that the code reads, each once, in its order from left to right."""
    found = [part for part in ast.walk(code) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)]
    return list(dict.fromkeys(part.id for part in sorted(found, key=lambda part: (part.lineno, part.col_offset))))


def _text(code: ast.AST) -> str:
    """The code on one line, as it reads without NumPy's prefix; of `a += b` what a becomes."""
    if isinstance(code, ast.AugAssign) and isinstance(code.target, ast.Name):
        code = ast.BinOp(ast.Name(code.target.id, ast.Load()), code.op, code.value)
    return " ".join(ast.unparse(code).split()).replace("np.", "")
