"""Run a student's flat code again from any line, with one value disturbed.

The function is run once, one statement at a time; what its names held before each statement is kept. From then on any
part of the *forward* code, the statements that the loss needs, can be run again from any point. Bodies of with, if
and try count as flat code along the path that was taken; a loop is one statement.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np
import numpy.typing as npt

from flatgrade.core.flatcode import Statement, find_function, source_of, statements

Array = npt.NDArray[Any]
Env = dict[str, Any]
Cut = tuple[int, str]  # a point, and the name whose value is put back there

# What keeps values where they cannot be put back: another frame, another scope, an instance.
_NOT_FLAT = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.Global,
    ast.Nonlocal,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
)
_POINTS = 4


class NotFlatError(ValueError):
    """The function is not flat code that can be run statement by statement: the reason, as half a sentence."""


@dataclass(frozen=True)
class Step:
    """One statement of the path that was taken: its code, its line, and the names that it writes and reads."""

    code: CodeType
    line: int
    writes: frozenset[str]
    reads: frozenset[str]


class Rerun:
    """A function's path on given arguments.

    `steps` are its statements in order; `before[i]` holds the values of the local names before step i (and after the
    last one, at the end). A *point* is such an i. `forward` lists the steps that the first returned value, the loss,
    needs. `variables` names the variable of each returned value; `outputs` has their values.
    `upstream` weighs a loss that is an array: the number is then sum(upstream * loss).

    Raises NotFlatError where the function cannot be taken apart, raises, or returns something else when it is.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        returns: Sequence[str],
        upstream: Any = 1.0,
    ) -> None:
        node = _definition(function)
        bound = inspect.signature(function).bind(*arguments)
        bound.apply_defaults()
        self.arguments = dict(bound.arguments)
        self.upstream, self.returns = upstream, tuple(returns)
        self._globals, self._file = function.__globals__, function.__code__.co_filename
        self.steps: list[Step] = []
        self.before: list[Env] = []
        self.variables: dict[str, str] = {}
        self._names = set(self.arguments)
        env = {**self._globals, **_copies(self.arguments)}
        try:
            returned = self._take(node.body, env)
        except NotFlatError:
            raise
        except Exception as error:
            raise NotFlatError(f"it raises {type(error).__name__}") from error
        if not returned:
            raise NotFlatError("it does not return")
        self.before.append(self._locals(env))
        self.outputs = {name: env[variable] for name, variable in self.variables.items()}
        self.forward = self._needed(self.variables[self.returns[0]])

    def points(self, name: str) -> list[int]:
        """Where the value of `name` may be disturbed: after each forward step that writes it, at most four points.

        The last one before its first use comes first. An argument that no forward step writes has the point 0.
        """
        writes = [i for i in self.forward if name in self.steps[i].writes]
        if not writes:
            return [0] if name in self.arguments else []
        used = next((i for i in self.forward if i > writes[0] and name in self.uses(i)), len(self.steps))
        before = [i + 1 for i in writes if i < used]
        return (before[::-1] + [i + 1 for i in writes if i >= used])[:_POINTS]

    def uses(self, step: int) -> frozenset[str]:
        """Names that a step reads and does not write."""
        return self.steps[step].reads - self.steps[step].writes

    def disturbed(
        self, point: int, name: str, cuts: Sequence[Cut] = (), only: int | None = None
    ) -> Callable[[Array], tuple[float, Env]]:
        """A function of the value that `name` has at `point`: the loss, and the values found at the cuts.

        At a cut (point, name) the value that the forward pass has come to is kept, and the undisturbed one is put
        back. With `only`, that one step sees the disturbed value, and all others the old one.
        """
        steps = [(i, [cut for at, cut in cuts if at == i + 1]) for i in self.forward if i >= point]
        start, undisturbed = self.before[point], self.before[point][name]

        def loss(value: Array) -> tuple[float, Env]:
            env, found = {**self._globals, **_copies(start)}, Env()
            if only is None:
                _put(env, name, value)
            for i, cut in steps:
                if i == only:
                    _put(env, name, value)
                self._again(i, env)
                if i == only and name not in self.steps[i].writes:
                    _put(env, name, undisturbed)
                for other in cut:
                    found[other] = np.array(env[other], dtype=np.float64)
                    _put(env, other, self.before[i + 1][other])
            return self._number(env), found

        return loss

    def _again(self, step: int, env: Env) -> None:
        try:
            exec(self.steps[step].code, env)  # noqa: S102 -- the student's own code, on the student's own machine
        except Exception as error:
            raise NotFlatError(f"it raises {type(error).__name__} when a value is disturbed") from error

    def faithful(self, point: int, name: str, cuts: Sequence[Cut] = ()) -> bool:
        """True if the rest of the forward pass, run again with nothing disturbed, comes to the same loss."""
        try:
            again, found = self.disturbed(point, name, cuts)(self.before[point][name])
            values = [(found[cut], self.before[at][cut]) for at, cut in cuts if cut in found]
        except NotFlatError:
            return False
        return again == self._number(self.before[-1]) and all(np.array_equal(a, b) for a, b in values)

    def behind(self, variable: str, end: int, without: frozenset[str] = frozenset()) -> list[int]:
        """The steps before `end` that the value of `variable` was made by, last first.

        Steps that only write names of `without` are passed over, with all that they were made by.
        """
        need, found = {variable}, []
        for i in range(end - 1, -1, -1):
            step = self.steps[i]
            hit = step.writes & need
            if not hit:
                continue
            need -= step.writes - step.reads
            if not hit <= without - {variable}:
                found.append(i)
                need |= step.reads
        return found

    def _needed(self, loss: str) -> list[int]:
        return self.behind(loss, len(self.steps))[::-1]

    def _number(self, env: Mapping[str, Any]) -> float:
        return float(np.sum(env[self.variables[self.returns[0]]] * self.upstream))

    def _locals(self, env: Mapping[str, Any]) -> Env:
        return _copies({name: env[name] for name in self._names if name in env})

    def _take(self, body: Sequence[ast.stmt], env: Env) -> bool:
        """Run a block; True once it returned."""
        for node in body:
            match node:
                case ast.Return():
                    self._return(node, env)
                    return True
                case ast.If():
                    test = eval(self._compiled(ast.Expression(node.test), "eval"), env)  # noqa: S307 -- see _again
                    blocks = [node.body if test else node.orelse]
                case ast.With(items=items) if not any(item.optional_vars for item in items):
                    blocks = [node.body]
                case ast.Try():
                    blocks = [node.body, node.orelse, node.finalbody]
                case _:
                    for statement in statements([node], into=()):
                        self._run(statement, env)
                    continue
            if any(self._take(block, env) for block in blocks):
                return True
        return False

    def _run(self, statement: Statement, env: Env) -> None:
        self.before.append(self._locals(env))
        code = self._compiled(ast.Module([statement.node], []), "exec")
        exec(code, env)  # noqa: S102 -- see _again
        self.steps.append(Step(code, statement.line, statement.writes, statement.reads))
        self._names |= statement.writes

    def _return(self, node: ast.Return, env: Env) -> None:
        """Give each returned value a variable, so that `return L + R, X.T @ g` is as good as two names."""
        values = node.value.elts if isinstance(node.value, (ast.Tuple, ast.List)) else [node.value]
        if len(values) != len(self.returns) or any(isinstance(value, ast.Starred) for value in values):
            raise NotFlatError("its results are not written out behind return")
        for name, value in zip(self.returns, values, strict=True):
            assert value is not None  # a bare return has one value, and no exercise has no results
            if isinstance(value, ast.Name):
                self.variables[name] = value.id
                continue
            self.variables[name] = f"_returned_{name}"
            target = ast.Name(self.variables[name], ast.Store())
            assign = ast.fix_missing_locations(ast.copy_location(ast.Assign([target], value), node))
            for statement in statements([assign]):
                self._run(statement, env)

    def _compiled(self, tree: ast.Module | ast.Expression, mode: str) -> CodeType:
        try:
            code: CodeType = compile(tree, self._file, mode)
        except SyntaxError as error:
            raise NotFlatError("a loop returns") from error
        return code


def _definition(function: Callable[..., Any]) -> ast.FunctionDef:
    text = source_of(function)
    if text is None:
        raise NotFlatError("its text is not known")
    if function.__closure__:
        raise NotFlatError("it is defined inside another function")
    try:
        node = find_function(text, function.__name__)
    except SyntaxError:
        node = None
    if node is None:
        raise NotFlatError("its text is not known")
    if any(isinstance(part, _NOT_FLAT) for child in node.body for part in ast.walk(child)):
        raise NotFlatError("it holds a function or a generator of its own")
    return node


def _copies(values: Mapping[str, Any]) -> Env:
    """Copies of the arrays, lists and dicts of an environment; names that share one value go on sharing it."""
    memo: dict[int, Any] = {}
    return {name: _copy(value, memo) for name, value in values.items()}


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, np.ndarray):
        memo[id(value)] = value.copy()
    elif type(value) is list:
        memo[id(value)] = [_copy(item, memo) for item in value]
    elif type(value) is dict:
        memo[id(value)] = {key: _copy(item, memo) for key, item in value.items()}
    return memo.get(id(value), value)


def _put(env: Env, name: str, value: Any) -> None:
    """Give `name` a value: into its array where there is one, so that other names of that array see it too."""
    held = env.get(name)
    if isinstance(held, np.ndarray) and held.dtype == np.float64 and held.shape == np.shape(value):
        held[...] = value
    else:
        env[name] = value.copy() if isinstance(value, np.ndarray) and value.ndim else np.float64(value)
