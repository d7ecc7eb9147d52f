"""What nbgrader's own autograde stumbles over: each submission here costs it a grade, the batch, or more.

One class holds them all and is graded once; a second run has the options that do as nbgrader does.
"""

import json
import sys

import nbformat
import psutil
import pytest
from tests.course.conftest import PlainCourse, answer_cell, graded_cell, marks
from tests.course.test_any_course import rows

from flatgrade.core.finding import Verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

SQUARES = "def squares(n):\n    ### BEGIN SOLUTION\n    return n * n\n    ### END SOLUTION"
CREDIT = "def credit():\n    ### BEGIN SOLUTION\n    return 5\n    ### END SOLUTION"
HIDDEN = "assert squares(1) == 1\n### BEGIN HIDDEN TESTS\nassert squares(12) == 144\n### END HIDDEN TESTS"
RIGHT = "def squares(n):\n    return n * n"
SLEEPER = "86399"  # seconds that nobody else sleeps

FULL = {"first": (10, False), "credit": (2.5, False), "last": (1, False), "why": (None, True)}
TAMPERED = """
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
"""
SPOOFED = 'get_ipython().display_formatter.formatters["text/plain"].for_type(float, lambda v, p, cycle: p.text("5"))'
PROOF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGALRM, signal.SIG_IGN)"
SEARCH = """
import glob, os
for path in glob.glob("**/*", recursive=True) + glob.glob("../**/*.ipynb", recursive=True) + glob.glob({root!r} + "/**", recursive=True):
    if os.path.isfile(path):
        print(path, open(path, errors="replace").read())
"""


def partial(value, before=""):
    return f"{before}\ndef credit():\n    return {value}".strip()


class School:
    """The class: a course, and a submission for each way to fail."""

    def __init__(self, root):
        cells = [
            nbformat.v4.new_code_cell("import ast", id="imports"),
            answer_cell(SQUARES),
            graded_cell(HIDDEN, "first"),
            answer_cell(CREDIT, "credit_answer"),
            graded_cell("credit()", "credit", 5),
            nbformat.v4.new_markdown_cell(
                "Half.", id="why", metadata=marks("why", grade=True, solution=True, points=3)
            ),
            graded_cell("assert squares(2) == 4", "last", 1),
        ]
        self.course = PlainCourse(root, cells, "c.Execute.timeout = 2")

    def hand_in(self, student, squares=RIGHT, credit=None, why="Because.", change=None):
        """Hand in a notebook with these answers; `change` may do anything to its cells."""
        cells = self.course.released()
        cells[1].source, cells[3].source, cells[5].source = squares, credit or partial(2.5), why
        if change:
            change(cells)
        self.course.hand_in(student, cells)


def copy_first(cells):
    cells.insert(3, nbformat.from_dict({**cells[2], "id": "copied"}))


def newer_schema(cells):
    cells[2].metadata.nbgrader.schema_version = 4


def delete_first(cells):
    del cells[2]


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """The class, graded once; a token in the grader's environment."""
    school = School(tmp_path_factory.mktemp("school") / "course")
    root = school.course.root
    gradebook = f"import sqlite3\ndb = sqlite3.connect({str(root / 'gradebook.db')!r})\ndb.execute('update grade set manual_score = 99'); db.commit()"
    school.hand_in("duplicated", change=copy_first)
    school.hand_in("newer", change=newer_schema)
    school.hand_in("deleted", change=delete_first)
    school.course.hand_in("broken", b'{"cells": [')
    school.hand_in("exits", credit=partial("__import__('os')._exit(1)"))
    school.hand_in("dies", credit=partial("__import__('ctypes').string_at(0)"))
    school.hand_in("loops", credit=f"{PROOF}\ndef credit():\n    while True: pass")
    school.hand_in("above", credit=partial("5.5"))
    school.hand_in("negative", credit=partial("-1"))
    school.hand_in("nan", credit=partial("float('nan')"))
    school.hand_in("numpy", credit=partial("np.float64(2.5)", "import numpy as np"))
    school.hand_in("warns", squares=f"import warnings\n{RIGHT.replace('return', 'warnings.warn(str(n)); return')}")
    school.hand_in(
        "starts",
        squares=f"import subprocess\nsubprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True)\n{RIGHT}",
    )
    school.hand_in("writes", squares=f"{gradebook}\n{RIGHT}")
    school.hand_in("reads", squares=f"{RIGHT}\n{SEARCH.format(root=str(root))}")
    school.hand_in("strips", squares=f"{TAMPERED}\ndef squares(n):\n    return 0")
    school.hand_in("spoofs", credit=f"{SPOOFED}\n{partial(0.5)}")
    school.hand_in(
        "scripts",
        squares=f"from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))\n{RIGHT}",
        why="<script>alert(2)</script> Because.",
    )
    school.hand_in("prints", squares=f"for _ in range(1000): print('x' * 10_000)\n{RIGHT}")
    school.hand_in("asks", squares=f"import os\nprint(os.environ)\n{RIGHT}")
    school.hand_in("zoe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLASS_TOKEN", "s3cret")
        school.result = school.course.grade()
    return school


def test_every_submission_is_graded(school):
    """None stops the batch: nbgrader ends it at a copied test cell and at a newer schema, and later students get nothing."""
    assert school.result.exit_code == 1  # some could not be run to their end; all are graded
    graded = {path.parent.parent.name for path in school.course.root.glob("autograded/*/ps1/p1.ipynb")}
    assert graded == {path.name for path in (school.course.root / "submitted").iterdir()}
    assert len(graded) == 21


@pytest.mark.parametrize(
    "student", ["duplicated", "newer", "deleted", "numpy", "warns", "scripts", "prints", "asks", "reads", "zoe"]
)
def test_these_have_all_that_they_earned(school, student):
    """A copied, changed or deleted cell, a warning, a flood of output, a NumPy number: no reason to lose a point."""
    assert school.course.scores(student) == FULL


def test_a_copied_test_counts_once(school):
    """nbgrader: the whole batch ends."""
    cells = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in school.course.graded("duplicated").cells]
    assert cells.count("first") == 1


def test_a_deleted_test_is_put_back_and_run(school):
    """nbgrader: no score ever, and no box for one in formgrader."""
    assert school.course.record("deleted").notes == (
        "p1.ipynb: the cell first was missing; it was put back as it was released.",
    )
    assert "squares(12)" in school.course.graded("deleted").cells[2].source


def test_a_test_deleted_in_a_second_submission_keeps_no_old_score(tmp_path):
    """nbgrader: the score of the first submission stays."""
    school = School(tmp_path / "course")
    school.hand_in("ada")
    assert school.course.grade().exit_code == 0
    assert school.course.scores("ada")["first"] == (10, False)
    school.hand_in("ada", squares="def squares(n):\n    return 0", change=delete_first)
    assert school.course.grade().exit_code == 0
    assert school.course.scores("ada")["first"] == (0, False)


@pytest.mark.parametrize(
    ("student", "verdict"), [("exits", Verdict.CRASHED), ("dies", Verdict.CRASHED), ("loops", Verdict.TIMEOUT)]
)
def test_points_earned_before_the_process_was_lost_stay(school, student, verdict):
    """nbgrader: all points are lost, the graded folder is removed, formgrader shows "needs autograding"."""
    assert school.course.scores(student) == {**FULL, "credit": (0, False)}
    record = school.course.record(student)
    assert [item.verdict for item in record.exercises if item.cell == "credit"] == [verdict]


def test_a_file_that_is_no_notebook_has_zero_points_and_a_reason(school):
    """nbgrader: no rows, no folder, and a traceback in the log."""
    assert school.course.scores("broken") == dict.fromkeys(FULL, (0, False))
    assert school.course.record("broken").problem.startswith("p1.ipynb is cut off: it ends in line 1")


@pytest.mark.parametrize("student", ["above", "negative", "nan"])
def test_a_number_that_is_no_credit_waits_for_a_person(school, student):
    """nbgrader: the submission is lost (above the points), or has full points (negative, nan)."""
    assert school.course.scores(student) == {**FULL, "credit": (None, True)}


def test_no_process_outlives_its_submission(school):
    """nbgrader: a child in a session of its own runs on after grading."""
    assert school.course.scores("starts") == {**FULL, "first": (0, False), "last": (0, False)}
    sleeping = [process for process in psutil.process_iter(["cmdline"]) if SLEEPER in (process.info["cmdline"] or [])]
    assert sleeping == []
    assert school.course.record("starts").cells[0].verdict is Verdict.FORBIDDEN


def test_the_gradebook_cannot_be_written(school):
    """nbgrader: three lines set the score of the whole class."""
    assert school.course.scores("writes")["first"] == (0, False)
    assert not any("99" in row for row in rows(school.course.root)["grade"])
    (error,) = school.course.graded("writes").cells[1].outputs
    assert (error.ename, error.evalue) == ("OperationalError", "unable to open database file")


def test_hidden_tests_are_on_no_disk_that_a_cell_can_read(school):
    """nbgrader: the notebook with the hidden tests lies beside the cell that runs."""
    text = json.dumps(school.course.graded("reads").cells[1].outputs)
    assert "squares(12)" not in text
    assert "BEGIN SOLUTION" not in text


def test_assertions_cannot_be_taken_out_of_a_test(school):
    """nbgrader: one AST transformer gives full points."""
    assert school.course.scores("strips") == {**FULL, "first": (0, False), "last": (0, False)}


def test_partial_credit_is_what_the_test_gave(school):
    """nbgrader: a formatter for numbers shows the most there is."""
    assert school.course.scores("spoofs") == {**FULL, "credit": (0.5, False)}


def test_scripts_do_not_reach_formgrader(school):
    """nbgrader: they run in the grader's browser, logged in as the grader."""
    cells = school.course.graded("scripts").cells
    assert [output.data for output in cells[1].outputs] == [{"text/plain": "<IPython.core.display.HTML object>"}]
    assert cells[5].source == "< script>alert(2)< /script> Because."


def test_a_flood_of_output_is_cut_off(school):
    """nbgrader: ten megabytes go into the graded notebook."""
    assert (school.course.root / "autograded/prints/ps1/p1.ipynb").stat().st_size < 200_000


def test_the_graders_environment_stays_with_the_grader(school):
    """nbgrader: tokens in it can be printed, and sent."""
    text = json.dumps(school.course.graded("asks").cells[1].outputs)
    assert "NBGRADER_EXECUTION" in text
    assert "s3cret" not in text


def test_the_options_do_as_nbgrader_does(tmp_path):
    """Whoever wants nbgrader's own way of it has it: stderr, odd numbers, deleted tests, HTML."""
    school = School(tmp_path / "course")
    school.course.settings(
        'c.Flatgrade.stderr_fails_tests = True\nc.Flatgrade.odd_credit = "full"\nc.Flatgrade.numpy_credit = False\n'
        'c.Flatgrade.deleted_tests = "by hand"\nc.Flatgrade.keep_html = True'
    )
    school.hand_in("warns", squares=f"import warnings\n{RIGHT.replace('return', 'warnings.warn(str(n)); return')}")
    school.hand_in("negative", credit=partial("-1"))
    school.hand_in("numpy", credit=partial("np.float64(2.5)", "import numpy as np"))
    school.hand_in("deleted", change=delete_first)
    school.hand_in(
        "scripts",
        squares=f"from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\n{RIGHT}",
        why="<i onclick='x()'>Because.</i>",
    )
    assert school.course.grade().exit_code == 0
    assert school.course.scores("warns") == {**FULL, "first": (0, False), "last": (0, False)}
    assert school.course.scores("negative")["credit"] == (5, False)
    assert school.course.scores("numpy")["credit"] == (5, False)
    assert school.course.scores("deleted") == {**FULL, "first": (None, True)}
    graded = school.course.graded("scripts")
    assert graded.cells[1].outputs[0].data["text/html"] == "<b>bold</b>"
    assert graded.cells[5].source == "<i onclick='x()'>Because.</i>"
