"""Messy notebooks: what students do to a released notebook, each with the outcome that it must have.

A mess is a function that edits a right answer (a Book), or gives the bytes of a file instead. Its decorator says what
is expected; without a word that is: both exercises right, 20 points, no problem and no note.
"""

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nbformat

from flatgrade import commands
from flatgrade.course.directory import Course
from flatgrade.course.release import release
from support.course import A1, LINEAR, SOLUTIONS, a1_solutions

ASSIGNMENT = "messy"
EXERCISES = ("svm_loss", "softmax_loss")
LAST = "zz last"
LIMITS = "[assignment.limits]\ncall_seconds = 1\ncell_seconds = 2\nsubmission_seconds = 30\nmemory_mib = 1024\n"
RIGHT = dict.fromkeys(EXERCISES, ("PASS", 10.0))
WRITTEN = "Because the mask is 0 there."


def code(source, **fields):
    """A code cell as JSON, without an id and without metadata."""
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source, **fields}


def text(source, **fields):
    """A text cell as JSON."""
    return {"cell_type": "markdown", "metadata": {}, "source": source, **fields}


@dataclass
class Book:
    """A notebook in JSON, both answers right and run, to be handed in at `path`, with the files `beside` it by name.

    `stub` is the answer to svm_loss as it was released.
    """

    json: dict
    path: Path
    stub: str = ""
    beside: dict = field(default_factory=dict)

    @property
    def cells(self):
        """The list of cells itself, to be edited."""
        return self.json["cells"]

    def at(self, grade_id):
        """The place of a cell."""
        marked = [cell["metadata"].get("nbgrader", {}).get("grade_id", cell.get("id")) for cell in self.cells]
        return marked.index(grade_id)

    def cell(self, grade_id):
        """A cell by its grade_id, or by its id where it has none."""
        return self.cells[self.at(grade_id)]

    def take(self, grade_id):
        """Delete a cell, and return it."""
        return self.cells.pop(self.at(grade_id))

    def before(self, grade_id, *sources):
        """Put own code cells before a cell."""
        at = self.at(grade_id)
        self.cells[at:at] = map(code, sources)

    def after(self, grade_id, *sources):
        """Put own code cells after a cell."""
        at = self.at(grade_id) + 1
        self.cells[at:at] = map(code, sources)

    def top(self, source, grade_id="svm_loss"):
        """Write a line or more above an answer, in its cell."""
        self.cell(grade_id)["source"] = f"{source}\n{self.cell(grade_id)['source']}"

    def bottom(self, source, grade_id="svm_loss"):
        """Write a line or more below an answer, in its cell."""
        self.cell(grade_id)["source"] += f"\n{source}"

    def inside(self, line, grade_id="svm_loss"):
        """Write a line as the first one of the function."""
        source, head = self.cell(grade_id)["source"], f"def {grade_id}(W, X, y, reg):\n"
        assert head in source
        self.cell(grade_id)["source"] = source.replace(head, f"{head}    {line}\n")

    def bytes(self, **how):
        """The file, as Jupyter writes it."""
        return json.dumps(self.json, **{"indent": 1, "ensure_ascii": False, **how}).encode()


@dataclass(frozen=True)
class Mess:
    """One messy submission, by a student of its name, and what must come of it.

    `found` is the first finding of each exercise that has one.
    """

    name: str
    edit: Callable
    exercises: dict = field(default_factory=dict)
    problem: str = ""
    notes: tuple = ()
    found: dict = field(default_factory=dict)

    @property
    def expected(self):
        """All that is expected, to be compared as one."""
        exercises = {**RIGHT, **self.exercises}
        points = sum(earned for _, earned in exercises.values())
        return exercises, points, self.problem, self.notes, self.found


MESSES = []


def mess(exercises=None, *, problem="", notes=(), found=None, name=""):
    """Enter a function into the table of messes, with what is expected of it."""

    def enter(edit):
        MESSES.append(Mess(name or edit.__name__, edit, exercises or {}, problem, tuple(notes), found or {}))
        return edit

    return enter


def svm(verdict, earned, sentence):
    """What is expected where only svm_loss is not right: its verdict, points and first finding."""
    return {"exercises": {"svm_loss": (verdict, earned)}, "found": {"svm_loss": sentence}}


def refused(problem, notes=()):
    """Enter a function whose notebook cannot be taken: no points, and one sentence that says why."""
    nothing = dict.fromkeys(EXERCISES, ("MISSING", 0.0))
    return mess(nothing, problem=problem, notes=notes, found=dict.fromkeys(EXERCISES, problem))


def enter_each(edit, table):
    """Enter one mess for each row of a table: `edit(book, text)` does it."""
    for name, source in table.items():
        mess(name=name)(partial(edit, text=source))


def outcome(record):
    """What came of a submission, in the form of `Mess.expected`."""
    exercises = {item.name: (str(item.verdict), item.earned) for item in record.exercises}
    found = {item.name: str(item.findings[0]) for item in record.exercises if item.findings}
    return exercises, record.earned, record.problem, record.notes, found


def released_cells():
    """The instructor's notebook: text, locked imports, two answers with tests, free code, a written answer, training."""
    given = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}

    def marked(grade_id, **flags):
        return {"nbgrader": {**given, "grade_id": grade_id, **flags}}

    new_code, new_text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell

    def answer(name, notebook):
        cells = nbformat.read(A1 / f"{notebook}.ipynb", as_version=4).cells
        [solved] = [cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name]
        return new_code(solved, id=name, metadata=marked(name, solution=True))

    def test(name):
        return new_code(
            f'check("{name}")', id=f"test_{name}", metadata=marked(f"test_{name}", grade=True, locked=True, points=10)
        )

    return [
        new_text("# Two losses", id="title"),
        new_code(
            "import numpy as np\nimport matplotlib.pyplot as plt\nfrom flatgrade.student import check",
            id="setup",
            metadata=marked("setup", locked=True),
        ),
        answer("svm_loss", "linear_svm"),
        test("svm_loss"),
        new_code("sizes = (5, 7, 4)", id="sizes"),
        answer("softmax_loss", "softmax"),
        test("softmax_loss"),
        new_text("Why?", id="why", metadata=marked("why", grade=True, solution=True, points=3)),
        new_code("train()", id="training", metadata={"tags": ["skip-grading"]}),
    ]


def released_course(root):
    """A released course of one notebook with two exercises."""
    source = root / "assignments" / ASSIGNMENT
    source.mkdir(parents=True)
    shutil.copytree(SOLUTIONS / A1.name, root / "solutions" / ASSIGNMENT)
    shutil.copy(LINEAR / "nbgrader_config.py", root)
    contract = (A1 / "exercises.toml").read_text(encoding="utf-8")
    contract = contract[contract.index("[svm_loss]") :]
    (source / "exercises.toml").write_text(f'[assignment]\ntitle = "Messy"\n{LIMITS}\n{contract}', encoding="utf-8")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=released_cells(), metadata=kernel), source / "losses.ipynb")
    course = Course.open(root)
    release(course, ASSIGNMENT)
    return course


def right_book(course):
    """The released notebook with both answers, the written one, and what Jupyter adds when cells are run."""
    released = course.release(ASSIGNMENT) / "losses.ipynb"
    book = Book(json.loads(released.read_text(encoding="utf-8")), released)
    for cell in book.cells:
        cell["source"] = "".join(cell["source"])
    book.stub = book.cell("svm_loss")["source"]
    for name in EXERCISES:
        book.cell(name)["source"] = a1_solutions()[name].answer
    book.cell("why")["source"] = WRITTEN
    for count, cell in enumerate((cell for cell in book.cells if cell["cell_type"] == "code"), 1):
        cell["execution_count"] = count
    book.json["metadata"]["language_info"] = {"name": "python", "version": "3.11.7"}
    return book


def hand_in(course, student, edit, book):
    """Hand in what `edit` makes of the notebook: the Book that it changed, bytes, or files that it wrote itself."""
    folder = course.submitted(student, ASSIGNMENT)
    shutil.copytree(course.release(ASSIGNMENT), folder)
    book = Book(deepcopy(book.json), folder / "losses.ipynb", book.stub)
    book.path.unlink()
    given = edit(book)
    if given is not book.path:
        book.path.write_bytes(given if isinstance(given, bytes) else book.bytes())
    for name, data in book.beside.items():
        (folder / name).write_bytes(data)


def grade_messes(root, messes, *, workers=2):
    """Hand in and grade every mess and then a right answer, in one batch; returns the course and Records by student."""
    course = released_course(root)
    key = commands.answer_key(course, ASSIGNMENT, root / "solutions")
    book = right_book(course)
    for mess in messes:
        hand_in(course, mess.name, mess.edit, book)
    hand_in(course, LAST, lambda book: None, book)
    return course, {record.student: record for record in commands.grade(course, key, workers=workers)}
