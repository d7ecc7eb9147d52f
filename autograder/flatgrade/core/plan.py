"""Run a call plan in a namespace: the worker runs it on the student's functions, the judge on the reference's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flatgrade.core.exercise import Call, Function


class PlanError(Exception):
    """A call that could not be made, or that did not return what the plan keeps: one sentence for the student."""


class MissingFunctionError(PlanError):
    """The plan calls a name that is not defined."""


def ready(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they are passed on: functions are made of their texts."""
    return {name: value.made() if isinstance(value, Function) else value for name, value in inputs.items()}


def run_plan(
    plan: Sequence[Call], namespace: Mapping[str, Any], inputs: Mapping[str, Any], kept: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Run the calls in order; returns every value that was kept, by name.

    What is kept goes into `kept` where one is given: it then holds what came before an exception. Raises
    MissingFunctionError for a function that is not defined, PlanError for a wrong number of results, and whatever the
    called functions raise.
    """
    kept, inputs = {} if kept is None else kept, ready(inputs)
    for call in plan:
        function = _lookup(call.function, namespace, kept)
        result = function(*(kept[name] if name in kept else inputs[name] for name in call.arguments))
        if len(call.results) == 1:
            kept[call.results[0]] = result
        elif call.results:
            kept.update(zip(call.results, _values(call, result), strict=True))
    return kept


def stopped_at(plan: Sequence[Call], kept: Mapping[str, Any]) -> int:
    """The place in the plan of the call that an exception ended, where `kept` holds what was kept before it."""
    return next((i for i, call in enumerate(plan) if not set(call.results) <= set(kept)), len(plan) - 1)


def _lookup(name: str, namespace: Mapping[str, Any], kept: Mapping[str, Any]) -> Any:
    head, _, method = name.partition(".")
    found = kept.get(head, namespace.get(head))
    if found is None:
        raise MissingFunctionError(f"{head} is not defined.")
    if method:
        found = getattr(found, method, None)
        if found is None:
            raise MissingFunctionError(f"{head} has no {method}.")
    if not callable(found):
        raise MissingFunctionError(f"{name} is a {type(found).__name__}, not a function.")
    return found


def _values(call: Call, result: Any) -> Sequence[Any]:
    expected = f"{len(call.results)} values: {', '.join(call.results)}"
    if result is None:
        raise PlanError(f"{call.function} returns nothing; expected {expected}.")
    if not isinstance(result, (tuple, list)):
        raise PlanError(f"{call.function} returns one {type(result).__name__}; expected {expected}.")
    if len(result) != len(call.results):
        values = f"{len(result)} value{'' if len(result) == 1 else 's'}"
        raise PlanError(f"{call.function} returns {values}; expected {expected}.")
    return result
