"""The instructor notebooks: what nbgrader, the judge, and a student who runs them from top to bottom rely on."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbgrader.nbgraderformat import MetadataValidator

from flatgrade.core.contract import load_assignment
from flatgrade.course.directory import Course
from flatgrade.course.lint import lint
from flatgrade.course.release import release
from flatgrade.course.template import SKIP_TAG
from flatgrade.grader.reference import load_solution

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "assignments/a1_flat_backprop"
ASSIGNMENT = load_assignment(FOLDER)
EXERCISE = {"linear_svm": "svm_loss", "softmax": "softmax_loss"}  # notebook -> the exercise it holds
NOTEBOOKS = {name: nbformat.read(FOLDER / f"{name}.ipynb", as_version=nbformat.NO_CONVERT) for name in EXERCISE}

SVM_STUB = """\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    # forward
    scores = ...  # (N, C)
    margins = ...  # (N, C)
    data_loss = ...  # ()
    reg_loss = ...  # ()
    loss = ...  # ()
    # backward
    dmargins = ...  # (N, C)
    dscores = ...  # (N, C)
    dW = ...  # (D, C)
    return loss, dW"""

SOFTMAX_STUB = """\
def softmax_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    # forward
    scores = ...  # (N, C)
    shifted = ...  # (N, C)
    exp_scores = ...  # (N, C)
    probs = ...  # (N, C)
    data_loss = ...  # ()
    reg_loss = ...  # ()
    loss = ...  # ()
    # backward
    dscores = ...  # (N, C)
    dW = ...  # (D, C)
    return loss, dW"""

every_notebook = pytest.mark.parametrize("name", EXERCISE)


def code_cells(name: str) -> list[Any]:
    """The code cells of a notebook, in order."""
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def markdown(name: str) -> list[str]:
    """The texts of the markdown cells, in order."""
    return [cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown"]


def graded(cells: list[Any], grade_id: str) -> Any:
    """The one cell with this grade_id."""
    (found,) = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return found


def skipped(cell: Any) -> bool:
    """Whether grading leaves the cell out."""
    return SKIP_TAG in cell.metadata.get("tags", [])


def test_the_folder_holds_these_notebooks_and_these_exercises():
    """Every notebook and every exercise of the assignment is under test here."""
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(EXERCISE)
    assert set(ASSIGNMENT.exercises) == set(EXERCISE.values())


@every_notebook
def test_format_and_kernel(name):
    """A notebook is format 4.5 with Python's usual kernel, valid for nbformat and for nbgrader."""
    notebook = NOTEBOOKS[name]
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec == {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    known = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len(known) == len({cell.grade_id for cell in known}) == 4
    assert {cell.schema_version for cell in known} == {3}


def test_lint_finds_nothing():
    """The course's own lint is content with the assignment."""
    assert lint(Course.open(ROOT), FOLDER.name) == ()


@every_notebook
def test_answer_is_the_reference(name):
    """The answer cell without its marker lines is the text of the reference, and both its regions are marked."""
    exercise = EXERCISE[name]
    cell = graded(NOTEBOOKS[name].cells, exercise)
    marks = {key: cell.metadata.nbgrader[key] for key in ("grade", "solution", "locked")}
    assert marks == {"grade": False, "solution": True, "locked": False}
    lines = cell.source.split("\n")
    markers = [line for line in lines if "SOLUTION" in line]
    assert markers == ["    ### BEGIN SOLUTION", "    ### END SOLUTION"] * 2
    reference = load_solution(ROOT / "solutions" / FOLDER.name, ASSIGNMENT.exercises[exercise]).answer
    assert "\n".join(line for line in lines if line not in markers) + "\n" == reference


@every_notebook
def test_test_cell_is_one_line(name):
    """The test cell is `check("...")`, locked, and worth what the contract says."""
    exercise = EXERCISE[name]
    cell = graded(NOTEBOOKS[name].cells, f"test_{exercise}")
    assert cell.source == f'check("{exercise}")'
    marks = {key: cell.metadata.nbgrader[key] for key in ("grade", "solution", "locked", "points")}
    points = ASSIGNMENT.exercises[exercise].points
    assert marks == {"grade": True, "solution": False, "locked": True, "points": points}


@every_notebook
def test_written_question(name):
    """One question is answered in words for 3 points; the model answer comes with a mark scheme for each part."""
    (cell,) = [c for c in NOTEBOOKS[name].cells if c.cell_type == "markdown" and "nbgrader" in c.metadata]
    marks = {key: cell.metadata.nbgrader[key] for key in ("grade", "solution", "locked", "points")}
    assert marks == {"grade": True, "solution": True, "locked": False, "points": 3}
    answer, scheme = cell.source.split("\n### BEGIN MARK SCHEME\n")
    assert scheme.endswith("\n### END MARK SCHEME")
    question = next(text for text in markdown(name) if "In your own words (3 points)" in text)
    for text in (question, answer, scheme):
        assert re.findall(r"^(\d)\. ", text, flags=re.MULTILINE) == ["1", "2", "3"]


@every_notebook
def test_no_outputs_are_stored(name):
    """The source holds no output and no execution count."""
    cells = code_cells(name)
    assert len(cells) > 10
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@every_notebook
def test_what_grading_runs(name):
    """Grading runs the locked imports, the answer and its test, and skips every other code cell."""
    imports, *others = code_cells(name)
    assert imports.metadata.nbgrader.locked
    assert not imports.metadata.nbgrader.grade
    assert not imports.metadata.nbgrader.solution
    assert all(isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) for node in ast.parse(imports.source).body)
    run = [cell.metadata.nbgrader.grade_id for cell in others if not skipped(cell)]
    assert run == [EXERCISE[name], f"test_{EXERCISE[name]}"]


@every_notebook
def test_the_answer_needs_no_skipped_cell(name):
    """Imports and answer alone, as grading runs them, reproduce every public case of the contract."""
    exercise = ASSIGNMENT.exercises[EXERCISE[name]]
    namespace: dict[str, Any] = {}
    for cell in code_cells(name):
        if not skipped(cell) and not cell.metadata.nbgrader.grade:
            exec(cell.source, namespace)
    compared = 0
    for case in exercise.cases:
        results = dict(zip(exercise.returns, namespace[exercise.name](**case.inputs), strict=True))
        for output in results.keys() & case.expect.keys():
            np.testing.assert_allclose(results[output], case.expect[output], rtol=1e-12, atol=1e-12)
            compared += 1
    assert compared >= len(exercise.cases) > 3


@every_notebook
def test_cells_are_plain_python(name):
    """No magic, no shell line, nothing of one company's service: each code cell is Python that any kernel runs."""
    for cell in code_cells(name):
        ast.parse(cell.source)
    source = "\n".join(cell.source for cell in code_cells(name))
    assert not re.search(r"get_ipython|colab|urllib|requests|https?://|input\(", source)


@every_notebook
def test_every_picture_is_described(name):
    """After each cell that shows a picture, the text says in a sentence what is to be seen."""
    cells = NOTEBOOKS[name].cells
    pictures = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and "plt.show()" in cell.source]
    assert len(pictures) == 5
    for i in pictures:
        assert re.match(r"\*Picture: [^*]{80,}\.\*(\n\n|\Z)", cells[i + 1].source), cells[i].id
        assert "title(" in cells[i].source or "title=" in cells[i].source, cells[i].id


def broken_mathematics(text: str) -> str:
    """Say what is wrong with the LaTeX of a markdown text, or ""."""
    text = re.sub(r"`[^`]*`", "", text)
    if re.search(r"\\[\[\]()]", text):
        return "delimiters other than dollars"
    parts = re.split(r"\$\$", text)
    if len(parts) % 2 == 0:
        return "an odd number of $$"
    formulas = parts[1::2]
    for paragraph in "\n\n".join(parts[::2]).split("\n\n"):
        pieces = re.split(r"(?<!\\)\$", paragraph)
        if len(pieces) % 2 == 0:
            return f"an odd number of $ in {paragraph!r}"
        formulas += pieces[1::2]
    for formula in formulas:
        depth = 0
        for brace in re.findall(r"(?<!\\)[{}]", formula):
            depth += 1 if brace == "{" else -1
            if depth < 0:
                break
        if not formula.strip() or depth or formula.count(r"\left") != formula.count(r"\right"):
            return f"not balanced: {formula!r}"
    return ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (r"a $x$ and $$\frac{1}{N}$$", ""),
        ("costs $x", "an odd number of $ in 'costs $x'"),
        ("$$x$$ and $$y", "an odd number of $$"),
        ("$x^{2$", "not balanced: 'x^{2'"),
        (r"\(x\)", "delimiters other than dollars"),
    ],
)
def test_broken_mathematics_is_seen(text, problem):
    """The check of the formulas can fail."""
    assert broken_mathematics(text) == problem


@every_notebook
def test_mathematics(name):
    """Every formula has its delimiters and its braces in pairs, and there are formulas."""
    assert "".join(markdown(name)).count("$$") >= 4
    assert [problem for text in markdown(name) if (problem := broken_mathematics(text))] == []


def test_release(tmp_path):
    """The release keeps the scaffold of each answer, empties the written one, and leaves every other cell alone."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(FOLDER, tmp_path / "assignments" / FOLDER.name)
    folder = release(Course.open(tmp_path), FOLDER.name)
    stubs = {"linear_svm": SVM_STUB, "softmax": SOFTMAX_STUB}
    for name, stub in stubs.items():
        ours, theirs = NOTEBOOKS[name].cells, nbformat.read(folder / f"{name}.ipynb", as_version=4).cells
        changed = {a.id: b.source for a, b in zip(ours, theirs, strict=True) if a.source != b.source}
        assert changed == {"answer": stub, "written": "YOUR ANSWER HERE"}
        assert [cell.id for cell in ours] == [cell.id for cell in theirs]


OFFLINE = """
import socket

def refuse(*args, **kwargs):
    raise OSError("a notebook asked for the network")

socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
"""


@every_notebook
def test_runs_from_top_to_bottom_offline(name, tmp_path, monkeypatch):
    """Restart and Run All passes `check`, without an error or the network, and reaches the accuracy the text promises."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # the kernel must not fight other tests for the cores
    shutil.copy(FOLDER / "exercises.toml", tmp_path)
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(OFFLINE))
    notebook.cells.append(nbformat.v4.new_code_cell("print(float(test_accuracy))"))
    notebook.cells.append(nbformat.v4.new_code_cell(f"check({EXERCISE[name]!r}).verdict.name"))
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", timeout=300, resources=where).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 5
    *_, accuracy, verdict = notebook.cells
    assert verdict.outputs[-1].data["text/plain"] == "'PASS'"
    reached = float(accuracy.outputs[0].text)
    (promised,) = re.findall(r"\*\*at least (\d+) %\*\* of the test pictures", "".join(markdown(name)))
    assert reached >= int(promised) / 100 > 0.29  # the text also says that nearest neighbours reach 29 %


def test_nbgraders_validate_sees_a_wrong_answer(tmp_path):
    """The Validate button tells a student that the answer is not right yet, and is content when it is."""
    folder = tmp_path / "a1_flat_backprop"
    shutil.copytree(FOLDER, folder)
    path = folder / "linear_svm.ipynb"
    program = Path(sys.executable).parent / "nbgrader"

    def validate():
        told = subprocess.run([program, "validate", path], cwd=folder, capture_output=True, text=True, check=True)
        return told.stdout + told.stderr

    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "skip-grading" not in cell.metadata.get("tags", [])]
    nbformat.write(notebook, path)
    assert "Success! Your notebook passes all the tests." in validate()
    for cell in notebook.cells:
        cell.source = cell.source.replace("2 * reg * W", "reg * W") if cell.cell_type == "code" else cell.source
    nbformat.write(notebook, path)
    assert re.search(r"dW \(line \d+\) does not fit reg_loss \(line \d+\)", validate())
