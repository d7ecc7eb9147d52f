"""A worker started before it is asked for, and ended after it was used, by threads beside those that grade.

Starting and ending a worker take about as long as the cells of a notebook; nobody has to wait for either.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flatgrade.core.exercise import Limits
    from flatgrade.grader.sandbox import Sandbox, Worker

_THREADS = 2  # one that starts, one that ends


class WorkersAhead:
    """Keeps a worker of each profile in use ready. `close` ends them, and waits for the end of those that were used."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._pool = ThreadPoolExecutor(_THREADS)
        self._lock = threading.Lock()
        self._next: dict[str, tuple[Limits, Future[Worker]]] = {}

    @contextmanager
    def worker(self, limits: Limits, profile: str) -> Iterator[Worker]:
        """The worker that is ready, or else a new one. Raises as entering a Worker does."""
        worker = self._take(limits, profile) or self.sandbox.worker(limits, profile).__enter__()
        try:
            self._start_next(limits, profile)
            yield worker
        finally:
            self._pool.submit(worker.__exit__)

    def _take(self, limits: Limits, profile: str) -> Worker | None:
        with self._lock:
            ready = self._next.pop(profile, None)
        if ready is None:
            return None
        try:
            worker = ready[1].result()
        except Exception:  # noqa: BLE001 -- whoever starts one now learns why none can be started
            return None
        if ready[0] == limits and worker.is_waiting():
            return worker
        self._pool.submit(worker.__exit__)
        return None

    def _start_next(self, limits: Limits, profile: str) -> None:
        with self._lock:
            if profile not in self._next:
                self._next[profile] = limits, self._pool.submit(self.sandbox.worker(limits, profile).__enter__)

    def close(self) -> None:
        """End what is left. No worker can be had any more."""
        with self._lock:
            waiting = [self._next.popitem()[1][1] for _ in list(self._next)]
        for ready in waiting:
            if not ready.cancel():
                with suppress(Exception):  # it could not be started, or its zygote is gone: it does not run
                    ready.result().__exit__()
        self._pool.shutdown()
