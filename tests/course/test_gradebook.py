"""What is written is what nbgrader's own tools read: rows, files, feedback, export, formgrader."""

import csv
import datetime as dt
import stat
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI
from support.crowd import crowd
from tests.course.conftest import Desk

from flatgrade.core.finding import Verdict
from flatgrade.course.collect import Collector
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.gradebook import GradebookWriter, NotGradedError
from flatgrade.course.release import release
from flatgrade.course.standing import Standing
from flatgrade.grader.record import ExerciseRecord


def write(desk, student="ana", **fields):
    """Collect one submission and write it with a record made by hand."""
    record = desk.record(student, **fields)
    with GradebookWriter(desk.course, "a1") as writer:
        writer.write(Collector(desk.course, "a1").collect(student), record)


def rows(desk, student="ana"):
    """The grades and comments of a submission, by cell."""
    with desk.course.gradebook() as gradebook:
        (notebook,) = gradebook.find_submission("a1", student).notebooks
        grades = {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade, g.score) for g in notebook.grades}
        return grades, {c.name: (c.auto_comment, c.manual_comment) for c in notebook.comments}


def graded(desk, student="ana"):
    return nbformat.read(desk.root / "autograded" / student / "a1/svm.ipynb", as_version=4)


def test_partial_points_and_a_written_answer(desk):
    """The judge's points are the score, with their fraction; a written answer waits for a person."""
    desk.hand_in("ana", desk.answered())
    write(desk, earned=7.25)
    grades, comments = rows(desk)
    assert grades == {"svm_loss_test": (7.25, None, False, 7.25), "why": (None, None, True, 0.0)}
    assert comments == {"svm_loss": (None, None), "why": (None, None)}


def test_an_untouched_notebook_gets_nothing_and_is_done(desk):
    """Unwritten answers are "No response." and need nobody to look at them, as in nbgrader."""
    desk.hand_in("ana", desk.released())
    write(desk, earned=0)
    grades, comments = rows(desk)
    assert grades == {"svm_loss_test": (0.0, None, False, 0.0), "why": (0.0, None, False, 0.0)}
    assert comments == {"svm_loss": ("No response.", None), "why": ("No response.", None)}


def test_an_untouched_answer_with_a_mark_scheme_is_not_written(new_course):
    """What the release takes out of an answer for the graders' eyes does not make the rest of it the student's work."""
    path = new_course / "assignments/a1/svm.ipynb"
    parts = ["Why?", "### BEGIN SOLUTION", "Half.", "### END SOLUTION"]
    scheme = ["### BEGIN MARK SCHEME", "3 points", "### END MARK SCHEME"]
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[4].source = "\n".join([*parts, *scheme])
    nbformat.write(notebook, path)
    release(Course.open(new_course), "a1")
    desk = Desk(new_course)
    assert desk.released()[4].source == "Why?\nYOUR ANSWER HERE"
    desk.hand_in("ana", desk.released())
    write(desk, earned=0)
    grades, comments = rows(desk)
    assert grades["why"] == (0.0, None, False, 0.0)
    assert comments["why"] == ("No response.", None)


def test_a_deleted_answer_is_not_written(desk):
    """It comes back as it was released, and counts so."""
    cells = desk.answered()
    del cells[4], cells[2]
    desk.hand_in("ana", cells)
    write(desk, earned=0)
    grades, comments = rows(desk)
    assert grades["why"] == (0.0, None, False, 0.0)
    assert comments == {"svm_loss": ("No response.", None), "why": ("No response.", None)}


def test_files_are_as_nbgrader_leaves_them(desk):
    """The graded folder holds the rebuilt notebook with outputs and all other files, read-only, and no leftovers."""
    folder = desk.hand_in("ana", desk.answered()).parent
    (folder / "data.txt").write_text("theirs")
    (folder / "tools").mkdir()
    (folder / "tools/mine.py").write_text("x")
    write(desk)
    home = desk.root / "autograded/ana"
    assert [path.name for path in home.iterdir()] == ["a1"]
    files = {path.relative_to(home / "a1").as_posix(): path for path in (home / "a1").rglob("*") if path.is_file()}
    assert sorted(files) == ["data.txt", "exercises.toml", "svm.ipynb", "timestamp.txt", "tools/mine.py"]
    assert files["data.txt"].read_text() == "ours"
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o444}
    cells = graded(desk).cells
    assert [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells] == [
        None, "setup", "svm_loss", "svm_loss_test", "why", None,
    ]  # fmt: skip
    assert cells[3].outputs == [{"output_type": "stream", "name": "stdout", "text": "7.5 of 10\n"}]
    assert cells[5].outputs == [{"output_type": "stream", "name": "stdout", "text": "loss 0.1\n"}]


def test_what_a_student_shows_is_cleaned_and_what_we_show_is_not(desk):
    """No page of a student's reaches the grader's browser; the judge's table does."""
    cells = desk.answered(text="<script>alert(1)</script>")
    desk.hand_in("ana", cells)
    page = {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}}
    write(desk, outputs={"svm": {"svm_loss": [page], "svm_loss_test": [page]}})
    got = graded(desk).cells
    assert got[2].outputs[0].data == {"text/plain": "[an output that is neither text nor a picture is left out]"}
    assert got[3].outputs[0].data == {"text/html": "<script>"}
    assert got[4].source == "< script>alert(1)< /script>"
    assert rows(desk)[1]["why"] == (None, None)


def test_a_skipped_cell_that_was_run_shows_what_it_gave(desk):
    """With everything run, the new output replaces the saved one."""
    desk.hand_in("ana", desk.answered())
    stream = {"output_type": "stream", "name": "stdout", "text": "loss 0.2\n"}
    write(desk, outputs={"svm": {"cell:5": [stream]}})
    assert graded(desk).cells[5].outputs == [stream]


def test_nbgraders_tools_see_the_grade(desk):
    """Export, feedback and the formgrader's API, as run by an instructor."""
    desk.hand_in("Zoë B", desk.answered())
    write(desk, "Zoë B", earned=7.25)
    desk.nbgrader("export")
    (row,) = csv.DictReader((desk.root / "grades.csv").read_text().splitlines())
    assert (row["student_id"], row["score"], row["max_score"]) == ("Zoë B", "7.25", "13.0")
    assert row["timestamp"] == "2026-02-03 10:00:00"
    desk.nbgrader("generate_feedback", "a1")
    page = (desk.root / "feedback/Zoë B/a1/svm.html").read_text()
    assert "7.25 of 10" in page
    assert "Score: 7.25 / 10.0" in " ".join(page.split())
    api = NbGraderAPI(desk.course.directory, config=desk.course.config)
    (submission,) = api.get_submissions("a1")
    assert (submission["student"], submission["autograded"], submission["submitted"]) == ("Zoë B", True, True)
    assert (submission["score"], submission["max_score"], submission["needs_manual_grade"]) == (7.25, 13.0, True)
    (notebook,) = api.get_notebook_submissions("a1", "svm")
    assert (notebook["student"], notebook["score"], notebook["failed_tests"]) == ("Zoë B", 7.25, True)
    assert api.get_autograded_students("a1") == {"Zoë B"}


@pytest.fixture
def ordinary(new_course):
    """The small course as any nbgrader course: no contract, and a test cell of plain code."""
    (new_course / "assignments/a1/exercises.toml").unlink()
    path = new_course / "assignments/a1/svm.ipynb"
    path.write_text(path.read_text().replace('check(\\"svm_loss\\")', "points(svm_loss)"))
    release(Course.open(new_course), "a1")
    return Desk(new_course)


def test_a_test_in_the_students_process_is_scored_as_recorded(ordinary):
    """Its points are the score; what the rule could not score, a person sees; no test may lack a result."""
    ordinary.hand_in("ana", ordinary.answered())
    for verdict, earned, expected in [
        (Verdict.PASS, 10.0, (10.0, False)),
        (Verdict.WRONG, 7.5, (7.5, False)),
        (Verdict.ERROR, 0.0, (0.0, False)),
        (Verdict.MALFORMED, 0.0, (None, True)),
    ]:
        result = ExerciseRecord("svm_loss_test", "svm", "svm_loss_test", verdict, earned, 10.0, in_process=True)
        write(ordinary, exercises=(result,))
        score, _, needs_manual, _ = rows(ordinary)[0]["svm_loss_test"]
        assert (score, needs_manual) == expected
    again = "^ana: svm_loss_test has no result; no score was written; run `flatgrade grade` again.$"
    with pytest.raises(NotGradedError, match=again):
        write(ordinary, exercises=())


def test_a_result_in_the_record_goes_before_the_outputs(ordinary):
    """The record is the only truth, where it has a result for a test cell."""
    ordinary.hand_in("ana", ordinary.answered())
    write(ordinary, earned=4)
    assert rows(ordinary)[0]["svm_loss_test"][0] == 4.0


def test_a_regrade_keeps_what_people_wrote(desk):
    """Manual scores, extra credit and comments survive; what has a manual score asks to be looked at again."""
    desk.hand_in("ana", desk.answered())
    write(desk, earned=5)
    with desk.course.gradebook() as gradebook:
        gradebook.find_grade("why", "svm", "a1", "ana").manual_score = 2.5
        test = gradebook.find_grade("svm_loss_test", "svm", "a1", "ana")
        test.manual_score, test.extra_credit = 8, 1
        gradebook.find_comment("why", "svm", "a1", "ana").manual_comment = "Nearly."
        gradebook.db.commit()
        before = gradebook.find_submission("a1", "ana").id
    desk.hand_in("ana", desk.answered(text="Another text."), when="2026-02-04 10:00:00 UTC")
    write(desk, earned=10)
    grades, comments = rows(desk)
    assert grades == {"svm_loss_test": (10.0, 8.0, True, 9.0), "why": (None, 2.5, True, 2.5)}
    assert comments["why"] == (None, "Nearly.")
    with desk.course.gradebook() as gradebook:
        row = gradebook.find_submission("a1", "ana")
        assert (row.id, row.timestamp.day) == (before, 4)


def test_a_later_submission_without_its_test_cell_loses_nothing_and_keeps_nothing(desk):
    """The score is the judge's of today: a deleted test neither keeps the old points nor takes the new ones."""
    desk.hand_in("ana", desk.answered())
    write(desk, earned=10)
    cells = desk.answered()
    del cells[3]
    desk.hand_in("ana", cells)
    write(desk, earned=4)
    assert rows(desk)[0]["svm_loss_test"] == (4.0, None, False, 4.0)
    assert [cell.source for cell in graded(desk).cells].count('check("svm_loss")') == 1


def test_a_missing_notebook_is_zero(desk):
    """All rows are there, none waits for a person, and there is no notebook to show."""
    desk.hand_in("ana", b"").unlink()
    write(desk, earned=0, verdict=Verdict.MISSING)
    assert rows(desk)[0] == {"svm_loss_test": (0.0, None, False, 0.0), "why": (0.0, None, False, 0.0)}
    home = desk.root / "autograded/ana/a1"
    assert sorted(path.name for path in home.iterdir()) == ["data.txt", "exercises.toml", "timestamp.txt"]


def test_an_unreadable_notebook_is_zero_and_says_why(desk):
    """The formgrader and the feedback show our cells with the reason on top."""
    desk.hand_in("ana", b"{\n,")
    write(desk, earned=0, verdict=Verdict.MALFORMED)
    assert rows(desk)[0] == {"svm_loss_test": (0.0, None, False, 0.0), "why": (0.0, None, False, 0.0)}
    cells = graded(desk).cells
    assert len(cells) == 7
    assert cells[0].source == (
        "**This notebook could not be graded as it was handed in:** svm.ipynb is not valid JSON: line 2, column 1: "
        "Expecting property name enclosed in double quotes."
    )
    desk.nbgrader("generate_feedback", "a1")
    assert "could not be graded as it was handed in" in (desk.root / "feedback/ana/a1/svm.html").read_text()
    api = NbGraderAPI(desk.course.directory, config=desk.course.config)
    (notebook,) = api.get_notebook_submissions("a1", "svm")
    assert (notebook["student"], notebook["score"], notebook["needs_manual_grade"]) == ("ana", 0.0, False)


@pytest.mark.parametrize(("method", "penalty", "score"), [("none", 0.0, 7.5), ("zero", 7.5, 0.0)])
def test_late_penalties_are_the_plugins(desk, method, penalty, score):
    """The course's own late plugin decides, on the score of today."""
    with (desk.root / "nbgrader_config.py").open("a") as file:
        file.write(f'c.LateSubmissionPlugin.penalty_method = "{method}"\n')
    desk.course = Course.open(desk.root)
    with desk.course.gradebook() as gradebook:
        duedate = dt.datetime(2026, 2, 3, 9, 0)  # noqa: DTZ001 -- nbgrader's own form
        gradebook.update_or_create_assignment("a1", duedate=duedate)
    desk.hand_in("ana", desk.answered())
    for earned in (9, 7.5):  # the first time and when there is a row already
        write(desk, earned=earned)
        with desk.course.gradebook() as gradebook:
            kept = gradebook.find_submission_notebook("svm", "a1", "ana").late_submission_penalty
        assert kept == (earned if method == "zero" else None)
    desk.nbgrader("export")
    (row,) = csv.DictReader((desk.root / "grades.csv").read_text().splitlines())
    assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("7.5", str(penalty), str(score))


def everything(desk):
    """All rows and files of the course, to see that nothing changed."""
    files = {path: path.read_bytes() for path in desk.root.glob("autograded/**/*") if path.is_file()}
    with desk.course.gradebook() as gradebook:
        return files, [submission.to_dict() for submission in gradebook.assignment_submissions("a1")]


def test_a_fault_of_ours_is_never_a_score(desk):
    """A blocked record is refused before anything is written; an earlier grade stays as it was."""
    desk.hand_in("ana", desk.answered())
    with pytest.raises(NotGradedError) as error:
        write(desk, earned=0, verdict=Verdict.GRADER_FAULT)
    assert str(error.value) == "ana: the grader itself failed; no score was written; run `flatgrade grade` again."
    assert everything(desk) == ({}, [])
    write(desk, earned=10)
    before = everything(desk)
    desk.hand_in("ana", desk.answered(), when="2026-02-09 10:00:00 UTC")
    with pytest.raises(NotGradedError):
        write(desk, earned=0, verdict=Verdict.GRADER_FAULT)
    assert everything(desk) == before


def test_a_record_without_a_result_is_refused(desk):
    """A missing result is neither a pass nor a zero: it is ours to find."""
    desk.hand_in("ana", desk.answered())
    with pytest.raises(NotGradedError) as error:
        write(desk, exercises=())
    assert str(error.value) == "ana: svm_loss has no result; no score was written; run `flatgrade grade` again."
    assert everything(desk) == ({}, [])


@pytest.mark.parametrize(
    ("earned", "points", "told"),
    [(7.5, 12.0, "7.5 of 12"), (10.5, 10.0, "10.5 of 10"), (-1.0, 10.0, "-1 of 10"), (float("nan"), 10.0, "nan of 10")],
)
def test_points_that_are_not_the_gradebooks_are_refused(desk, earned, points, told):
    """A record of another contract, or a number that is no score, is not written."""
    desk.hand_in("ana", desk.answered())
    with pytest.raises(CourseError) as error:
        write(desk, earned=earned, points=points)
    assert str(error.value) == (
        f"svm_loss counts {told} in the record and 10 points in the gradebook: run `flatgrade release a1` and grade again."
    )
    assert everything(desk) == ({}, [])


def test_rounding_does_not_refuse_full_points(desk):
    """The sum of the stages' points may exceed the exercise's in the last digit."""
    desk.hand_in("ana", desk.answered())
    write(desk, earned=10.000000000000002)
    assert rows(desk)[0]["svm_loss_test"][0] == 10.0


def test_a_record_of_another_student_is_a_mistake_of_the_caller(desk):
    """Records and submissions are never mixed up silently."""
    desk.hand_in("ana", desk.answered())
    with (
        GradebookWriter(desk.course, "a1") as writer,
        pytest.raises(ValueError, match="the record of bob is not one of ana"),
    ):
        writer.write(Collector(desk.course, "a1").collect("ana"), desk.record("bob"))


def test_an_assignment_must_be_released_first(new_course):
    """Without its cells in the gradebook there is nowhere to write."""
    with pytest.raises(CourseError) as error, GradebookWriter(Course.open(new_course), "a1"):
        pass
    assert str(error.value) == "a1 has not been released: run `flatgrade release a1` first."


@pytest.mark.parametrize("fault", ["files", "first rename", "second rename", "commit"])
def test_a_failure_on_the_way_leaves_the_old_grade_with_its_old_files(desk, monkeypatch, fault):
    """Rows and files change together or not at all; the next run is not disturbed by what was left."""
    desk.hand_in("ana", desk.answered())
    write(desk, earned=5)
    desk.hand_in("bob", desk.answered())
    write(desk, "bob", earned=1)
    before = everything(desk)
    desk.hand_in("ana", desk.answered(text="new"), when="2026-02-09 10:00:00 UTC")
    with monkeypatch.context() as patch, GradebookWriter(desk.course, "a1") as writer:
        rename, calls = Path.rename, []

        def fail(*args, **kwargs):
            raise OSError("disk full")

        def fail_in_turn(path, target):
            calls.append(target)
            return fail() if len(calls) == (1 if fault == "first rename" else 2) else rename(path, target)

        got, record = Collector(desk.course, "a1").collect("ana"), desk.record("ana", earned=10)
        if fault == "files":
            patch.setattr("flatgrade.course.graded.nbformat.writes", fail)
        elif fault.endswith("rename"):
            patch.setattr(Path, "rename", fail_in_turn)
        else:
            patch.setattr(writer._gradebook.db, "commit", fail)
        with pytest.raises(OSError, match="disk full"):
            writer.write(got, record)
        patch.undo()
        writer.write(Collector(desk.course, "a1").collect("bob"), desk.record("bob", earned=1))
    after = everything(desk)
    assert {path: data for path, data in after[0].items() if "/.a1." not in str(path)} == before[0]
    assert after[1] == before[1]
    write(desk, earned=10)
    assert rows(desk)[0]["svm_loss_test"][0] == 10.0
    assert [path.name for path in (desk.root / "autograded/ana").iterdir()] == ["a1"]


def test_a_class_is_written_through_one_writer(desk):
    """One connection for the batch; a refused record does not disturb the next."""
    collector = Collector(desk.course, "a1")
    for student in ("ana", "bob", "cem"):
        desk.hand_in(student, desk.answered())
    with GradebookWriter(desk.course, "a1") as writer:
        writer.write(collector.collect("ana"), desk.record("ana", 3))
        with pytest.raises(NotGradedError):
            writer.write(collector.collect("bob"), desk.record("bob", 0, verdict=Verdict.GRADER_FAULT))
        writer.write(collector.collect("cem"), desk.record("cem", 4))
    with desk.course.gradebook() as gradebook:
        scores = {row.student.id: row.score for row in gradebook.assignment_submissions("a1")}
    assert scores == {"ana": 3.0, "cem": 4.0}


def test_a_new_release_does_not_lose_grades(desk):
    """A corrected text of a locked cell is released under submissions that are graded."""
    desk.hand_in("ana", desk.answered())
    write(desk, earned=5)
    path = desk.root / "assignments/a1/svm.ipynb"
    path.write_text(path.read_text().replace("import numpy as np", "import numpy as np  # 2.0"))
    release(desk.course, "a1")
    assert rows(desk)[0]["svm_loss_test"][0] == 5.0
    write(desk, earned=6)
    old, new = graded(desk).cells[1:3]  # what a student has in a locked cell runs before ours
    assert (old.source, new.source.startswith("import numpy as np  # 2.0")) == (
        "import numpy as np\nfrom flatgrade import check",
        True,
    )


def test_what_a_write_costs_does_not_grow_with_the_class(desk):
    """The database takes no more steps for a submission beside 2,000 others than beside one."""
    for student in ("ana", "ben", "cem"):
        desk.hand_in(student, desk.answered())
    write(desk, "ana")
    few = steps(desk, "ben")
    crowd(desk.root / "gradebook.db", 2000)
    many = steps(desk, "cem")
    assert 0 < many < 1.5 * few


def steps(desk, student):
    """The steps of SQLite's machine, in tens, for a write of one submission and a look at what was written."""
    count = 0

    def step():
        nonlocal count
        count += 1

    collector = Collector(desk.course, "a1")
    with GradebookWriter(desk.course, "a1") as writer:
        standing = Standing(collector, writer.session, "")
        database = writer.session.connection().connection.driver_connection
        database.set_progress_handler(step, 10)
        writer.write(collector.collect(student), desk.record(student))
        standing.mark_anew(student)
        database.set_progress_handler(None, 0)
    return count
