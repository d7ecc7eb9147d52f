"""`make attacks`: every hostile submission against our engine, and those on the verdict against stock nbgrader too.

The stock course is thrown away: the same wrong answers and the same cells, and a test cell of asserts, hidden ones
among them, that compare with the right loss and gradient. Stock runs hostile code unconfined; these attacks are written
to do no harm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table

from flatgrade.core.levels import LEVELS
from flatgrade.grader.record import Record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.attacks import attacks, grade_attacks, loot  # noqa: E402 -- the attacks are the tests' own
from support.course import a1_solutions  # noqa: E402

STOCK_CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'stock'\nc.Execute.timeout = 5\n"
STOCK_TEST = """\
W, X, y = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]]), np.array([[1.0, 2.0], [-3.0, 0.5]]), np.array([2, 0])
loss, dW = svm_loss(W, X, y, 0.1)
assert np.isclose(loss, {loss!r})
### BEGIN HIDDEN TESTS
assert np.allclose(dW, {dW!r})
### END HIDDEN TESTS
"""


def stock_points(folder: Path) -> dict[str, str]:
    """What stock nbgrader makes of each attack on the verdict: points of 10, or how it fails."""
    source = folder / "source" / "attacked"
    source.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG, encoding="utf-8")
    nbformat.write(_stock_notebook(), source / "svm.ipynb")
    _nbgrader(folder, "generate_assignment", "attacked")
    found = {}
    for attack in attacks():
        if attack.row.startswith("D1."):
            target = folder / "submitted" / attack.name / "attacked"
            shutil.copytree(folder / "release" / "attacked", target)
            notebook = nbformat.read(target / "svm.ipynb", as_version=4)
            notebook.cells[1].source = attack.cells[-1]
            notebook.cells[1:1] = [nbformat.v4.new_code_cell(text) for text in attack.cells[:-1]]
            nbformat.write(notebook, target / "svm.ipynb")
            found[attack.name] = _stock_grade(folder, attack.name)
    return found


def _stock_grade(folder: Path, student: str) -> str:
    try:
        _nbgrader(folder, "autograde", "attacked", "--student", student)
    except subprocess.TimeoutExpired:
        return "hangs"
    if not (folder / "autograded" / student / "attacked" / "svm.ipynb").exists():
        return "fails whole"
    with Gradebook(f"sqlite:///{folder}/gradebook.db", "stock") as gradebook:
        return f"{gradebook.find_submission('attacked', student).score:g} of 10"


def _stock_notebook() -> nbformat.NotebookNode:
    solution = a1_solutions()["svm_loss"]
    space: dict[str, object] = {}
    exec(f"{solution.given}\n{solution.answer}\nfrom numpy import array\n", space)
    setup, _, _ = STOCK_TEST.partition("loss, dW")
    exec(setup + "loss, dW = svm_loss(W, X, y, 0.1)", space)
    test = STOCK_TEST.format(loss=float(space["loss"]), dW=space["dW"].tolist())  # type: ignore[arg-type, attr-defined]
    given = {"schema_version": 3, "grade": False, "solution": False, "locked": True, "task": False}
    parts = [
        ("import numpy as np", {**given, "grade_id": "imports"}),
        ("### BEGIN SOLUTION\npass\n### END SOLUTION", {**given, "grade_id": "svm", "solution": True, "locked": False}),
        (test, {**given, "grade_id": "test", "grade": True, "points": 10}),
    ]
    cells = [nbformat.v4.new_code_cell(text, metadata={"nbgrader": item}) for text, item in parts]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)


def _nbgrader(folder: Path, *arguments: str) -> None:
    """Run a command of nbgrader's; raises TimeoutExpired after a minute, with nothing of it left running."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "nbgrader", *arguments]
    environment = {**os.environ, "PATH": path}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(timeout=60)  # a submission that fails as a whole makes the exit code 1: a result here
        except subprocess.TimeoutExpired:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            raise


def graded(place: Path) -> dict[str, tuple[str, dict[str, Record]]]:
    """The Records of all attacks by level, for each level that this machine has and that grading accepts."""
    found = {}
    for most in LEVELS[LEVELS.index("L2") :]:
        folder = place / most
        folder.mkdir()
        _, mark, records = grade_attacks(folder, most=most)
        if next(iter(records.values())).sandbox == most:
            found[most] = (mark, records)
    return found


def main() -> None:
    """Print the scoreboard; exit code 1 if an attack pays, or ends otherwise than expected, at any level."""
    with tempfile.TemporaryDirectory() as place:
        levels = graded(Path(place))
        stock = stock_points(Path(place) / "stock")
    table = Table(title="Hostile submissions", title_justify="left")
    table.add_column("row", no_wrap=True)
    table.add_column("attack", ratio=1)
    for level in levels:
        table.add_column(level, no_wrap=True)
    table.add_column("stock", no_wrap=True)
    paid: dict[str, int] = dict.fromkeys(levels, 0)
    notes: list[str] = []
    for attack in attacks():
        cells = []
        for level, (mark, records) in levels.items():
            record = records[attack.name]
            verdict, stolen = record.exercises[0].verdict, loot(record, mark)
            pays, expected = record.earned > 0 or bool(stolen), verdict in attack.verdicts
            paid[level] += pays
            notes += [f"{attack.row} at {level} earned {record.earned:g} points."] if record.earned else []
            notes += [f"{attack.row} at {level} got: {line}" for line in stolen]
            notes += [f"{attack.row} at {level} ended as {verdict}, which is not expected."] if not expected else []
            cells.append(f"{'✗' if pays else '✓' if expected else '?'} {verdict}")
        table.add_row(attack.row, attack.title, *cells, stock.get(attack.name, ""))
    console = Console(width=120)
    console.print(table)
    for note in notes:
        console.print(note)
    forged = sum(text.endswith("of 10") and not text.startswith("0 ") for text in stock.values())
    failed = sum(not text.endswith("of 10") for text in stock.values())
    counts = ", ".join(f"{count} at {level}" for level, count in paid.items())
    console.print(
        f"{len(attacks())} attacks; of them pay: {counts}. Stock nbgrader gives points for a wrong answer to {forged} "
        f"of the {len(stock)} on the verdict, and fails on {failed}."
    )
    sys.exit(1 if notes else 0)


if __name__ == "__main__":
    main()
