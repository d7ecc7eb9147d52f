"""Flat code as data: statements, what they read and write, magics."""

import ast

import numpy as np
import pytest
from support.course import defined

from flatgrade.core.flatcode import (
    changed_in_place,
    find_function,
    is_generator,
    source_of,
    statements,
    without_magics,
    written,
)


def flat(body):
    return [(item.line, sorted(item.writes), sorted(item.reads)) for item in statements(ast.parse(body).body)]


def test_statements_of_flat_code_with_what_they_write_and_read():
    """Assignments, augmented ones, elements, tuples and the walrus are seen for what they are."""
    assert flat("a = b + c\na += d\na[i] = e\nf, (g, *h) = a\nif (n := len(a)): pass\n") == [
        (1, ["a"], ["b", "c"]),
        (2, ["a"], ["a", "d"]),
        (3, ["a"], ["a", "e", "i"]),
        (4, ["f", "g", "h"], ["a"]),
        (5, [], []),
    ]


def test_bodies_of_with_if_and_try_are_flat_and_loops_are_one_statement():
    """Blocks that run once are entered; a loop, a nested function and a docstring are not."""
    text = '"""doc"""\nwith a:\n    b = 1\n    for i in x:\n        c = 2\nif d:\n    e = 3\nelse:\n    f = 4\ntry:\n    g = 5\nexcept E:\n    h = 6\nfinally:\n    k = 7\n'
    assert [line for line, _, _ in flat(text)] == [3, 4, 7, 9, 11, 13, 15]


def test_out_and_ufunc_at_write_their_target():
    """np.add.at(d, ...) and out=d change d in place."""
    node = ast.parse("np.add.at(d, i, 1); np.maximum(a, 0, out=e)")
    assert written(node) == {"d", "e"}
    assert changed_in_place(ast.parse("a = b; c += 1; d[0] = 2; np.add.at(e, i, 1)")) == {"c", "d", "e"}


def test_magics_are_blanked_and_every_line_keeps_its_number():
    """%%time, %matplotlib and !ls do not stop the parser, and line numbers stay."""
    text = "%%time\n%matplotlib inline\n!ls\ndef f(x):\n    %time y = x\n    return x\n"
    assert without_magics(text) == "\npass\npass\ndef f(x):\n    pass\n    return x\n"
    assert find_function(text, "f").lineno == 4


def test_the_last_definition_counts():
    """A cell that defines a function twice means the second one; a class's method is found too."""
    assert find_function("def f(): pass\nclass A:\n    def f(self): pass\n", "f").lineno == 3
    assert find_function("f = 1", "f") is None
    with pytest.raises(SyntaxError):
        find_function("def f(:", "f")


def test_the_text_of_a_function_is_the_text_of_its_cell():
    """Line numbers count from the top of the cell; what has no text has None."""
    text = "x = 1\n\ndef f(a):\n    return a\n"
    assert source_of(defined(text, "f")) == text
    assert source_of(len) is None
    assert source_of(np.maximum) is None


def test_generators_are_told_from_functions():
    """A yield anywhere makes a generator."""
    assert is_generator(ast.parse("def f():\n    for i in x:\n        yield i").body[0])
    assert not is_generator(ast.parse("def f():\n    return 1").body[0])
