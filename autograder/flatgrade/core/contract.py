"""The public contract of an assignment: `exercises.toml` read into the objects of `core.exercise`.

`call` with `returns` is the short form of a plan of one call. A mistake in the file is told with its place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from flatgrade.core.exercise import (
    Assignment,
    Call,
    Case,
    Exercise,
    Function,
    Input,
    Limits,
    Speed,
    Stage,
    called,
    slope_of,
)
from flatgrade.core.profiles import PROFILES

CONTRACT = "exercises.toml"
LEAST_WITHIN, _WITHIN = 3.0, 5.0  # docs/speed.md: how far the reference is from itself on a busy machine
INPUT_KINDS = ("normal", "positive", "labels", "given", "function")
_FIXED = ("given", "function")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_DOTTED = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?"
_CALL = re.compile(rf"(?:(?P<results>[\w\s,]+)=)?\s*(?P<function>{_DOTTED})\((?P<arguments>[\w\s,]*)\)\s*\Z")


class ContractError(ValueError):
    """A mistake in an `exercises.toml`: file, key, requirement and the value that was found."""


def load_assignment(folder: Path) -> Assignment:
    """Read `folder/exercises.toml`. Raises ContractError with file, key, requirement and value."""
    path = folder / CONTRACT
    shown = f"{folder.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"{shown} is missing: every assignment needs one") from None
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{shown} is not valid TOML: {error}") from None
    head = _Table(data.pop("assignment", {}), shown, "assignment")
    title = head.text("title", default=folder.name)
    limits = _limits(head.table("limits"))
    profile = _profile(head, "numpy")
    libraries = head.get("libraries", "a list of names of distributions", list, [])
    if not all(isinstance(name, str) and name for name in libraries):
        raise head.error("libraries", "a list of names of distributions", libraries)
    head.done()
    exercises = {name: _exercise(name, _Table(table, shown, name), profile) for name, table in data.items()}
    return Assignment(folder.name, title, MappingProxyType(exercises), limits, profile, tuple(libraries))


class _Table:
    """A TOML table that knows where it stands; every getter names file, key, requirement and the value got."""

    def __init__(self, data: Any, file: str, key: str) -> None:
        self.file, self.key = file, key
        if not isinstance(data, dict):
            raise self.error("", "a table", data)
        self.data, self.seen = data, set[str]()

    def error(self, key: str, requirement: str, got: Any) -> ContractError:
        where = ".".join(part for part in (self.key, key) if part)
        found = "nothing" if got is None else f"{got!r}, a {type(got).__name__}"
        return ContractError(f"{self.file}: {where} must be {requirement} (got {found})")

    def get(self, key: str, requirement: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        self.seen.add(key)
        value = self.data.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error(key, requirement, value)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self.get(key, "a text", str, default)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self.get(key, "a number >= 0", (int, float), default)
        if not 0 <= value < float("inf"):
            raise self.error(key, "a number >= 0", value)
        return float(value)

    def names(self, key: str) -> tuple[str, ...]:
        value = self.get(key, "a list of names", list)
        if not value or not all(isinstance(item, str) and _NAME.match(item) for item in value):
            raise self.error(key, "a list of names", value)
        if len(set(value)) < len(value):
            raise self.error(key, "a list of names, each once", value)
        return tuple(value)

    def shape(self, key: str = "shape") -> tuple[str, ...]:
        value = self.text(key, default="")
        letters = tuple(value.split())
        if not all(_NAME.match(letter) for letter in letters):
            raise self.error(key, 'sizes in letters, such as "N C" ("" for a number)', value)
        return letters

    def table(self, key: str) -> _Table:
        self.seen.add(key)
        return _Table(self.data.get(key, {}), self.file, f"{self.key}.{key}")

    def rows(self, key: str) -> list[_Table]:
        value = self.get(key, "a list of tables", list, [])
        return [_Table(row, self.file, f"{self.key}.{key}[{i}]") for i, row in enumerate(value)]

    def done(self) -> None:
        for key in self.data:
            if key not in self.seen:
                known = ", ".join(sorted(self.seen))
                raise ContractError(f"{self.file}: {self.key}.{key} is not a key of this table (known: {known})")


def _limits(table: _Table) -> Limits:
    values: dict[str, Any] = {}
    for name, default in asdict(Limits()).items():
        value = table.number(name, default)
        if value <= 0 and name != "kept_kib":
            raise table.error(name, "a number > 0", value)
        values[name] = type(default)(value)
    table.done()
    return Limits(**values)


def _profile(table: _Table, default: str) -> str:
    profile = table.text("profile", default)
    if profile not in PROFILES:
        raise table.error("profile", f"one of {', '.join(PROFILES)}", profile)
    return profile


def _exercise(name: str, table: _Table, profile: str) -> Exercise:
    returns = table.names("returns")
    plan = _plan(table, returns)
    inputs = tuple(_input(table.table("inputs"), key) for key in table.table("inputs").data)
    stages = tuple(_stage(table.table("stages"), key) for key in table.table("stages").data)
    points = table.number("points")
    _check_plan(table, plan, returns, {item.name for item in inputs})
    if stages:
        _check_staged(table, plan)
    if stages and abs(sum(stage.points for stage in stages) - points) > 1e-9:
        total = sum(stage.points for stage in stages)
        raise table.error("points", f"the sum of the points of the stages, {total:g}", points)
    known = {stage.name for stage in stages} | set(returns)
    cases = tuple(_case(row, inputs, known) for row in table.rows("cases"))
    exercise = Exercise(
        name=name,
        title=table.text("title"),
        plan=plan,
        returns=returns,
        points=points,
        source=table.text("source", default=""),
        inputs=inputs,
        stages=stages,
        cases=cases,
        gradients=_gradients(table, returns, inputs),
        sizes=_sizes(table, inputs),
        profile=_profile(table, profile),
        given=_given(table, plan),
        speed=_speed(table, plan),
    )
    table.done()
    return exercise


def _plan(table: _Table, returns: tuple[str, ...]) -> tuple[Call, ...]:
    if "plan" in table.data:
        lines = table.get("plan", "a list of calls", list)
        return tuple(_call(table, "plan", line) for line in lines)
    call = _call(table, "call", table.text("call"))
    return (Call(call.function, call.arguments, returns),)


def _given(table: _Table, plan: tuple[Call, ...]) -> tuple[str, ...]:
    given, functions = table.get("given", "a list of names", list, []), called(plan)
    if not all(name in functions for name in given) or len(given) == len(functions):
        raise table.error("given", "functions that the plan calls, and not all of them", given)
    return tuple(given)


def _call(table: _Table, key: str, line: Any) -> Call:
    match = _CALL.match(line) if isinstance(line, str) else None
    if not match:
        raise table.error(key, 'a flat call of names, such as "out, cache = layer(x, w)"', line)
    split = [tuple(part.split()) for group in ("arguments", "results") for part in (match[group] or "").split(",")]
    if any(len(part) > 1 for part in split):
        raise table.error(key, 'a flat call of names, such as "out, cache = layer(x, w)"', line)
    arguments = tuple(part.strip() for part in match["arguments"].split(",") if part.strip())
    results = tuple(part.strip() for part in (match["results"] or "").split(",") if part.strip())
    return Call(match["function"], arguments, results)


def _check_plan(table: _Table, plan: tuple[Call, ...], returns: tuple[str, ...], inputs: set[str]) -> None:
    known = set(inputs)
    for call in plan:
        for name in call.arguments:
            if name not in known:
                raise table.error("call", f"a call of inputs and earlier results only; {name} is neither", str(call))
        known |= set(call.results)
    for name in returns:
        if not any(name in call.results for call in plan):
            raise table.error("returns", "names that the plan keeps", list(returns))


def _check_staged(table: _Table, plan: tuple[Call, ...]) -> None:
    """Replay follows the student's functions, and each of them once: a line of a function must belong to one call."""
    functions = [call.function for call in plan]
    kept = {name for call in plan for name in call.results}
    given = _given(table, plan)
    for call in plan:
        if "." in call.function or call.function in kept:
            raise table.error("stages", "left out for a plan that calls methods or what it keeps", str(call))
        if call.function in given:
            raise table.error("stages", "left out for a plan that calls given functions", str(call))
        if functions.count(call.function) > 1:
            raise table.error("stages", "left out for a plan that calls a function twice", str(call))


def _input(table: _Table, name: str) -> Input:
    row = table.table(name)
    kind = row.text("kind", default="normal")
    if kind not in INPUT_KINDS:
        raise row.error("kind", f"one of {', '.join(INPUT_KINDS)}", kind)
    classes = row.text("classes", default="")
    if (kind == "labels") != bool(classes):
        raise row.error("classes", "the letter of the number of classes, for labels only", classes or None)
    row.seen.add("value")
    if (kind in _FIXED) != ("value" in row.data):
        raise row.error("value", "there for the kinds given and function, and only there", row.data.get("value"))
    value = _function(row, "value", row.data["value"]) if kind == "function" else row.data.get("value")
    item = Input(name, row.shape(), kind, row.text("about", default=""), classes, value)
    row.done()
    return item


def _function(row: _Table, key: str, text: Any) -> Function:
    try:
        made = Function(text).made()
    except Exception:  # noqa: BLE001 -- whatever is wrong with the text, it is told
        made = None
    if not callable(made):
        raise row.error(key, 'the text of a function, such as "lambda x: np.sum(x * x)"', text)
    return Function(text)


def _stage(table: _Table, name: str) -> Stage:
    row = table.table(name)
    stage = Stage(name, row.shape(), row.number("points", 0.0), row.number("tolerance", Stage.tolerance))
    row.done()
    return stage


def _gradients(table: _Table, returns: tuple[str, ...], inputs: tuple[Input, ...]) -> Mapping[str, str]:
    names = {item.name for item in inputs}
    given = table.table("gradients")
    for output, name in given.data.items():
        if output not in returns or name not in names:
            raise given.error(output, "an output = the input whose slope it is", name)
    found = {output: slope_of(output) for output in returns if slope_of(output) in names}
    return MappingProxyType({**found, **given.data})


def _speed(table: _Table, plan: tuple[Call, ...]) -> Speed | None:
    if "speed" not in table.data:
        return None
    row = table.table("speed")
    speed = Speed(row.number("points", 0.0), row.number("within", _WITHIN))
    if speed.within < LEAST_WITHIN:
        raise row.error("within", f"{LEAST_WITHIN:g} at least, which the noise of timing does not cross", speed.within)
    kept = {name for call in plan for name in call.results}
    if any(call.function.partition(".")[0] in kept for call in plan):
        raise table.error("speed", "left out for a plan that calls methods", "speed")
    row.done()
    return speed


def _sizes(table: _Table, inputs: tuple[Input, ...]) -> Mapping[str, int]:
    given, letters = table.table("sizes"), {letter for item in inputs for letter in (*item.shape, item.classes)}
    for letter, size in given.data.items():
        if letter not in letters or type(size) is not int or size < 1:
            raise given.error(letter, "a whole number > 0 for a letter of the inputs", size)
    return MappingProxyType(dict(given.data))


def _case(row: _Table, inputs: tuple[Input, ...], known: set[str]) -> Case:
    values, expect = row.table("inputs").data, row.table("expect").data
    missing = [item.name for item in inputs if item.name not in values]
    extra = [name for name in values if name not in {item.name for item in inputs}]
    if missing or extra:
        raise row.error("inputs", f"a value for each of {', '.join(item.name for item in inputs)}", list(values))
    for name in expect:
        if name not in known:
            raise row.error("expect", "values of stages or outputs", name)
    case = Case(
        label=row.text("label"),
        inputs=MappingProxyType({item.name: _value(row, item, values[item.name]) for item in inputs}),
        expect=MappingProxyType({name: np.asarray(value, dtype=np.float64) for name, value in expect.items()}),
    )
    row.done()
    return case


def _value(row: _Table, item: Input, value: Any) -> Any:
    if item.kind == "given":
        return value
    if item.kind == "function":
        return _function(row, f"inputs.{item.name}", value)
    try:
        array = np.asarray(value, dtype=np.int64 if item.kind == "labels" else np.float64)
    except (TypeError, ValueError):
        raise row.error(f"inputs.{item.name}", "numbers in a rectangle", value) from None
    if array.ndim != len(item.shape):
        raise row.error(f"inputs.{item.name}", f"numbers in {len(item.shape)} dimensions", value)
    return array if item.shape else array.item()
