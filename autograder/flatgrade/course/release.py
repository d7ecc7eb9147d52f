"""The release: what `nbgrader generate_assignment` does with this course's settings, after a lint."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory

from flatgrade.course.directory import CourseError
from flatgrade.course.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

    from flatgrade.course.directory import Course


class LintError(CourseError):
    """The source has mistakes, so nothing was released. `problems` holds one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Errors(logging.Handler):
    """Keeps what nbgrader logs as errors: it raises without the cause."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage().strip())

    def cause(self) -> str:
        traces = [message for message in self.messages if message.startswith("Traceback")]
        line = (traces or self.messages or ["nbgrader does not say why"])[0].splitlines()[-1]
        return line.partition(": ")[2] or line


def release(course: Course, assignment: str) -> Path:
    """Make the students' version of an assignment, enter its cells into the gradebook, and return its folder.

    Replaces an earlier release. Raises CourseError if there is no such assignment or nbgrader fails, and LintError,
    with the earlier release untouched, if the source has mistakes.
    """
    if problems := lint(course, assignment):
        raise LintError(problems)
    directory = CourseDirectory(config=course.config, root=str(course.root), assignment_id=assignment, notebook_id="*")
    converter, errors = GenerateAssignment(coursedir=directory, config=course.config, force=True), _Errors()
    converter.log.addHandler(errors)
    try:
        converter.start()
    except NbGraderException:
        raise CourseError(f"{assignment} could not be released: {errors.cause()}") from None
    finally:
        converter.log.removeHandler(errors)
    return course.release(assignment)
