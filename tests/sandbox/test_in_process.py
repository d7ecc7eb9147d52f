"""Assignments without exercises of ours: tests run in the student's process, and what was earned stays earned."""

import sys

import pytest

from flatgrade.core.exercise import Assignment, Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.levels import CALLS, reaches
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.inprocess import CreditRule
from flatgrade.grader.sandbox import Sandbox
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

TAMPERING = """
import ast, builtins
ip = get_ipython()
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
ip.ast_transformers.append(NoAsserts())
ip.display_formatter.formatters["text/plain"].for_type(float, lambda value, p, cycle: p.text("10"))
ip.display_formatter.mimebundle_formatter.for_type(float, lambda *_, **__: {"text/plain": "10"})
ip.showtraceback = type(ip)._showtraceback = type(ip).run_code = ip.run_cell = lambda *_, **__: None
ip.input_transformers_cleanup.append(lambda lines: [])
ip.events.register("pre_run_cell", lambda info: 1 / 0)
ip.set_custom_exc((AssertionError,), lambda *_: None)
builtins.isinstance = builtins.compile = ast.parse = lambda *_, **__: True
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


def run(source, key):
    return Cell(key, CellKind.RUN, source)


def probe(source, key="t", points=10.0):
    return Cell(key, CellKind.TEST, source, points=points)


def graded(sandbox, *cells, rule=None, **limits):
    limits = Limits(**{"cell_seconds": 2, "submission_seconds": 30, "memory_mib": 512, **limits})
    key = AnswerKey.without_exercises(Assignment("ps1", "ps1", {}, limits), rule or CreditRule())
    return grade(Submission("ada", "ps1", (Notebook("p1", cells),)), key, sandbox)


def scores(record):
    return {item.cell: (item.verdict, item.earned) for item in record.exercises}


def test_tests_run_in_the_students_namespace(sandbox):
    """A test sees, changes and deletes the student's names, as in a kernel."""
    record = graded(
        sandbox,
        run("def squares(n): return [i * i for i in range(1, n + 1)]\ndef total(n): return sum(squares(n))", "answer"),
        probe("assert squares(3) == [1, 4, 9]", "right"),
        probe(
            "kept = squares\ndel squares\ntry:\n    total(2)\nexcept NameError:\n    pass\nelse:\n    raise AssertionError",
            "uses_squares",
        ),
        probe("squares = kept\nassert squares(1) == [2]", "wrong"),
        probe("2.5", "partial"),
    )
    assert scores(record) == {
        "right": (Verdict.PASS, 10),
        "uses_squares": (Verdict.PASS, 10),
        "wrong": (Verdict.WRONG, 0),
        "partial": (Verdict.WRONG, 2.5),
    }
    assert all(item.in_process for item in record.exercises)
    assert record.problem == ""
    assert reaches(record.sandbox, CALLS)


def test_outputs_look_as_a_kernel_makes_them(sandbox):
    """IPython's traceback with the execution count, its history of results, its refusal of input."""
    outputs = graded(
        sandbox, run("6 * 7", "a"), run("", "empty"), run("_ + Out[1] + nothing", "b"), run("input()", "c")
    ).outputs["p1"]
    assert outputs["a"][0]["data"] == {"text/plain": "42"}
    assert outputs["empty"] == []
    assert outputs["b"][0]["ename"] == "NameError"
    assert "In[2]" in outputs["b"][0]["traceback"][2]
    assert outputs["c"][0]["ename"] == "StdinNotImplementedError"


def test_tampering_that_is_put_back(sandbox):
    """Assertions, partial credit and tracebacks are Python's own again in a test; the student's settings stay theirs."""
    record = graded(
        sandbox,
        run(TAMPERING, "tampering"),
        probe("assert False", "asserts"),
        probe("0.5", "credit"),
        probe("undefined_name", "errors"),
        run("'run' if ip.ast_transformers else 'gone'", "after"),
    )
    assert scores(record) == {
        "asserts": (Verdict.WRONG, 0),
        "credit": (Verdict.WRONG, 0.5),
        "errors": (Verdict.ERROR, 0),
    }


def test_a_test_whose_outputs_cannot_be_sent_has_not_passed(sandbox):
    """Silence is what a test that passes gives; a lost answer must not look like it."""
    record = graded(
        sandbox,
        run("from IPython.display import publish_display_data", "imports"),
        probe("publish_display_data({'application/json': object()})\nassert False"),
    )
    assert scores(record) == {"t": (Verdict.MALFORMED, 0)}


@pytest.mark.parametrize(
    ("death", "verdict"),
    [
        ("__import__('os')._exit(1)", Verdict.CRASHED),
        ("import ctypes; ctypes.string_at(0)", Verdict.CRASHED),
        ("import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass", Verdict.TIMEOUT),
    ],
)
def test_points_earned_before_a_death_stay(sandbox, death, verdict):
    """The cell that ends the process is left out, the rest is graded, and a test that ran twice counts once."""
    record = graded(
        sandbox,
        run("count = 0", "start"),
        probe("count += 1\nassert count == 1", "first"),
        probe(death, "deadly"),
        probe("assert count == 1", "last"),
        cell_seconds=1,
    )
    assert scores(record) == {
        "first": (Verdict.PASS, 10),
        "deadly": (verdict, 0),
        "last": (Verdict.PASS, 10),
    }
    assert record.problem.startswith("p1.ipynb: cell deadly was not run to its end: ")


def test_a_test_cut_off_by_its_output_keeps_its_points(sandbox):
    """Megabytes of prints are cut off with a note, and cost nothing."""
    record = graded(sandbox, probe("for _ in range(3000): print('x' * 1000)"), output_kib=64)
    assert scores(record) == {"t": (Verdict.PASS, 10)}
    texts = [output["text"] for output in record.outputs["p1"]["t"]]
    assert sum(map(len, texts)) < 70_000
    assert texts[-1] == "\n[the output was cut off after 64 KiB]\n"


def test_a_notebook_that_was_not_read_has_its_tests_on_record(sandbox):
    """Nothing is run, each test earns nothing, and the reason stands with it."""
    key = AnswerKey.without_exercises(Assignment("ps1", "ps1", {}, Limits()), CreditRule())
    notebook = Notebook("p1", (probe("1 / 0"),), "p1.ipynb was not handed in.")
    record = grade(Submission("ada", "ps1", (notebook,)), key, sandbox)
    assert scores(record) == {"t": (Verdict.MISSING, 0)}
    assert record.exercises[0].findings[0].what == "p1.ipynb was not handed in."


@pytest.mark.parametrize("style", ["", "ipython"])
@pytest.mark.parametrize(
    "first", ["import matplotlib.pyplot as plt", "import matplotlib.pyplot as plt\n%matplotlib notebook"]
)
def test_figures_come_as_pictures(style, first):
    """Shown, or left open at the end of a cell, and whatever magic was there before: one PNG each."""
    with Sandbox() as sandbox, sandbox.worker(Limits()) as worker:
        kinds = []
        for number, source in enumerate([first, "plt.plot([1, 2])\nplt.show()", "plt.plot([2, 1]);"], 1):
            request = {"do": "cell", "key": "c", "source": source, "style": style, "number": number, "test": False}
            kinds.append([list(output["data"]) for output in worker.ask(request, 10)["outputs"]])
    picture = [["text/plain", "image/png"]]
    assert kinds == [[], picture, picture]
