"""Run a student's function with a snapshot after every flat statement.

The function's text is compiled a second time with a call after each statement (an AST transform, not `settrace`), and
run on copies of the inputs. A name's *versions* are the values it held, each with the line after which it held it.
Loops, nested functions and matches are one statement; bodies of with, if and try are flat code.

Each call of a plan counts its lines from a million times its place in the plan: so lines are in the order in which they
are run, and tell which function they are of, wherever its cell is.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from flatgrade.core.copying import copied
from flatgrade.core.exercise import Call
from flatgrade.core.flatcode import find_function, is_generator, place_of, source_of, statements
from flatgrade.core.plan import run_plan

_SNAP, _LOCALS, _RETURN = "__flat_snap__", "__flat_locals__", "__flat_return__"
_MAX_BYTES = 64 << 20
MAX_VERSIONS = 20
LINES = 10**6  # more than a cell has
_SILENT = (ast.Return, ast.Raise, ast.Pass, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Global)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Version:
    """A value that a name held, and the line after which it did."""

    line: int
    value: Array


@dataclass
class Trace:
    """What one traced run left: versions by name, and the lines at which a name is read by a statement that does not
    write it. `ran` are the lines of the statements that were run. `returned` is what the plan kept, by name; `error`
    and `error_line` tell of an exception ("" and 0: none).
    """

    versions: dict[str, list[Version]] = field(default_factory=dict)
    reads: dict[str, list[int]] = field(default_factory=dict)
    ran: set[int] = field(default_factory=set)
    returned: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    error_line: int = 0

    def live(self, name: str, line: int) -> Array | None:
        """The value of `name` after the statement at `line` was run, or None if it had none."""
        found = None
        for version in self.versions.get(name, ()):
            if version.line <= line:
                found = version.value
        return found

    def first_read(self, name: str) -> int | None:
        """The first line that reads `name` after it was first written, or None."""
        versions = self.versions.get(name)
        after = versions[0].line if versions else 0
        return next((line for line in self.reads.get(name, ()) if line > after), None)


def told_line(plan: Sequence[Call], line: int) -> tuple[int, str]:
    """A line of a trace as its cell counts it, and in words: "line 7", or "line 7 of f" in a plan of several calls."""
    call, number = divmod(line, LINES)
    function = plan[min(call, len(plan) - 1)].function
    return number, f"line {number} of {function}" if len(plan) > 1 else f"line {number}"


class TracedPlan:
    """The functions of a plan compiled with snapshots; calling `run` gives a Trace.

    What cannot be traced is called as it is: what is no plain function, generators, functions with a closure, functions
    whose text is not known. `flat` is False where nothing can be traced.
    """

    def __init__(self, plan: Sequence[Call], namespace: Mapping[str, Any]) -> None:
        self.plan, self.namespace = plan, namespace
        found = {call.function: _traced(namespace.get(call.function), i * LINES) for i, call in enumerate(plan)}
        self._traced = {name: function for name, function in found.items() if function}
        self.flat = bool(self._traced)

    def run(self, inputs: Mapping[str, Any]) -> Trace:
        """Run the plan on copies of the inputs. An exception ends the trace and is kept in it."""
        trace, kept, inputs = Trace(), dict[str, Any](), copied(inputs)
        recorder = _Recorder(trace, {id(value) for value in inputs.values()})
        for function in self._traced.values():
            function.record(recorder)
        functions = {name: function.function for name, function in self._traced.items()}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                run_plan(self.plan, {**self.namespace, **functions}, inputs, kept)
            except Exception as error:  # noqa: BLE001 -- whatever the student's code raises belongs to the trace
                files = {function.__code__.co_filename for function in functions.values()}
                trace.error = f"{type(error).__name__}: {error}"
                trace.error_line, _ = place_of(error, files.__contains__)
        trace.returned = kept
        return trace


class _TracedFunction:
    """A function compiled with snapshots, its lines counted from `first`."""

    def __init__(self, function: Callable[..., Any], node: ast.FunctionDef, first: int) -> None:
        ast.increment_lineno(node, first)
        self.reads = [
            (name, statement.line) for statement in statements(node.body) for name in statement.reads - statement.writes
        ]
        node.body = _with_snapshots(node.body)
        node.decorator_list = []
        module = ast.fix_missing_locations(ast.Module([node], []))
        self.namespace = dict(function.__globals__)
        exec(compile(module, function.__code__.co_filename, "exec"), self.namespace)  # noqa: S102 -- the student's own code
        self.function = self.namespace[node.name]

    def record(self, recorder: _Recorder) -> None:
        """Send the snapshots of the next call to `recorder`."""
        self.namespace[_SNAP], self.namespace[_LOCALS] = recorder.snap, locals
        for name, line in self.reads:
            recorder.trace.reads.setdefault(name, []).append(line)


def _traced(function: Any, first: int) -> _TracedFunction | None:
    """The function compiled with snapshots, or None where it is not flat code that can be traced."""
    text = source_of(function)
    if text is None or getattr(function, "__closure__", None):
        return None
    try:
        node = find_function(text, function.__name__)
        return _TracedFunction(function, node, first) if node and not is_generator(node) else None
    except SyntaxError:
        return None


class _Recorder:
    def __init__(self, trace: Trace, inputs: set[int]) -> None:
        self.trace, self.inputs, self.bytes = trace, inputs, 0

    def snap(self, line: int, names: Mapping[str, Any]) -> None:
        self.trace.ran.add(line)
        for name, value in names.items():
            if name != _RETURN and id(value) not in self.inputs:
                self._keep(name, line, value)

    def _keep(self, name: str, line: int, value: Any) -> None:
        if isinstance(value, (int, float, np.generic)) and not isinstance(value, bool):
            value = np.asarray(value)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
            return
        versions = self.trace.versions.setdefault(name, [])
        if versions and _same(versions[-1].value, value):
            return
        if self.bytes + value.nbytes <= _MAX_BYTES and len(versions) < MAX_VERSIONS:
            self.bytes += value.nbytes
            versions.append(Version(line, value.copy()))


def _same(old: Array, new: Array) -> bool:
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    return bool(np.array_equal(old, new, equal_nan=new.dtype.kind == "f"))


def _with_snapshots(body: list[ast.stmt]) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    for node in body:
        if isinstance(node, (ast.With, ast.If, ast.Try)):
            for name in ("body", "orelse", "finalbody"):
                if getattr(node, name, None):
                    setattr(node, name, _with_snapshots(getattr(node, name)))
            for handler in getattr(node, "handlers", []):
                handler.body = _with_snapshots(handler.body)
            result.append(node)
        elif isinstance(node, ast.Return) and node.value is not None:
            kept = ast.copy_location(ast.Assign([ast.Name(_RETURN, ast.Store())], node.value), node)
            result += [kept, _snapshot(node), ast.copy_location(ast.Return(ast.Name(_RETURN, ast.Load())), node)]
        else:
            result.append(node)
            if not isinstance(node, _SILENT):
                result.append(_snapshot(node))
    return result


def _snapshot(node: ast.stmt) -> ast.stmt:
    names = ast.Call(ast.Name(_LOCALS, ast.Load()), [], [])
    call = ast.Call(ast.Name(_SNAP, ast.Load()), [ast.Constant(node.lineno), names], [])
    return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))
