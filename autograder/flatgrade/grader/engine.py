"""The engine: grade a submission in workers of its own. Executors do that with many at a time.

A notebook's cells run in order in one worker; where a test cell stands, the judge asks for its exercise. When a worker
is lost (killed, crashed, out of time), the verdict goes to the cell or the exercise that lost it, and a fresh worker
runs the notebook again up to there without it: what was earned stays earned.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade import __version__
from flatgrade.core.exercise import Assignment, Case, Exercise, Limits
from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.judge import judge_exercise, no_points
from flatgrade.grader.record import ExerciseRecord, Record
from flatgrade.grader.reference import Solution, load_solutions
from flatgrade.grader.replies import read_files, read_outputs
from flatgrade.grader.sandbox import Sandbox, Worker, WorkerGoneError
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

_MAX_RESTARTS = 4
_MAX_MADE = 100
_FILE_SECONDS = 10.0
_LEVEL_UNKNOWN = ""

Outputs = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class AnswerKey:
    """All that the judge needs for an assignment: contracts, solutions, and the cases drawn from the term's seed."""

    assignment: Assignment
    solutions: Mapping[str, Solution]
    cases: Mapping[str, list[Case]]
    seed: str
    secrets: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        """Hexadecimal; changes with any file of the solutions."""
        digests = [f"{name} {solution.digest}" for name, solution in sorted(self.solutions.items())]
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()

    @classmethod
    def load(cls, assignment: Assignment, root: Path, seed: str, secrets: Iterable[Path] = ()) -> AnswerKey:
        """Load `root/<assignment>/*.py`; no worker may read `root` or the folders `secrets`. Raises SolutionError."""
        solutions = load_solutions(root, assignment)
        cases = {name: solution.cases(seed) for name, solution in solutions.items()}
        return cls(assignment, solutions, cases, seed, (root, *secrets))


def grade(submission: Submission, key: AnswerKey, sandbox: Sandbox) -> Record:
    """Grade one submission. Always returns a Record: what could not be run has its verdict there."""
    began = time.perf_counter()
    runs = [_NotebookRun(notebook, submission.files, key, sandbox) for notebook in submission.notebooks]
    for run in runs:
        run.run()
    problems = [run.notebook.problem for run in runs if run.notebook.problem]
    return Record(
        student=submission.student,
        assignment=submission.assignment,
        exercises=tuple(record for run in runs for record in run.records),
        problem=" ".join(dict.fromkeys([*problems, *(problem for run in runs for problem in run.problems)])),
        sandbox=next((run.level for run in runs if run.level), ""),
        seed=key.seed[:8],
        seconds=round(time.perf_counter() - began, 3),
        versions={
            "flatgrade": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "solutions": key.digest[:8],
        },
        notes=submission.notes,
        outputs={run.notebook.name: run.outputs for run in runs},
        files={name: content for run in runs for name, content in run.made.items()},
    )


def fault_record(submission: Submission, assignment: Assignment, what: str) -> Record:
    """The Record of a submission that could not be graded through a fault of ours, which `what` tells."""
    judged = [
        (notebook.name, cell.key, assignment.exercises[cell.exercise])
        for notebook in submission.notebooks
        for cell in notebook.cells
        if cell.kind is CellKind.JUDGE
    ]
    return Record(
        student=submission.student,
        assignment=submission.assignment,
        exercises=tuple(_unearned(*place, Verdict.GRADER_FAULT, what) for place in judged),
        notes=submission.notes,
    )


def _unearned(notebook: str, cell: str, exercise: Exercise, verdict: Verdict, what: str) -> ExerciseRecord:
    return ExerciseRecord(
        name=exercise.name,
        notebook=notebook,
        cell=cell,
        verdict=verdict,
        earned=0.0,
        points=exercise.points,
        stages=no_points(exercise),
        findings=(Finding(what),),
    )


class _NotebookRun:
    """One notebook on its way through workers."""

    def __init__(self, notebook: Notebook, files: Mapping[str, bytes], key: AnswerKey, sandbox: Sandbox) -> None:
        self.notebook, self.files, self.key, self.sandbox = notebook, files, key, sandbox
        self.limits: Limits = key.assignment.limits
        self.outputs: Outputs = {}
        self.records: list[ExerciseRecord] = []
        self.problems: list[str] = []
        self.made: dict[str, bytes] = {}
        self.level = _LEVEL_UNKNOWN
        self.skipped: set[str] = set()
        self.deadline = time.monotonic() + self.limits.submission_seconds

    def run(self) -> None:
        """Run the cells and judge the exercises; fills outputs, records and problems."""
        if self.notebook.problem:
            self.records = [self._record(cell, Verdict.MISSING, self.notebook.problem) for cell in self._judged()]
            return
        for _ in range(_MAX_RESTARTS):
            try:
                if self._run_once():
                    return
            except (WorkerGoneError, OSError) as error:  # no worker could be had: not the student's fault
                self._close_open(f"The grader could not start a worker ({error}).", Verdict.GRADER_FAULT)
                return
        self._close_open("The notebook ended its process too often.", Verdict.CRASHED)

    def _judged(self) -> list[Cell]:
        return [cell for cell in self.notebook.cells if cell.kind is CellKind.JUDGE]

    def _run_once(self) -> bool:
        """One worker from the top; False if it was lost and another one is needed for the rest."""
        with self.sandbox.worker(self.limits) as worker:
            self.level = worker.level
            self._put_files(worker)
            for cell in self.notebook.cells:
                if cell.key in self.skipped or cell.kind is CellKind.SKIP:
                    continue
                if time.monotonic() > self.deadline:
                    self._close_open("The time of the submission is over.", Verdict.TIMEOUT)
                    return True
                try:
                    self._do(cell, worker)
                except WorkerGoneError as gone:
                    self._lose(cell, gone)
                    return all(self._is_done(cell) for cell in self._judged())
            self._take_files(worker)
        return True

    def _put_files(self, worker: Worker) -> None:
        for name, content in self.files.items():
            reply = worker.ask({"do": "put", "name": name, "data": np.frombuffer(content, np.uint8)}, _FILE_SECONDS)
            if reply.get("status") != "ok":
                self.problems.append(f"{name} could not be put beside the notebook ({reply.get('what')}).")

    def _take_files(self, worker: Worker) -> None:
        if self.limits.kept_kib:
            reply = worker.ask({"do": "take", "kib": self.limits.kept_kib, "most": _MAX_MADE}, _FILE_SECONDS)
            self.made = read_files(reply, self.limits.kept_kib)

    def _do(self, cell: Cell, worker: Worker) -> None:
        if cell.kind is CellKind.RUN:
            message = {"do": "cell", "key": cell.key, "source": cell.source}
            self.outputs[cell.key] = read_outputs(worker.ask(message, self.limits.cell_seconds))
        elif not self._is_done(cell):
            self.records.append(self._judge(cell, worker))

    def _judge(self, cell: Cell, worker: Worker) -> ExerciseRecord:
        solution = self.key.solutions[cell.exercise]
        try:
            record = judge_exercise(solution, self.key.cases[cell.exercise], worker, self.limits.call_seconds)
        except WorkerGoneError:
            raise
        except Exception as error:  # noqa: BLE001 -- a fault of ours must cost no student a point, nor stop the batch
            what = f"The grader failed on this exercise ({type(error).__name__}: {error})."
            return self._record(cell, Verdict.GRADER_FAULT, what)
        return replace(record, notebook=self.notebook.name, cell=cell.key)

    def _lose(self, cell: Cell, gone: WorkerGoneError) -> None:
        if cell.kind is CellKind.JUDGE:
            self.records.append(self._record(cell, gone.verdict, gone.what))
        else:
            error = {"output_type": "error", "ename": gone.verdict.value, "evalue": gone.what, "traceback": [gone.what]}
            self.outputs[cell.key] = [error]
            self.problems.append(f"{self.notebook.name}: cell {cell.key} was not run to its end: {gone.what}")
        self.skipped.add(cell.key)

    def _is_done(self, cell: Cell) -> bool:
        return any(record.cell == cell.key for record in self.records)

    def _close_open(self, what: str, verdict: Verdict) -> None:
        self.records += [self._record(cell, verdict, what) for cell in self._judged() if not self._is_done(cell)]

    def _record(self, cell: Cell, verdict: Verdict, what: str) -> ExerciseRecord:
        exercise = self.key.assignment.exercises[cell.exercise]
        return _unearned(self.notebook.name, cell.key, exercise, verdict, what)
