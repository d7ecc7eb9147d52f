"""The batch: every submission once, whatever ends a run, and no process or folder left behind."""

import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace

import psutil
import pytest
from support.attacks import ASSIGNMENT, WRONG, attacked_course, hand_in
from support.course import SOLUTIONS, a1, a1_solutions

from flatgrade import commands
from flatgrade.core.exercise import Limits
from flatgrade.core.levels import CALLS, reaches
from flatgrade.grader import local
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.local import LocalExecutor
from flatgrade.grader.store import ResultStore
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

ENDLESS = "while True: pass"
RIGHT = a1_solutions()["svm_loss"].answer


@pytest.fixture(scope="module")
def key():
    limits = Limits(cell_seconds=300, call_seconds=1, submission_seconds=300, memory_mib=512)
    return AnswerKey.load(replace(a1(), limits=limits), SOLUTIONS, "test")


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Where workers get their scratch folders, empty at first."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def submission(student, text=RIGHT):
    cells = (
        Cell("imports", CellKind.RUN, "import numpy as np"),
        Cell("svm_loss", CellKind.RUN, text),
        Cell("test_svm_loss", CellKind.JUDGE, 'check("svm_loss")', "svm_loss"),
    )
    return Submission(student, "a1_flat_backprop", (Notebook("linear_svm", cells),))


def processes():
    """The processes that this one started, and what they started."""
    return psutil.Process().children(recursive=True)


# The local executor


def test_every_submission_is_graded_exactly_once(key, scratch):
    """More submissions than workers: each has one Record; afterwards nothing is left."""
    names = [f"student {i}" for i in range(9)]
    with LocalExecutor(key, workers=2) as executor:
        assert reaches(executor.level, CALLS)
        records = list(executor.grade(submission(name) for name in names))
    assert sorted(record.student for record in records) == names
    assert {record.earned for record in records} == {10}
    assert (processes(), list(scratch.iterdir())) == ([], [])


def test_submissions_are_read_as_there_is_room_for_them(key):
    """A class of any size is never in memory as a whole: two are read ahead for each worker."""
    read = []

    def many():
        for i in range(30):
            read.append(i)
            yield submission(f"student {i}")

    with LocalExecutor(key, workers=1) as executor:
        records = executor.grade(many())
        for count in range(1, 6):
            next(records)
            assert len(read) == count + 2
        records.close()


def test_closing_the_iterator_ends_what_is_in_flight(key, scratch):
    """A consumer that has enough need not wait for an endless loop, and nothing is left of it."""
    with LocalExecutor(key, workers=2) as executor:
        records = executor.grade([submission("ada"), *(submission(f"student {i}", ENDLESS) for i in range(5))])
        assert next(records).student == "ada"
        assert len(processes()) >= 2, "the zygote, and a worker in an endless loop"
        records.close()
        assert processes() == []
    assert list(scratch.iterdir()) == []


def test_a_fault_in_the_grader_stops_nobody_else(key, monkeypatch):
    """What our own code raises is a fault of ours for that submission alone, with its exercises in the Record."""
    real = local.grade

    def broken(submission, *rest):
        if submission.student == "unlucky":
            raise LookupError("a mistake of ours")
        return real(submission, *rest)

    monkeypatch.setattr(local, "grade", broken)
    with LocalExecutor(key, workers=1) as executor:
        records = {item.student: item for item in executor.grade(map(submission, ["ada", "unlucky", "bob"]))}
    assert (records["ada"].earned, records["bob"].earned) == (10, 10)
    assert records["unlucky"].blocked
    assert [(item.cell, item.points) for item in records["unlucky"].exercises] == [("test_svm_loss", 10.0)]
    assert records["unlucky"].exercises[0].findings[0].what == (
        "The grader failed on this submission (LookupError: a mistake of ours)."
    )


def test_an_error_of_the_reader_ends_the_batch(key, scratch):
    """What the source of submissions raises comes through, and nothing is left running."""

    def broken():
        yield submission("endless", ENDLESS)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"), LocalExecutor(key, workers=1) as executor:
        list(executor.grade(broken()))
    assert (processes(), list(scratch.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("free", "asked", "workers", "note"),
    [
        (None, None, 8, ""),
        (4096, None, 8, ""),
        (
            2047,
            None,
            3,
            "3 submissions at a time, not 8: each may take 512 MiB of memory, and 2047 MiB are free; "
            "--workers N overrules it.",
        ),
        (
            100,
            None,
            1,
            "1 submission at a time, not 8: each may take 512 MiB of memory, and 100 MiB are free; "
            "--workers N overrules it.",
        ),
        (100, 5, 5, ""),
    ],
)
def test_memory_bounds_the_workers(key, monkeypatch, free, asked, workers, note):
    """As many as cores and memory bear, at least one, and a sentence where memory is what bounds; a number asked for holds."""
    monkeypatch.setattr(local, "cores", lambda: 8)
    monkeypatch.setattr(local, "free_mib", lambda: free)
    executor = LocalExecutor(key, asked)
    assert (executor.workers, executor.note) == (workers, note)


# Runs that are ended, and what the next one does


@pytest.fixture
def course(tmp_path):
    """A course of one exercise, and six who handed in."""
    opened, _, _ = attacked_course(tmp_path / "course")
    for i in range(6):
        hand_in(opened, f"student {i}", [WRONG if i % 2 else RIGHT])
    return opened


def graded_points(course):
    """What stands in the gradebook, by student."""
    with course.gradebook() as gradebook:
        return {item.student.id: item.score for item in gradebook.assignment_submissions(ASSIGNMENT)}


def stored(course):
    """Who has a stored result."""
    with ResultStore(course.root / commands.PRIVATE / "results.db", ASSIGNMENT) as store:
        return {student for student in course.students(ASSIGNMENT) if store.find(student)}


# Runs the command with every start of a grading written to a file, and with SIGKILL at a moment that the test names.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from flatgrade import batch, cli
from flatgrade.course import gradebook
from flatgrade.grader import local, store

log, moment, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real = local.grade

def grade(submission, *rest):
    with log.open("a") as file:
        print(submission.student, file=file)
    return real(submission, *rest)

def killed(function, when):
    def wrapped(*arguments, **options):
        global count
        count -= 1
        if when == "before" and count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if when == "after" and count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

local.grade = grade
if moment:
    when, owner, name = moment.split()
    owner = {"store": store.ResultStore, "writer": gradebook.GradebookWriter, "batch": batch,
             "path": Path}[owner]
    setattr(owner, name, killed(getattr(owner, name), when))
sys.argv = ["flatgrade", *sys.argv[4:]]
cli.run()
"""


def flatgrade(course, log, *, moment="", count=0, options=()):
    """Run `flatgrade grade` in a process of its own; its exit code, and who was graded in it."""
    before = log.read_text().splitlines() if log.exists() else []
    command = [sys.executable, "-c", PROGRAM, log, moment, str(count), "grade", ASSIGNMENT, "--course", course.root]
    done = subprocess.run([*command, "--workers", "2", *options], capture_output=True, text=True, check=False)
    graded = (log.read_text().splitlines() if log.exists() else [])[len(before) :]
    return done, graded


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        ("before store put", 3),
        ("after store put", 3),
        ("after writer _write_files", 2),
        ("after path rename", 4),
        ("after writer write", 5),
    ],
)
def test_kill_at_any_moment_loses_nothing_and_grades_nothing_twice(course, tmp_path, scratch, moment, count):
    """After SIGKILL the same command goes on: who is stored is not graded again, and at the end all is in place."""
    log = tmp_path / "log"
    killed, _ = flatgrade(course, log, moment=moment, count=count)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = stored(course)
    done, graded = flatgrade(course, log)
    assert done.returncode == 0, done.stderr
    everyone = set(course.students(ASSIGNMENT))
    assert sorted(graded) == sorted(everyone - before)
    assert stored(course) == everyone
    assert graded_points(course) == {f"student {i}": 0.0 if i % 2 else 10.0 for i in range(6)}
    files = {path.relative_to(course.root).as_posix() for path in (course.root / "autograded").rglob("*")}
    assert {name for name in files if name.endswith(".ipynb")} == {
        f"autograded/student {i}/{ASSIGNMENT}/svm.ipynb" for i in range(6)
    }
    assert not [name for name in files if "/." in name]
    assert len(commands.saved_records(course, ASSIGNMENT)) == 6


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(course, tmp_path, scratch):
    """Exit code 130 and one sentence; no process, no scratch folder, nothing half-written; what was graded stays."""
    log = tmp_path / "log"
    contract = course.root / "assignments" / ASSIGNMENT / "exercises.toml"
    text = contract.read_text()
    contract.write_text(
        text.replace("_seconds = 2\n", "_seconds = 300\n", 1).replace("_seconds = 20", "_seconds = 300")
    )
    hand_in(course, "zz endless 1", [ENDLESS])
    hand_in(course, "zz endless 2", [ENDLESS])
    command = [sys.executable, "-c", PROGRAM, log, "", "0", "grade", ASSIGNMENT, "--course", course.root]
    with subprocess.Popen(
        [*command, "--workers", "2"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        records = course.root / commands.PRIVATE / "records" / ASSIGNMENT
        while not records.is_dir() or len(list(records.glob("*.json"))) < 6:
            assert run.poll() is None, run.stderr.read()
        started = psutil.Process(run.pid).children(recursive=True)
        assert len(started) >= 2
        run.send_signal(signal.SIGINT)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
    last = said.splitlines()[-1]
    assert re.fullmatch(r"Stopped: [56] of 8 submissions are graded. The same command goes on from there.", last)
    assert run.returncode == 130
    assert [process for process in started if process.is_running() and process.status() != "zombie"] == []
    assert list(scratch.iterdir()) == []
    assert not list((course.root / "autograded").rglob(".*"))
    assert len(graded_points(course)) == 6
    done, graded = flatgrade(course, log, options=["--student", "student 0", "--student", "student 1"])
    assert (done.returncode, graded) == (0, [])
