"""A class, graded: what is stored and unchanged is taken as it is, the rest is graded, and all is written.

For each submission the order is: result stored, Record saved, gradebook and files written, and a note that they were.
Wherever a run ends, the next one goes on behind the last step that was done.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from flatgrade.course.collect import Collected, Collector
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.gradebook import GradebookWriter, NotGradedError
from flatgrade.course.standing import Standing
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.executor import Executor
from flatgrade.grader.interruption import uninterrupted
from flatgrade.grader.record import Record
from flatgrade.grader.sandbox import SandboxError, require
from flatgrade.grader.store import Dependencies, Result, ResultStore
from flatgrade.grader.submission import Submission
from flatgrade.report.verdict import verdict_outputs

PRIVATE = ".flatgrade"  # folder of the course for what is ours and secret: the term's seed, results, Records
_MOST_NAME = 250  # bytes of a file's name, less those of its ending


class Batch:
    """One run over submissions of an assignment: `with Batch(course, key) as batch: for record in batch.grade(...)`.

    `fresh` grades all anew, also what is stored. Entering raises CourseError where the course is not ready, and
    StoreError while another run is at work.
    """

    def __init__(self, course: Course, key: AnswerKey, *, allow_weak: bool = False, fresh: bool = False) -> None:
        self.course, self.key, self.name = course, key, key.assignment.name
        self.allow_weak, self.fresh = allow_weak, fresh
        self.depends = Dependencies(key)

    def __enter__(self) -> Batch:
        with ExitStack() as stack:
            self.collector = Collector(self.course, self.name)
            self.store = stack.enter_context(ResultStore(self.course.root / PRIVATE / "results.db", self.name))
            self.writer = stack.enter_context(GradebookWriter(self.course, self.name))
            self.standing = Standing(self.collector, self.writer.session, self.depends.digest)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def grade(self, students: Iterable[str], executor: Executor) -> Iterator[Record]:
        """Yield the Record of each student, without outputs. The executor is entered when the first one needs it.

        Raises SandboxError where student code cannot be confined enough, unless weakness was asked for.
        """
        waiting = iter(students)
        for student in waiting:
            found = self._look_up(student)
            if isinstance(found, Record):
                yield found
            else:
                with executor:
                    require(executor.level, allow_weak=self.allow_weak)
                    yield from self._grade_rest(found, waiting, executor)

    def _grade_rest(self, first: Collected, waiting: Iterator[str], executor: Executor) -> Iterator[Record]:
        taken: dict[str, Collected] = {}
        done: deque[Record] = deque()  # found on the way to the next one that must be graded

        def submissions() -> Iterator[Submission]:
            taken[first.submission.student] = first
            yield first.submission
            for student in waiting:
                found = self._look_up(student)
                if isinstance(found, Record):
                    done.append(found)
                else:
                    taken[student] = found
                    yield found.submission

        for record in executor.grade(submissions()):
            collected = taken.pop(record.student)
            with uninterrupted():
                self.store.put(self.depends.content(collected.submission), record)
                written = self._write(collected, record)
            yield written
            while done:
                yield done.popleft()
        yield from done

    def _look_up(self, student: str) -> Record | Collected:
        """The Record where there is nothing to grade, written anew where that is needed; else what is to be graded."""
        try:
            result = None if self.fresh else self._usable(student)
            if result and result.written and result.written == self.standing.mark(student):
                if not record_file(self.course, self.name, student).exists():
                    save(self.course, result.record)
                return result.record
            collected = self.collector.collect(student)
        except CourseError as error:
            refused = Record(student, self.name, (), problem=str(error))
            save(self.course, refused)
            return refused
        if result is None or result.content != self.depends.content(collected.submission):
            return collected
        with uninterrupted():
            return self._write(collected, self.store.whole(student))

    def _usable(self, student: str) -> Result | None:
        """The stored result, unless student code was confined less than it must be now."""
        result = self.store.find(student)
        if result and result.record.sandbox:
            try:
                require(result.record.sandbox, allow_weak=self.allow_weak)
            except SandboxError:
                return None
        return result

    def _write(self, collected: Collected, record: Record) -> Record:
        """Write a Record everywhere; returns it without what only the files need."""
        short = replace(record, outputs={}, files={})
        try:
            self.writer.write(collected, with_verdicts(record))
        except NotGradedError as error:
            self.store.forget(record.student)
            short = replace(short, problem=f"{record.problem} {error}".strip())
        save(self.course, short)
        self.store.note_written(record.student, self.standing.mark_anew(record.student))
        return short


def with_verdicts(record: Record) -> Record:
    """Give the Record the verdict of each exercise of ours as the output of its test cell."""
    outputs = {notebook: dict(cells) for notebook, cells in record.outputs.items()}
    for exercise in (exercise for exercise in record.exercises if not exercise.in_process):
        outputs.setdefault(exercise.notebook, {})[exercise.cell] = verdict_outputs(exercise)
    return replace(record, outputs=outputs)


def record_file(course: Course, assignment: str, student: str) -> Path:
    """Say where the Record of a student is kept."""
    name = student
    if len(os.fsencode(student)) > _MOST_NAME:
        name = hashlib.sha256(os.fsencode(student)).hexdigest()
    return course.root / PRIVATE / "records" / assignment / f"{name}.json"


def save(course: Course, record: Record) -> None:
    """Keep a Record in place of an earlier one, if the student's name can be a file's."""
    path = record_file(course, record.assignment, record.student)
    if not record.student or Path(record.student).name != record.student:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(".new")
    draft.write_text(record.to_json() + "\n", encoding="ascii")
    draft.replace(path)
