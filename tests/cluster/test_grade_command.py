"""`flatgrade grade --scheduler`: the command, from the files that were handed in to the gradebook and the exit code."""

import json
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from support.course import A1, LINEAR, SOLUTIONS
from support.dask import LocalDask, certificates, until
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.demo import Demo

NAME = A1.name
STUDENTS = 24  # four of them with an accident: untouched, an error, an endless loop, not JSON

needs_dask = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A released course and a class that handed in."""
    folder = tmp_path_factory.mktemp("course")
    Demo(LINEAR, folder, NAME).prepare(STUDENTS)
    return folder


@pytest.fixture
def course(handed_in, tmp_path):
    """A copy for one test."""
    return Path(shutil.copytree(handed_in, tmp_path / "course"))


def run(course, *options):
    arguments = ["grade", NAME, "--course", course, "--solutions", SOLUTIONS, *options]
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def scores(course):
    """All rows of the gradebook that a grade consists of."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            (submission.student.id, notebook.name, grade.name): (grade.auto_score, grade.needs_manual_grade)
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def saved(course):
    """The files of all Records."""
    return list((course / ".flatgrade" / "records" / NAME).glob("*.json"))


def verdicts(course):
    """What the saved Records say, by student."""
    records = [json.loads(path.read_text()) for path in saved(course)]
    return {
        record["student"]: [(item["name"], item["verdict"], item["earned"]) for item in record["exercises"]]
        for record in records
    }


@needs_dask
def test_the_gradebook_of_a_cluster_is_that_of_this_machine_whatever_worker_dies(course, handed_in, tmp_path):
    """One of two workers is killed in mid-batch: each student once, the same rows, verdicts and exit code."""
    pytest.importorskip("distributed")
    other = Path(shutil.copytree(handed_in, tmp_path / "other"))

    def kill_one():
        until(lambda: len(saved(course)) >= 3, "some were graded")
        dask.workers[0].kill()
        return len(saved(course))

    with LocalDask(tmp_path / "dask") as dask, ThreadPoolExecutor(1) as thread:
        before = thread.submit(kill_one)
        result = run(course, "--scheduler", dask.address, "--json")
        assert 3 <= before.result() < STUDENTS
    students = [json.loads(line)["student"] for line in result.stdout.splitlines()]
    assert len(students) == len(set(students)) == STUDENTS
    assert result.exit_code == run(other).exit_code == 1  # one is not JSON
    assert scores(course) == scores(other)
    assert verdicts(course) == verdicts(other)
    assert len(verdicts(course)) == STUDENTS


@needs_dask
def test_the_three_files_for_tls_are_given_as_options(course, tmp_path):
    """The cluster lets the command in with them, and not without."""
    pytest.importorskip("distributed")
    ca, cert, key = certificates(tmp_path)
    tls = ("--tls-ca-file", ca, "--tls-cert", cert, "--tls-key", key)
    student = sorted(path.name for path in (course / "submitted").iterdir())[0]
    with LocalDask(tmp_path / "dask", workers=1, tls=tls) as dask:
        command = ("--scheduler", dask.address, "--student", student)
        assert run(course, *command).exit_code == 2
        assert saved(course) == []
        run(course, *command, *tls)
    assert len(verdicts(course)[student]) == 2


@needs_dask
def test_a_lost_scheduler_is_exit_code_3_and_the_same_command_grades_the_rest(course, tmp_path):
    """What was graded stays as it is; the rest is graded once, here by this machine."""
    pytest.importorskip("distributed")
    with LocalDask(tmp_path / "dask") as dask:
        command = [sys.executable, "-m", "flatgrade", "grade", NAME, "--course", course, "--solutions", SOLUTIONS]
        with subprocess.Popen(
            [*map(str, command), "--scheduler", dask.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as grading:
            until(lambda: len(saved(course)) >= 3, "some were graded")
            dask.scheduler.kill()
            told = grading.communicate()[1]
    assert told == (
        f"flatgrade: the cluster at {dask.address} was lost (the connection to its scheduler broke): what was graded is "
        "written, and the same command grades the rest\n"
    )
    assert grading.returncode == 3
    first = {path: path.stat().st_ino for path in saved(course)}
    assert 3 <= len(first) < STUDENTS
    assert run(course).exit_code == 1
    assert len(verdicts(course)) == STUDENTS
    assert {path: path.stat().st_ino for path in first} == first  # not written again


@needs_dask
def test_no_scheduler_is_exit_code_2(course):
    """One sentence, and nothing graded."""
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    result = run(course, "--scheduler", address)
    assert result.stderr == (
        f"flatgrade: no Dask scheduler can be reached at {address}: start one with `dask scheduler`, and see that this "
        "machine may connect to its port\n"
    )
    assert result.exit_code == 2
    assert saved(course) == []


def test_without_the_extra_the_command_says_what_installs_it(course, monkeypatch):
    """Exit code 2; the rest of Flatgrade works without it."""
    monkeypatch.delitem(sys.modules, "flatgrade.grader.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(course, "--scheduler", "tcp://127.0.0.1:8786")
    assert result.stderr == (
        "flatgrade: --scheduler needs distributed, which is not installed: run pip install 'flatgrade[cluster]'\n"
    )
    assert result.exit_code == 2


def test_dask_is_not_imported_before_it_is_asked_for():
    """It costs a second, and is not there without its extra."""
    program = "import sys, flatgrade.cli; print([name for name in sys.modules if name in ('dask', 'distributed')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--scheduler", "tcp://127.0.0.1:8786", "--workers", "2"],
            "flatgrade: --workers is for this machine: leave it out, a cluster has the workers that joined it\n",
        ),
        (
            ["--tls-ca-file", str(A1 / "exercises.toml")],
            "flatgrade: --tls-ca-file, --tls-cert and --tls-key are for a cluster: add --scheduler tls://HOST:PORT\n",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(course, options, message):
    """What is wrong and what mends it, whole."""
    result = run(course, *options)
    assert result.stderr == message
    assert result.exit_code == 2
