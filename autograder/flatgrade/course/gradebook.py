"""Grades and files as `nbgrader autograde` leaves them, written straight from Records.

Rows are written through nbgrader's own gradebook, one writer at a time; formgrader, feedback and export then work as
after a stock run. Files go to a folder beside their place first. The order is: rows (not committed), files (renamed
into place), commit; so a failure on the way leaves the old grade with its old files.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from nbgrader import utils
from nbgrader.api import Comment, Grade, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import text

from flatgrade.core.finding import Verdict
from flatgrade.course.directory import CourseError
from flatgrade.course.graded import graded_text, write_handed_in, write_made
from flatgrade.course.settings import read_settings
from flatgrade.grader.inprocess import BY_HAND
from flatgrade.grader.submission import CellKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from flatgrade.course.collect import Collected
    from flatgrade.course.directory import Course
    from flatgrade.grader.record import ExerciseRecord, Record

# Without these, nbgrader's tables have no index by submission, and each write reads the rows of the whole class.
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS flatgrade_notebooks ON submitted_notebook (assignment_id)",
    "CREATE INDEX IF NOT EXISTS flatgrade_grades ON grade (notebook_id)",
    "CREATE INDEX IF NOT EXISTS flatgrade_comments ON comment (notebook_id)",
)
_ROUNDING = 1e-9  # a sum of the points of stages may exceed the points of the exercise by that


class NotGradedError(CourseError):
    """A record that must not become a grade, through a fault of ours; nothing was written for this submission."""


class GradebookWriter:
    """Writes the graded submissions of one assignment: `with GradebookWriter(course, "a1") as writer: ...`.

    Manual scores, comments and extra credit of earlier gradings stay. Raises CourseError on entering if the
    assignment was not released.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self._stock = Autograde(coursedir=course.directory, config=course.config)
        self.settings = read_settings(course)
        self._late = AssignLatePenalties(config=course.config)
        self._late.init_plugin()

    def __enter__(self) -> Self:
        self._gradebook = self.course.gradebook()
        try:
            self._gradebook.find_assignment(self.assignment)
        except MissingEntry:
            self._gradebook.close()
            name = self.assignment
            raise CourseError(f"{name} has not been released: run `flatgrade release {name}` first.") from None
        self.session().expire_on_commit = False  # or all cells of the assignment are read again for each submission
        for line in _INDEXES:
            self.session.execute(text(line))
        self.session.commit()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gradebook.close()

    @property
    def session(self) -> Any:
        """The database session that this writer works in."""
        return self._gradebook.db

    def write(self, collected: Collected, record: Record) -> None:
        """Write one submission's rows and its `autograded` folder.

        Raises NotGradedError, before anything is written, where the record is blocked by a fault of ours or lacks a
        result; CourseError where points of record and gradebook differ.
        """
        self._refuse(collected, record)
        student = collected.submission.student
        folder = self.course.autograded(student, self.assignment)
        try:
            with self.session.no_autoflush:  # or each row that is looked at costs a pass over all that were changed
                row = self._submission(collected)
                for notebook in row.notebooks:
                    self._grade(notebook, collected, record)
                    self._late_penalty(row, notebook, collected)
            draft = _emptied(folder.with_name(f".{folder.name}.new"))
            self._write_files(draft, collected, record)
            with _in_place_of(folder, draft):
                self._gradebook.db.commit()
        except BaseException:
            self._gradebook.db.rollback()
            raise
        self._stock.set_permissions(self.assignment, student)

    def write_notebook(self, collected: Collected, record: Record, name: str) -> str:
        """Write the rows of one notebook of a submission, and return the text of its graded file.

        For nbgrader's own autograde, which writes the files. Raises as `write` does.
        """
        self._refuse(collected, record)
        self.session.expire_all()
        try:
            row = self._submission(collected)
            for notebook in row.notebooks:
                if notebook.name == name:
                    self._grade(notebook, collected, record)
                    self._late_penalty(row, notebook, collected)
            self._gradebook.db.commit()
        except BaseException:
            self._gradebook.db.rollback()
            raise
        return graded_text(collected.notebooks[name], record, keep_html=self.settings.keep_html)

    def _write_files(self, folder: Path, collected: Collected, record: Record) -> None:
        write_handed_in(folder, collected)
        write_made(folder, record.files)
        for name, rebuilt in collected.notebooks.items():
            if name not in collected.missing:
                text = graded_text(rebuilt, record, keep_html=self.settings.keep_html)
                (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")

    def _submission(self, collected: Collected) -> Any:
        """Find the submission's row, or make it with its empty grades, as nbgrader does but without a commit."""
        student, timestamp = collected.submission.student, collected.timestamp
        try:
            row = self._gradebook.find_submission(self.assignment, student)
        except MissingEntry:
            row = self._new_submission(student)
        row.timestamp = timestamp or row.timestamp
        return row

    def _new_submission(self, student: str) -> Any:
        try:
            owner = self._gradebook.find_student(student)
        except MissingEntry:
            owner = self._gradebook.update_or_create_student(student)
        assignment = self._gradebook.find_assignment(self.assignment)
        row = SubmittedAssignment(assignment=assignment, student=owner)
        for notebook in assignment.notebooks:
            own = SubmittedNotebook(notebook=notebook, assignment=row)
            for cell in (*notebook.grade_cells, *notebook.task_cells):
                Grade(cell=cell, notebook=own)
            for cell in (*notebook.solution_cells, *notebook.task_cells):
                Comment(cell=cell, notebook=own)
        self.session.add(row)
        return row

    def _refuse(self, collected: Collected, record: Record) -> None:
        submission = collected.submission
        if (record.student, record.assignment) != (submission.student, submission.assignment):
            raise ValueError(f"the record of {record.student} is not one of {submission.student}")
        again = "no score was written; run `flatgrade grade` again"
        if record.blocked:
            raise NotGradedError(f"{record.student}: the grader itself failed; {again}.")
        results = {(exercise.notebook, exercise.cell): exercise for exercise in record.exercises}
        for notebook in submission.notebooks:
            for cell in notebook.cells:
                scored = cell.kind in (CellKind.JUDGE, CellKind.TEST) and not notebook.problem
                if scored and (notebook.name, cell.key) not in results:
                    raise NotGradedError(f"{record.student}: {cell.exercise or cell.key} has no result; {again}.")
        points_of = {
            (name, key): float(cell.metadata.nbgrader.points)
            for name, rebuilt in collected.notebooks.items()
            for key, cell in zip(rebuilt.keys, rebuilt.node.cells, strict=True)
            if utils.is_grade(cell)
        }
        for place, exercise in results.items():
            points = points_of.get(place, 0.0)
            if exercise.points != points or not 0 <= exercise.earned <= points + _ROUNDING:
                raise CourseError(
                    f"{exercise.name} counts {exercise.earned:g} of {exercise.points:g} in the record and {points:g} "
                    f"points in the gradebook: run `flatgrade release {self.assignment}` and grade again."
                )

    def _grade(self, row: Any, collected: Collected, record: Record) -> None:
        """Fill in the rows of one notebook, by nbgrader's rules."""
        rebuilt = collected.notebooks[row.name]
        if rebuilt.notebook.problem:
            for grade in row.grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
            return
        results = {exercise.cell: exercise for exercise in record.exercises if exercise.notebook == row.name}
        by_hand = rebuilt.deleted if self.settings.deleted_tests == BY_HAND else frozenset()
        cells = dict(zip(rebuilt.keys, rebuilt.node.cells, strict=True))
        for grade in row.grades:
            if not utils.is_task(cells[grade.name]):  # a task waits for a person; nbgrader leaves its row as it is
                left = grade.name in by_hand
                grade.auto_score = _auto_score(cells[grade.name], results.get(grade.name), by_hand=left)
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        for comment in row.comments:
            cell = cells[comment.name]
            unchanged = cell.metadata.nbgrader.checksum == utils.compute_checksum(cell) and not utils.is_task(cell)
            comment.auto_comment = "No response." if unchanged else None

    def _late_penalty(self, row: Any, notebook: Any, collected: Collected) -> None:
        notebook.late_submission_penalty = None
        if row.total_seconds_late > 0 and not collected.notebooks[notebook.name].notebook.problem:
            self.session.flush()  # the score is computed by the database
            penalty = self._late.plugin_inst.late_submission_penalty(
                row.student.id, notebook.score, row.total_seconds_late
            )
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)


def _auto_score(cell: Any, result: ExerciseRecord | None, *, by_hand: bool) -> float | None:
    """Score a cell: as judged or tested; a written answer as nbgrader does. None: a person must look."""
    if result is None:
        return utils.determine_grade(cell)[0]  # type: ignore[no-any-return]
    if by_hand or (result.in_process and result.verdict is Verdict.MALFORMED):
        return None
    return min(result.earned, float(cell.metadata.nbgrader.points))


def _emptied(folder: Path) -> Path:
    """Make a folder, without what an interrupted run may have left in it."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def _in_place_of(folder: Path, draft: Path) -> Iterator[None]:
    """Move `draft` to `folder`; if the body fails, `folder` is again what it was."""
    old = _emptied(folder.with_name(f".{folder.name}.old")) / folder.name
    try:
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
        yield
    except BaseException:
        if not draft.exists():
            folder.rename(draft)
        if old.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(old.parent)
