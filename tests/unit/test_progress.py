"""What is shown while a class is graded."""

import io
from collections import Counter

import pytest
from rich.console import Console

from flatgrade import progress
from flatgrade.core.finding import Verdict
from flatgrade.grader.record import ExerciseRecord, Record

RIGHT = Record("ada", "a1", (ExerciseRecord("svm_loss", "svm", "test", Verdict.PASS, 10, 10),))
REFUSED = Record("../evil", "a1", (), problem="no name")


@pytest.mark.parametrize(
    ("done", "seconds", "line"),
    [
        (50, 4.0, "50 of 200, 12.5 a second, 12 s left: PASS 80, WRONG 20"),
        (50, 100.0, "50 of 200, 30.0 a minute, 5 min left: PASS 80, WRONG 20"),
        (1, 60.0, "1 of 200, 1.0 a minute, 3.3 h left: PASS 80, WRONG 20"),
        (200, 0.0, "200 of 200, 200000.0 a second, 0 s left: PASS 80, WRONG 20"),
    ],
)
def test_the_line_has_count_rate_time_left_and_verdicts(done, seconds, line):
    """Frequent verdicts first."""
    assert progress.progress_line(done, 200, seconds, Counter(WRONG=20, PASS=80)) == line


def test_a_file_gets_a_line_every_hundred_submissions(monkeypatch):
    """Where nobody watches, few lines; every Record is passed through."""
    monkeypatch.setattr(progress.time, "monotonic", lambda: 1000.0)
    file = io.StringIO()
    records = [RIGHT] * 249 + [REFUSED]
    assert list(progress.shown(records, 250, Console(file=file))) == records
    assert file.getvalue().splitlines() == [
        "100 of 250, 100000.0 a second, 0 s left: PASS 100",
        "200 of 250, 200000.0 a second, 0 s left: PASS 200",
    ]


def test_a_file_gets_a_line_every_ten_seconds(monkeypatch):
    """A slow class is seen to go on."""
    times = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(times)))
    file = io.StringIO()
    assert len(list(progress.shown([RIGHT, REFUSED, RIGHT, RIGHT], 4, Console(file=file)))) == 4
    assert file.getvalue() == "3 of 4, 15.0 a minute, 4 s left: PASS 2, not taken in 1\n"


def test_a_terminal_gets_a_bar_that_goes_away():
    """The bar carries the same line."""
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, width=100, _environ={"TERM": "xterm"})
    assert len(list(progress.shown([RIGHT, RIGHT], 2, terminal))) == 2
    assert "2 of 2" in file.getvalue()
    assert "PASS 2" in file.getvalue()
