"""The engine: whole submissions through real workers; nothing is lost, whatever a cell does."""

import sys
from dataclasses import replace

import pytest
from support.course import SOLUTIONS, a1, a1_solutions

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.levels import reaches
from flatgrade.grader import engine
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.sandbox import Sandbox
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


@pytest.fixture(scope="module")
def key():
    limits = Limits(cell_seconds=2, call_seconds=1, submission_seconds=20, memory_mib=512)
    return AnswerKey.load(replace(a1(), limits=limits), SOLUTIONS, "test")


@pytest.fixture(scope="module")
def sandbox(key):
    with Sandbox(key.secrets) as sandbox:
        yield sandbox


IMPORTS = Cell("imports", CellKind.RUN, "import numpy as np\nfrom flatgrade.student import check")


def judge_cell(exercise):
    return Cell(f"test_{exercise}", CellKind.JUDGE, f'check("{exercise}")', exercise)


def submission(*notebooks, student="ada"):
    return Submission(student, "a1_flat_backprop", tuple(notebooks))


def notebook(*cells, name="linear_svm", problem=""):
    return Notebook(name, (IMPORTS, *cells), problem)


def answer(exercise="svm_loss", text=None):
    return Cell(exercise, CellKind.RUN, text or a1_solutions()[exercise].answer)


def verdicts(record):
    return [(item.name, item.verdict, item.earned) for item in record.exercises]


def test_a_right_submission_of_two_notebooks_has_full_points(key, sandbox):
    """Each notebook runs in a worker of its own, and the Record names everything that decided it."""
    record = grade(
        submission(
            notebook(answer(), judge_cell("svm_loss")),
            notebook(answer("softmax_loss"), judge_cell("softmax_loss"), name="softmax"),
        ),
        key,
        sandbox,
    )
    assert verdicts(record) == [("svm_loss", Verdict.PASS, 10), ("softmax_loss", Verdict.PASS, 10)]
    assert (record.earned, record.points, record.problem) == (20, 20, "")
    assert reaches(record.sandbox, "L2")
    assert record.seed == "test"
    assert record.versions["solutions"] == key.digest[:8]
    assert [(item.notebook, item.cell) for item in record.exercises] == [
        ("linear_svm", "test_svm_loss"),
        ("softmax", "test_softmax_loss"),
    ]
    assert record.outputs["linear_svm"] == {"imports": [], "svm_loss": []}


def test_the_digest_of_the_key_is_that_of_its_solutions(key):
    """One changed solution changes it; the order in which they were loaded does not."""
    softmax = replace(key.solutions["softmax_loss"], digest="other")
    changed = replace(key, solutions={**key.solutions, "softmax_loss": softmax})
    backwards = replace(key, solutions=dict(reversed(list(key.solutions.items()))))
    assert len(key.digest) == 64
    assert changed.digest != key.digest == backwards.digest


def test_check_says_nothing_when_graded(key, sandbox):
    """A check of the student's own, in a loop even, returns nothing and prints nothing."""
    probe = Cell("own", CellKind.RUN, "print([check('svm_loss') for _ in range(3)])", own=True)
    record = grade(submission(notebook(answer(), probe, judge_cell("svm_loss"))), key, sandbox)
    assert record.outputs["linear_svm"]["own"] == [
        {"output_type": "stream", "name": "stdout", "text": "[None, None, None]\n"}
    ]
    assert record.earned == 10


def test_the_function_counts_as_it_is_where_the_test_cell_stands(key, sandbox):
    """What a later cell does to the function does not matter."""
    late = Cell("late", CellKind.RUN, "def svm_loss(*args): return 1", own=True)
    record = grade(submission(notebook(answer(), judge_cell("svm_loss"), late)), key, sandbox)
    assert record.earned == 10


def test_what_works_after_the_last_cell_counts(key, sandbox):
    """Students run cells out of order: a helper, or the answer itself, may stand below the test cell."""
    right = answer().source
    needs = Cell("svm_loss", CellKind.RUN, right.replace("    # forward\n", "    assert two() == 2\n"))
    late = Cell("late", CellKind.RUN, "def two(): return 2", own=True)
    record = grade(submission(notebook(needs, judge_cell("svm_loss"), late)), key, sandbox)
    [exercise] = record.exercises
    assert (exercise.verdict, exercise.earned) == (Verdict.PASS, 10)
    assert str(exercise.findings[0]) == (
        "What it needs stands below its test cell. Do the cells run from top to bottom in a fresh kernel?"
    )
    late = Cell("late", CellKind.RUN, right, own=True)
    wrong = answer(text="def svm_loss(W, X, y, reg): return 0.0, W")
    assert grade(submission(notebook(wrong, judge_cell("svm_loss"), late)), key, sandbox).earned == 10


def test_of_two_results_the_better_one_stays(key, sandbox):
    """An answer that is partly right at its test cell, and spoilt below it, keeps its points."""
    partly = answer(text=answer().source.replace("2 * reg * W", "reg * W"))
    late = Cell("late", CellKind.RUN, "import os\ndef svm_loss(*args): os._exit(1)", own=True)
    record = grade(submission(notebook(partly, judge_cell("svm_loss"), late)), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.WRONG, 8)]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def svm_loss(:\n    pass", "SyntaxError: invalid syntax (line 1)."),
        ("svm_loss = undefined", "NameError: name 'undefined' is not defined."),
    ],
)
def test_a_missing_function_is_told_by_the_error_of_its_cell(key, sandbox, source, sentence):
    """Nobody looks for a deleted cell where the answer's own cell has an error; an own cell's error is another matter."""
    unrelated = Cell("cell:1", CellKind.RUN, "1 / 0", own=True)
    record = grade(submission(notebook(unrelated, answer(text=source), judge_cell("svm_loss"))), key, sandbox)
    [exercise] = record.exercises
    assert (exercise.verdict, exercise.earned) == (Verdict.ERROR, 0)
    assert exercise.findings[0].what == f"The cell svm_loss before it did not come to its end. {sentence}"
    record = grade(submission(notebook(unrelated, judge_cell("svm_loss"))), key, sandbox)
    [exercise] = record.exercises
    assert (exercise.verdict, exercise.findings[0].what) == (Verdict.MISSING, "svm_loss is not defined.")


def test_cells_without_a_name_are_told_by_their_number(key, sandbox):
    """As they are counted in the graded notebook, from one."""
    killer = Cell("cell:2", CellKind.RUN, "import os; os._exit(3)", own=True)
    record = grade(submission(notebook(killer, answer(), judge_cell("svm_loss"))), key, sandbox)
    assert record.problem == (
        "linear_svm.ipynb: cell 3 was not run to its end: The process ended by itself with exit code 3."
    )


def test_a_helper_in_an_own_cell_is_part_of_the_answer(key, sandbox):
    """Extra cells run in their order."""
    text = a1_solutions()["svm_loss"].equivalents["a helper function"]
    helper, rest = text.split("\n\n\n")
    record = grade(
        submission(notebook(Cell("own", CellKind.RUN, helper, own=True), answer(text=rest), judge_cell("svm_loss"))),
        key,
        sandbox,
    )
    assert record.earned == 10


def test_cells_tagged_skip_grading_are_not_run(key, sandbox):
    """A training cell costs no time when graded."""
    training = Cell("train", CellKind.SKIP, "while True: pass")
    record = grade(submission(notebook(training, answer(), judge_cell("svm_loss"))), key, sandbox)
    assert record.earned == 10
    assert "train" not in record.outputs["linear_svm"]


def test_a_cell_that_kills_its_process_costs_only_itself(key, sandbox):
    """The notebook runs again without it; what is right stays right."""
    killer = Cell("killer", CellKind.RUN, "import os; os._exit(3)", own=True)
    record = grade(submission(notebook(killer, answer(), judge_cell("svm_loss"))), key, sandbox)
    assert record.earned == 10
    assert record.problem == (
        "linear_svm.ipynb: cell killer was not run to its end: The process ended by itself with exit code 3."
    )
    assert record.outputs["linear_svm"]["killer"][0]["ename"] == "CRASHED"


def test_an_exercise_that_kills_its_process_leaves_the_others_alone(key, sandbox):
    """CRASHED for one, full points for the next in the same notebook."""
    bad = answer(text="def svm_loss(W, X, y, reg):\n    import ctypes; ctypes.string_at(0)\n")
    cells = (bad, judge_cell("svm_loss"), answer("softmax_loss"), judge_cell("softmax_loss"))
    record = grade(submission(notebook(*cells)), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.CRASHED, 0), ("softmax_loss", Verdict.PASS, 10)]
    assert record.exercises[0].findings[0].what == "The process was ended by signal SIGSEGV."


def test_an_endless_exercise_is_stopped_and_the_others_are_graded(key, sandbox):
    """TIMEOUT for one, full points for the next."""
    bad = answer(text="def svm_loss(W, X, y, reg):\n    while True: pass\n")
    cells = (bad, judge_cell("svm_loss"), answer("softmax_loss"), judge_cell("softmax_loss"))
    record = grade(submission(notebook(*cells)), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.TIMEOUT, 0), ("softmax_loss", Verdict.PASS, 10)]


def test_a_notebook_that_keeps_killing_its_process_ends(key, sandbox):
    """After a few fresh workers the open exercises get their verdict."""
    killers = [Cell(f"k{i}", CellKind.RUN, "import os; os._exit(1)", own=True) for i in range(6)]
    record = grade(submission(notebook(*killers, answer(), judge_cell("svm_loss"))), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.CRASHED, 0)]
    assert record.exercises[0].findings[0].what == "The notebook ended its process too often."


def test_an_unreadable_notebook_has_its_exercises_at_zero(key, sandbox):
    """What could not be read is recorded with its reason, and nothing is run."""
    broken = notebook(judge_cell("svm_loss"), problem="linear_svm.ipynb is not valid JSON.")
    record = grade(submission(broken), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.MISSING, 0)]
    assert record.problem == "linear_svm.ipynb is not valid JSON."
    assert not record.blocked


def faulty_key(key, monkeypatch, times):
    """A key whose svm_loss makes the judge itself fail, so many times; and the list of its failures."""
    failed = []
    judge = engine.judge_exercise

    def failing(solution, *arguments):
        if solution.exercise.name == "svm_loss" and len(failed) < times:
            failed.append(solution)
            raise ZeroDivisionError("a fault of ours")
        return judge(solution, *arguments)

    monkeypatch.setattr(engine, "judge_exercise", failing)
    return failed


BOTH = (answer(), judge_cell("svm_loss"), answer("softmax_loss"), judge_cell("softmax_loss"))


def test_a_failure_of_ours_is_tried_once_more(key, sandbox, monkeypatch):
    """In a fresh worker; if it was a passing one, nobody sees it."""
    failed = faulty_key(key, monkeypatch, times=1)
    record = grade(submission(notebook(*BOTH)), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.PASS, 10), ("softmax_loss", Verdict.PASS, 10)]
    assert len(failed) == 1


def test_a_failure_of_ours_that_stays_costs_no_point_and_blocks(key, sandbox, monkeypatch):
    """GRADER_FAULT: not a grade; the other exercises have theirs, and the export of this submission waits."""
    failed = faulty_key(key, monkeypatch, times=9)
    record = grade(submission(notebook(*BOTH)), key, sandbox)
    assert verdicts(record) == [("svm_loss", Verdict.GRADER_FAULT, 0), ("softmax_loss", Verdict.PASS, 10)]
    assert len(failed) == 2
    assert record.blocked
    assert record.exercises[0].findings[0].what == (
        "The grader failed on this exercise (ZeroDivisionError: a fault of ours)."
    )


def test_a_machine_without_workers_is_a_failure_of_ours(key, monkeypatch):
    """Where no worker can be started, twice, all exercises wait; where one can the second time, they are graded."""
    fork, failures = Sandbox.fork, [1, 1]

    def failing(*arguments):
        if failures:
            failures.pop()
            raise OSError("no worker could be started: Cannot allocate memory")
        return fork(*arguments)

    monkeypatch.setattr(Sandbox, "fork", failing)
    with key.sandbox() as sandbox:
        record = grade(submission(notebook(*BOTH)), key, sandbox)
    assert [verdict for _, verdict, _ in verdicts(record)] == [Verdict.GRADER_FAULT] * 2
    assert record.exercises[0].findings[0].what == (
        "The grader could not run a worker (no worker could be started: Cannot allocate memory)."
    )
    failures.append(1)
    with key.sandbox() as sandbox:
        assert grade(submission(notebook(*BOTH)), key, sandbox).earned == 20


def test_the_same_seed_gives_the_same_cases_and_another_one_others(key):
    """Hidden inputs come from the term's seed alone."""
    solution = key.solutions["svm_loss"]
    first, again, other = (solution.cases(seed)[-1].inputs["W"] for seed in ("a", "a", "b"))
    assert (first == again).all()
    assert not (first == other).any()
