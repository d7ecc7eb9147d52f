"""The seam between a command and whatever grades the submissions: this machine's cores, or a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self

from flatgrade.grader.record import Record
from flatgrade.grader.submission import Submission


class ExecutorError(Exception):
    """An executor that cannot be had as it was asked for: what is wrong, and what mends it."""


class ExecutorLostError(Exception):
    """An executor that was lost in mid-batch. What it graded is not lost, and the same command goes on."""


class Executor(Protocol):
    """Grades submissions, many at a time. A context manager: entering starts what it needs, leaving ends all of it.

    `level` is the weakest level of confinement among its workers, known after entering. Entering raises SandboxError
    where student code cannot be run at all.
    """

    level: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def grade(self, submissions: Iterable[Submission]) -> Iterator[Record]:
        """Grade each submission once, and yield its Record as soon as it is ready, in any order.

        Submissions are pulled as there is room for them, never all at once, and always by the thread that asks for the
        Records. Closing the iterator ends all work that is in flight.
        """
        ...
