"""A reference in flat code, cut into its stages, so that it can be run one stage at a time from any values.

Where the plan has several calls, the bodies of their functions are one stretch of code (flatgrade.core.bodies).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from flatgrade.core.bodies import Body, StagedError, bodies
from flatgrade.core.copying import copied
from flatgrade.core.exercise import Call
from flatgrade.core.flatcode import Statement, statements

Env = dict[str, Any]
Edit = tuple[str, str]


@dataclass(frozen=True)
class Group:
    """The statements that make one stage: from behind the stage before it to the last statement that writes it.

    `call` is the place in the plan of the call whose function they stand in.
    """

    stage: str
    call: int
    text: str
    line: int
    parents: frozenset[str]


class StagedFunction:
    """Flat code whose stages can be run one at a time.

    `stages` are the names of the contract that the code assigns, in the order in which they are complete; `groups`
    holds the statements of each. The code is trusted: it comes from `solutions/`, never from a student.
    """

    def __init__(
        self, text: str, plan: Sequence[Call], stages: Sequence[str], returns: Sequence[str], namespace: Env
    ) -> None:
        self.name = " and ".join(call.function for call in plan)
        self.text, self.namespace = text, {"__builtins__": builtins, **namespace}
        self.groups: dict[str, Group] = {}
        depends: dict[str, frozenset[str]] = {}
        for call, body in enumerate(bodies(text, plan, {*stages, *returns})):
            for stage, part in _parts(body, {*stages, *returns}):
                self.groups[stage] = _group(stage, call, part, text.split("\n"), depends)
        self.stages = tuple(self.groups)
        self._codes: dict[tuple[str, tuple[Edit, ...]], CodeType | None] = {}
        self._ends: dict[tuple[int, str, Edit], tuple[Mapping[str, Any], Env | None]] = {}

    def start(self, inputs: Mapping[str, Any]) -> Env:
        """The environment before the first statement: the namespace and copies of the inputs."""
        return {**self.namespace, **copied(inputs)}

    def step(self, env: Env, stage: str, edits: tuple[Edit, ...] = ()) -> Env | None:
        """The environment after the stage's statements, run on copies of the values in `env`; None if they raise.

        `edits` (old text, new text) are made in the stage's text first. None also if an edit does not fit.
        """
        code = self._code(stage, edits)
        if code is None:
            return None
        own = {name: value for name, value in env.items() if value is not self.namespace.get(name)}
        result = {**env, **copied(own)}
        try:
            with np.errstate(all="ignore"):
                exec(code, result)  # noqa: S102 -- the reference's own text, from solutions/
        except Exception:  # noqa: BLE001 -- on a student's value a reference statement may raise anything
            return None
        return result if stage in result else None

    def run(self, inputs: Mapping[str, Any]) -> list[Env]:
        """The environment after each stage, in order. Raises StagedError where a stage raises on its own values."""
        env, envs = self.start(inputs), []
        for stage in self.stages:
            after = self.step(env, stage)
            if after is None:
                raise StagedError(f"{self.name}: the reference raises at stage {stage}")
            env = after
            envs.append(env)
        return envs

    def end(self, inputs: Mapping[str, Any], stage: str, edit: Edit) -> Env | None:
        """The environment after the last stage, with an edit in one; None where it does not fit or a stage raises.

        It depends on no student, so it is computed once for an `inputs` object.
        """
        at = (id(inputs), stage, edit)
        if at not in self._ends:
            env: Env | None = self.start(inputs)
            for name in self.stages:
                env = self.step(env, name, (edit,) if name == stage else ()) if env is not None else None
            self._ends[at] = (inputs, env)  # the inputs are kept alive with it, so that their id stays their own
        return self._ends[at][1]

    def ancestors(self, stage: str) -> frozenset[str]:
        """All stages that the stage was computed from."""
        found: set[str] = set()
        queue = list(self.groups[stage].parents)
        while queue:
            parent = queue.pop()
            if parent not in found:
                found.add(parent)
                queue += self.groups[parent].parents
        return frozenset(found)

    def fits(self, stage: str, edit: Edit) -> bool:
        """True if the edit's old text occurs exactly once in the stage's statements."""
        return stage in self.groups and self.groups[stage].text.count(edit[0]) == 1

    def edited(self, stage: str, edit: Edit) -> str | None:
        """The whole text with the edit made in the stage's statements; None where it does not fit."""
        group = self.groups.get(stage)
        changed = _edited(group.text, edit) if group else None
        if group is None or changed is None:
            return None
        lines = self.text.split("\n")
        start, count = group.line - 1, group.text.count("\n") + 1
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        block = [indent + line if line else line for line in changed.split("\n")]
        return "\n".join([*lines[:start], *block, *lines[start + count :]])

    def _code(self, stage: str, edits: tuple[Edit, ...]) -> CodeType | None:
        key = (stage, edits)
        if key not in self._codes:
            text: str | None = self.groups[stage].text
            for edit in edits:
                text = _edited(text, edit) if text is not None else None
            try:
                self._codes[key] = compile(text, f"<{self.name}: {stage}>", "exec") if text is not None else None
            except SyntaxError:
                self._codes[key] = None
        return self._codes[key]


def lint(staged: StagedFunction, inputs: Iterable[str]) -> list[str]:
    """What is wrong with a reference as a yardstick: one sentence each.

    A value that two later stages read must itself be a stage, else one fault in it would be charged twice. Values
    made of the inputs alone (`N`, `rows`) are free.
    """
    problems = []
    free = {*inputs, *staged.namespace, *dir(builtins)}
    users: dict[str, list[str]] = {}
    for stage, group in staged.groups.items():
        tree = list(statements(ast.parse(group.text).body, into=()))
        for item in tree:
            for name in item.writes - {stage}:
                if item.reads <= free:
                    free.add(name)
            for name in item.reads - free - set(staged.stages):
                users.setdefault(name, [])
                if stage not in users[name]:
                    users[name].append(stage)
    for name, stages in users.items():
        if len(stages) > 1:
            problems.append(
                f"{staged.name}: {name} is read by {' and '.join(stages)}, so it must be a stage (0 points are allowed)"
            )
    return problems


def _edited(text: str, edit: Edit) -> str | None:
    return text.replace(edit[0], edit[1]) if text.count(edit[0]) == 1 else None


def _parts(body: Body, names: Collection[str]) -> Iterator[tuple[str, list[Statement]]]:
    """The stages that a function completes, in order, and the statements of each."""
    last = {stage: i for i, item in enumerate(body.statements) for stage in item.writes if stage in names}
    start = 0
    for stage in sorted(last, key=lambda stage: (last[stage], stage)):
        if last[stage] < start:
            raise StagedError(f"{body.function} assigns {stage} and another stage in one statement")
        yield stage, list(body.statements[start : last[stage] + 1])
        start = last[stage] + 1
    if any(not isinstance(item.node, ast.Pass) for item in body.statements[start:]):
        behind = f"behind {max(last, key=lambda stage: last[stage])}, its last stage" if last else "and has no stage"
        raise StagedError(f"{body.function} makes values {behind}: a value belongs to the stage that comes after it")


def _group(stage: str, call: int, part: list[Statement], lines: list[str], depends: dict[str, frozenset[str]]) -> Group:
    """Cut the group out of the text; `depends` (name -> stages behind its value) is carried from group to group."""
    parents: set[str] = set()
    for item in part:
        behind = frozenset().union(*(depends.get(name, frozenset()) for name in item.reads - {stage}))
        parents |= behind
        for name in item.writes:
            depends[name] = behind
    depends[stage] = frozenset({stage})
    first, last = part[0].node.lineno, part[-1].node.end_lineno
    block = lines[first - 1 : last]
    indent = len(block[0]) - len(block[0].lstrip())
    text = "\n".join(line[indent:] for line in block)
    return Group(stage, call, text, first, frozenset(parents))
