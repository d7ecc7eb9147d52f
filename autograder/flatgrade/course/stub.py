"""The student's version of an answer: the scaffold of the lecture stays, the right-hand sides go.

Inside a solution region `scores = X @ W  # (N, C)` becomes `scores = ...  # (N, C)`, so that the released cell still
shows which values to name, in which order, with which shapes. Everything else is nbgrader's own ClearSolutions.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbgrader.preprocessors import ClearSolutions

from flatgrade.core.contract import load_assignment
from flatgrade.core.exercise import Assignment, Exercise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
_OWN_NAMES = (*_DEFINITIONS, ast.AsyncFunctionDef)


class ClearStages(ClearSolutions):
    """nbgrader's ClearSolutions, which leaves one `name = ...` for each stage that a solution region assigns.

    The stages are those of the exercises (`exercises.toml` beside the notebook) whose functions the cell defines. A
    region that assigns none, and a cell without a region, are cleared as nbgrader does it. Raises ContractError for
    a mistake in `exercises.toml`.
    """

    _assignment: Assignment | None = None

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clear the notebook `nb`; `resources["metadata"]["path"]` is its folder, as nbconvert sets it."""
        folder = Path(resources.get("metadata", {}).get("path") or ".")
        self._assignment = load_assignment(folder) if (folder / "exercises.toml").is_file() else None
        return super().preprocess(nb, resources)  # type: ignore[no-any-return]

    def _replace_solution_region(self, cell: Any, language: str) -> bool:
        replaced = False
        if self._assignment and cell.cell_type == "code" and language == "python":
            source = self._keep_stages(cell.source, self._assignment)
            replaced, cell.source = source != cell.source, source
        return bool(super()._replace_solution_region(cell, language)) or replaced

    def _keep_stages(self, source: str, assignment: Assignment) -> str:
        tree = _parsed(source)
        if not tree:
            return source
        names, caches = kept_names(assignment, tree)
        lines = source.split("\n")
        # From the last region to the first: the line numbers of those before stay true.
        for begin, end in reversed(self._regions(lines)):
            if stub := stub_lines(source, tree, begin, end, names, caches):
                lines[begin - 1 : end] = stub
        return "\n".join(lines)

    def _regions(self, lines: list[str]) -> list[tuple[int, int]]:
        """Find the first and last line of each region, from 1; what is not well formed is left to nbgrader's errors."""
        marks = [
            (self.begin_solution_delimeter in line, number)
            for number, line in enumerate(lines, 1)
            if self.begin_solution_delimeter in line or self.end_solution_delimeter in line
        ]
        pairs = list(zip(marks[::2], marks[1::2], strict=False))
        if len(marks) % 2 or not all(begin and not end for (begin, _), (end, _) in pairs):
            return []
        return [(first, last) for (_, first), (_, last) in pairs]


def kept_names(assignment: Assignment, tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    """Say which names a cell's stub keeps: stages and kept results of the exercises whose functions it defines.

    And which of them are caches. An exercise without stages keeps none: its answer need not be flat.
    """
    defined = {node.name for node in tree.body if isinstance(node, _DEFINITIONS)}
    stages: set[str] = set()
    results: set[str] = set()
    for exercise in assignment.exercises.values():
        if exercise.stages and defined & set(exercise.functions):
            stages |= {stage.name for stage in exercise.stages} | set(exercise.returns)
            results |= {name for call in exercise.plan for name in call.results}
    return frozenset(stages | results), frozenset(results - stages)


def stub_lines(
    source: str, tree: ast.Module, begin: int, end: int, names: frozenset[str], caches: frozenset[str]
) -> list[str]:
    """Write the lines that stand for the region from line `begin` to line `end` (from 1, both markers) of `source`.

    One line for each assignment that brings a name of `names` which is new in this region; with the indentation of
    its statement and the comment at the statement's end. What unpacks one of `caches` makes no value, and leaves none.
    Empty where the region assigns none.
    """
    lines, comments = source.split("\n"), _comments(source)
    found: dict[str, tuple[str, tuple[str, ...]]] = {}  # first name -> indentation, names
    remark: dict[str, str] = {}
    for outer in _statements(tree, begin, end):
        for node in _assignments(outer):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in caches:
                continue
            for targets in _targets(node):
                stages = tuple(dict.fromkeys(name for name in targets if name in names))
                new = tuple(name for name in stages if name not in remark)
                for name in stages:
                    remark[name] = remark.get(name) or comments.get(node.end_lineno or 0, "")
                if new:
                    found[new[0]] = (_indentation(lines[outer.lineno - 1]), new)
    return [_stub_line(indent, new, remark[first]) for first, (indent, new) in found.items()]


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _stub_line(indent: str, names: tuple[str, ...], comment: str) -> str:
    dots = ", ".join(["..."] * len(names))
    return f"{indent}{', '.join(names)} = {dots}" + (f"  {comment}" if comment else "")


def _statements(node: ast.AST, begin: int, end: int) -> Iterator[ast.stmt]:
    """Find the outermost statements that stand wholly between the lines `begin` and `end`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and begin < child.lineno and (child.end_lineno or 0) < end:
            yield child
        else:
            yield from _statements(child, begin, end)


def _assignments(node: ast.AST) -> Iterator[ast.stmt]:
    """Find the assignments of a statement, also those inside its loops and branches; a function's names are its own."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        yield node
    elif not isinstance(node, _OWN_NAMES):
        for child in ast.iter_child_nodes(node):
            yield from _assignments(child)


def _targets(node: ast.stmt) -> Iterator[list[str]]:
    """List the names of each target: `a = b, c = value` gives [a] and [b, c]; `a[rows] -= value` assigns a."""
    if isinstance(node, ast.Assign):
        yield from (_roots(target) for target in node.targets)
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value):
        yield _roots(node.target)


def _roots(target: ast.expr) -> list[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _roots(element)]
    while isinstance(target, (ast.Subscript, ast.Starred)):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []


def _parsed(source: str) -> ast.Module | None:
    """Parse our own source; None where it is not plain Python (cell magics), and nbgrader's stub has to serve."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def _comments(source: str) -> dict[int, str]:
    """Map the number of each line that has a comment to it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT}


def stubs(folder: Path) -> dict[str, str]:
    """The answer cells of each exercise as a student of the assignment in `folder` gets them, by exercise, as one text.

    Read from the notebooks of the source; an exercise of whose functions no answer cell defines any is left out.
    """
    assignment, found = load_assignment(folder), dict[str, str]()
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(folder)}, "language": "python"}
        notebook, _ = ClearStages().preprocess(notebook, resources)
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
                for name in answered(assignment.exercises, cell.source):
                    found[name] = f"{found[name]}\n\n{cell.source}" if name in found else cell.source
    return found


def answered(exercises: Mapping[str, Exercise], source: str) -> list[str]:
    """Name the exercises that an answer cell with this text belongs to: it defines what their plans call."""
    tree = _parsed(source)
    defined = {node.name for node in tree.body if isinstance(node, _DEFINITIONS)} if tree else set()
    return [name for name, exercise in exercises.items() if defined & set(exercise.functions)]
