"""Answer the judge: run a call plan on the student's functions, plain or traced, and send back numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from flatgrade.core.exercise import Call, Function
from flatgrade.core.flatcode import place_of
from flatgrade.core.plan import MissingFunctionError, PlanError, run_plan, stopped_at
from flatgrade.core.timeout import TimeUp, time_limit
from flatgrade.core.trace import Trace, TracedPlan
from flatgrade.core.wire import DTYPES
from flatgrade.worker.shell import OUTPUTS, is_cell, status_of

Reply = dict[str, Any]


def answer_call(namespace: Mapping[str, Any], request: Mapping[str, Any], cap: int) -> Reply:
    """Run the plan on the inputs. The reply's `status` is ok, missing, error, timeout, memory, disk or forbidden
    (docs/protocol.md).

    Its `values` are those outputs that there are: all where it is ok, else those of the calls before the one
    that ended, which `call` tells.
    """
    plan, inputs = _plan(request), _inputs(request)
    before = {name: value.copy() for name, value in inputs.items() if isinstance(value, np.ndarray)}
    kept: dict[str, Any] = {}
    ended = _ended(lambda: run_plan(plan, namespace, inputs, kept), request["seconds"], cap)
    changed = [name for name, value in before.items() if not np.array_equal(value, inputs[name], equal_nan=True)]
    return {**ended, "values": _values(request, kept), "changed": changed, "call": stopped_at(plan, kept)}


def answer_calls(namespace: Mapping[str, Any], request: Mapping[str, Any], cap: int) -> Reply:
    """Run the plan once for each of the `changes`, on copies of the inputs with that change made.

    The reply's `values` are the outputs of each run, in order; they are there where all came to their end. `status`,
    `what` and `line` are as in `answer_call`; the time limit is for all together.
    """
    plan, inputs = _plan(request), _inputs(request)
    values: list[Reply] = []

    def run() -> None:
        for change in request["changes"]:
            kept = run_plan(plan, namespace, deepcopy({**inputs, **change}))
            values.append(_values(request, kept))

    ended = _ended(run, request["seconds"], cap)
    return {**ended, "values": values} if ended["status"] == "ok" else ended


def _ended(run: Callable[[], object], seconds: float, cap: int) -> Reply:
    """Run student code, and say how it ended: `status`, for an exception `what` it was, and the `line` it was at."""
    OUTPUTS.start(cap)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), time_limit(seconds):
            warnings.simplefilter("ignore")
            run()
    except TimeUp:
        return {"status": "timeout"}
    except MissingFunctionError as error:
        return {"status": "missing", "what": str(error)}
    except PlanError as error:
        return {"status": "error", "what": str(error), "line": 0}
    except BaseException as error:  # noqa: BLE001 -- whatever the student's code raises is an answer
        return {"status": status_of(error), "what": _one_line(error), "line": place_of(error, is_cell)[0]}
    return {"status": "ok"}


def answer_trace(namespace: Mapping[str, Any], request: Mapping[str, Any], cap: int) -> Reply:
    """Run the plan traced. `status` is ok or untraced; versions are rows of name, line, array."""
    traced = TracedPlan(_plan(request), namespace)
    if not traced.flat:
        return {"status": "untraced"}
    OUTPUTS.start(cap)
    try:
        with time_limit(request["seconds"]):
            trace = traced.run(_inputs(request))
    except BaseException:  # noqa: BLE001 -- a trace that does not come to its end is no trace
        return {"status": "untraced"}
    return {"status": "ok", **_versions(trace), "values": _values(request, trace.returned)}


def _plan(request: Mapping[str, Any]) -> list[Call]:
    return [Call(function, tuple(arguments), tuple(results)) for results, function, arguments in request["plan"]]


def _inputs(request: Mapping[str, Any]) -> dict[str, Any]:
    return {**request["inputs"], **{name: Function(text) for name, text in request["functions"].items()}}


def _values(request: Mapping[str, Any], kept: Mapping[str, Any]) -> Reply:
    """The outputs; and of the results that are kept here those that are `...`, since they are not written yet."""
    return {name: sendable(kept[name]) for name in kept if name in request["returns"] or kept[name] is Ellipsis}


def _versions(trace: Trace) -> Reply:
    sent = [
        (name, version.line, sendable(version.value))
        for name, versions in trace.versions.items()
        for version in versions
    ]
    rows = [[name, line, item["value"]] for name, line, item in sent if "value" in item]
    return {"versions": rows, "reads": trace.reads, "error": trace.error, "line": trace.error_line}


def sendable(value: Any) -> Reply:
    """`{"value": number or array}` for numbers and arrays of numbers, `{"type": name}` for everything else.

    Subclasses of arrays are sent as plain arrays: what crosses is numbers, never behaviour.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value, copy=True, subok=False)
        if array.dtype.kind == "f" and array.dtype.itemsize > 8:  # longdouble: float64 is as much as is compared
            array = array.astype(np.float64)
        if array.dtype.newbyteorder("<").str in DTYPES:
            return {"value": array}
        return {"type": f"array of {array.dtype}"}
    if type(value) in (int, float):
        return {"value": value} if abs(value) < 2**63 or value != value else {"value": float(value)}
    return {"type": "ellipsis" if value is Ellipsis else type(value).__name__}


def _one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 -- an exception of the student's may not even have a text
        text = ""
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__
