"""The demo on an assignment of every form: pairs, classes, shared functions, outputs with many right values."""

import json
import sys
import textwrap
from random import Random

import nbformat
import pytest
from support.layers import AFFINE, CONTRACT, TEXTS
from tests.course.conftest import CONFIG, marks, write_notebook
from typer.testing import CliRunner

from flatgrade.cli import app
from flatgrade.core import load_assignment
from flatgrade.demo import Demo, DemoStudent, make_class
from flatgrade.grader.planting import planted_alone
from flatgrade.grader.reference import load_solutions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

MORE = """
[rows]
title   = "The layer once more, forward alone"
plan    = ["out, cache = affine_forward(x, w, b)"]
returns = ["out"]
points  = 1
inputs  = { x = { shape = "N D" }, w = { shape = "D M" }, b = { shape = "M" } }

[root]
title   = "A number whose square is x"
call    = "root(x)"
returns = ["y"]
points  = 1
inputs  = { x = { kind = "positive" } }

[twice]
title   = "Two roots, by your own root"
call    = "twice(x)"
returns = ["y"]
points  = 1
inputs  = { x = { kind = "positive" } }
"""
ROWS = (
    AFFINE[: AFFINE.index("MISTAKES")].replace(', "dout": (N, M)', "")
    + 'MISTAKES = [Mistake("out", "x @ w + b", "x @ w - b", "b is added.", "rows-minus")]\n'
    + 'EQUIVALENTS = {"no cache": "def affine_forward(x, w, b):\\n    return x @ w + b, None\\n"}\n'
)
ROOT = """
import numpy as np

from flatgrade.core import Case, Mistake


def root(x):
    y = np.sqrt(x)
    return y


def _said(inputs, y):
    return "" if abs(y * y - inputs["x"]) < 1e-9 else "The square of y is not x."


def cases(rng):
    return [Case(f"number {i}", {"x": float(rng.uniform(0.2, 0.9))}, generic=True) for i in range(2)]


ACCEPT = {"y": _said}
MISTAKES = [Mistake("y", "np.sqrt(x)", "x / 2", "Half of x is another number.", "root-half")]
EQUIVALENTS = {"the negative one": "def root(x):\\n    return -np.sqrt(x)\\n"}
"""
TWICE = """
import numpy as np

from flatgrade.core import Case, Mistake

GIVEN = "import numpy as np\\n\\n\\ndef root(x):\\n    return np.sqrt(x)\\n"


def root(x):
    return np.sqrt(x)


def twice(x):
    y = abs(root(abs(root(x))))
    return y


def cases(rng):
    return [Case(f"number {i}", {"x": float(rng.uniform(0.2, 0.9))}, generic=True) for i in range(2)]


MISTAKES = [Mistake("y", "abs(root(x))", "abs(x)", "The root is taken twice.", "twice-once")]
"""
SECRET = {**TEXTS, "rows": ROWS, "root": ROOT, "twice": TWICE}
NOTEBOOKS = {
    "layers": ["affine_forward", "affine_backward", "check affine", "check rows", "circuit", "check circuit"],
    "others": ["MultiplyGate", "check gate", "step", "check step", "root", "check root", "twice", "check twice"],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An instructor's course of one assignment with two notebooks, whose exercises share functions."""
    home = tmp_path_factory.mktemp("home")
    public, secret = home / "assignments" / "layers", home / "solutions" / "layers"
    public.mkdir(parents=True)
    secret.mkdir(parents=True)
    (home / CONFIG.name).write_bytes(CONFIG.read_bytes())
    (public / "exercises.toml").write_text(CONTRACT + MORE, encoding="utf-8")
    for name, text in SECRET.items():
        (secret / f"{name}.py").write_text(text, encoding="utf-8")
    solutions = load_solutions(home / "solutions", load_assignment(public))
    for name, cells in NOTEBOOKS.items():
        write_notebook(public / f"{name}.ipynb", [*written(cells, solutions)])
    return home


def written(cells, solutions):
    """The cells of an instructor's notebook: what is given, answers in regions, and tests."""
    given = "\n".join(solutions[name].given for name in ("affine", "step"))
    yield code("given", f"{given}\nfrom flatgrade.student import check", locked=True)
    answers = {}
    for solution in solutions.values():
        for text in solution.answer.split("\n\n\n" if "\n\n\n" in solution.answer else "\n\ndef "):
            text = text if text.startswith(("def", "class")) else f"def {text}"
            answers[text.split("(")[0].split(":")[0].split()[1]] = text.strip()
    for cell in cells:
        kind, _, exercise = cell.partition(" ")
        if kind == "check":
            points = solutions[exercise].exercise.points
            yield code(f"test_{exercise}", f'check("{exercise}")', grade=True, locked=True, points=points)
        else:
            head, body = answers[cell].split("\n", 1)
            region = f"    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
            yield code(cell, f"{head}\n{region}", solution=True)


def code(key, source, **flags):
    return nbformat.v4.new_code_cell(textwrap.dedent(source), id=key.replace("_", "-"), metadata=marks(key, **flags))


def test_every_form_is_planted_found_and_named(home, tmp_path):
    """Nothing that was planted is lost, whatever the exercise is made of, and right answers of all styles are full."""
    arguments = ["demo", "--course", str(home), "--assignment", "layers", "--folder", str(tmp_path / "demo")]
    result = CliRunner().invoke(app, [*arguments, "--students", "16", "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    planted = summary["planted"]
    assert planted >= len(SECRET)
    assert (summary["found"], summary["named"], summary["right_full"]) == (planted, planted, 3)


@pytest.mark.parametrize("count", [7, 8, 24])
def test_nobody_gets_two_exercises_of_which_one_builds_on_the_other(home, count):
    """A mistake in a function is not hidden behind another one that it meets there."""
    solutions = load_solutions(home / "solutions", load_assignment(home / "assignments" / "layers"))
    students = list(make_class(solutions, count))
    hands = [{exercise for exercise, _ in student.planted} for student in students]
    assert set().union(*hands) == set(SECRET)
    assert not any({"affine", "rows"} <= hand or {"root", "twice"} <= hand for hand in hands)


def test_functions_that_exercises_share_are_the_reference_where_they_are_right(home):
    """An equivalent that is right for one exercise may do too little for the other."""
    solutions = load_solutions(home / "solutions", load_assignment(home / "assignments" / "layers"))
    right = [student for student in make_class(solutions, 100) if student.kind.startswith("right")]
    answers = {name: {student.answers[name] for student in right} for name in SECRET}
    assert answers["affine"] == {solutions["affine"].answer}
    assert answers["rows"] == {solutions["rows"].answer}
    assert len(answers["root"]) == 2


@pytest.mark.parametrize("wrong", ["affine", "rows"])
def test_the_mistake_counts_where_exercises_share_a_function(home, tmp_path, wrong):
    """Of two definitions in one cell the one with the mistake comes last, and every function is still there."""
    demo = Demo(home, tmp_path / "demo", "layers")
    solution = demo.key.solutions[wrong]
    planted = planted_alone(solution, Random(1).choice(solution.mistakes))
    answers = {name: item.answer for name, item in demo.key.solutions.items()} | {wrong: planted.text}
    student = DemoStudent("ana", "1 planted", answers, ((wrong, planted.mistakes[0]),))
    notebook = nbformat.read(demo.course.source("layers") / "layers.ipynb", as_version=4)
    demo._fill_in(notebook, student)
    first, second = (cell.source for cell in notebook.cells if cell.metadata.nbgrader.grade_id.startswith("affine_"))
    assert second == ""
    assert first.endswith(planted.text)
    space = {}
    exec(f"{solution.given}\n{first}", space)
    assert {"affine_forward", "affine_backward"} <= set(space)
