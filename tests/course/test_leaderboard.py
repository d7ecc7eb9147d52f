"""The leaderboard: who is on it, under what name, and what it never shows."""

import shutil

import nbformat
import pytest
from tests.course.conftest import source_cells, write_course, write_notebook
from typer.testing import CliRunner

from flatgrade import cli, commands
from flatgrade.core.finding import Verdict
from flatgrade.course.collect import Collector
from flatgrade.course.directory import Course
from flatgrade.course.release import release
from flatgrade.grader.record import ExerciseRecord, Record, SpeedRecord
from flatgrade.report.leaderboard import leaderboard, leaderboard_page


def timed(student, pseudonym, ratio, name="conv_fast"):
    milliseconds = None if ratio is None else 4 * ratio
    speed = SpeedRecord(milliseconds, 4.0, ratio, 5.0, 0.0, 0.0, "" if ratio else "conv_fast returns nothing.")
    exercise = ExerciseRecord(name, "n", "t", Verdict.PASS, 10, 10, cases_passed=1, cases_run=1, speed=speed)
    return Record(student, "a3", (exercise,), pseudonym=pseudonym)


RECORDS = [
    timed("Ada Adler", "<b>zeta</b>", 1.5),
    timed("Bruno Bauer", "", 0.9),
    timed("Chloé Côté", "im2col", 1.2),
    timed("Dmitri Dahl", "stride", 1.2),
    timed("Eva Eklund", "slow", None),
    timed("Farid Faris", "loops", 80.25),
    Record("Grete Graf", "a3", (ExerciseRecord("svm_loss", "n", "t", Verdict.PASS, 10, 10),), pseudonym="other"),
]


def test_the_fastest_stands_first_and_equal_ratios_share_a_rank():
    """By ratio alone; without a pseudonym, or without a time, nobody is on it, and untimed exercises have no board."""
    boards = leaderboard(RECORDS)
    assert list(boards) == ["conv_fast"]
    assert [(place.rank, place.pseudonym, place.ratio) for place in boards["conv_fast"]] == [
        (1, "im2col", 1.2),
        (1, "stride", 1.2),
        (3, "<b>zeta</b>", 1.5),
        (4, "loops", 80.25),
    ]


def test_the_page_holds_pseudonyms_only():
    """It can be shown to all: no student's name is on it, and a pseudonym is text, whatever it is."""
    text = leaderboard_page("Convolution", leaderboard(RECORDS))
    assert not any(name in text for record in RECORDS for name in record.student.split())
    assert "&lt;b&gt;zeta&lt;/b&gt;" in text
    assert "<b>" not in text
    assert text.index("im2col") < text.index("zeta") < text.index("loops")
    assert "80.25" in text
    empty = leaderboard_page("Convolution", leaderboard([timed("Ada Adler", "", 1.5)]))
    assert "Nobody with a right answer has chosen a pseudonym yet." in empty


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The small course with a cell for a pseudonym, released once."""
    root = write_course(tmp_path_factory.mktemp("course"))
    node = nbformat.v4.new_code_cell('pseudonym = ""  # empty: not on the leaderboard', id="name")
    write_notebook(root / "assignments/a1/svm.ipynb", [*source_cells(), node])
    release(Course.open(root), "a1")
    return root


@pytest.fixture
def course(released, tmp_path):
    """A copy of the released course."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    return Course.open(tmp_path)


@pytest.mark.parametrize(
    ("written", "pseudonym"),
    [
        (None, ""),
        ("", ""),
        ('pseudonym = "Gradient Descendant"  # empty: not on the leaderboard', "Gradient Descendant"),
        ("import os\npseudonym=' im2col '", "im2col"),
        ('pseudonym = "first"\npseudonym = "second"', "second"),
        ('pseudonym = input("name")', ""),
        ('    pseudonym = "indented"', ""),
        ('pseudonym = "a\x1b[31mred"', "a\ufffd[31mred"),
        (f'pseudonym = "{"x" * 60}"', "x" * 40 + "..."),
    ],
)
def test_the_pseudonym_is_read_as_text(course, written, pseudonym):
    """A line of the form that was given, in a cell that the student changed; nothing is run for it."""
    path = course.root / "submitted/ada/a1/svm.ipynb"
    notebook = nbformat.read(course.root / "release/a1/svm.ipynb", as_version=4)
    if written is not None:
        notebook.cells[-1].source = written
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    assert Collector(course, "a1").collect("ada").submission.pseudonym == pseudonym


def save(course, records):
    for record in records:
        (course.root / "submitted" / record.student / "a1").mkdir(parents=True)
        path = course.root / ".flatgrade/records/a1" / f"{record.student}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.to_json(), encoding="ascii")


def run(course):
    return CliRunner().invoke(cli.app, ["leaderboard", "a1", "--course", str(course.root)])


def test_the_command_prints_it_and_writes_the_page(course):
    """A table an exercise, and where the page is."""
    save(course, RECORDS[:4])
    result = run(course)
    assert result.exit_code == 0, result.stderr
    assert [line.split()[1:-1:2] for line in result.stdout.splitlines() if "1.20" in line] == [
        ["1", "im2col", "1.20", "4.8"],
        ["1", "stride", "1.20", "4.8"],
    ]
    page = course.root / ".flatgrade/a1_leaderboard.html"
    assert "im2col" in page.read_text(encoding="utf-8")
    assert result.stderr == f"Open {page}\n"
    assert commands.write_leaderboard(course, "a1")[1] == page


def test_without_a_time_the_command_says_what_mends_it(course):
    """Exit code 2, and the line to write."""
    save(course, RECORDS[-1:])
    result = run(course)
    assert result.exit_code == 2
    assert result.stderr == (
        "flatgrade: no right answer of a1 was timed: give an exercise a [NAME.speed] table in its exercises.toml, "
        "then run `flatgrade grade a1`.\n"
    )
