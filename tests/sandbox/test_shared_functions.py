"""Several exercises that call one function of the student's: one text, one cell, and each is proven and graded."""

import json
import sys

import nbformat
import pytest
from support.pairs import TEXTS, pairs, pairs_course
from typer.testing import CliRunner

from flatgrade.cli import app
from flatgrade.commands import prove_assignments
from flatgrade.core.finding import Verdict
from flatgrade.course.directory import Course
from flatgrade.course.lint import lint
from flatgrade.course.release import release
from flatgrade.course.stub import stubs
from flatgrade.demo import make_class
from flatgrade.grader.solution_file import SolutionError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


@pytest.fixture
def course(tmp_path):
    return tmp_path, pairs_course(tmp_path)


def test_the_answer_holds_what_is_taken(tmp_path):
    """The text is that of the other file, and so are its names; no module is left behind."""
    _, solutions = pairs(tmp_path)
    running = solutions["running"]
    assert running.answer.startswith("def batchnorm_forward(x, gamma, beta, bn_param):\n")
    assert running.answer in solutions["batchnorm"].answer
    assert "batchnorm_backward" not in running.answer
    assert not [name for name in sys.modules if name.startswith("flatgrade_solutions")]
    assert str(tmp_path) not in " ".join(sys.path)


def test_the_digest_changes_with_both_files(tmp_path, monkeypatch):
    """An exercise is graded again where the file that it takes from has changed, and that file is read anew."""
    digests = []
    for i, (name, text) in enumerate([("", ""), ("batchnorm", "\n# more\n"), ("running", "\n# more\n")]):
        monkeypatch.setitem(TEXTS, name, TEXTS.get(name, "") + text)
        (tmp_path / str(i)).mkdir()
        monkeypatch.delitem(TEXTS, "", raising=False)
        _, solutions = pairs(tmp_path / str(i))
        digests.append(tuple(solutions[name].digest for name in ("affine", "batchnorm", "running")))
    first, second, third = digests
    assert [a == b for a, b in zip(first, second, strict=True)] == [True, False, False]
    assert [a == b for a, b in zip(second, third, strict=True)] == [True, True, False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("from .batchnorm", "from .batchnrm", "cannot be loaded: No module named 'flatgrade_solutions.batchnrm'"),
        ("from .batchnorm import batchnorm_forward\n", "", "defines no batchnorm_forward, which the contract calls"),
    ],
)
def test_what_cannot_be_taken_is_a_sentence(tmp_path, monkeypatch, old, new, said):
    """With the file that wants it."""
    monkeypatch.setitem(TEXTS, "running", TEXTS["running"].replace(old, new))
    with pytest.raises(SolutionError) as caught:
        pairs(tmp_path)
    assert str(caught.value) == f"solutions/pairs/running.py {said}"


def test_what_an_answer_builds_on_stands_before_it(tmp_path, monkeypatch):
    """A function that is taken, and that the plan does not call, is code that the notebook has by then."""
    more = "from .running import batchnorm_forward as same\nfrom .running import batchnorm_forward\n"
    monkeypatch.setitem(TEXTS, "affine", more + TEXTS["affine"])
    _, solutions = pairs(tmp_path)
    assert solutions["affine"].given.startswith("import numpy as np\n\n\ndef batchnorm_forward(")
    assert "batchnorm_forward" not in solutions["affine"].answer


def test_all_of_them_prove_themselves(course):
    """With the stubs of the one notebook that has the shared function in one cell."""
    folder, _ = course
    proofs = [proof for _, proof in prove_assignments({"p": folder / "assignments/pairs"}, folder / "solutions")]
    assert [proof.problems for proof in proofs] == [[], [], []]
    assert [(proof.reference, proof.stub, proof.named) for proof in proofs] == [(True, True, n) for n in (4, 7, 1)]


def test_released_and_graded(course):
    """One cell is the answer to both, each test has its points, and what is wrong in one place shows in both."""
    folder, solutions = course
    home = Course.open(folder)
    assert lint(home, "pairs") == ()
    assert stubs(folder / "assignments/pairs")["running"].count("def ") == 1
    release(home, "pairs")
    right = solutions["batchnorm"].answer.split("\n\n\n")[0]
    for student, forward in (("right", right), ("wrong", right.replace('["seen"] + len(x)', '["seen"]'))):
        path = home.submitted(student, "pairs") / "layers.ipynb"
        path.parent.mkdir(parents=True)
        notebook = nbformat.read(home.release("pairs") / "layers.ipynb", as_version=4)
        for cell in notebook.cells:
            cell.source = forward if cell.id == "batchnorm_forward" else cell.source
        nbformat.write(notebook, path)
    result = CliRunner().invoke(app, ["grade", "pairs", "--course", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    records = {row["student"]: row["exercises"] for row in map(json.loads, result.stdout.splitlines())}
    graded = {student: [(row["verdict"], row["earned"]) for row in rows] for student, rows in records.items()}
    assert graded["right"] == [(Verdict.NOT_WRITTEN, 0), (Verdict.NOT_WRITTEN, 6), (Verdict.PASS, 2)]
    assert graded["wrong"][2] == (Verdict.WRONG, 0)
    [finding] = records["wrong"][2]["findings"]
    assert (finding["stage"], finding["mistake"]) == ("seen", "bn-seen")


def test_the_demo_plants_in_one_of_them(course):
    """No student gets two that share a function, and each planted mistake is found as it was planted."""
    folder, solutions = course
    dealt = [{name for name, _ in student.planted} for student in make_class(solutions, 12)]
    assert set().union(*dealt) == set(solutions)
    assert not any({"batchnorm", "running"} <= names for names in dealt)
    arguments = ["demo", "--assignment", "pairs", "--course", str(folder), "--folder", str(folder / "demo")]
    result = CliRunner().invoke(app, [*arguments, "--students", "9", "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["planted"] == summary["found"] == summary["named"] > 3
    assert summary["right_full"] == 2
