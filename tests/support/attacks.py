"""Hostile submissions: texts in tests/attacks/submissions, handed in to a course whose secrets are marked.

A file begins with its row in the list of attacks, and with the verdicts that it may get; `# %%` begins a cell, and
`# <wrong answer>` stands for an answer that earns nothing.
"""

import re
import secrets
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

import nbformat

from flatgrade import commands
from flatgrade.core import Verdict
from flatgrade.core.levels import LEVELS, reaches
from flatgrade.course.directory import Course
from flatgrade.course.release import release
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.sandbox import Sandbox
from flatgrade.grader.store import ResultStore
from support.course import A1, LINEAR, SOLUTIONS, a1_solutions

FOLDER = Path(__file__).parents[1] / "attacks" / "submissions"
ASSIGNMENT = "attacked"
CONTROLS = ("0 control", "z control")
WRONG = "def svm_loss(W, X, y, reg):\n    return 0.0, W * 0.0"
LIMITS = "[assignment.limits]\ncall_seconds = 1\ncell_seconds = 2\nsubmission_seconds = 20\nmemory_mib = 256\n"
# What an attack prints when it has got something that it must not have.
LOOT = ("stolen", "listed", "open", "imported", "changed", "emptied", "a mark of another", "a file of a terabyte")
_HEAD = re.compile(r"# (?P<row>D\d\.\d+) (?P<title>.+)\n# expect: (?P<verdicts>[A-Z_|]+)\n")


@dataclass(frozen=True)
class Attack:
    """One hostile submission: its cells, the last of which is the answer."""

    name: str
    row: str
    title: str
    verdicts: frozenset[Verdict]
    cells: tuple[str, ...]


@cache
def attacks():
    """All attacks, in the order of their rows."""
    found = [_attack(path) for path in FOLDER.glob("*.py")]
    return tuple(sorted(found, key=lambda item: (item.row[:2], int(item.row[3:]), item.name)))


def _attack(path):
    text = path.read_text(encoding="utf-8")
    head = _HEAD.match(text)
    assert head, f"{path.name} must begin with its row, a title, and what is expected"
    cells = [cell.strip("\n") for cell in text[head.end() :].split("# %%\n") if cell.strip()]
    cells = tuple(cell.replace("# <wrong answer>", WRONG) for cell in cells)
    verdicts = frozenset(Verdict(item) for item in head["verdicts"].split("|"))
    return Attack(path.stem, head["row"], head["title"], verdicts, cells)


def attacked_course(root):
    """A course of one exercise whose every secret file holds a mark; returns the course, its key and the mark."""
    mark = f"flatgrade-canary-{secrets.token_hex(16)}"
    source, secret = root / "assignments" / ASSIGNMENT, root / "solutions" / ASSIGNMENT
    source.mkdir(parents=True)
    secret.mkdir(parents=True)
    shutil.copy(LINEAR / "nbgrader_config.py", root)
    contract = (A1 / "exercises.toml").read_text(encoding="utf-8")
    start, end = contract.index("[svm_loss]"), contract.index("[softmax_loss]")
    title = '[assignment]\ntitle = "Attacked"\n'
    (source / "exercises.toml").write_text(title + LIMITS + contract[start:end], encoding="utf-8")
    solution = (SOLUTIONS / A1.name / "svm_loss.py").read_text(encoding="utf-8")
    (secret / "svm_loss.py").write_text(f'{solution}\nMARK = "{mark}"\n', encoding="utf-8")
    cell = nbformat.v4.new_code_cell
    given = {"schema_version": 3, "grade": False, "solution": False, "locked": True, "task": False}
    notebook = nbformat.v4.new_notebook(
        cells=[
            cell(
                "import numpy as np\nfrom flatgrade.student import check",
                metadata={"nbgrader": {**given, "grade_id": "imports"}},
            ),
            cell(
                f"### BEGIN SOLUTION\n# {mark}\n{a1_solutions()['svm_loss'].answer}### END SOLUTION",
                metadata={"nbgrader": {**given, "grade_id": "svm_loss", "solution": True, "locked": False}},
            ),
            cell(
                'check("svm_loss")',
                metadata={"nbgrader": {**given, "grade_id": "test_svm_loss", "grade": True, "points": 10}},
            ),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, source / "svm.ipynb")
    course = Course.open(root)
    release(course, ASSIGNMENT)
    key = commands.answer_key(course, ASSIGNMENT, root / "solutions")
    (root / commands.PRIVATE / "canary").write_text(mark, encoding="ascii")
    return course, key, mark


def pwned(course):
    """The file by which attacks on the grader's side tell that they got there: one for each course."""
    return Path(f"/tmp/flatgrade-pwned-{crc32(str(course.root).encode()):08x}")


def hand_in(course, student, cells):
    """Hand in the released notebook with these cells in it: the last is the answer, the others come before it."""
    folder = course.submitted(student, ASSIGNMENT)
    shutil.copytree(course.release(ASSIGNMENT), folder)
    path = folder / "svm.ipynb"
    notebook = nbformat.read(path, as_version=4)
    [answer] = [i for i, cell in enumerate(notebook.cells) if cell.metadata.nbgrader.get("grade_id") == "svm_loss"]
    cells = [text.replace("<course>", str(course.root)).replace("<pwned>", str(pwned(course))) for text in cells]
    notebook.cells[answer].source = cells[-1]
    own = [nbformat.v4.new_code_cell(text) for text in cells[:-1]]
    notebook.cells[answer:answer] = own
    nbformat.write(notebook, path)


def grade_attacks(root, *, workers=2, most=LEVELS[-1], chosen=None):
    """Hand in and grade attacks (all by default) between two right answers, at most at one level of confinement.

    Returns the course, the mark and Records by student.
    """
    course, key, mark = attacked_course(root)
    for student in CONTROLS:
        hand_in(course, student, [a1_solutions()["svm_loss"].answer])
    for attack in attacks() if chosen is None else chosen:
        hand_in(course, attack.name, attack.cells)

    def sandbox(key):
        return Sandbox(key.secrets, most, key.assignment.profile, key.assignment.libraries)

    with patch.object(AnswerKey, "sandbox", sandbox):
        weak = not reaches(most, "L2")
        graded = [record.student for record in commands.grade(course, key, workers=workers, allow_weak=weak)]
    with ResultStore(root / commands.PRIVATE / "results.db", ASSIGNMENT) as store:
        return course, mark, {student: store.whole(student) for student in graded}


def printed(record):
    """All that the cells of a submission put out, as one text."""
    found = []
    for cells in record.outputs.values():
        for outputs in cells.values():
            for output in outputs:
                found += [str(output.get("text", "")), str(output.get("evalue", ""))]
                found += map(str, (*output.get("data", {}).values(), *output.get("traceback", ())))
    return "\n".join(found)


def loot(record, mark):
    """What an attack has got that it must not have: the lines that it printed of it."""
    lines = printed(record).splitlines()
    return [line for line in lines if line.startswith(LOOT) or mark in line]
