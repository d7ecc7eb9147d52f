"""A small course to test the mechanism with: two linear classifiers, copied once and not changed when the course grows."""

import linecache
from functools import cache
from pathlib import Path

import numpy as np

from flatgrade.core import load_assignment
from flatgrade.grader.reference import load_solutions

ROOT = Path(__file__).parents[2]
LINEAR = ROOT / "tests" / "data" / "linear_course"
A1 = LINEAR / "assignments" / "a1_flat_backprop"
SOLUTIONS = LINEAR / "solutions"


@cache
def a1():
    """The small course's contract."""
    return load_assignment(A1)


@cache
def a1_solutions():
    """The small course's solutions."""
    return load_solutions(SOLUTIONS, a1())


def defined(text, name, **namespace):
    """Run a cell's text as a notebook would, and return the function `name` that it defines."""
    filename = f"<cell {abs(hash(text))}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    space = {"np": np, **namespace}
    exec(compile(text, filename, "exec"), space)
    return space[name]
