"""`draw("sigmoid_circuit", w0=2.0)`: the circuit of the student's own code, with values and gradients on its wires."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade.core.draw import draw_inputs
from flatgrade.core.exercise import Exercise, Input
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.timeout import TimeUp
from flatgrade.core.trace import Trace
from flatgrade.student.circuit import NotFlatError, circuit_of
from flatgrade.student.limits import guarded
from flatgrade.student.lookup import GRADING, STAFF, find_exercise, running_shell
from flatgrade.student.picture import Picture
from flatgrade.student.result import CheckResult
from flatgrade.student.subject import EndedError, Subject

SEED = 493
_FLAT = "draw shows functions of flat code: one value a line, each with a name."
_SUMMARY = "not drawn."


def draw(name: str, /, **inputs: Any) -> Picture | CheckResult | None:
    """The picture of the caller's function of the exercise `name`, on these inputs.

    Inputs that are not given are those of the first public case. A notebook shows the picture where `draw` is the last
    line of a cell; `print` shows it as text. What cannot be drawn is told in a sentence; nothing is raised but
    KeyboardInterrupt. Where FLATGRADE_GRADING is set it returns None at once.
    """
    if os.environ.get(GRADING):
        return None
    shell = running_shell()
    namespace = shell.user_ns if shell else sys._getframe(1).f_globals
    return picture(name, inputs, namespace, Path.cwd())


def picture(name: str, given: Mapping[str, Any], namespace: Mapping[str, Any], folder: Path) -> Picture | CheckResult:
    """What `draw` shows: the exercise of the contract in or above `folder`, the functions of `namespace`."""
    began = time.perf_counter()
    try:
        return _picture(name, given, namespace, folder)
    except EndedError as end:
        result = CheckResult(str(name), end.verdict, _SUMMARY, end.findings)
    except Exception as error:  # noqa: BLE001 -- a fault of ours must not look like one of the student's
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        result = CheckResult(
            str(name), Verdict.GRADER_FAULT, _SUMMARY, (Finding(f"draw itself stopped: {said}.", STAFF),)
        )
    return replace(result, seconds=time.perf_counter() - began)


def circuit_picture(subject: Subject, inputs: Mapping[str, Any], where: str = "", mark: str = "") -> Picture:
    """The picture of the subject's function on these inputs. Raises EndedError where its code is not flat."""
    if subject.node is None or not subject.flat:
        raise EndedError(Verdict.MISSING, Finding(f"The code of {subject.title} cannot be read as flat code.", _FLAT))
    trace = subject.trace(inputs)
    try:
        values = circuit_of(subject.exercise, subject.node, inputs, trace)
    except NotFlatError as error:
        raise EndedError(Verdict.MISSING, Finding(str(error), _FLAT)) from None
    return Picture(subject.title, values, where, mark, _stopped(subject, trace))


def _picture(name: str, given: Mapping[str, Any], namespace: Mapping[str, Any], folder: Path) -> Picture:
    exercise, limits = find_exercise(name, folder, "draw")
    if len(exercise.plan) > 1:
        said = f"{exercise.name} is a plan of {len(exercise.plan)} calls, not one function."
        raise EndedError(Verdict.MISSING, Finding(said, _FLAT))
    subject = Subject(exercise, namespace)
    if subject.function is None:
        advice = f"Run the cell that defines {subject.title}, then this one."
        raise EndedError(Verdict.MISSING, Finding(f"{subject.title} is not defined.", advice))
    inputs, where = _inputs(exercise, given)
    try:
        with guarded(limits.call_seconds):
            return circuit_picture(subject, inputs, where)
    except TimeUp:
        said = f"{subject.title} was stopped after {limits.call_seconds:g} seconds."
        raise EndedError(Verdict.TIMEOUT, Finding(said, "Draw it on smaller inputs.")) from None


def _inputs(exercise: Exercise, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """All inputs, and where they are from: the first public case, or drawn by chance, with those that are given."""
    known = [item.name for item in exercise.inputs]
    for name in given:
        if name not in known:
            said = f"{exercise.name} has no input {name}."
            raise EndedError(Verdict.MISSING, Finding(said, f"Its inputs are {', '.join(known)}."))
    if exercise.cases:
        inputs, where = exercise.cases[0].inputs, f'"{exercise.cases[0].label}"'
    else:
        inputs, where = draw_inputs(exercise, np.random.default_rng(SEED)), "random inputs"
    own = {item.name: _value(item, given[item.name]) for item in exercise.inputs if item.name in given}
    return {**inputs, **own}, "your inputs" if own else where


def _value(item: Input, value: Any) -> Any:
    if item.kind in ("given", "function"):
        return value
    try:
        array = np.asarray(value, dtype=np.int64 if item.kind == "labels" else np.float64)
    except (TypeError, ValueError):
        array = None
    if array is None or array.ndim != len(item.shape):
        form = f"numbers in {len(item.shape)} dimension{'s' if len(item.shape) > 1 else ''}"
        said = f"{item.name} must be {form if item.shape else 'one number'}."
        raise EndedError(Verdict.MISSING, Finding(said, f"It is {value!r:.60}."))
    return array if item.shape else array.item()


def _stopped(subject: Subject, trace: Trace) -> str:
    """What ended the call, unless it is only that lines are not written yet."""
    if not trace.error or (subject.unwritten and trace.error_line >= min(subject.unwritten.values())):
        return ""
    at = f" in line {trace.error_line}" if trace.error_line else ""
    return f"{subject.title} stops{at}: {' '.join(trace.error.split())[:200]}"
