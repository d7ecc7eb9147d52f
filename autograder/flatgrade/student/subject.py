"""A student's functions under an exercise's contract: what is wrong before any number is compared."""

from __future__ import annotations

import ast
import functools
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from flatgrade.core.compare import contract_finding
from flatgrade.core.exercise import Call, Exercise
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.flatcode import changed_in_place, find_function, place_of, source_of, statements, written
from flatgrade.core.gradients.consistency import letter_sizes
from flatgrade.core.plan import MissingFunctionError, PlanError, ready, run_plan, stopped_at
from flatgrade.core.trace import Trace, TracedFunction, traced

_ADVICE = {
    NameError: "Is the name spelled as in the line that makes it?",
    UnboundLocalError: "Is the name given a value before this line?",
    TypeError: "Look at what the names in this line hold: print(type(a)).",
    RecursionError: "Does the function call itself?",
}
_MATMUL = " In A @ B, A has as many columns as B has rows."


class EndedError(Exception):
    """The check is over: a verdict, what to say, and the lines of the student's text that it is about."""

    def __init__(self, verdict: Verdict, *findings: Finding, lines: tuple[int, ...] = ()) -> None:
        super().__init__(*findings)
        self.verdict, self.findings = verdict, findings
        self.lines = lines or tuple(finding.line for finding in findings[:1] if finding.line)


class Subject:
    """The functions of one exercise in a student's namespace.

    `function` is the one function of a plan of one call (None otherwise), `text` its source, `node` its definition
    there, `names` what its code gives values to, and `unwritten` the lines of those names that are `...` still.
    """

    def __init__(self, exercise: Exercise, namespace: Mapping[str, Any]) -> None:
        self.exercise, self.namespace = exercise, namespace
        self.title = exercise.functions[0]
        found = namespace.get(self.title)
        self.function: Callable[..., Any] | None = found if len(exercise.plan) == 1 and callable(found) else None
        self.text = source_of(self.function) if self.function else None
        self.node = _definition(self.text, self.function)
        self.names = written(self.node) if self.node else set()
        self.unwritten = _unwritten(self.node)

    @functools.cached_property
    def _traced(self) -> TracedFunction | None:
        return traced(self.function) if self.function else None

    @property
    def flat(self) -> bool:
        """True if the function's code can be run with a snapshot after each statement."""
        return self._traced is not None

    def check_arguments(self) -> None:
        """Raise EndedError where a function does not take what the contract gives it, or takes it in another order."""
        for call in self.exercise.plan:
            function = self.namespace.get(call.function)
            if not inspect.isfunction(function):
                continue
            taken, given = list(inspect.signature(function).parameters), list(call.arguments)
            try:
                inspect.signature(function).bind(*given)
                verdict = Verdict.WRONG
            except TypeError:
                verdict = Verdict.ERROR
            if verdict is Verdict.ERROR or (taken != given and sorted(taken) == sorted(given)):
                fact = f"{call.function} takes {_listed(taken)}; it is called with {_listed(given)}."
                raise EndedError(verdict, Finding(fact, f"Is its first line def {call.function}({', '.join(given)}):?"))

    def run(self, inputs: Mapping[str, Any], where: str = "") -> dict[str, Any]:
        """The outputs for `inputs` (arrays are copied), by name, all within the contract.

        Raises EndedError where the contract is broken; `where` says on which inputs, as in " for N = 5".
        """
        copies = _copies(inputs)
        kept = self._called(copies, where)
        for name in self.exercise.returns:
            self._check_output(name, kept[name], inputs)
        for name, value in inputs.items():
            if isinstance(value, np.ndarray) and not np.array_equal(value, copies[name], equal_nan=True):
                raise EndedError(Verdict.WRONG, self._changed(name))
        return {name: kept[name] for name in self.exercise.returns}

    def again(self, inputs: Mapping[str, Any], where: str) -> dict[str, Any]:
        """The same for inputs like those of a `run` that went well: nothing but exceptions is looked for."""
        return self._called(_copies(inputs), where)

    def trace(self, inputs: Mapping[str, Any]) -> Trace:
        """What the names of the function held on these inputs; an empty trace where its code is not flat."""
        if self._traced is None:
            return Trace()
        try:
            made = ready(inputs)
            return self._traced.run(tuple(made[name] for name in self.exercise.call.arguments))
        except SystemExit:
            return Trace()

    def shape(self, name: str, inputs: Mapping[str, Any]) -> tuple[int, ...] | None:
        """The shape of a stage or an output on these inputs by the contract, or None where it does not say."""
        if name in self.exercise.gradients:
            shape: tuple[int, ...] = np.shape(inputs[self.exercise.gradients[name]])
            return shape
        stage, sizes = self.exercise.stage(name), letter_sizes(self.exercise, inputs)
        if stage is None or not set(stage.shape) <= set(sizes):
            return None
        return tuple(sizes[letter] for letter in stage.shape)

    def _called(self, copies: dict[str, Any], where: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return run_plan(self.exercise.plan, self.namespace, copies, kept)
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- what the student's code raises is told, not raised
            raise self._ended(error, self.exercise.plan[stopped_at(self.exercise.plan, kept)], where) from None

    def _ended(self, error: BaseException, call: Call, where: str) -> EndedError:
        """What to say of an exception that ended a call."""
        if isinstance(error, MissingFunctionError):
            defined = call.function if call.function in self.exercise.functions else self.title
            return EndedError(
                Verdict.MISSING, Finding(str(error), f"Run the cell that defines {defined}, then this one.")
            )
        if isinstance(error, PlanError):
            return self._wrong_results(str(error), call)
        if isinstance(error, MemoryError):
            said = f"{call.function} needs more memory than there is."
            return EndedError(Verdict.MEMORY, Finding(said, "How large is the largest array?"))
        return self._stopped(call.function, error, where)

    def _stopped(self, function: str, error: BaseException, where: str) -> EndedError:
        line, values = self._place(error)
        if isinstance(error, NotImplementedError):
            advice = "Replace the line that raises NotImplementedError by your own."
            return EndedError(Verdict.NOT_WRITTEN, Finding(f"{function} is not written yet.", advice, line=line))
        first = min(self.unwritten.values(), default=0)
        if first and not 0 < line < first:
            return self._not_written()
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ").rstrip(".")
        at = f" in line {line}" if line else ""
        advice = self._shapes(line, values) if isinstance(error, (ValueError, IndexError)) else ""
        advice += _MATMUL if advice and "matmul" in said else ""
        advice = advice or (self._lists(line, values) if isinstance(error, (TypeError, AttributeError)) else "")
        advice = advice or _ADVICE.get(type(error), "")
        return EndedError(Verdict.ERROR, Finding(f"{function} stops{at}{where}: {said}.", advice, line=line))

    def _not_written(self) -> EndedError:
        name, line = min(self.unwritten.items(), key=lambda item: item[1])
        contract = {stage.name for stage in self.exercise.stages} | set(self.exercise.returns)
        if len(self.unwritten) > 1 and contract <= set(self.unwritten):
            finding = Finding(
                f"{self.title} is still the stub: none of its stages is written.",
                f"Begin with {name} in line {line}: replace the ... by your own line.",
                name,
                line,
            )
        else:
            fact = f"{name} (line {line}) is not written yet."
            finding = Finding(fact, "Replace the ... by your own line.", name, line)
        return EndedError(Verdict.NOT_WRITTEN, finding)

    def _wrong_results(self, said: str, call: Call) -> EndedError:
        """A plan that does not get its results; a body of `pass` alone is a stub."""
        body = list(statements(self.node.body)) if self.node else []
        if body and all(isinstance(item.node, ast.Pass) for item in body):
            said = f"{self.title} is still the stub: it does nothing."
            return EndedError(Verdict.NOT_WRITTEN, Finding(said, "Write its lines, then run its cell."))
        results = ", ".join(call.results)
        return EndedError(Verdict.WRONG, Finding(said, f"Is its last line return {results}?"))

    def _check_output(self, name: str, got: Any, inputs: Mapping[str, Any]) -> None:
        shape = self.shape(name, inputs)
        finding = contract_finding(name, got, got if shape is None else np.zeros(shape))
        if got is Ellipsis and self.unwritten:
            raise self._not_written()
        if finding:
            raise EndedError(Verdict.NOT_WRITTEN if got is Ellipsis else Verdict.WRONG, finding)

    def _changed(self, name: str) -> Finding:
        body = statements(self.node.body) if self.node else ()
        lines = [item.line for item in body if name in changed_in_place(item.node)]
        advice = f"Line {lines[0]} changes it in place." if lines else f"Begin with {name} = {name}.copy()."
        return Finding(f"Your function changed {name}; work on a copy.", advice, line=lines[0] if lines else 0)

    def _place(self, error: BaseException) -> tuple[int, dict[str, Any]]:
        """The last line of the student's functions that the exception passed through (0: none), and its values."""
        called = [self.namespace.get(call.function) for call in self.exercise.plan]
        called += [method for item in called if inspect.isclass(item) for method in vars(item).values()]
        files = {item.__code__.co_filename for item in called if inspect.isfunction(item)}
        return place_of(error, files.__contains__)

    def _shapes(self, line: int, values: Mapping[str, Any]) -> str:
        """The shapes of the arrays that the statement at `line` reads; "" where there are none."""
        reads = self._reads(line)
        arrays = [name for name in values if name in reads and isinstance(values[name], np.ndarray)]
        shown = [f"{name} {'' if i else 'has shape '}{values[name].shape}" for i, name in enumerate(arrays)]
        return f"There, {' and '.join([', '.join(shown[:-1]), shown[-1]] if shown[1:] else shown)}." if shown else ""

    def _lists(self, line: int, values: Mapping[str, Any]) -> str:
        """The first list that the statement at `line` reads; "" where there is none."""
        reads = self._reads(line)
        lists = [name for name in values if name in reads and isinstance(values[name], list)]
        return f"There, {lists[0]} is a list, not an array: np.array({lists[0]}) is one." if lists else ""

    def _reads(self, line: int) -> set[str]:
        """The names that the statement at `line` reads."""
        body = statements(self.node.body) if self.node else ()
        return {name for item in body if item.line <= line <= (item.node.end_lineno or 0) for name in item.reads}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"


def _copies(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}


def _definition(text: str | None, function: Callable[..., Any] | None) -> ast.FunctionDef | None:
    try:
        return find_function(text, getattr(function, "__name__", "")) if text else None
    except SyntaxError:
        return None


def _unwritten(node: ast.FunctionDef | None) -> dict[str, int]:
    """Names that nothing but `...` is assigned to, and the line where that is."""
    lines: dict[str, int] = {}
    others: set[str] = set()
    for part in ast.walk(node) if node else ():
        if not isinstance(part, (ast.Assign, ast.AnnAssign)):
            continue
        for target in part.targets if isinstance(part, ast.Assign) else [part.target]:
            values = part.value.elts if isinstance(part.value, ast.Tuple) else [part.value]
            dots = all(isinstance(value, ast.Constant) and value.value is Ellipsis for value in values)
            for name in (item.id for item in ast.walk(target) if isinstance(item, ast.Name)):
                if dots:
                    lines.setdefault(name, part.lineno)
                elif isinstance(target, (ast.Name, ast.Tuple)):
                    others.add(name)
    return {name: line for name, line in lines.items() if name not in others}
