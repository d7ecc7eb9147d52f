"""nbgrader's own autograde, with our engine inside: `nbgrader autograde` and formgrader's button.

nbgrader hands each submitted notebook to an exporter, which is what reads it; so ours stands before anything that
nbgrader would stumble over. It is made before nbgrader touches an earlier result: whatever keeps us from grading at all
(no sandbox, no release, a mistake in the settings) is said there, and nothing is lost. nbgrader_config.py has:

    c.Autograde.exporter_class = "flatgrade.autograde_plugin.GradedNotebooks"
"""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters import NbGraderException
from nbgrader.preprocessors import Execute

from flatgrade import commands
from flatgrade.batch import save, with_verdicts
from flatgrade.core.contract import ContractError
from flatgrade.course.collect import Collected, Collector
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.gradebook import GradebookWriter
from flatgrade.course.graded import write_made
from flatgrade.course.settings import read_settings
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.record import Record
from flatgrade.grader.sandbox import Sandbox, SandboxError, require
from flatgrade.grader.solution_file import SolutionError


class GradedNotebooks(NotebookExporter):
    """Gives nbgrader the graded notebook in place of the submitted one, and writes its rows.

    Its parent is nbgrader's Autograde. Raises NbGraderException where nothing can be graded.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        autograde, directory = self.parent, self.parent.coursedir
        course = Course(Path(directory.root).resolve(), autograde.config, directory)
        try:
            self._grading = _Grading(course, directory.assignment_id)
        except (CourseError, ContractError, SolutionError, SandboxError) as error:
            autograde.log.error("%s", error)  # noqa: TRY400 -- a sentence for the user, never a traceback
            raise NbGraderException(str(error)) from None

    def from_filename(self, filename: str, resources: Any = None, **_: Any) -> tuple[str, Any]:
        """Grade the submitted notebook `filename`; the second time, what then was written is left as it is."""
        resources = self._init_resources(resources)
        if not self.parent._sanitizing:
            return Path(filename).read_text(encoding="utf-8"), resources
        names = resources["nbgrader"]
        collected, record = self._grading.graded(names["student"])
        if record.problem:
            self.parent.log.warning("%s: %s", record.student, record.problem)
        return self._grading.write(collected, record, names["notebook"]), resources


class _Grading:
    """The grading of one assignment, for one run of nbgrader."""

    def __init__(self, course: Course, assignment: str) -> None:
        settings = read_settings(course)
        if not Execute(config=course.config).enabled:
            raise CourseError("--no-execute would take the outputs that students saved for results: leave it out.")
        self.course, self.assignment = course, assignment
        self.key = commands.answer_key(course, assignment, course.root / settings.solutions)
        self.collector = Collector(course, assignment)
        self.sandbox = _sandbox(self.key, allow_weak=settings.allow_weak)
        self._last: tuple[Collected, Record] | None = None

    def graded(self, student: str) -> tuple[Collected, Record]:
        """Grade a submission; once, though it is asked for with each of its notebooks."""
        if self._last is None or self._last[1].student != student:
            collected = self.collector.collect(student)
            self._last = collected, with_verdicts(grade(collected.submission, self.key, self.sandbox))
            save(self.course, self._last[1])
        return self._last

    def write(self, collected: Collected, record: Record, notebook: str) -> str:
        """Write the rows of a notebook and the files that it made; returns the text of the graded notebook."""
        with GradebookWriter(self.course, self.assignment) as writer:
            text = writer.write_notebook(collected, record, notebook)
        write_made(self.course.autograded(record.student, self.assignment), record.files)
        return text


_kept: list[tuple[object, Sandbox]] = []  # what the sandbox is for, and the sandbox: at most one


def _sandbox(key: AnswerKey, *, allow_weak: bool) -> Sandbox:
    """Give the sandbox of this process, made anew where it is gone; formgrader's server needs it again and again.

    Raises SandboxError where student code cannot be confined enough, unless weakness was asked for.
    """
    purpose = key.secrets, key.assignment.profile, key.assignment.libraries
    if not (_kept and _kept[0][0] == purpose and _level(key, _kept[0][1])):
        close()
        sandbox = key.sandbox()
        sandbox.__enter__()
        _kept.append((purpose, sandbox))
    sandbox = _kept[0][1]
    require(_level(key, sandbox), allow_weak=allow_weak)
    return sandbox


def _level(key: AnswerKey, sandbox: Sandbox) -> str:
    """Say which level of confinement a worker reaches; "" where none can be had."""
    try:
        with sandbox.worker(key.assignment.limits) as worker:
            return worker.level
    except OSError:
        return ""


@atexit.register
def close() -> None:
    """End the sandbox of this process, if there is one."""
    while _kept:
        _kept.pop()[1].__exit__()
