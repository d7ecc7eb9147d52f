"""Released notebooks in JupyterLab: a student solves one exercise, sees it pass, and breaks it again."""

from __future__ import annotations

import re
import shutil

import pytest
from support.course import ROOT, defined
from support.jupyterlab import OpenNotebook
from support.notebooks import FOLDERS, marks, run_as_graded, skipped, sources
from tests.browser.conftest import jupyterlab

from flatgrade.core.finding import Verdict
from flatgrade.course.directory import Course
from flatgrade.course.release import release
from flatgrade.course.template import is_test
from flatgrade.grader.planting import bases, plant
from flatgrade.grader.reference import load_solution
from flatgrade.student.check import look

pytestmark = pytest.mark.browser

LONGEST = 25  # lines of an answer: the editor renders those that are in view


@pytest.fixture(scope="module")
def lab(tmp_path_factory, chromium):
    """The released course, and the address of one server that shows it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("settings")))
        root = tmp_path_factory.mktemp("course")
        shutil.copy(ROOT / "nbgrader_config.py", root)
        for folder in FOLDERS:
            shutil.copytree(folder, root / "assignments" / folder.name, ignore=shutil.ignore_patterns(".*"))
        course = Course.open(root)
        folders = {folder.name: release(course, folder.name) for folder in FOLDERS}
        with jupyterlab(root / "release", tmp_path_factory.mktemp("home")) as address:
            yield folders, address


def an_exercise(source):
    """The first exercise with a short answer in one cell and a mistake that `check` sees: its name, both texts, the result."""
    given = run_as_graded(source)
    for name in source.exercises:
        solution = load_solution(ROOT / "solutions" / source.path.parent.name, source.assignment.exercises[name])
        if len(source.answers(name)) > 1 or solution.answer.count("\n") > LONGEST:
            continue
        for mistake in solution.mistakes:
            if planted := plant(solution, bases(solution)[0], [mistake]):
                function = defined(planted.text.rstrip("\n"), solution.exercise.functions[0], **given)
                result = look(name, {**given, function.__name__: function}, source.path.parent)
                if result.verdict is Verdict.WRONG and result.findings[0].advice:
                    return name, solution.answer.rstrip("\n"), planted.text.rstrip("\n"), result
    pytest.skip(f"{source.name} has no exercise with a short answer in one cell")


def each_notebook():
    """All notebooks with exercises: CI takes the first of each assignment, `make notebooks` the others."""
    seen = set()
    for source in sources():
        if source.exercises:
            folder = source.path.parent.name
            yield pytest.param(source, id=source.name, marks=[pytest.mark.whole] if folder in seen else [])
            seen.add(folder)


@pytest.mark.parametrize("source", list(each_notebook()))
def test_an_exercise_is_solved_and_broken_again(lab, source, page, expect, photograph):
    """The stub is not written, the right answer has its sign, and a mistake is told in the words of `check`."""
    name, right, wrong, result = an_exercise(source)
    folders, address = lab
    folder = source.path.parent.name
    notebook = OpenNotebook(page, expect, address, folders[folder] / source.path.name, f"{folder}/")
    [answer] = source.answers(name)
    [test] = [cell for cell in source.cells if is_test(cell) and f'"{name}"' in cell.source]
    for cell in source.code[: source.code.index(test)]:
        if not skipped(cell) and not marks(cell).get("solution") and not is_test(cell):
            notebook.run(marks(cell)["grade_id"])
    answer_id, test_id = marks(answer)["grade_id"], marks(test)["grade_id"]
    shown = notebook.cell(test_id).locator(".flatgrade")

    def checked(first):
        notebook.run(answer_id)
        expect(notebook.run(test_id)).to_have_count(1)
        expect(shown.locator("> p").first).to_contain_text(first)

    checked(re.compile(f"^… {name}: not written yet"))
    notebook.write(answer_id, right)
    checked(re.compile(f"^✓ {name}: "))
    photograph(notebook.cell(test_id), f"{source.path.stem}-right")
    notebook.write(answer_id, wrong)
    checked(f"✗ {name}: not right yet.")
    expect(shown).to_contain_text(result.findings[0].what)
    expect(shown).to_contain_text(result.findings[0].advice)
    photograph(notebook.cell(test_id), f"{source.path.stem}-wrong")
