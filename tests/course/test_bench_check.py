"""`flatgrade bench check`: the planted errors are errors, and our check sees them all."""

import numpy as np
import pytest
from support.course import ROOT
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.bench import gradient_checks
from flatgrade.bench.gradient_checks import ENTRIES, FAST, OURS, SLOW, CheckBench, CheckRow, planted, table
from flatgrade.bench.hardware import Hardware

HARDWARE = Hardware("a processor", 4, 1, "Linux x86_64", "3.11", "2.4", "a BLAS", "", "", "", "0.1", "2026-11-21")


def slopes(function, step=1e-5):
    found = np.zeros(function.at.size)
    for i in range(found.size):
        move = np.zeros(found.size)
        move[i] = step
        move = move.reshape(function.at.shape)
        found[i] = (function.loss(function.at + move) - function.loss(function.at - move)) / (2 * step)
    return found.reshape(function.at.shape)


@pytest.mark.parametrize("function", list(planted(1000)), ids=lambda function: function.name)
def test_the_gradients_are_right_or_wrong_as_they_are_said_to_be(function):
    """Measured here by other means, away from kinks: what is planted is there, and nothing else is."""
    off_kink = np.abs(function.at) > 1e-4
    gap = np.abs(slopes(function) - function.gradient)[off_kink]
    assert (gap.max() > 1e-3 * np.abs(function.gradient).max()) == function.wrong


def test_every_check_has_a_word_for_every_function(monkeypatch):
    """For real, on few weights: ours is right on all of them, and the figures stand in the table and in the JSON."""
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(cli.app, ["bench", "check", "--entries", "1000", "--json"])
    assert result.exit_code == 0, result.stderr
    found = CheckBench.from_json(result.stdout)
    functions = list(planted(1000))
    checks = [OURS, ENTRIES, *([SLOW, FAST] if found.hardware.torch else [])]
    assert [(row.function, row.check) for row in found.rows] == [(f.name, check) for f in functions for check in checks]
    assert {row.sign for row in found.rows if row.check == OURS} == {"✓ seen", "✓ passed"}
    assert all(row.seconds > 0 for row in found.rows)
    assert found.command == "flatgrade bench check --entries 1000"
    heading, lines = table(found)
    assert heading == ("", *checks)
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("said", "wrong", "sign"),
    [
        ("right", False, "✓ passed"),
        ("wrong", True, "✓ seen"),
        ("right", True, "✗ missed"),
        ("wrong", False, "✗ false alarm"),
        ("unsure", True, "unsure"),
        ("unsure", False, "unsure"),
    ],
)
def test_what_was_said_beside_what_is_so(said, wrong, sign):
    """A check that is not sure has neither seen nor missed anything."""
    assert CheckRow("f", wrong, 3, OURS, said, 0.5).sign == sign


def test_as_it_is_printed(monkeypatch):
    """Seconds above one, milliseconds below; and without torch a line that mends that."""
    rows = (CheckRow("f", True, 3, OURS, "wrong", 0.0123), CheckRow("f", True, 3, ENTRIES, "right", 2.5))
    monkeypatch.setattr("flatgrade.cli_bench.bench_checks", lambda *_: CheckBench(HARDWARE, rows))
    result = CliRunner().invoke(cli.app, ["bench", "check"])
    assert table(CheckBench(HARDWARE, rows)) == (("", OURS, ENTRIES), [("f", "✓ seen, 12 ms", "✗ missed, 2.5 s")])
    assert result.stdout.splitlines()[0] == HARDWARE.sentence()
    assert result.stdout.splitlines()[-1] == (
        "torch is not installed, so its two checks are left out: pip install 'flatgrade[torch]'"
    )
    assert gradient_checks.LARGE == 200_000
