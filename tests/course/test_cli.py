"""The command line: what a wrong command says, and its exit code."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.course import A1, LINEAR, ROOT, SOLUTIONS
from typer.testing import CliRunner

from flatgrade import __version__, cli
from flatgrade.grader.sandbox import SandboxError


@pytest.fixture
def course(tmp_path):
    """A course folder with a1 and no submissions."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(A1, tmp_path / "assignments" / "a1_flat_backprop")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def test_version_and_help():
    """The program says which one it is, and lists its commands."""
    assert run("--version").stdout == f"flatgrade {__version__}\n"
    told = run("--help").stdout
    assert all(command in told for command in ("release", "grade", "prove", "demo"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["release", "a9"], "flatgrade: a9 is not an assignment of this course: it has a1_flat_backprop.\n"),
        (
            ["grade", "a1_flat_backprop", "--solutions", SOLUTIONS],
            "flatgrade: nothing was handed in for a1_flat_backprop: "
            "there is no submitted/<student>/a1_flat_backprop folder.\n",
        ),
        (
            ["grade", "a1_flat_backprop"],
            "flatgrade: solutions/a1_flat_backprop/svm_loss.py is missing: svm_loss has no reference\n",
        ),
        (
            ["grade", "a1_flat_backprop", "--solutions", SOLUTIONS, "--student", "nobody"],
            "flatgrade: a1_flat_backprop has not been released: run `flatgrade release a1_flat_backprop` first.\n",
        ),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(course, arguments, message):
    """What is wrong, where, and what mends it; nothing else."""
    result = run(*arguments, "--course", course)
    assert result.stderr == message
    assert result.exit_code == 2


def test_a_folder_that_is_no_course(tmp_path):
    """The file that makes a course is named."""
    result = run("release", "a1", "--course", tmp_path)
    assert result.stderr == f"flatgrade: {tmp_path} is not a course folder: it has no nbgrader_config.py.\n"
    assert result.exit_code == 2


def test_a_weak_machine_is_refused_in_one_sentence(course, monkeypatch):
    """What the sandbox lacks, and what mends it, reaches the user whole."""

    def refuse(*arguments, **options):
        raise SandboxError("no Landlock here")

    monkeypatch.setattr(cli.commands, "answer_key", refuse)
    result = run("grade", "a1_flat_backprop", "--course", course)
    assert (result.stderr, result.exit_code) == ("flatgrade: no Landlock here\n", 2)


def test_a_fault_of_ours_is_no_traceback_and_exit_code_3(course, monkeypatch, capsys):
    """Whatever breaks inside, the user reads a sentence."""

    def fail(*arguments):
        raise RuntimeError("the reason")

    monkeypatch.setattr(cli, "release_assignment", fail)
    monkeypatch.setattr(sys, "argv", ["flatgrade", "release", "a1_flat_backprop", "--course", str(course)])
    with pytest.raises(SystemExit) as caught:
        cli.run()
    assert caught.value.code == 3
    assert capsys.readouterr().err == (
        "This is a fault of Flatgrade: RuntimeError: the reason\nPlease report it with the command that you ran.\n"
    )


def test_release_lists_what_students_get(course):
    """Notebooks and the public contract, nothing secret."""
    result = run("release", "a1_flat_backprop", "--course", course)
    assert result.exit_code == 0, result.output
    names = [line.strip() for line in result.stdout.splitlines()[1:]]
    assert names == ["exercises.toml", "linear_svm.ipynb", "softmax.ipynb"]


@pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")
def test_bad_submissions_do_not_stop_the_batch(course):
    """A missing notebook, a file that is not JSON, another course's notebook, a bad name: one line each, exit code 1."""
    run("release", "a1_flat_backprop", "--course", course)
    release = course / "release" / "a1_flat_backprop"

    def hand_in(student):
        folder = course / "submitted" / student / "a1_flat_backprop"
        shutil.copytree(release, folder)
        return folder

    hand_in("Zoë van der Berg")
    (hand_in("missing") / "softmax.ipynb").unlink()
    (hand_in("broken") / "softmax.ipynb").write_text("{not json")
    (hand_in("other") / "softmax.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    options = ("--course", course, "--solutions", SOLUTIONS)
    result = run("grade", "a1_flat_backprop", *options)
    assert result.exit_code == 1
    told = dict(line.split(": ", 1) for line in result.stderr.splitlines() if ".ipynb" in line)
    assert set(told) == {"missing", "broken", "other"}
    page = course / ".flatgrade" / "a1_flat_backprop.html"
    assert f"Open {page}" in result.stderr
    assert "6 more points are given by hand, for written answers: nbgrader formgrader.\n" in result.stderr
    assert "Zoë van der Berg" in page.read_text(encoding="utf-8")
    assert told["missing"] == "softmax.ipynb was not handed in."
    assert told["broken"].startswith("softmax.ipynb is not valid JSON: line 1, column 2")
    assert "softmax.ipynb" in told["other"]
    one = run("grade", "a1_flat_backprop", *options, "--student", "../evil", "--student", "Zoë van der Berg", "--json")
    assert one.exit_code == 1
    assert len(one.stdout.splitlines()) == 2
    assert "../evil: " in one.stderr


def test_the_demo_never_empties_a_folder_that_is_not_its_own(tmp_path):
    """A folder with anything in it but an earlier demo is refused, and left as it is."""
    (tmp_path / "thesis.tex").write_text("years")
    result = run("demo", "--course", LINEAR, "--folder", tmp_path)
    assert result.stderr == (f"flatgrade: {tmp_path} is not empty and no earlier demo: give --folder a new name.\n")
    assert result.exit_code == 2
    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_the_reference_of_the_command_line_is_fresh(tmp_path):
    """docs/cli.md is what `make docs` writes."""
    target = tmp_path / "cli.md"
    program = Path(sys.executable).parent / "typer"
    command = [program, "flatgrade.cli", "utils", "docs", "--name", "flatgrade", "--output", target]
    subprocess.run(command, check=True, capture_output=True)
    assert target.read_text(encoding="utf-8") == (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
