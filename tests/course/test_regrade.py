"""A class graded again: what is graded anew, what is only written anew, and what is left alone."""

import datetime as dt
import shutil
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import pytest
from tests.course.conftest import ANSWER

from flatgrade import batch, commands
from flatgrade.core.contract import load_assignment
from flatgrade.core.finding import Verdict
from flatgrade.course.gradebook import GradebookWriter
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.sandbox import SandboxError
from flatgrade.grader.store import ResultStore

STUDENTS = ["ana", "ben", "zoë"]


class Class:
    """A small class, graded by an executor that gives everyone 7.5 points, or what `fields` say."""

    def __init__(self, desk):
        self.desk, self.level, self.fields, self.entered = desk, "L2", {}, 0
        assignment = load_assignment(desk.root / "assignments/a1")
        self.key = AnswerKey(assignment, {"svm_loss": SimpleNamespace(digest="one")}, {}, "seed")

    def __enter__(self):
        self.entered += 1
        return self

    def __exit__(self, *_):
        pass

    def grade(self, submissions):
        for submission in submissions:
            self.graded.append(submission.student)
            yield self.desk.record(submission.student, **{"sandbox": self.level, **self.fields})

    def run(self, monkeypatch, **options):
        """Grade the class; who was graded, and who was written, in this run."""
        self.graded, written = [], []
        write = GradebookWriter.write
        with monkeypatch.context() as patch:
            patch.setattr(GradebookWriter, "write", lambda *call: (written.append(call[2].student), write(*call))[1])
            self.records = list(commands.grade(self.desk.course, self.key, executor=self, **options))
        return self.graded, written

    def file(self, student, name="svm.ipynb"):
        return self.desk.root / "autograded" / student / "a1" / name

    def row(self, student):
        gradebook = self.desk.course.gradebook()
        return gradebook, gradebook.find_submission("a1", student)


@pytest.fixture
def group(desk):
    for student in STUDENTS:
        desk.hand_in(student, desk.answered())
    return Class(desk)


@pytest.fixture
def graded(group, monkeypatch):
    """The class, graded once."""
    assert group.run(monkeypatch) == (STUDENTS, STUDENTS)
    return group


def test_an_unchanged_class_is_left_alone(graded, monkeypatch):
    """The same Records without a worker, and not one file or row is touched."""
    first = graded.records
    files = {path: path.stat().st_mtime_ns for path in (graded.desk.root / "autograded").rglob("*")}
    assert graded.run(monkeypatch) == ([], [])
    assert graded.records == first
    assert all(record.outputs == {} for record in first)
    assert graded.entered == 1
    assert {path: path.stat().st_mtime_ns for path in (graded.desk.root / "autograded").rglob("*")} == files
    assert len(files) >= 3 * 3


def answer_changed(group):
    group.desk.hand_in("ben", group.desk.answered(ANSWER.replace("rows", "lines")))


def file_added(group):
    (group.desk.root / "submitted/ben/a1/helper.py").write_text("x = 1")


def our_file_changed(group):
    (group.desk.root / "assignments/a1/data.txt").write_text("ours, mended")


def text_changed(group):
    group.desk.hand_in("ben", group.desk.answered(text="I have thought again."))


def saved_again(group):
    path = group.desk.root / "submitted/ben/a1/svm.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["signed"] = "by another editor"
    nbformat.write(notebook, path)


def handed_in_later(group):
    (group.desk.root / "submitted/ben/a1/timestamp.txt").write_text("2026-02-04 10:00:00 UTC")


def score_changed(group):
    gradebook, row = group.row("ben")
    row.notebooks[0].grades[0].auto_score = 10
    gradebook.db.commit()
    gradebook.close()


def comment_changed(group):
    gradebook, row = group.row("ben")
    row.notebooks[0].comments[0].auto_comment = "No response."
    gradebook.db.commit()
    gradebook.close()


def row_removed(group):
    with group.desk.course.gradebook() as gradebook:
        gradebook.remove_submission("a1", "ben")


def extension_given(group):
    gradebook, row = group.row("ben")
    row.extension = dt.timedelta(days=1)
    gradebook.db.commit()
    gradebook.close()


def due_date_changed(group):
    with group.desk.course.gradebook() as gradebook:
        gradebook.update_or_create_assignment("a1", duedate="2026-02-01 00:00:00 UTC")


def manual_score_given(group):
    gradebook, row = group.row("ben")
    for grade in row.notebooks[0].grades:
        grade.manual_score, grade.needs_manual_grade = 3, False
    row.notebooks[0].comments[0].manual_comment = "Well done."
    gradebook.db.commit()
    gradebook.close()


def folder_removed(group):
    shutil.rmtree(group.file("ben").parent)


def file_removed(group):
    group.file("ben", "data.txt").unlink()


def file_changed(group):
    group.file("ben").parent.chmod(0o700)
    group.file("ben").chmod(0o600)
    group.file("ben").write_text(group.file("ben").read_text().replace("7.5", "9.5"))


def reference_changed(group):
    group.key = replace(group.key, solutions={"svm_loss": SimpleNamespace(digest="two")})


def another_seed(group):
    group.key = replace(group.key, seed="another")


def settings_changed(group):
    with (group.desk.root / "nbgrader_config.py").open("a") as file:
        file.write("\n# a remark\n")


ALL, BEN, NOBODY = STUDENTS, ["ben"], []


@pytest.mark.parametrize(
    ("change", "graded_again", "written_again"),
    [
        (answer_changed, BEN, BEN),
        (file_added, BEN, BEN),
        (our_file_changed, ALL, ALL),
        (text_changed, NOBODY, BEN),
        (saved_again, NOBODY, BEN),
        (handed_in_later, NOBODY, BEN),
        (score_changed, NOBODY, BEN),
        (comment_changed, NOBODY, BEN),
        (row_removed, NOBODY, BEN),
        (due_date_changed, NOBODY, ALL),
        (manual_score_given, NOBODY, NOBODY),
        (folder_removed, NOBODY, BEN),
        (file_removed, NOBODY, BEN),
        (file_changed, NOBODY, BEN),
        (reference_changed, ALL, ALL),
        (another_seed, ALL, ALL),
        (settings_changed, NOBODY, ALL),
    ],
)
def test_what_a_change_makes_new(graded, monkeypatch, change, graded_again, written_again):
    """Graded again is what the grade depends on; written again is what gradebook or files lack; then all is still."""
    before = graded.file("ben").read_text()
    change(graded)
    assert graded.run(monkeypatch) == (graded_again, written_again)
    assert len(graded.records) == 3
    gradebook, row = graded.row("ben")
    assert row.notebooks[0].grades[0].auto_score == 7.5
    gradebook.close()
    if change not in (answer_changed, text_changed):
        assert graded.file("ben").read_text() == before
    assert graded.run(monkeypatch) == ([], [])


def test_an_extension_makes_the_late_penalty_new(group, monkeypatch):
    """It is given in the gradebook, and counts from the next run."""
    due_date_changed(group)
    group.run(monkeypatch)
    extension_given(group)
    assert group.run(monkeypatch) == (NOBODY, BEN)


def test_what_a_person_wrote_stays(graded, monkeypatch):
    """A manual score and its comment are not taken back for a second look by a run that changes nothing."""
    manual_score_given(graded)
    graded.run(monkeypatch)
    gradebook, row = graded.row("ben")
    assert [(grade.manual_score, grade.needs_manual_grade) for grade in row.notebooks[0].grades] == [(3, False)] * 2
    assert "Well done." in [comment.manual_comment for comment in row.notebooks[0].comments]
    gradebook.close()


def test_fresh_grades_all_anew(graded, monkeypatch):
    """Whoever mistrusts what is stored need not delete it."""
    assert graded.run(monkeypatch, fresh=True) == (STUDENTS, STUDENTS)


def test_one_student_alone(graded, monkeypatch):
    """Who is not asked for is left alone; who is asked for twice is graded once."""
    assert graded.run(monkeypatch, students=["ben", "ben"], fresh=True) == (BEN, BEN)


def test_a_removed_record_is_saved_again(graded, monkeypatch):
    """Nothing is graded or written for that."""
    path = batch.record_file(graded.desk.course, "a1", "ben")
    text = path.read_text()
    path.unlink()
    assert graded.run(monkeypatch) == ([], [])
    assert path.read_text() == text


def test_a_result_from_weaker_confinement_is_used_only_where_weakness_is_asked_for(group, monkeypatch):
    """What was graded where student code could read the solutions does not pass for a grade from elsewhere."""
    group.level = "L1"
    with pytest.raises(SandboxError):
        group.run(monkeypatch)
    assert group.run(monkeypatch, allow_weak=True) == (STUDENTS, STUDENTS)
    assert group.run(monkeypatch, allow_weak=True) == ([], [])
    group.level = "L2"
    assert group.run(monkeypatch) == (STUDENTS, STUDENTS)


def test_a_fault_of_ours_is_graded_again_and_never_written(group, monkeypatch):
    """It stays with that student, and the next run tries anew."""
    group.fields = {"verdict": Verdict.GRADER_FAULT}
    assert group.run(monkeypatch)[0] == STUDENTS
    assert [record.problem for record in group.records] == [
        f"{name}: the grader itself failed; no score was written; run `flatgrade grade` again." for name in STUDENTS
    ]
    assert not group.file("ben").exists()
    group.fields = {}
    assert group.run(monkeypatch) == (STUDENTS, STUDENTS)
    assert group.run(monkeypatch) == ([], [])


def test_who_cannot_be_taken_in_has_a_saved_record(group, monkeypatch):
    """As long as the name can be a file's: a control character can, a slash cannot, nor can an empty name."""
    group.run(monkeypatch, students=["no\x07body", "../evil", "", "missing", "n" * 300])
    problems = {record.student: record.problem for record in group.records}
    assert len(problems) == 5
    assert all(problems.values())
    records = group.desk.root / ".flatgrade/records/a1"
    texts = {path.name: path.read_text() for path in records.iterdir()}
    assert {"no\x07body.json", "missing.json"} < set(texts)
    assert len(texts) == 3
    assert "handed in nothing for a1" in texts["missing.json"]


def test_a_name_as_long_as_a_folder_can_have(group, monkeypatch):
    """Its Record has a file, although the name with an ending would be too long for one."""
    name = "名" * 85
    group.desk.hand_in(name, group.desk.answered())
    assert group.run(monkeypatch, students=[name]) == ([name], [name])
    assert [record.student for record in commands.saved_records(group.desk.course, "a1")] == [name]


def test_the_order_of_steps_leaves_nothing_half_done(group, monkeypatch):
    """A run that ends in the middle of the first write has stored that result; the next one only writes it."""

    def full(*_):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(batch, "save", full)
        with pytest.raises(OSError, match="disk is full"):
            group.run(monkeypatch)
    with ResultStore(group.desk.root / ".flatgrade/results.db", "a1") as store:
        assert [store.find(name) is not None for name in STUDENTS] == [True, False, False]
    assert group.run(monkeypatch) == (["ben", "zoë"], STUDENTS)
