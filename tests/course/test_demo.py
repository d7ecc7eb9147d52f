"""The demo on a small class: real notebooks, real gradebook, and nbgrader's own export agrees."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.course import LINEAR, SOLUTIONS, a1_solutions
from typer.testing import CliRunner

from flatgrade.cli import app
from flatgrade.demo import make_class

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "course"
    arguments = ["demo", "--course", str(LINEAR), "--folder", str(folder), "--students", "10", "--json"]
    return CliRunner().invoke(app, arguments), folder


def test_the_demo_finds_and_names_what_it_planted(demo):
    """The last line counts: every planted mistake found, at least 95 % named, right answers full."""
    result, _ = demo
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary.pop("seconds") > 0
    planted = summary["planted"]
    assert planted > 5
    assert summary["named"] >= 0.95 * planted
    assert summary == {
        "students": 10,
        "planted": planted,
        "found": planted,
        "named": summary["named"],
        "right_full": 2,
    }


@pytest.mark.parametrize("count", [6, 7, 24])
def test_every_exercise_has_mistakes(count):
    """However few the students, nothing that can be got wrong is right in the whole class."""
    students = list(make_class(a1_solutions(), count))
    assert len(students) == len({student.name for student in students}) == count
    assert {exercise for student in students for exercise, _ in student.planted} == set(a1_solutions())
    assert [student.kind for student in students][-4:] == ["not JSON", "loops forever", "raises", "untouched stub"]


def test_the_page_shows_every_student(demo):
    """One file to open, with all names and what was planted."""
    result, folder = demo
    page = (folder / "index.html").read_text(encoding="utf-8")
    for student in make_class(a1_solutions(), 10):
        assert student.name in page
        assert all(mistake.tag in page for _, mistake in student.planted)
    assert f"Open {folder / 'index.html'}" in result.stderr


def test_nbgraders_export_gives_the_points_of_the_records(demo):
    """`nbgrader export` on the demo course and `flatgrade grade --json` agree, student by student."""
    _, folder = demo
    graded = CliRunner().invoke(
        app, ["grade", "a1_flat_backprop", "--course", str(folder), "--solutions", str(SOLUTIONS), "--json"]
    )
    records = [json.loads(line) for line in graded.stdout.splitlines()]
    assert graded.exit_code == 1  # one submission is not JSON
    assert len(records) == 10
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export"], cwd=folder, check=True, capture_output=True, env=environment
    )
    with (folder / "grades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["student_id"]: float(row["raw_score"]) for row in rows} == {
        record["student"]: record["earned"] for record in records
    }
    assert any(0 < record["earned"] < record["points"] for record in records)


def test_accidents_have_their_verdicts(demo):
    """The stub, the one that raises, the endless one and the one that is not JSON are graded, each as what it is."""
    _, folder = demo
    found = {}
    for path in (folder / ".flatgrade" / "records" / "a1_flat_backprop").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        found[record["student"]] = (record["problem"], {item["verdict"] for item in record["exercises"]})
    kinds = {student.name: student.kind for student in make_class(a1_solutions(), 10)}
    by_kind = {kinds[name]: value for name, value in found.items()}
    assert by_kind["untouched stub"] == ("", {"NOT_WRITTEN"})
    assert by_kind["raises"] == ("", {"ERROR"})
    assert by_kind["loops forever"] == ("", {"TIMEOUT", "PASS"})
    problem, verdicts = by_kind["not JSON"]
    assert verdicts == {"MISSING"}
    assert problem.startswith("linear_svm.ipynb is cut off: it ends in line ")
