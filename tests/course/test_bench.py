"""`flatgrade bench grade`: a small class, for real."""

import json
import sys

import pytest
from support.course import LINEAR
from typer.testing import CliRunner

from flatgrade import cli, cli_bench
from flatgrade.bench.grading import GradingBench

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


def bench(folder, *options):
    arguments = ["bench", "grade", "--course", LINEAR, "--folder", folder, *options]
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def test_both_grade_the_same_class_with_the_same_points(tmp_path):
    """Both commands really ran: rows in both gradebooks, and what is printed is what was measured."""
    result = bench(tmp_path / "bench", "--submissions", "3", "--plots", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told.keys() == {"bench", "submissions", "stock_s", "ours_s", "ratio", "overhead_ms"}
    assert (told["bench"], told["submissions"]) == ("grade", 3)
    assert told["ratio"] == pytest.approx(told["stock_s"] / told["ours_s"], rel=0.05)
    for engine in ("stock", "ours"):
        graded = sorted((tmp_path / "bench" / engine / "autograded").glob("*/bench/*.ipynb"))
        assert len(graded) == 6
        assert all('"image/png"' in path.read_text(encoding="utf-8") for path in graded)


def test_other_points_are_named_and_cost_the_exit_code(tmp_path, monkeypatch):
    """A submission on which the two disagree is not a figure to be proud of."""
    measured = GradingBench(2, False, 8.0, 0.1, 1.0, 20.0, ("ada",))
    monkeypatch.setattr(cli_bench, "bench_grading", lambda *_, **__: measured)
    result = bench(tmp_path, "--submissions", "2")
    assert result.exit_code == 1
    assert result.stderr == "ada has other points with nbgrader than with flatgrade.\n"
    assert result.stdout == (
        "2 submissions of a1_flat_backprop, no plots, start of the program included\n"
        "  nbgrader autograde       8.0 s     4.000 s a submission\n"
        "  flatgrade grade          0.1 s     0.050 s a submission\n"
        "  80 times faster; the cells alone take 1.0 ms a submission,\n"
        "  and our engine 20.0 ms more (one worker)\n"
    )


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    """Exit code 2, and nothing is removed."""
    (tmp_path / "thesis.tex").write_text("mine")
    result = bench(tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (f"flatgrade: {tmp_path} is not empty and no earlier bench: give --folder a new name.\n")
    assert (tmp_path / "thesis.tex").read_text() == "mine"
