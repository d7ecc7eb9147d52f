"""Answers beside the reference, against the clock: real workers, and what a student may try."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from support.course import A1, ROOT, SOLUTIONS, a1, a1_solutions

from flatgrade.core.contract import ContractError, load_assignment
from flatgrade.core.exercise import Case, Limits, Speed
from flatgrade.core.finding import Verdict
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.race import timed_reference
from flatgrade.grader.record import ExerciseRecord, Record, SpeedRecord
from flatgrade.grader.reference import SolutionError, load_solution
from flatgrade.grader.sandbox import Sandbox
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission
from flatgrade.report.page import class_page
from flatgrade.report.verdict import verdict_html, verdict_text
from flatgrade.report.wording import speed_words

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

RIGHT = a1_solutions()["svm_loss"].answer
SLOW = "import time\n" + RIGHT.replace(
    "    N = X.shape[0]\n", "    N = X.shape[0]\n    if N > 100:\n        time.sleep(0.3)\n"
)
FORGED = "import time\ntime.perf_counter = time.monotonic = time.time = lambda: 0.0\n" + SLOW
FROM_MEMORY = f"""\
{RIGHT.replace("def svm_loss", "def computed")}
KEPT = {{}}
def svm_loss(W, X, y, reg):
    if len(X) not in KEPT or len(X) < 100:
        KEPT[len(X)] = computed(W, X, y, reg)
    return KEPT[len(X)]
"""
ENDS = "import os\n" + RIGHT.replace(
    "    N = X.shape[0]\n", "    N = X.shape[0]\n    if N > 100:\n        os._exit(3)\n"
)
STOPS = RIGHT.replace("    N = X.shape[0]\n", "    N = X.shape[0]\n    assert N < 100, 'too many'\n")


def speed_case(rng):
    return Case(
        "large",
        {
            "W": rng.standard_normal((300, 200)),
            "X": rng.standard_normal((1500, 300)),
            "y": rng.integers(0, 200, 1500),
            "reg": 0.3,
        },
    )


@pytest.fixture(scope="module")
def key():
    """The small course, with two points for an answer that takes four times as long as the reference at most."""
    exercise = replace(a1().exercises["svm_loss"], speed=Speed(2.0, 4.0))
    assignment = replace(a1(), exercises={"svm_loss": exercise}, limits=Limits(call_seconds=2))
    solution = replace(a1_solutions()["svm_loss"], exercise=exercise, draw_speed_case=speed_case)
    return AnswerKey(
        assignment, {"svm_loss": solution}, {"svm_loss": solution.cases("s")}, "s", (SOLUTIONS, ROOT / "solutions")
    )


@pytest.fixture(scope="module")
def sandbox(key):
    with Sandbox(key.secrets) as opened:
        yield opened


def graded(key, sandbox, answer):
    cells = (
        Cell("imports", CellKind.RUN, "import numpy as np"),
        Cell("answer", CellKind.RUN, answer),
        Cell("test", CellKind.JUDGE, "", "svm_loss"),
    )
    record = grade(Submission("ada", "a1", (Notebook("n", cells),)), key, sandbox)
    assert Record.from_json(record.to_json()).exercises == record.exercises
    [exercise] = record.exercises
    return exercise


def test_a_right_answer_is_timed_beside_the_reference(key, sandbox):
    """The reference's own text earns the points for speed; both times were measured, and the ratio is theirs."""
    found = graded(key, sandbox, RIGHT)
    assert (found.verdict, found.earned, found.points) == (Verdict.PASS, 12, 12)
    assert found.speed.reference_ms > 0
    assert found.speed.ratio == pytest.approx(found.speed.student_ms / found.speed.reference_ms, rel=0.02)
    assert (found.speed.earned, found.speed.points, found.speed.within) == (2, 2, 4)


@pytest.mark.parametrize("answer", [SLOW, FORGED], ids=["slow", "slow with a forged clock"])
def test_a_slow_answer_keeps_its_points_for_being_right(key, sandbox, answer):
    """It loses those for speed alone; whoever sets the clocks of the own process, the judge's goes on."""
    found = graded(key, sandbox, answer)
    assert (found.verdict, found.earned, found.points) == (Verdict.PASS, 10, 12)
    assert found.speed.student_ms > 250
    assert found.speed.ratio > 4
    assert found.speed.earned == 0


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (FROM_MEMORY, "loss has wrong values."),
        (STOPS, "svm_loss stopped at line 3: AssertionError: too many."),
        (SLOW.replace("0.3", "9"), "svm_loss was stopped after 2 seconds."),
    ],
    ids=["from memory", "stops", "far too slow"],
)
def test_what_is_not_right_or_not_done_is_not_timed(key, sandbox, answer, what):
    """Every run has inputs of its own and is compared, so an answer from memory wins nothing; the reason is told."""
    found = graded(key, sandbox, answer)
    assert (found.verdict, found.earned, found.points) == (Verdict.PASS, 10, 12)
    assert (found.speed.student_ms, found.speed.ratio, found.speed.earned) == (None, None, 0)
    assert found.speed.what == what


def test_what_was_earned_stays_when_the_process_ends_on_the_large_inputs(key, sandbox):
    """The verdict was there before the race; losing the worker takes nothing back."""
    found = graded(key, sandbox, ENDS)
    assert (found.verdict, found.earned, found.points, found.speed) == (Verdict.PASS, 10, 12, None)


def test_a_wrong_answer_is_not_timed(key, sandbox):
    """How fast nonsense is, is of no interest."""
    found = graded(key, sandbox, RIGHT.replace("2 * reg", "reg"))
    assert found.verdict is Verdict.WRONG
    assert found.speed is None
    assert found.points == 12
    assert found.earned < 10


def test_the_reference_is_timed_by_the_grader_itself(key):
    """In no worker: a submission's process holds no reference, and none runs beside it under its user."""
    solution = key.solutions["svm_loss"]
    case = speed_case(np.random.default_rng(0))
    seconds, results = timed_reference(solution, case)
    assert seconds > 0
    assert results["loss"] == solution.expected(case)["loss"]


TIMED = SpeedRecord(12.34, 4.114, 3.0, 4.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("speed", "said"),
    [
        (
            TIMED,
            "Time: 12.3 ms; the reference takes 4.11 ms, so yours is 3 times that (both measured in one run, one thread). "
            "2 of 2 points for 4 times at most.",
        ),
        (
            replace(TIMED, earned=0.0, points=0.0),
            "Time: 12.3 ms; the reference takes 4.11 ms, so yours is 3 times that (both measured in one run, one thread).",
        ),
        (
            SpeedRecord(None, 4.114, None, 4.0, 0.0, 1.0, "f took more than 5 seconds."),
            "Your answer was not timed: f took more than 5 seconds. The reference takes 4.11 ms. "
            "0 of 1 point for 4 times at most.",
        ),
    ],
)
def test_how_it_is_told(speed, said):
    """The whole sentence, in the feedback as text and as HTML, and on the class page."""
    exercise = ExerciseRecord("svm_loss", "n", "test", Verdict.PASS, 12, 12, cases_passed=3, cases_run=3, speed=speed)
    assert speed_words(speed) == said
    assert said in verdict_text(exercise)
    assert said in verdict_html(exercise)
    assert said in class_page([Record("ada", "a1", (exercise,))], title="t")


def contract(tmp_path, speed):
    text = (A1 / "exercises.toml").read_text(encoding="utf-8")
    at = text.index("[svm_loss.inputs]")
    (tmp_path / "exercises.toml").write_text(f"{text[:at]}[svm_loss.speed]\n{speed}\n\n{text[at:]}", encoding="utf-8")
    return load_assignment(tmp_path)


def test_the_contract_asks_for_it(tmp_path):
    """Off where there is no table; without points an answer is timed and nothing more."""
    assert load_assignment(A1).exercises["svm_loss"].speed is None
    assert contract(tmp_path, "").exercises["svm_loss"].speed == Speed(0.0, 5.0)
    asked = contract(tmp_path, "points = 2\nwithin = 3").exercises["svm_loss"]
    assert (asked.speed, asked.points, asked.total) == (Speed(2.0, 3.0), 10, 12)


def test_a_ratio_that_noise_can_cross_is_refused(tmp_path):
    """The reference itself must never lose a point for speed."""
    with pytest.raises(ContractError) as error:
        contract(tmp_path, "points = 2\nwithin = 1.5")
    assert str(error.value) == (
        f"{tmp_path.name}/exercises.toml: svm_loss.speed.within must be 3 at least, "
        "which the noise of timing does not cross (got 1.5, a float)"
    )


def test_a_solution_without_a_large_case_is_told(tmp_path):
    """An exercise that is timed needs inputs to be timed on."""
    exercise = contract(tmp_path, "").exercises["svm_loss"]
    with pytest.raises(SolutionError, match=r"svm_loss\.py defines no speed_case$"):
        load_solution(SOLUTIONS / "a1_flat_backprop", exercise)
