"""Hostile submissions, graded for real: none pays, none steals, none harms another."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from support.attacks import ASSIGNMENT, CONTROLS, attacks, grade_attacks, loot, printed, pwned

from flatgrade.core import Verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")

# Rows whose attack is no text of cells: the wire, names, archives and files have tests of their own.
ELSEWHERE = {"D1.11", "D2.17", "D2.21", "D3.26", "D3.27", "D3.29"}


@pytest.fixture(scope="module", params=["L2", "L3", "L4"])
def graded(request, tmp_path_factory):
    """Every attack, graded between two right answers, at each level that student code may be graded at."""
    found = grade_attacks(tmp_path_factory.mktemp("attacked"), most=request.param)
    if (level := next(iter(found[2].values())).sandbox) != request.param:
        pytest.skip(f"this machine confines student code to {level} only")
    return found


@pytest.mark.parametrize("most", ["L0", "L1", "L1+landlock"])
def test_no_forged_verdict_pays_at_any_level(tmp_path, most):
    """The attacks on the verdict: what is expected is in no process of theirs, however little that one is confined."""
    chosen = [attack for attack in attacks() if attack.row.startswith("D1.")]
    _, _, records = grade_attacks(tmp_path, most=most, chosen=chosen)
    assert len(chosen) >= 15
    assert {record.sandbox for record in records.values()} == {most}
    assert {attack.name: records[attack.name].earned for attack in chosen} == {attack.name: 0 for attack in chosen}
    assert [records[student].earned for student in CONTROLS] == [10, 10]


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
def test_no_attack_pays(graded, attack):
    """It gets the verdict of an answer that is wrong, no point, and nothing that is secret."""
    _, mark, records = graded
    record = records[attack.name]
    [exercise] = record.exercises
    assert record.earned == 0
    assert exercise.verdict in attack.verdicts
    assert loot(record, mark) == []


def test_every_row_of_the_list_is_an_attack():
    """D1 to D4, rows 1 to 39; row 40 needs a GPU in the sandbox, which there is none of."""
    rows = {attack.row for attack in attacks()} | ELSEWHERE
    assert {int(row[3:]) for row in rows} == set(range(1, 40))
    assert len(attacks()) >= 40


def test_the_others_are_unharmed(graded):
    """Right answers before and after all attacks have full points, and print what they print."""
    _, _, records = graded
    assert len(records) == len(attacks()) + len(CONTROLS)
    for student in CONTROLS:
        [exercise] = records[student].exercises
        assert (exercise.verdict, exercise.earned) == (Verdict.PASS, 10)


def test_nothing_is_left_outside(graded):
    """No file outside, and no grade but those of the judge."""
    course, _, _ = graded
    assert not pwned(course).exists()
    assert not list(Path("/tmp").glob("flatgrade-mark")) + list(Path("/dev/shm").glob("flatgrade-mark"))
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            assert submission.score == (10 if submission.student.id in CONTROLS else 0)
            assert all(grade.extra_credit in (None, 0) for book in submission.notebooks for grade in book.grades)


def test_what_graders_see_holds_no_script(graded):
    """The autograded notebooks of all attacks: outputs of students are text and pixels, and the mark is nowhere."""
    course, mark, _ = graded
    kinds = Counter()
    for attack in attacks():
        [path] = course.autograded(attack.name, ASSIGNMENT).glob("*.ipynb")
        notebook = nbformat.read(path, as_version=4)
        assert mark not in path.read_text(encoding="utf-8")
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade_id") != "test_svm_loss":
                kinds.update(kind for output in cell.outputs for kind in output.get("data", ()))
    assert set(kinds) == {"text/plain"}


def test_the_controls_can_fail(graded):
    """The search for loot finds what is there: a line of loot, and the mark."""
    _, mark, records = graded
    record = records[CONTROLS[0]]
    text = {"output_type": "stream", "name": "stdout", "text": f"stolen dW\nharmless\na frame {mark}\n"}
    assert loot(replace(record, outputs={"svm": {"own": [text]}}), mark) == ["stolen dW", f"a frame {mark}"]
    assert sum(printed(record) != "" for record in records.values()) >= 5
