"""The instructor notebooks of every assignment: what nbgrader, the judge and a student rely on, read from the files."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator
from support.course import ROOT
from support.notebooks import FOLDERS, INSTALL, Source, as_python, marks, run_as_graded, skipped, sources

from flatgrade.core.finding import Verdict
from flatgrade.course.directory import Course
from flatgrade.course.lint import lint
from flatgrade.course.release import release
from flatgrade.course.template import checked_exercise, is_test
from flatgrade.grader.reference import load_solution
from flatgrade.student.check import look

SOURCES = {source.name: source for source in sources()}
EXERCISES = {f"{source.path.parent.name}/{name}": (source, name) for source in sources() for name in source.exercises}

every_notebook = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
every_exercise = pytest.mark.parametrize(("source", "name"), EXERCISES.values(), ids=EXERCISES)

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


def test_the_notebooks_and_exercises_are_found():
    """What is discovered is the whole course: a test that finds nothing tests nothing."""
    assert len(FOLDERS) >= 2
    assert len(SOURCES) >= 9
    assert len(EXERCISES) >= 35


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_lint_finds_nothing(folder):
    """The course's own lint is content with the assignment."""
    assert lint(Course.open(ROOT), folder.name) == ()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_exercise_has_one_test_cell(folder):
    """Over all notebooks of an assignment, each exercise of its contract is checked by one test cell."""
    here = [source for source in sources() if source.path.parent == folder]
    assert sorted(name for source in here for name in source.exercises) == sorted(here[0].assignment.exercises)


@every_notebook
def test_format_and_kernel(source):
    """A notebook is format 4.5 with Python's usual kernel, valid for nbformat and for nbgrader."""
    notebook = nbformat.read(source.path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec == {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    known = [marks(cell) for cell in source.cells if marks(cell)]
    assert len(known) == len({cell["grade_id"] for cell in known})
    assert {cell["schema_version"] for cell in known} == {3}


@every_notebook
def test_no_outputs_are_stored(source):
    """The source holds no output and no execution count."""
    assert source.code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in source.code)


@every_exercise
def test_answer_is_the_reference(source, name):
    """The answer cells without their marker lines are the text of the reference, and can be edited."""
    cells = source.answers(name)
    assert cells
    for cell in cells:
        assert {key: marks(cell)[key] for key in ("grade", "solution", "locked")} == {
            "grade": False,
            "solution": True,
            "locked": False,
        }
    text = "\n\n".join("\n".join(unmarked(cell.source)) for cell in cells)
    reference = load_solution(ROOT / "solutions" / source.path.parent.name, source.assignment.exercises[name]).answer
    assert re.sub(r"\n{2,}", "\n\n", text).strip() == re.sub(r"\n{2,}", "\n\n", reference).strip()


def unmarked(text: str) -> list[str]:
    """The lines of an answer cell without its markers."""
    return [line for line in text.split("\n") if "### BEGIN SOLUTION" not in line and "### END SOLUTION" not in line]


@every_exercise
def test_test_cell_is_one_line(source, name):
    """The test cell is `check("...")`, locked, worth what the contract says, and stands below the answer."""
    [cell] = [cell for cell in source.cells if is_test(cell) and checked_exercise(cell.source) == name]
    assert cell.source == f'check("{name}")'
    assert (marks(cell)["solution"], marks(cell)["locked"]) == (False, True)
    assert marks(cell)["points"] == source.assignment.exercises[name].points
    assert all(source.cells.index(answer) < source.cells.index(cell) for answer in source.answers(name))


@every_exercise
def test_shape_comments_agree_with_the_contract(source, name):
    """A stage's comment such as `# (N, C)` is the shape that the contract gives it; every stage has one."""
    exercise = source.assignment.exercises[name]
    shapes = {stage.name: stage.shape for stage in exercise.stages}
    seen = {}
    for line in "\n".join(cell.source for cell in source.answers(name)).split("\n"):
        if (told := re.match(r"\s*(\w+) = .*  # (\([^()]*\))$", line)) and told[1] in shapes:
            seen[told[1]] = told[2]
    assert seen == {stage: shape_comment(shape) for stage, shape in shapes.items()}


def shape_comment(letters: tuple[str, ...]) -> str:
    """A shape as Python writes it: (), (N,), (N, C)."""
    return f"({', '.join(letters)}{',' if len(letters) == 1 else ''})"


@every_notebook
def test_written_questions(source):
    """A notebook asks for an answer in words; the model answer comes with the scheme by which its 2 to 5 points are given."""
    assert source.written
    for cell in source.written:
        assert {key: marks(cell)[key] for key in ("grade", "solution", "locked")} == {
            "grade": True,
            "solution": True,
            "locked": False,
        }
        assert 2 <= marks(cell)["points"] <= 5
        answer, scheme = cell.source.split("\n### BEGIN MARK SCHEME\n")
        assert answer.strip()
        assert scheme.endswith("\n### END MARK SCHEME")
    asked = re.findall(r"\((\d+) points?\)", "\n".join(source.markdown))
    assert {f"{marks(cell)['points']:g}" for cell in source.written} <= set(asked)


@every_notebook
def test_the_opening_tells_the_points(source):
    """The sum of the points in the line at the top is what the cells give."""
    [line] = re.findall(r"\*\*Points:\*\*(.*)", source.markdown[0])
    given = [marks(cell)["points"] for cell in source.cells if marks(cell).get("grade")]
    assert sum(map(int, re.findall(r"\d+", line))) == sum(given)


@every_notebook
def test_what_grading_runs(source):
    """Grading runs cells that are locked and cells that are answers; what a student may change is skipped."""
    run = [cell for cell in source.code if not skipped(cell)]
    assert [cell.id for cell in run if not marks(cell).get("locked") and not marks(cell).get("solution")] == []
    assert [cell.id for cell in source.code if skipped(cell) and marks(cell).get("solution")] == []


@every_notebook
def test_check_passes_without_the_skipped_cells(source):
    """Locked cells and answers alone, as grading runs them, pass every `check` of the notebook."""
    namespace = run_as_graded(source)
    results = {name: look(name, namespace, source.path.parent) for name in source.exercises}
    assert {name: str(result) for name, result in results.items() if result.verdict is not Verdict.PASS} == {}


@every_notebook
def test_the_first_cell_installs_what_is_missing(source):
    """Before anything else a machine without Flatgrade gets it; students leave the cell alone, and grading skips it."""
    first, *others = source.code
    assert first.source == INSTALL
    assert skipped(first)
    assert (marks(first)["locked"], marks(first)["grade"], marks(first)["solution"]) == (True, False, False)
    assert [cell.id for cell in others if re.search(r"^\s*[%!]", cell.source, re.MULTILINE)] == []


@every_notebook
def test_cells_run_anywhere(source):
    """No shell line, nothing of one company's service, no network and no questions: any kernel runs each code cell."""
    for cell in source.code:
        ast.parse(as_python(cell.source))
    text = "\n".join(cell.source for cell in source.code)
    assert re.findall(r"^\s*!.*|get_ipython|colab|urllib|requests|https?://|\binput\(", text, re.MULTILINE) == []


@every_notebook
def test_every_picture_is_described(source):
    """After each cell that shows a picture, the text says in a sentence what is to be seen."""
    cells = source.cells
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and re.search(r"plt\.show\(\)|^draw\(", cell.source, re.MULTILINE):
            assert re.match(r"\*Picture: [^*]{80,}\.\)?\*(\n\n|\Z)", cells[i + 1].source), cell.id
    text = "\n".join(source.markdown)
    assert re.findall(r"!\[\]\(|<img(?![^>]*alt=)", text) == []


def broken_mathematics(text: str) -> str:
    """Say what is wrong with the LaTeX of a markdown text, or ""."""
    text = re.sub(r"`[^`]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
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
        if not formula.strip() or depth or _sides(formula, "left") != _sides(formula, "right"):
            return f"not balanced: {formula!r}"
    return ""


def _sides(formula: str, side: str) -> int:
    """How often \\left or \\right opens or closes; an arrow that begins with the word does not."""
    return len(re.findall(rf"\\{side}(?![a-z])", formula))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (r"a $x$ and $$\frac{1}{N}$$", ""),
        (r"$x \leftarrow y$", ""),
        (r"$\left( x$", r"not balanced: '\\left( x'"),
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
def test_mathematics(source):
    """Every formula has its delimiters and its braces in pairs."""
    assert [problem for text in source.markdown if (problem := broken_mathematics(text))] == []


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Every assignment of the course, released."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for folder in FOLDERS:
        shutil.copytree(folder, root / "assignments" / folder.name, ignore=shutil.ignore_patterns(".*"))
    course = Course.open(root)
    return {folder.name: release(course, folder.name) for folder in FOLDERS}


@every_notebook
def test_release(released, source):
    """The release empties what a student writes, and leaves every other cell alone."""
    ours, theirs = source.cells, read_release(released, source)
    assert [cell.id for cell in ours] == [cell.id for cell in theirs]
    changed = {a.id: b.source for a, b in zip(ours, theirs, strict=True) if a.source != b.source}
    answers = {cell.id for cell in source.code if marks(cell).get("solution")}
    assert changed.keys() == answers | {cell.id for cell in source.written}
    assert {changed[cell.id] for cell in source.written} <= {"YOUR ANSWER HERE"}


@every_exercise
def test_the_stub_holds_the_stages_and_no_solution(released, source, name):
    """What stands outside the solution regions stays; of the regions only one line a stage, or nbgrader's own stub."""
    theirs = {cell.id: cell.source.split("\n") for cell in read_release(released, source)}
    stub = re.compile(
        r" *(\w+(, \w+)*) = \.\.\.(, \.\.\.)*(  # .*)?| *# YOUR CODE HERE| *raise NotImplementedError\(\)"
    )
    named = []
    for cell in source.answers(name):
        regions = re.split(r" *### BEGIN SOLUTION\n.*? *### END SOLUTION\n?", cell.source, flags=re.DOTALL)
        given = [line for region in regions for line in region.split("\n")]
        assert len(regions) > 1
        assert [line for line in given if line and line not in theirs[cell.id]] == []
        left = [line for line in theirs[cell.id] if line not in given]
        assert left
        assert [line for line in left if not stub.fullmatch(line)] == []
        named += [word for line in left for word in line.partition("=")[0].replace(",", " ").split()]
    assert {stage.name for stage in source.assignment.exercises[name].stages} <= set(named)


def read_release(released, source: Source):
    """The cells of a notebook as students get them."""
    path = released[source.path.parent.name] / source.path.name
    return nbformat.read(path, as_version=nbformat.NO_CONVERT).cells


def test_a_released_answer_whole(released):
    """One stub, to be read."""
    source = SOURCES["a1_flat_backprop/linear_svm"]
    [answer] = source.answers("svm_loss")
    [stub] = [cell.source for cell in read_release(released, source) if cell.id == answer.id]
    assert stub == SVM_STUB


def test_nbgraders_validate_sees_a_wrong_answer(tmp_path):
    """The Validate button tells a student that the answer is not right yet, and is content when it is."""
    source = SOURCES["a1_flat_backprop/linear_svm"]
    folder = tmp_path / source.path.parent.name
    shutil.copytree(source.path.parent, folder)
    path = folder / source.path.name
    program = Path(sys.executable).parent / "nbgrader"

    def validate():
        told = subprocess.run([program, "validate", path], cwd=folder, capture_output=True, text=True, check=True)
        return told.stdout + told.stderr

    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not skipped(cell)]
    nbformat.write(notebook, path)
    assert "Success! Your notebook passes all the tests." in validate()
    for cell in notebook.cells:
        cell.source = cell.source.replace("2 * reg * W", "reg * W") if cell.cell_type == "code" else cell.source
    nbformat.write(notebook, path)
    assert re.search(r"dW \(line \d+\) does not fit reg_loss \(line \d+\)", validate())
