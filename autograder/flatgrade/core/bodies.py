"""The functions of a plan as one stretch of flat code, so that a reference of several calls has stages as one has.

The calls follow each other, and names stay what they are: an argument has the name of its parameter, and a cache holds
names of the function that packs it, which the function that unpacks it knows by the same names. So nothing has to be
passed on: the returns, and the statements that pack and unpack, fall away. Whatever would make one name mean two things
is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flatgrade.core.exercise import Call
from flatgrade.core.flatcode import Statement, find_function, statements


class StagedError(ValueError):
    """A reference that is not flat code with the stages of its exercise."""


@dataclass(frozen=True)
class Body:
    """The flat statements of one function, without its return and without what packs or unpacks a cache."""

    function: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class _Cache:
    """What is packed in a cache, as text, and by which function each of its names was written (None: an input)."""

    form: str
    writers: Mapping[str, str | None]


def bodies(text: str, plan: Sequence[Call], values: Collection[str]) -> list[Body]:
    """The bodies of the plan's functions, in its order. Raises StagedError.

    `values` are the names of stages and outputs; every other result of a call is a cache.
    """
    caches: dict[str, _Cache] = {}
    writers: dict[str, str] = {}  # by which function a name was written last
    returned: dict[str, str | None] = {}  # the same, when the name was returned
    found = []
    for call in plan:
        flat = _flat(text, call)
        taken = [name for name in call.arguments if name in caches]
        packed = [name for name in call.results if name not in values]
        end = len(flat) - len(packed)
        forms = _packed(call, packed, flat[end:])
        _check_unpacked(call, {name: caches[name].form for name in taken}, flat[: len(taken)])
        body = flat[len(taken) : end]
        given = {name: returned.get(name) for name in call.arguments if name not in taken}
        for name in taken:
            given |= caches[name].writers
        _check_names(plan, call, body, given, writers, values)
        writers |= {name: call.function for item in body for name in item.writes}
        returned |= {name: writers.get(name) for name in call.results}
        caches |= {name: _Cache(form, {item: writers.get(item) for item in items}) for name, form, items in forms}
        found.append(Body(call.function, tuple(body)))
    return found


def _flat(text: str, call: Call) -> list[Statement]:
    """The statements of the function of a call, without its return, which has to be the only one."""
    node = find_function(text, call.function)
    if node is None:
        raise StagedError(f"{call.function} is not defined in its reference")
    if [argument.arg for argument in node.args.args] != list(call.arguments):
        raise StagedError(f"{call.function} must take {', '.join(call.arguments) or 'nothing'}, as in its call")
    flat = list(statements(node.body, into=()))
    last = flat[-1].node if flat else None
    value = last.value if isinstance(last, ast.Return) else None
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    if [item.id if isinstance(item, ast.Name) else "" for item in values] != list(call.results):
        raise StagedError(f"{call.function} must end with return {', '.join(call.results)}")
    if any(isinstance(part, ast.Return) for item in flat[:-1] for part in _own_parts(item.node)):
        raise StagedError(f"{call.function} must return once, at its end")
    return flat[:-1]


def _own_parts(node: ast.AST) -> list[ast.AST]:
    """A statement and all parts of it that do not belong to a function inside it."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return []
    return [node, *(part for child in ast.iter_child_nodes(node) for part in _own_parts(child))]


def _packed(call: Call, caches: Sequence[str], end: Sequence[Statement]) -> list[tuple[str, str, tuple[str, ...]]]:
    """The name, the form and the names of what each of the statements at the end packs, one for each cache."""
    found = [(target, form, names) for target, (form, names) in map(_assignment, end)]
    if sorted(name for name, form, _ in found if form) != sorted(caches):
        example = " and ".join(f"{name} = (a, b)" for name in caches)
        raise StagedError(f"{call.function} must pack names right before its return, as in {example}")
    return found


def _check_unpacked(call: Call, forms: Mapping[str, str], begin: Sequence[Statement]) -> None:
    """Each of the statements at the beginning has to unpack one of the caches, as it was packed."""
    expected = [f"{form} = {name}" for name, form in forms.items()]
    if sorted(ast.unparse(item.node) for item in begin) != sorted(ast.unparse(ast.parse(line)) for line in expected):
        raise StagedError(f"{call.function} must begin with {' and '.join(expected)}")


def _assignment(statement: Statement) -> tuple[str, tuple[str, tuple[str, ...]]]:
    """Of `name = value`: the name, the text and the names of a value of bare names ("" and none for another one)."""
    node = statement.node
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name) or len(node.targets) > 1:
        return "", ("", ())
    items = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    names = tuple(item.id for item in items if isinstance(item, ast.Name))
    comma = "," if isinstance(node.value, ast.Tuple) and len(names) == 1 else ""
    form = ", ".join(names) + comma
    return node.targets[0].id, (form, names) if len(names) == len(items) else ("", ())


def _check_names(
    plan: Sequence[Call],
    call: Call,
    body: Sequence[Statement],
    given: Mapping[str, str | None],
    writers: Mapping[str, str],
    values: Collection[str],
) -> None:
    """A name has to mean in a function what it means outside; `given` are its arguments and what its caches hold."""
    for name, writer in given.items():
        if writers.get(name) != writer:
            raise StagedError(f"{call.function} is given {name}, and {writers[name]} has another {name}")
    own = {name for item in body for name in item.writes}
    for name in sorted(own & {*values} & {*writers}):
        raise StagedError(f"{call.function} and {writers[name]} both assign {name}: a stage is made in one function")
    known = {*writers, *(argument for each in plan for argument in each.arguments)}
    for name in sorted({name for item in body for name in item.reads} & known - own - {*given}):
        raise StagedError(f"{call.function} reads {name}, which it is not given")
