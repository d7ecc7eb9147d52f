"""Flat code as data: find a function in a cell's text, list its statements, say what each reads and writes."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# Bodies of these count as flat code; a loop, a nested function or a match is one statement.
_FLAT_BLOCKS = (ast.With, ast.If, ast.Try)
_DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """One statement of flat code: its node, its first line, and the names that it writes and reads.

    A name counts as written when it is assigned, when an element or attribute of it is, when it is an `out=` argument
    or the target of `ufunc.at`. In-place changes count as reads too.
    """

    node: ast.stmt
    line: int
    writes: frozenset[str]
    reads: frozenset[str]


def without_magics(text: str) -> str:
    """The cell's text with IPython's magics blanked out, every line in its place.

    A leading `%%magic` becomes a blank line; lines that begin with `%` or `!` become `pass`.
    """
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        lines[first] = ""
    for i, line in enumerate(lines):
        bare = line.lstrip()
        if bare.startswith(("%", "!")):
            lines[i] = line[: len(line) - len(bare)] + "pass"
    return "\n".join(lines)


def find_function(text: str, name: str) -> ast.FunctionDef | None:
    """The last definition of `name` at any depth of the cell's text, or None. Raises SyntaxError."""
    tree = ast.parse(without_magics(text))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return max(found, key=lambda node: node.lineno, default=None)


def definition_of(text: str, name: str) -> str | None:
    """The lines of the last top-level function or class `name` of the text, decorators included; None without one.

    Raises SyntaxError.
    """
    nodes = [node for node in ast.parse(without_magics(text)).body if isinstance(node, _DEFINITIONS)]
    node = next((node for node in reversed(nodes) if node.name == name), None)
    if node is None:
        return None
    first = min(part.lineno for part in (node, *node.decorator_list))
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno]) + "\n"


def source_of(function: Callable[..., Any]) -> str | None:
    """The text of the cell or file that defined the function, or None where Python does not know it.

    IPython and the worker register the text of each cell, so line numbers count from the top of the cell.
    """
    code = getattr(function, "__code__", None)
    lines = linecache.getlines(code.co_filename) if code else []
    return "".join(lines) or None


def place_of(error: BaseException, ours: Callable[[str], bool]) -> tuple[int, dict[str, Any]]:
    """The last line of a text that the exception passed through, and the local names there; `ours` knows its file.

    Line 0 and no names where it did not pass through it.
    """
    line, names, step = 0, dict[str, Any](), error.__traceback__
    while step is not None:
        if ours(step.tb_frame.f_code.co_filename):
            line, names = step.tb_lineno, step.tb_frame.f_locals
        step = step.tb_next
    return line, names


def is_generator(function: ast.FunctionDef) -> bool:
    """True if calling the function makes a generator."""
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(function))


def statements(body: Sequence[ast.stmt], into: tuple[type[ast.stmt], ...] = _FLAT_BLOCKS) -> Iterator[Statement]:
    """The flat statements of a body in order, those inside blocks of the types `into` included; no docstring."""
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, into):
            for block in blocks(node):
                yield from statements(block, into)
        else:
            yield Statement(node, node.lineno, frozenset(written(node)), frozenset(_read(node)))


def blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    """The bodies of a with, if or try statement, in order of the text."""
    parts = [getattr(node, field, []) for field in ("body", "handlers", "orelse", "finalbody")]
    return [block for part in parts for block in ([h.body for h in part if isinstance(h, ast.ExceptHandler)] or [part])]


def written(node: ast.AST) -> set[str]:
    """Names that a statement assigns or changes in place."""
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            names.add(part.id)
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and isinstance(part.ctx, ast.Store):
            names |= _base(part)
        elif isinstance(part, ast.keyword) and part.arg == "out":
            names |= {item.id for item in ast.walk(part.value) if isinstance(item, ast.Name)}
        elif (
            isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "at" and part.args
        ):
            names |= _base(part.args[0])
    return names


def changed_in_place(node: ast.AST) -> set[str]:
    """Names whose value, not only whose binding, a statement may change."""
    augmented = {name for part in ast.walk(node) if isinstance(part, ast.AugAssign) for name in _base(part.target)}
    assigned = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return augmented | (written(node) - assigned)


def _base(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Starred)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _read(node: ast.AST) -> set[str]:
    loaded = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    augmented = {
        part.target.id
        for part in ast.walk(node)
        if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)
    }
    return loaded | augmented
