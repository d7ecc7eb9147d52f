"""Grade on a Dask cluster: a submission is a task, and every Dask worker is a judge with a zygote of its own.

What crosses the network for a submission is JSON text that trusted code wrote: a Submission one way, a Record the
other. The answer key crosses once a worker, inside a plugin, and is in no task; the plugin is removed from the cluster
when the command that brought it ends, however it ends. This module needs the extra `cluster`, and nothing imports it
before a cluster is asked for.
"""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from asyncio import CancelledError
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from distributed import Client, Future, Scheduler, SchedulerPlugin, Security, Worker, WorkerPlugin, get_worker
from distributed.scheduler import KilledWorker
from distributed.versions import VersionMismatchWarning

from flatgrade.core.contract import CONTRACT, load_assignment
from flatgrade.core.levels import LEVELS
from flatgrade.grader.engine import AnswerKey, fault_record, grade
from flatgrade.grader.executor import ExecutorError, ExecutorLostError
from flatgrade.grader.record import Record
from flatgrade.grader.sandbox import require
from flatgrade.grader.submission import Submission

_CONNECT_SECONDS = 10
_IN_FLIGHT = 4  # submissions for each thread of the cluster that are sent before the first of them is back
_LOOK_SECONDS = 5.0  # how often the threads of the cluster are counted
_NO_WORKER_SECONDS = 60.0  # how long a cluster may be without any worker, as while its machines start again
_BROKEN = "the connection to its scheduler broke"
_SAME = ("flatgrade", "numpy")  # versions on which a grade can depend

_Key = str | int | float | tuple[Any, ...]
_Running = dict[_Key, tuple[Submission, Future]]


class ClusterExecutor:
    """The workers of a Dask scheduler as an Executor (flatgrade.grader.executor), for one assignment.

    `contract` is the folder of its exercises.toml, `solutions` the secret folder from which `key` was loaded, `tls` the
    files for TLS by their names in `distributed.Security`. Entering raises ExecutorError where the scheduler cannot be
    reached, or where one worker is not fit: other versions, or a confinement below L2 (unless `allow_weak`).
    """

    def __init__(
        self,
        address: str,
        key: AnswerKey,
        contract: Path,
        solutions: Path,
        *,
        allow_weak: bool = False,
        tls: Mapping[str, str] | None = None,
    ) -> None:
        self.address, self.level = address, ""
        self._assignment = key.assignment
        self._judge = Judge(PackedKey.of(key, contract, solutions), _versions(), allow_weak=allow_weak)
        self._tls = dict(tls or {})

    def __enter__(self) -> Self:
        self._client = _connect(self.address, self._tls)
        try:
            self._check_versions()
            name = self._name = f"flatgrade-{self._client.id}"
            self._client.register_plugin(_Housekeeper(self._client.id, name))
            self._client.register_plugin(self._judge, name=name)
            self.level = self._weakest()
        except BaseException:
            self._client.close(timeout=_CONNECT_SECONDS)
            raise
        self._sent, self._threads, self._seen, self._next_look = 0, 0, time.monotonic(), 0.0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._client.close(timeout=_CONNECT_SECONDS)  # the housekeeper sees it, and ends the judges

    def grade(self, submissions: Iterable[Submission]) -> Iterator[Record]:
        """Grade each submission once; yields Records as they come.

        A few submissions for each thread are on their way at a time. Raises ExecutorLostError where the scheduler or
        all workers are lost, and ExecutorError where a worker that joined late is not fit.
        """
        pending, ready = iter(submissions), deque[Record]()
        running: _Running = {}
        done: SimpleQueue[Future] = SimpleQueue()
        try:
            while True:
                has_room = len(running) + len(ready) < self._room()
                submission = next(pending, None) if has_room else None
                if submission is not None:
                    self._send(submission, running, done)
                elif not running and not ready:
                    return
                ready += self._received(running, _drained(done, wait=submission is None and not ready))
                if ready:
                    yield ready.popleft()
        finally:
            with contextlib.suppress(Exception):  # where the scheduler is lost there is nothing to be cancelled
                self._client.cancel([future for _, future in running.values()])

    def _send(self, submission: Submission, running: _Running, done: SimpleQueue[Future]) -> None:
        self._sent += 1
        key = (self._name, self._sent)  # tells nothing of the student, for a dashboard shows it
        with self._connected():
            future = self._client.submit(_grade, self._name, submission.to_json(), key=key, pure=False)
        running[future.key] = submission, future
        future.add_done_callback(done.put)

    def _received(self, running: _Running, done: list[Future]) -> Iterator[Record]:
        """The Records of what is done, which is then no longer running and released."""
        finished = {future.key: future for future in done if future.status == "finished"}
        with self._connected():
            texts = self._client.gather(finished, errors="skip") if finished else {}
        for future in done:
            submission, _ = running.pop(future.key)
            text = texts.get(future.key)
            yield self._without(submission, future) if text is None else Record.from_json(text)

    def _without(self, submission: Submission, future: Future) -> Record:
        """The Record of a submission whose task failed: a fault of ours. Raises where the cluster itself failed."""
        if future.status == "cancelled":
            raise self._lost(_BROKEN)
        error = future.exception()
        if isinstance(error, ExecutorError):
            raise error
        if isinstance(error, KilledWorker):
            what = (
                f"Workers of the cluster died with this submission; after {error.allowed_failures + 1} it was given up."
            )
        else:
            what = f"The task failed on the cluster ({type(error).__name__}: {error})."
        return fault_record(submission, self._assignment, what)

    def _room(self) -> int:
        """How many submissions may be on their way; the threads are counted anew every few seconds."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            with self._connected():
                threads = sum(self._client.nthreads().values())
            if threads:
                self._threads, self._seen = threads, now
            elif now - self._seen > _NO_WORKER_SECONDS:
                raise self._lost("all its workers are gone")
        return _IN_FLIGHT * self._threads

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """Tell a connection that breaks in the body as a cluster that is lost."""
        try:
            yield
        except (OSError, RuntimeError, TimeoutError, CancelledError):
            raise self._lost(_BROKEN) from None

    def _lost(self, why: str) -> ExecutorLostError:
        return ExecutorLostError(
            f"the cluster at {self.address} was lost ({why}): what was graded is written, and the same command grades "
            "the rest"
        )

    def _check_versions(self) -> None:
        """Raise ExecutorError where scheduler or workers have other versions; before any secret is sent."""
        found = self._client.get_versions(packages=list(_SAME))
        if not found["workers"]:
            raise ExecutorError(
                f"the scheduler at {self.address} has no workers: start some with `dask worker {self.address}`"
            )
        theirs = {f"the scheduler at {self.address}": found["scheduler"]}
        theirs |= {f"the worker at {address}": item for address, item in found["workers"].items()}
        for who, item in sorted(theirs.items()):
            _require_same(who, self._judge.versions, item["packages"])

    def _weakest(self) -> str:
        """The weakest level among the workers. Raises ExecutorError with the first worker that is not fit."""
        judges: dict[str, dict[str, str]] = self._client.run(_state, self._name)
        for address, judge in sorted(judges.items()):
            if judge["fault"]:
                raise ExecutorError(f"the worker at {address} cannot grade: {judge['fault']}")
        return min((judge["level"] for judge in judges.values()), key=LEVELS.index)


@dataclass(frozen=True, repr=False)
class PackedKey:
    """An answer key as it goes to a worker: as the files from which it is loaded there, for solutions are functions.

    A key without exercises, which is plain data, goes as it is, in `bare`.
    """

    assignment: str
    seed: str
    files: Mapping[str, bytes]
    bare: AnswerKey | None = None

    @classmethod
    def of(cls, key: AnswerKey, contract: Path, solutions: Path) -> PackedKey:
        """Pack a key that was loaded from the folders `contract` and `solutions`."""
        name = key.assignment.name
        if not key.solutions:
            return cls(name, key.seed, {}, replace(key, secrets=()))
        files = {f"assignments/{name}/{CONTRACT}": (contract / CONTRACT).read_bytes()}
        for path in sorted((solutions / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                files[f"solutions/{path.relative_to(solutions).as_posix()}"] = path.read_bytes()
        return cls(name, key.seed, files)

    def unpack(self, private: Path) -> AnswerKey:
        """Load the key. Its files stand below `private`, which no submission may read, for as long as that takes."""
        if self.bare:
            return replace(self.bare, secrets=(private,))
        with TemporaryDirectory(prefix="key-", dir=private) as folder:  # mode 0700
            for name, content in self.files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            contract = load_assignment(Path(folder) / "assignments" / self.assignment)
            return AnswerKey.load(contract, Path(folder) / "solutions", self.seed, [private])


class Judge(WorkerPlugin):
    """The trusted side of one Dask worker: the answer key, and the zygote from which its submissions are forked.

    `level` is the confinement that its zygote gives; `fault` says in one sentence why it cannot grade ("" if it can).
    """

    def __init__(self, packed: PackedKey, versions: Mapping[str, str], *, allow_weak: bool) -> None:
        self.packed, self.versions, self.allow_weak = packed, versions, allow_weak
        self.level = self.fault = ""

    def setup(self, worker: Worker) -> None:
        """Take the key in and start the zygote; a failure is kept, for Dask would start the worker all the same."""
        self._open = contextlib.ExitStack()
        try:
            self._start(Path(worker.local_directory))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the command is to tell it, and not the worker's log
            self.fault = str(error) or type(error).__name__

    def _start(self, private: Path) -> None:
        _require_same("it", self.versions, _versions())
        self.key = self.packed.unpack(private)
        self.sandbox = self._open.enter_context(self.key.sandbox())
        with self.sandbox.worker(self.key.assignment.limits) as worker:
            self.level = worker.level
        require(self.level, allow_weak=self.allow_weak)

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 -- Dask's signature
        """End the zygote, and with it every submission that still runs."""
        self._open.close()


class _Housekeeper(SchedulerPlugin):
    """Removes the judges of a command from the cluster when its client is gone, be it killed."""

    def __init__(self, client: str, judges: str) -> None:
        self.client, self.judges, self.name = client, judges, f"{judges}-housekeeper"

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        """Dask calls this when a client has left or its connection broke."""
        if client == self.client:
            scheduler.loop.add_callback(self._tidy, scheduler)

    async def _tidy(self, scheduler: Scheduler) -> None:
        await scheduler.unregister_scheduler_plugin(self.name)
        with contextlib.suppress(ValueError):  # the command ended before it had any
            await scheduler.unregister_worker_plugin(None, self.judges)


def _grade(judges: str, text: str) -> str:
    """The task: grade one Submission, given and answered as JSON."""
    worker = get_worker()
    judge = worker.plugins.get(judges)
    if judge is None or judge.fault:
        why = judge.fault if judge else "it has no answer key"
        raise ExecutorError(f"the worker at {worker.address} cannot grade: {why}")
    return grade(Submission.from_json(text), judge.key, judge.sandbox).to_json(outputs=True)


def _state(judges: str, dask_worker: Worker) -> dict[str, str]:
    judge = dask_worker.plugins[judges]
    return {"level": judge.level, "fault": judge.fault}


def _connect(address: str, tls: Mapping[str, str]) -> Client:
    for name in ("distributed", "distributed.client"):  # each has a level; what they tell, we tell in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        security = Security(**tls)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # told below, for what matters
            return Client(address, security=security, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError):
        raise ExecutorError(
            f"no Dask scheduler can be reached at {address}: start one with `dask scheduler`, and see that this machine"
            " may connect to its port"
        ) from None


def _drained(done: SimpleQueue[Future], *, wait: bool) -> list[Future]:
    """All that is done by now; with `wait`, after up to a second in which nothing was."""
    found = []
    with contextlib.suppress(Empty):
        found.append(done.get(timeout=1.0 if wait else None, block=wait))
        while True:
            found.append(done.get_nowait())
    return found


def _versions() -> dict[str, str]:
    """The versions that must be the same everywhere, read as Dask reads them."""
    return {name: version(name) for name in _SAME}


def _require_same(who: str, ours: Mapping[str, str], theirs: Mapping[str, Any]) -> None:
    for name, wanted in ours.items():
        if theirs.get(name) != wanted:
            raise ExecutorError(
                f"{who} has {name} {theirs.get(name)} and this machine {wanted}: grades could depend on it, so run "
                f"`pip install {name}=={wanted}` there, and start it again"
            )
