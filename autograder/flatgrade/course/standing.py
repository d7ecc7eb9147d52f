"""Whether a submission still stands as it was written: same files handed in, same rows, same autograded folder.

The answer needs no notebook to be parsed, so that a class in which nothing changed is looked through in a moment. What
people write in formgrader (manual scores, comments, what is still to be looked at) is theirs, and is not looked at.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbgrader.api import Assignment, Comment, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select

from flatgrade.core.digest import digest_of
from flatgrade.course.directory import CONFIG, check_student

if TYPE_CHECKING:
    from flatgrade.course.collect import Collector


class Standing:
    """Marks of the submissions of one assignment; a mark changes with whatever was handed in or written.

    `depends` is a digest of all that grading depends on besides the course folder. `session` is the gradebook's.
    """

    def __init__(self, collector: Collector, session: Any, depends: str) -> None:
        self.course, self.assignment, self._session = collector.course, collector.assignment, session
        ours = {name: _content(path) for name, path in collector.ours.items()}
        settings = _content(self.course.root / CONFIG)
        self._common = digest_of([depends, settings, ours, [repr(template) for template in collector.templates]])
        self._rows = self._read_rows()

    def mark(self, student: str) -> str:
        """The mark as things stand; the rows as they were when this object was made. Raises CourseError for no name."""
        check_student(student)
        return self._mark(student, self._rows.get(student, ""))

    def mark_anew(self, student: str) -> str:
        """The mark as things stand now, to be noted after a write."""
        return self._mark(student, self._read_rows(student).get(student, ""))

    def _mark(self, student: str, rows: str) -> str:
        handed_in = _tree(self.course.submitted(student, self.assignment), contents=True)
        written = _tree(self.course.autograded(student, self.assignment), contents=False)
        return digest_of([self._common, handed_in, rows, written])

    def _read_rows(self, student: str | None = None) -> dict[str, str]:
        """A digest for each student of what autograding writes to the gradebook, and of what a late penalty needs."""
        head = (SubmittedAssignment.timestamp, SubmittedAssignment.extension, Assignment.duedate)
        penalty = (SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty)
        found: dict[str, Any] = defaultdict(hashlib.sha256)
        for part in ((*head, *penalty, Grade.id, Grade.auto_score), (Comment.id, Comment.auto_comment)):
            table = Grade if Grade.id in part else Comment
            query = (
                select(SubmittedAssignment.student_id, *part)
                .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                .outerjoin(table, table.notebook_id == SubmittedNotebook.id)
                .where(Assignment.name == self.assignment)
                .order_by(table.id)
            )
            if student is not None:
                query = query.where(SubmittedAssignment.student_id == student)
            for name, *values in self._session.execute(query):
                found[name].update(repr(values).encode("utf-8", "backslashreplace"))
        return {name: digest.hexdigest() for name, digest in found.items()}


def _tree(folder: Path, *, contents: bool) -> list[list[Any]]:
    """What a folder holds, less its folders: of plain files the contents, or else size and time of the last change."""
    found: list[list[Any]] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted([*names, *folders]):
            path = Path(place, name)
            state = path.lstat()
            if not stat.S_ISDIR(state.st_mode):
                what = _content(path) if contents and stat.S_ISREG(state.st_mode) else state.st_mtime_ns
                found.append([os.path.relpath(path, folder), state.st_mode, state.st_size, what])
    return found


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
