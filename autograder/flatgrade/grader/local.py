"""The local executor: submissions graded on this machine, several at a time, each by a thread with worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from types import TracebackType

from flatgrade.grader.engine import AnswerKey, fault_record, grade
from flatgrade.grader.machine import cores, free_mib
from flatgrade.grader.record import Record
from flatgrade.grader.submission import Submission

_WAITING = 2  # submissions read ahead for each worker, so that none has to wait for the next one


class LocalExecutor:
    """Grades on this machine, `workers` submissions at a time; by default as many as cores and memory bear.

    `note` says in one sentence that memory is what bounds them ("" if it is not).
    """

    def __init__(self, key: AnswerKey, workers: int | None = None) -> None:
        self.key, self.level, self.note = key, "", ""
        self.workers = workers or cores()
        if workers is None:
            self._bound_by_memory(key.assignment.limits.memory_mib)
        self._stack = ExitStack()

    def _bound_by_memory(self, each: int) -> None:
        free = free_mib()
        if free is not None and (fit := max(1, free // max(each, 1))) < self.workers:
            self.note = (
                f"{fit} submission{'s' if fit > 1 else ''} at a time, not {self.workers}: each may take {each} MiB of "
                f"memory, and {free} MiB are free; --workers N overrules it."
            )
            self.workers = fit

    def __enter__(self) -> LocalExecutor:
        with ExitStack() as stack:
            self._sandbox = stack.enter_context(self.key.sandbox())
            with self._sandbox.worker(self.key.assignment.limits) as worker:
                self.level = worker.level
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def grade(self, submissions: Iterable[Submission]) -> Iterator[Record]:
        """Grade submissions; Records come as they are ready. Closing the iterator ends the executor's work for good."""
        pending = iter(submissions)
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                running = {self._start(pool, item) for item in islice(pending, _WAITING * self.workers)}
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    while done:
                        running |= {self._start(pool, item) for item in islice(pending, 1)}
                        yield done.pop().result()
            except BaseException:
                self._sandbox.stop()  # first: a thread that waits for a worker then comes back at once
                pool.shutdown(cancel_futures=True)
                raise

    def _start(self, pool: ThreadPoolExecutor, submission: Submission) -> Future[Record]:
        return pool.submit(self._grade, submission)

    def _grade(self, submission: Submission) -> Record:
        try:
            return grade(submission, self.key, self._sandbox)
        except Exception as error:  # noqa: BLE001 -- a fault of ours must cost no student a point, nor stop the batch
            what = f"The grader failed on this submission ({type(error).__name__}: {error})."
            return fault_record(submission, self.key.assignment, what)
