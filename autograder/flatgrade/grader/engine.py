"""The engine: grade a submission in workers of its own. Executors do that with many at a time.

A notebook's cells run in order in one worker; where a test cell stands, the judge asks for its exercise. When a worker
is lost (killed, crashed, out of time), the verdict goes to the cell or the exercise that lost it, and a fresh worker
runs the notebook again up to there without it: what was earned stays earned. A fault of ours is tried once more in a
fresh worker, and costs nobody a point.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade import __version__
from flatgrade.core.exercise import Assignment, Case, Limits
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.levels import LEVELS
from flatgrade.grader.cases import ENDS
from flatgrade.grader.inprocess import CreditRule, in_process_record, score_test
from flatgrade.grader.judge import judge_exercise, no_points
from flatgrade.grader.messages import FENCE
from flatgrade.grader.race import race
from flatgrade.grader.record import CellRecord, ExerciseRecord, Record
from flatgrade.grader.reference import Solution, load_solutions
from flatgrade.grader.replies import read_error, read_files, read_outputs, read_status
from flatgrade.grader.sandbox import Sandbox, SandboxError, Worker, WorkerGoneError
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

_MAX_RESTARTS = 4
_MAX_MADE = 100
_FILE_SECONDS = 10.0
_LEAST_SECONDS = 0.1
_LEVEL_UNKNOWN = ""
_BELOW = ("What it needs stands below its test cell.", "Do the cells run from top to bottom in a fresh kernel?")
_SCORED = (CellKind.JUDGE, CellKind.TEST)
_OVERRUNS = {
    "timeout": "It ran for more than {limits.cell_seconds:g} seconds, and was stopped.",
    "memory": "It needed more than {limits.memory_mib} MiB of memory.",
    "output": "It printed more than {limits.output_kib} KiB; the rest was cut off.",
    "disk": "It wrote more than {limits.disk_mib} MiB or {limits.files} files to disk.",
    "forbidden": "It tried what is not allowed when graded: " + FENCE[0].lower() + FENCE[1:],
}

Outputs = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class AnswerKey:
    """All that the judge needs for an assignment: contracts, solutions, and the cases drawn from the term's seed."""

    assignment: Assignment
    solutions: Mapping[str, Solution]
    cases: Mapping[str, list[Case]]
    seed: str
    secrets: tuple[Path, ...] = ()
    rule: CreditRule = field(default_factory=CreditRule)

    @property
    def digest(self) -> str:
        """Hexadecimal; changes with any file of the solutions, and with the rule for tests in the student's process."""
        digests = [f"{name} {solution.digest}" for name, solution in sorted(self.solutions.items())]
        digests += [] if self.solutions else [repr(self.rule)]
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()

    def sandbox(self, most: str = LEVELS[-1]) -> Sandbox:
        """The sandbox that its submissions are graded in: with the assignment's libraries, without its secrets."""
        return Sandbox(self.secrets, most, self.assignment.profile, self.assignment.libraries)

    @classmethod
    def load(cls, assignment: Assignment, root: Path, seed: str, secrets: Iterable[Path] = ()) -> AnswerKey:
        """Load `root/<assignment>/*.py`; no worker may read `root` or the folders `secrets`. Raises SolutionError."""
        solutions = load_solutions(root, assignment)
        cases = {name: solution.cases(seed) for name, solution in solutions.items()}
        return cls(assignment, solutions, cases, seed, (root, *secrets))

    @classmethod
    def without_exercises(cls, assignment: Assignment, rule: CreditRule, secrets: Iterable[Path] = ()) -> AnswerKey:
        """Make the key of an assignment that is tested in the student's process: there is nothing to know but the rule.

        Its cells run as a notebook kernel runs them.
        """
        return cls(assignment, {}, {}, "", tuple(secrets), rule)


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
        pseudonym=submission.pseudonym,
        cells=tuple(cell for run in runs for cell in run.cells),
        outputs={run.notebook.name: run.outputs for run in runs},
        files={name: content for run in runs for name, content in run.made.items()},
    )


def fault_record(submission: Submission, assignment: Assignment, what: str) -> Record:
    """The Record of a submission that could not be graded through a fault of ours, which `what` tells."""
    exercises = [
        _unearned(assignment, notebook.name, cell, Verdict.GRADER_FAULT, what)
        for notebook in submission.notebooks
        for cell in notebook.cells
        if cell.kind in _SCORED
    ]
    return Record(submission.student, submission.assignment, tuple(exercises), notes=submission.notes)


def _unearned(assignment: Assignment, notebook: str, cell: Cell, verdict: Verdict, what: str) -> ExerciseRecord:
    if cell.kind is CellKind.TEST:
        return in_process_record(cell, notebook, verdict, 0.0, what)
    exercise = assignment.exercises[cell.exercise]
    return ExerciseRecord(
        name=exercise.name,
        notebook=notebook,
        cell=cell.key,
        verdict=verdict,
        earned=0.0,
        points=exercise.total,
        stages=no_points(exercise),
        findings=(Finding(what),),
    )


class _NotebookRun:
    """One notebook on its way through workers."""

    def __init__(self, notebook: Notebook, files: Mapping[str, bytes], key: AnswerKey, sandbox: Sandbox) -> None:
        self.notebook, self.files, self.key, self.sandbox = notebook, files, key, sandbox
        self.limits: Limits = key.assignment.limits
        judged = [cell.exercise for cell in notebook.cells if cell.kind is CellKind.JUDGE]
        self.profile = key.assignment.profile_of(judged)
        self.outputs: Outputs = {}
        self.records: list[ExerciseRecord] = []
        self.problems: list[str] = []
        self.made: dict[str, bytes] = {}
        self.cells: list[CellRecord] = []
        self.errors: dict[str, str] = {}
        self.faults = 0
        self.level = _LEVEL_UNKNOWN
        self.skipped: set[str] = set()
        self.deadline = time.monotonic() + self.limits.submission_seconds

    def run(self) -> None:
        """Run the cells and judge the exercises; fills outputs, records and problems."""
        if self.notebook.problem:
            self.records = [self._record(cell, Verdict.MISSING, self.notebook.problem) for cell in self._scored()]
            return
        for _ in range(_MAX_RESTARTS):
            try:
                if self._run_once():
                    return
            except _OurFaultError as fault:
                if self._is_final(fault):
                    return
        self._close_open("The notebook ended its process too often.", Verdict.CRASHED)

    def _is_final(self, fault: _OurFaultError) -> bool:
        """Count a fault of ours; the second one stays, for its exercise or, where it has none, for all that is left."""
        self.faults += 1
        if self.faults == 1:
            return False
        if fault.cell is None:
            self._close_open(str(fault), Verdict.GRADER_FAULT)
            return True
        self.faults = 0  # the other exercises have their two attempts, too
        self.records.append(self._record(fault.cell, Verdict.GRADER_FAULT, str(fault)))
        return all(self._is_done(cell) for cell in self._scored())

    def _scored(self) -> list[Cell]:
        return [cell for cell in self.notebook.cells if cell.kind in _SCORED]

    def _run_once(self) -> bool:
        """One worker from the top; False if it was lost and another one is needed for the rest."""
        try:
            with self.sandbox.ready_worker(self.limits, self.profile) as worker:
                self.level = worker.level
                return self._run_cells(worker)
        except (WorkerGoneError, SandboxError, OSError) as error:  # no worker could be had, or not be ended
            raise _OurFaultError(f"The grader could not run a worker ({error}).") from error

    def _run_cells(self, worker: Worker) -> bool:
        self._put_files(worker)
        for cell in self.notebook.cells:
            if cell.key in self.skipped or cell.kind is CellKind.SKIP:
                continue
            if time.monotonic() > self.deadline:
                self._close_open("The time of the submission is over.", Verdict.TIMEOUT)
                return True
            try:
                self._do(cell, worker)
                lost = worker.is_gone  # a diagnosis may have ended it, after the verdict
            except WorkerGoneError as gone:
                self._lose(cell, gone)
                lost = True
            if lost:
                return all(self._is_done(cell) for cell in self._scored())
        self._take_files(worker)
        self._judge_again(worker)
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
        if cell.kind is CellKind.JUDGE:
            if not self._is_done(cell):
                self.records.append(self._judge(cell, worker))
                self._race(self.records[-1], worker)
            return
        reply = worker.ask(self._request(cell), min(self.limits.cell_seconds, self._left()))
        if self._is_done(cell):
            return  # a test of a worker that was lost later: it ran again for what it leaves behind, its score stands
        self.outputs[cell.key] = read_outputs(reply)
        self.errors[cell.key] = read_error(reply)
        status = read_status(reply)
        self._note_overrun(cell, status)
        if cell.kind is CellKind.TEST:
            self.records.append(self._score(cell, status))

    def _score(self, cell: Cell, status: str) -> ExerciseRecord:
        if status == "malformed":  # silence is what a test that passes gives, so it must be said that it ran
            return self._record(cell, Verdict.MALFORMED, "What the test gave could not be read.")
        return score_test(cell, self.notebook.name, self.outputs[cell.key], self.key.rule)

    def _request(self, cell: Cell) -> dict[str, Any]:
        request = {"do": "cell", "key": cell.label, "source": cell.source}
        if self.key.assignment.exercises:
            return request
        number = self.notebook.counts.get(cell.key, 0)
        return {**request, "style": "ipython", "number": number, "test": cell.kind is CellKind.TEST}

    def _left(self) -> float:
        return max(_LEAST_SECONDS, self.deadline - time.monotonic())

    def _note_overrun(self, cell: Cell, status: str) -> None:
        if status in _OVERRUNS:
            verdict = Verdict.FORBIDDEN if status == "forbidden" else ENDS[status]
            what = _OVERRUNS[status].format(limits=self.limits)
            self.cells = [item for item in self.cells if item.cell != cell.key]
            self.cells.append(CellRecord(self.notebook.name, cell.key, verdict, what))

    def _judge(self, cell: Cell, worker: Worker) -> ExerciseRecord:
        solution = self.key.solutions[cell.exercise]
        asks = _Timed(worker, min(self.limits.exercise_seconds, self._left()))
        try:
            record = judge_exercise(solution, self.key.cases[cell.exercise], asks, self.limits.call_seconds)
        except WorkerGoneError:
            raise
        except Exception as error:
            what = f"The grader failed on this exercise ({type(error).__name__}: {error})."
            raise _OurFaultError(what, cell) from error
        if record.verdict is Verdict.MISSING and (cause := self._cause(cell)):
            finding = Finding(f"The cell {cause.cell} before it did not come to its end. {cause.what}")
            record = replace(record, verdict=cause.verdict, findings=(finding, *record.findings))
        return replace(record, notebook=self.notebook.name, cell=cell.key, points=solution.exercise.total)

    def _race(self, record: ExerciseRecord, worker: Worker) -> None:
        """Time a right answer where the contract asks for it. What was earned stays, whatever happens meanwhile."""
        solution = self.key.solutions[record.name]
        if solution.exercise.speed is None or record.verdict is not Verdict.PASS:
            return
        asks = _Timed(worker, min(self.limits.exercise_seconds, self._left()))
        speed = race(solution, self.key.seed, asks, self.sandbox, self.limits, self.profile)
        self.records[self.records.index(record)] = replace(record, speed=speed, earned=record.earned + speed.earned)

    def _cause(self, judged: Cell) -> CellRecord | None:
        """The last cell of ours since the last test that stopped: a missing function was to be defined there."""
        stopped = {item.cell: item for item in self.cells if item.verdict is not Verdict.OUTPUT_LIMIT}
        cause = None
        for cell in self.notebook.cells[: self.notebook.cells.index(judged)]:
            if cell.kind is CellKind.JUDGE:
                cause = None
            elif not cell.own and cell.key in stopped:
                cause = stopped[cell.key]
            elif not cell.own and self.errors.get(cell.key):
                cause = CellRecord(self.notebook.name, cell.key, Verdict.ERROR, self.errors[cell.key])
        return cause

    def _judge_again(self, worker: Worker) -> None:
        """Judge once more, after the last cell, what was not right at its test cell and may be by a cell below it.

        Students run cells out of order, and what they have seen working counts. Of two results the better one stays.
        """
        for cell in [cell for cell in self.notebook.cells if cell.kind is CellKind.JUDGE]:
            [record] = [record for record in self.records if record.cell == cell.key]
            below = [
                item for item in self.notebook.cells[self.notebook.cells.index(cell) :] if item.kind is CellKind.RUN
            ]
            broken = record.verdict in (Verdict.ERROR, Verdict.MISSING)
            wrong = record.verdict in (Verdict.WRONG, Verdict.NOT_WRITTEN)
            if not (broken and below) and not (wrong and any(item.own for item in below)):
                continue
            try:
                again = self._judge(cell, worker)
                if again.earned > record.earned:
                    again = replace(again, findings=(Finding(*_BELOW), *again.findings))
                    self.records[self.records.index(record)] = again
                    self._race(again, worker)
            except (WorkerGoneError, _OurFaultError):
                return

    def _lose(self, cell: Cell, gone: WorkerGoneError) -> None:
        self.skipped.add(cell.key)
        if self._is_done(cell):
            return
        if cell.kind is not CellKind.RUN:
            self.records.append(self._record(cell, gone.verdict, gone.what))
        if cell.kind is not CellKind.JUDGE:
            error = {"output_type": "error", "ename": gone.verdict.value, "evalue": gone.what, "traceback": [gone.what]}
            self.outputs[cell.key] = [error]
            self.problems.append(f"{self.notebook.name}.ipynb: cell {cell.label} was not run to its end: {gone.what}")
            self.cells.append(CellRecord(self.notebook.name, cell.key, gone.verdict, gone.what))

    def _is_done(self, cell: Cell) -> bool:
        return any(record.cell == cell.key for record in self.records)

    def _close_open(self, what: str, verdict: Verdict) -> None:
        self.records += [self._record(cell, verdict, what) for cell in self._scored() if not self._is_done(cell)]

    def _record(self, cell: Cell, verdict: Verdict, what: str) -> ExerciseRecord:
        return _unearned(self.key.assignment, self.notebook.name, cell, verdict, what)


class _OurFaultError(Exception):
    """A fault of the grader's: on one exercise, or (no cell) on the whole notebook."""

    def __init__(self, what: str, cell: Cell | None = None) -> None:
        super().__init__(what)
        self.cell = cell


class _Timed:
    """A worker for one exercise, whose requests have `seconds` in all."""

    def __init__(self, worker: Worker, seconds: float) -> None:
        self.worker, self.seconds, self.deadline = worker, seconds, time.monotonic() + seconds

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Ask the worker. Raises WorkerGoneError where it is lost, and where the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise WorkerGoneError(Verdict.TIMEOUT, f"All its calls together took more than {self.seconds:g} seconds.")
        return self.worker.ask(request, min(seconds, left))
