"""A student's functions under an exercise's contract: what is wrong before any number is compared."""

from __future__ import annotations

import ast
import functools
import inspect
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from flatgrade.core.compare import contract_finding
from flatgrade.core.copying import copied
from flatgrade.core.exercise import Call, Exercise
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.flatcode import changed_in_place, find_function, place_of, source_of, statements, written
from flatgrade.core.gradients.consistency import letter_sizes
from flatgrade.core.plan import MissingFunctionError, PlanError, run_plan, stopped_at
from flatgrade.core.trace import LINES, Trace, TracedPlan, told_line

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
    there. `nodes` are the definitions of all functions by name, `names` what their code gives values to, and
    `unwritten` the lines of those names that are `...` still, counted as in a trace.
    """

    def __init__(self, exercise: Exercise, namespace: Mapping[str, Any]) -> None:
        self.exercise, self.namespace = exercise, namespace
        self.title = exercise.functions[0]
        found = namespace.get(self.title)
        self.function: Callable[..., Any] | None = found if len(exercise.plan) == 1 and callable(found) else None
        self.text = source_of(self.function) if self.function else None
        nodes = {call.function: _definition(namespace.get(call.function)) for call in exercise.plan}
        self.nodes = {name: node for name, node in nodes.items() if node}
        self.node = self.nodes.get(self.title) if self.function else None
        self.names = {name for node in self.nodes.values() for name in written(node)}
        self.unwritten: dict[str, int] = {}
        for i, call in reversed([*enumerate(exercise.plan)]):
            lines = _unwritten(self.nodes.get(call.function))
            self.unwritten |= {name: i * LINES + line for name, line in lines.items()}

    @functools.cached_property
    def _traced(self) -> TracedPlan:
        return TracedPlan(self.exercise.plan, self.namespace)

    @property
    def flat(self) -> bool:
        """True if some of the code can be run with a snapshot after each statement."""
        return self._traced.flat

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
        copies = copied(inputs)
        kept = self._called(copies, where)
        for name in self.exercise.returns:
            self._check_output(name, kept[name], inputs)
        for name, value in inputs.items():
            if isinstance(value, np.ndarray) and not np.array_equal(value, copies[name], equal_nan=True):
                raise EndedError(Verdict.WRONG, self._changed(name))
        return {name: kept[name] for name in self.exercise.returns}

    def check_written(self, inputs: Mapping[str, Any]) -> None:
        """Raise EndedError where a result is `...` still, for inputs of a `run` that went well."""
        kept = self._called(copied(inputs), "")
        for i, call in enumerate(self.exercise.plan):
            if any(kept[name] is Ellipsis for name in call.results) and self._unwritten_in(i):
                raise self._not_written(i)

    def again(self, inputs: Mapping[str, Any], where: str) -> dict[str, Any]:
        """The same for inputs like those of a `run` that went well: nothing but exceptions is looked for."""
        return self._called(copied(inputs), where)

    def trace(self, inputs: Mapping[str, Any]) -> Trace:
        """What the names of the functions held on these inputs; an empty trace where nothing is known of them."""
        if not self.flat or not (self.function or self.exercise.stages):
            return Trace()
        try:
            return self._traced.run(inputs)
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
            raise self._ended(error, stopped_at(self.exercise.plan, kept), where) from None

    def _ended(self, error: BaseException, place: int, where: str) -> EndedError:
        """What to say of an exception that ended the call at this place of the plan."""
        call = self.exercise.plan[place]
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
        return self._stopped(place, error, where)

    def _stopped(self, place: int, error: BaseException, where: str) -> EndedError:
        function = self.exercise.plan[place].function
        line, values = self._place(error)
        if isinstance(error, NotImplementedError):
            advice = "Replace the line that raises NotImplementedError by your own."
            return EndedError(Verdict.NOT_WRITTEN, Finding(f"{function} is not written yet.", advice, line=line))
        first = min(self._unwritten_in(place).values(), default=0)
        if first and not 0 < line < first - place * LINES:
            return self._not_written(place)
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ").rstrip(".")
        at = f" in line {line}" if line else ""
        reads = self._reads(function, line)
        advice = _shapes(reads, values) if isinstance(error, (ValueError, IndexError)) else ""
        advice += _MATMUL if advice and "matmul" in said else ""
        advice = advice or (_lists(reads, values) if isinstance(error, (TypeError, AttributeError)) else "")
        advice = advice or _ADVICE.get(type(error), "")
        return EndedError(Verdict.ERROR, Finding(f"{function} stops{at}{where}: {said}.", advice, line=line))

    def _unwritten_in(self, place: int) -> dict[str, int]:
        """What is not written yet in the functions of the calls up to this one."""
        return {name: line for name, line in self.unwritten.items() if line < (place + 1) * LINES}

    def _not_written(self, place: int) -> EndedError:
        name, first = min(self._unwritten_in(place).items(), key=lambda item: item[1])
        line, told = told_line(self.exercise.plan, first)
        contract = {stage.name for stage in self.exercise.stages} | set(self.exercise.returns)
        if self.function and len(self.unwritten) > 1 and contract <= set(self.unwritten):
            finding = Finding(
                f"{self.title} is still the stub: none of its stages is written.",
                f"Begin with {name} in line {line}: replace the ... by your own line.",
                name,
                line,
            )
        else:
            fact = f"{name} ({told}) is not written yet."
            finding = Finding(fact, "Replace the ... by your own line.", name, line)
        return EndedError(Verdict.NOT_WRITTEN, finding)

    def _wrong_results(self, said: str, call: Call) -> EndedError:
        """A plan that does not get its results; a body of `pass` alone is a stub."""
        node = self.nodes.get(call.function)
        body = list(statements(node.body)) if node else []
        if body and all(isinstance(item.node, ast.Pass) for item in body):
            said = f"{call.function} is still the stub: it does nothing."
            return EndedError(Verdict.NOT_WRITTEN, Finding(said, "Write its lines, then run its cell."))
        results = ", ".join(call.results)
        return EndedError(Verdict.WRONG, Finding(said, f"Is its last line return {results}?"))

    def _check_output(self, name: str, got: Any, inputs: Mapping[str, Any]) -> None:
        shape = self.shape(name, inputs)
        finding = contract_finding(name, got, got if shape is None else np.zeros(shape))
        place = next(i for i, call in enumerate(self.exercise.plan) if name in call.results)
        if got is Ellipsis and self._unwritten_in(place):
            raise self._not_written(place)
        if finding:
            raise EndedError(Verdict.NOT_WRITTEN if got is Ellipsis else Verdict.WRONG, finding)

    def _changed(self, name: str) -> Finding:
        fact = f"Your function changed {name}; work on a copy."
        for call in self.exercise.plan:
            body = statements(self.nodes[call.function].body) if call.function in self.nodes else ()
            if line := next((item.line for item in body if name in changed_in_place(item.node)), 0):
                where = "" if self.function else f" of {call.function}"
                return Finding(fact, f"Line {line}{where} changes it in place.", line=line)
        return Finding(fact, f"Begin with {name} = {name}.copy().")

    def _place(self, error: BaseException) -> tuple[int, dict[str, Any]]:
        """The last line of the student's functions that the exception passed through (0: none), and its values."""
        called = [self.namespace.get(call.function) for call in self.exercise.plan]
        called += [method for item in called if inspect.isclass(item) for method in vars(item).values()]
        files = {item.__code__.co_filename for item in called if inspect.isfunction(item)}
        return place_of(error, files.__contains__)

    def _reads(self, function: str, line: int) -> set[str]:
        """The names that the statement of a function at `line` reads."""
        body = statements(self.nodes[function].body) if function in self.nodes else ()
        return {name for item in body if item.line <= line <= (item.node.end_lineno or 0) for name in item.reads}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"


def _shapes(reads: Collection[str], values: Mapping[str, Any]) -> str:
    """The shapes of the arrays among the names that a statement reads; "" where there are none."""
    arrays = [name for name in values if name in reads and isinstance(values[name], np.ndarray)]
    shown = [f"{name} {'' if i else 'has shape '}{values[name].shape}" for i, name in enumerate(arrays)]
    return f"There, {' and '.join([', '.join(shown[:-1]), shown[-1]] if shown[1:] else shown)}." if shown else ""


def _lists(reads: Collection[str], values: Mapping[str, Any]) -> str:
    """The first list among the names that a statement reads; "" where there is none."""
    lists = [name for name in values if name in reads and isinstance(values[name], list)]
    return f"There, {lists[0]} is a list, not an array: np.array({lists[0]}) is one." if lists else ""


def _definition(function: Callable[..., Any] | None) -> ast.FunctionDef | None:
    text = source_of(function) if function else None
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
