"""The parts of docs/benchmarks.md: made of what was measured, and of nothing else."""

import page

from flatgrade.bench.gradient_checks import ENTRIES, OURS, CheckBench, CheckRow
from flatgrade.bench.hardware import Hardware
from flatgrade.core.timer import Timing

HARDWARE = Hardware("a processor", 4, 1, "Linux x86_64", "3.11", "2.4", "a BLAS", "", "", "", "0.1", "2026-11-21")


def test_the_gradient_checks_stand_in_a_table_with_their_command():
    """A column a check, a line a function, the hardware and the command above."""
    rows = (CheckRow("f", True, 3, OURS, "wrong", 0.0123), CheckRow("f", True, 3, ENTRIES, "right", 2.5))
    lines = page.checks_part(CheckBench(HARDWARE, rows)).splitlines()
    assert lines[0] == f"`flatgrade bench check` on {HARDWARE.sentence()}. One run each."
    assert lines[2:] == [
        f"|  | {OURS} | {ENTRIES} |",
        "|---|---|---|",
        "| f | ✓ seen, 12 ms | ✗ missed, 2.5 s |",
    ]


def test_grading_and_single_answers_are_told_as_measured():
    """Seconds, ratio and overhead of the class; milliseconds and the number of runs of an answer."""
    found = {"stock_s": 80.0, "ours_s": 2.0, "ratio": 40.0, "overhead_ms": 30.5}
    assert page.grading_part(found, "flatgrade bench grade --submissions 24") == (
        "`flatgrade bench grade --submissions 24`: nbgrader autograde 80.0 s, flatgrade grade 2.0 s: 40.0 times; "
        "30.5 ms a submission beyond its cells, one worker. More in [grading_speed.md](grading_speed.md).\n"
    )
    table = page.answers_part([("judge `f`, right", Timing(0.0041, 0.004, 0.005, 15, 1))])
    assert table.splitlines()[-1] == "| judge `f`, right | 4.1 | 15 |"
