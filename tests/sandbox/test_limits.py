"""Each limit has its verdict; what was earned stays, and the other exercises are graded."""

import sys
from dataclasses import replace

import pytest
from support.course import SOLUTIONS, a1, a1_solutions

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.levels import reaches
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.record import CellRecord
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")

LIMITS = Limits(
    cell_seconds=1, call_seconds=0.5, exercise_seconds=2, memory_mib=400, output_kib=16, disk_mib=8, files=40, threads=8
)
FENCE = "When graded there is no network, no other process, and no file but those handed in."


@pytest.fixture(scope="module")
def key():
    return AnswerKey.load(replace(a1(), limits=LIMITS), SOLUTIONS, "test")


@pytest.fixture(scope="module", params=["L2", "L4"])
def sandbox(request, key):
    with key.sandbox(request.param) as sandbox:
        yield sandbox


def graded(key, sandbox, *cells):
    """Cells of the student's, then two exercises: svm_loss as the last cell has it, and a right softmax_loss."""
    rest = [
        Cell("test_svm_loss", CellKind.JUDGE, "", "svm_loss"),
        Cell("softmax_loss", CellKind.RUN, a1_solutions()["softmax_loss"].answer),
        Cell("test_softmax_loss", CellKind.JUDGE, "", "softmax_loss"),
    ]
    imports = Cell("imports", CellKind.RUN, "import numpy as np")
    record = grade(Submission("ada", "a1", (Notebook("n", (imports, *cells, *rest)),)), key, sandbox)
    assert [item.verdict for item in record.exercises][1:] == [Verdict.PASS]
    assert record.exercises[1].earned == 10
    return record


def answer(body):
    """An answer cell with this body, and one with nothing wrong in it."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return Cell("svm_loss", CellKind.RUN, f"def svm_loss(W, X, y, reg):\n{lines}\n    return 0.0, W * 0.0")


RIGHT = Cell("svm_loss", CellKind.RUN, a1_solutions()["svm_loss"].answer)

IN_CALLS = {
    "time": (
        "while True: pass",
        Verdict.TIMEOUT,
        "svm_loss was stopped after 0.5 seconds. Look for a loop that never ends, or for one that could be a matrix product.",
    ),
    "memory": (
        "x = np.ones(10**9)",
        Verdict.MEMORY,
        "svm_loss needed more memory than there is. How large is the largest array?",
    ),
    "output": (
        "while True: print('x' * 100000)",
        Verdict.OUTPUT_LIMIT,
        "svm_loss printed without end. Print less, or only every hundredth time.",
    ),
    "disk": (
        "with open('large', 'wb') as file: file.write(bytes(10**7))",
        Verdict.OUTPUT_LIMIT,
        "svm_loss wrote more to disk than it may. Nothing needs to be written here.",
    ),
    "a process": (
        "import subprocess; subprocess.run(['/bin/true'])",
        Verdict.FORBIDDEN,
        f"svm_loss was stopped at line 2: PermissionError: [Errno 1] Operation not permitted. {FENCE}",
    ),
    "the network": (
        "import socket; socket.socket()",
        Verdict.FORBIDDEN,
        f"svm_loss was stopped at line 2: PermissionError: [Errno 1] Operation not permitted. {FENCE}",
    ),
}


@pytest.mark.parametrize("name", IN_CALLS)
def test_a_call_over_a_limit_has_its_verdict(key, sandbox, name):
    """One sentence on what happened; no points for this exercise, full points for the next one."""
    body, verdict, said = IN_CALLS[name]
    record = graded(key, sandbox, answer(body))
    exercise = record.exercises[0]
    assert (exercise.verdict, exercise.earned) == (verdict, 0)
    assert str(exercise.findings[0]) == said


IN_CELLS = {
    "time": ("while True: pass", Verdict.TIMEOUT, "It ran for more than 1 seconds, and was stopped."),
    "memory": ("x = np.ones(10**9)", Verdict.MEMORY, "It needed more than 400 MiB of memory."),
    "output": (
        "for _ in range(99): print('x' * 1000)",
        Verdict.OUTPUT_LIMIT,
        "It printed more than 16 KiB; the rest was cut off.",
    ),
    "output without end": (
        "while True: print('x' * 100000)",
        Verdict.OUTPUT_LIMIT,
        "It printed more than 16 KiB; the rest was cut off.",
    ),
    "one large file": (
        "with open('large', 'wb') as file: file.write(bytes(10**7))",
        Verdict.OUTPUT_LIMIT,
        "It wrote more than 8 MiB or 40 files to disk.",
    ),
    "forbidden": (
        "import socket; socket.socket()",
        Verdict.FORBIDDEN,
        "It tried what is not allowed when graded: when graded there is no network, no other process, and no file but "
        "those handed in.",
    ),
}


@pytest.mark.parametrize("name", IN_CELLS)
def test_a_cell_over_a_limit_has_its_verdict_and_costs_no_point(key, sandbox, name):
    """The cell's own verdict stands in the Record; the exercises after it are graded in the same worker."""
    source, verdict, said = IN_CELLS[name]
    record = graded(key, sandbox, Cell("own", CellKind.RUN, source, own=True), RIGHT)
    assert record.cells == (CellRecord("n", "own", verdict, said),)
    assert record.earned == 20
    assert record.problem == ""


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(9):\n    with open(f'part{i}', 'wb') as file: file.write(bytes(10**6))",
        "for i in range(99): open(f'file{i}', 'w').close()",
    ],
    ids=["much", "many files"],
)
def test_the_disk_is_limited_as_a_whole(key, sandbox, source):
    """Many files that are small each: from L3 on the kernel refuses, below it the worker is ended after the cell."""
    record = graded(key, sandbox, Cell("own", CellKind.RUN, source, own=True), RIGHT)
    assert [cell.verdict for cell in record.cells] == [Verdict.OUTPUT_LIMIT]
    limited = reaches(record.sandbox, "L3")
    ours, kernels = "It wrote more than 8 MiB to disk.", "It wrote more than 8 MiB or 40 files to disk."
    assert record.cells[0].what == (kernels if limited else ours)
    assert bool(record.problem) != limited
    assert record.earned == 20


def test_threads_are_limited(key, sandbox):
    """At L4 the kernel counts them; below, each takes its share of the memory."""
    body = "import threading, time\nfor _ in range(999): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
    record = graded(key, sandbox, answer(body))
    exercise = record.exercises[0]
    assert (exercise.verdict, exercise.earned) == (Verdict.FORBIDDEN, 0)
    assert exercise.findings[0].what == "svm_loss was stopped at line 3: RuntimeError: can't start new thread."


def test_an_exercise_has_a_time_for_all_its_calls(key, sandbox):
    """Calls that each stay below their limit, and together do not end."""
    record = graded(key, sandbox, answer("import time; time.sleep(0.4)"))
    exercise = record.exercises[0]
    assert (exercise.verdict, exercise.earned) == (Verdict.TIMEOUT, 0)
    assert exercise.findings[0].what in (
        "All its calls together took more than 2 seconds.",
        "svm_loss was stopped after 0.5 seconds.",
    )


def test_a_function_that_is_missing_has_the_verdict_of_the_cell_that_was_stopped(key, sandbox):
    """The answer cell never came to what makes the function: that is what the student has to know."""
    late = Cell("svm_loss", CellKind.RUN, "while True: pass\nsvm_loss = lambda W, X, y, reg: None")
    exercise = graded(key, sandbox, late).exercises[0]
    assert exercise.verdict is Verdict.TIMEOUT
    assert [str(finding) for finding in exercise.findings] == [
        "The cell svm_loss before it did not come to its end. It ran for more than 1 seconds, and was stopped.",
        "svm_loss is not defined. Was the cell that defines it deleted, or the name changed?",
    ]
