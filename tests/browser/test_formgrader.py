"""A TA's formgrader: the grades of Flatgrade stand in nbgrader's pages, and each test cell shows its verdict."""

from __future__ import annotations

import sys

import pytest
from support.course import A1, a1

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux"),
]

WRITTEN = 3  # points for the question in words, which nobody has answered


@pytest.fixture(scope="module")
def graded(classroom, right_answers):
    """The classroom after two students were graded: one is right, one forgot the 2 in dW."""
    wrong = right_answers["svm_loss"].replace("2 * reg", "reg")
    assert wrong != right_answers["svm_loss"]
    classroom.hand_in("Half Slope", {**right_answers, "svm_loss": wrong})
    classroom.hand_in("Right Answer", right_answers)
    assert [record.problem for record in classroom.grade()] == ["", ""]
    return classroom


def test_formgrader_shows_points_and_verdict(graded, serve, page, expect, photograph):
    """The list of submissions and the page of one show Flatgrade's points; the verdict stands below the test cell."""
    exercise = a1().exercises["svm_loss"]
    stages = {stage.name: stage.points for stage in exercise.stages}
    left = exercise.points - stages["dW"]
    address = serve(graded.course.root)
    ids = {student: graded.submission_id(student, "linear_svm") for student in ("Half Slope", "Right Answer")}

    page.goto(f"{address}formgrader/gradebook/{A1.name}/linear_svm")
    rows = {
        student: page.locator("#main-table tr", has=page.locator(f'a[href*="{submission}"]'))
        for student, submission in ids.items()
    }
    for student, earned in {"Half Slope": left, "Right Answer": exercise.points}.items():
        scores = [f"{earned:g} / {exercise.points + WRITTEN:g}", f"{earned:g} / {exercise.points:g}", f"0 / {WRITTEN}"]
        for column, score in enumerate(scores, start=2):
            expect(rows[student].locator("td").nth(column)).to_have_text(score)
    photograph(page.locator("body"), "gradebook")

    rows["Half Slope"].get_by_role("link").click()
    cell = page.locator(".cell", has=page.locator("#test_svm_loss"))
    expect(cell.locator("#test_svm_loss")).to_have_attribute("placeholder", f"{left:g}")
    verdict = cell.locator(".output_html")
    expect(verdict).to_contain_text(f"✗ svm_loss  {left:g} of {exercise.points:g} points")
    expect(verdict.get_by_role("row")).to_have_count(len(stages))
    expect(verdict.get_by_role("row").last).to_have_text(f"✗dW0 / {stages['dW']:g}an error starts here")
    expect(verdict).to_contain_text("The derivative of W**2 is 2 * W.")
    expect(verdict).to_be_visible()
    photograph(cell, "formgrader")
