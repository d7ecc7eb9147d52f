"""Start workers, ask them questions, and end them: the trusted end of the wire.

A Sandbox has a zygote (flatgrade.grader.zygote) for each profile of libraries in use, which forks a worker when asked.
A worker has one socket and one scratch folder, and confines itself before it reads student code (flatgrade.worker).
Every question has a deadline; a worker that misses it, dies, or sends what is not a frame, is killed with all its
children, and the caller learns which of the three it was.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.levels import CALLS, CONTROL_GROUPS, FILES, LEVELS, NAMESPACES, reaches
from flatgrade.core.wire import Caps, WireError, encode, read_frame
from flatgrade.grader.ahead import WorkersAhead
from flatgrade.grader.control_groups import ControlGroups
from flatgrade.grader.machine import is_alive
from flatgrade.grader.zygote import SCRATCH, SandboxError, Zygote, ZygoteProcess, new_scratch, readable, take_begun

_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
_REPLY_BYTES = 64 << 20
_USERS = range(40_000, 59_000)  # numbers that no distribution gives to a person or a service

__all__ = ["Sandbox", "SandboxError", "Worker", "WorkerGoneError", "require"]


class WorkerGoneError(Exception):
    """The worker did not answer; `verdict` says how it ended, `what` says it in a sentence."""

    def __init__(self, verdict: Verdict, what: str) -> None:
        super().__init__(what)
        self.verdict, self.what = verdict, what


class Sandbox:
    """Zygotes to get workers from, by any number of threads. A context manager: leaving it ends every worker.

    `secrets` are folders that no worker may read; `most` is the highest level of confinement to be used, to try what
    lower ones hold; `profile` names the libraries that student code may use where no other profile is asked for, and
    `allowed` further ones (flatgrade.grader.libraries). The zygote of another profile starts with its first worker.
    Raises SandboxError if a secret lies inside what workers must read.
    """

    def __init__(
        self,
        secrets: tuple[Path, ...] = (),
        most: str = LEVELS[-1],
        profile: str = "numpy",
        allowed: tuple[str, ...] = (),
    ) -> None:
        if not hasattr(os, "fork"):
            raise SandboxError("student code is run on Linux and macOS only: on Windows, grade in WSL")
        self.most, self.profile = most, profile
        self._secrets, self._allowed = secrets, allowed
        readable(profile, allowed, secrets)
        self._zygotes: dict[str, Zygote] = {}
        self._lock = threading.Lock()
        self._free: list[int] = []
        self._made = 0
        self._stopped = False
        # Graders that run side by side must not share users.
        self._first_user = _USERS[os.getpid() * 64 % (len(_USERS) - 64)]

    def __enter__(self) -> Sandbox:
        _sweep()
        begun = take_begun(self.most)
        self.scratch = begun.scratch if begun else new_scratch()
        owner = "".join(filter(str.isalnum, self.scratch.name.rpartition("-")[2]))
        self._groups = ControlGroups.find(owner) if self.most == CONTROL_GROUPS else None
        try:
            self._zygotes[self.profile] = self._start(self.profile, begun)
        except BaseException:
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise
        self._ahead = WorkersAhead(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._ahead.close()
        self.stop()
        if self._groups:
            for slot in range(self._made):
                self._groups.remove(slot)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def stop(self) -> None:
        """End every worker at once and for good: a thread that waits for one learns of it, and gets no other."""
        self._stopped = True
        for zygote in list(self._zygotes.values()):
            zygote.stop()
        with self._lock:  # by now nobody starts a zygote, except who was at it
            for zygote in self._zygotes.values():
                zygote.stop()

    def _start(self, profile: str, begun: ZygoteProcess | None = None) -> Zygote:
        paths = readable(profile, self._allowed, self._secrets)
        process = begun or ZygoteProcess(self.scratch, namespaces=reaches(self.most, NAMESPACES))
        return Zygote(process, paths, profile, self.most, self._first_user)

    @property
    def without(self) -> str:
        """Why workers are in no namespaces ("" if they are)."""
        return self._zygotes[self.profile].without

    @property
    def has_users(self) -> bool:
        """Whether each worker is a user of its own."""
        return self._zygotes[self.profile].users

    @property
    def has_groups(self) -> bool:
        """Whether each worker has control groups of its own."""
        return self._groups is not None

    def worker(self, limits: Limits, profile: str = "") -> Worker:
        """A worker with the libraries of a profile, to be used as a context manager."""
        return Worker(self, limits, profile or self.profile)

    def ready_worker(self, limits: Limits, profile: str = "") -> AbstractContextManager[Worker]:
        """A worker that was started ahead, where there is one; leaving it does not wait for its end."""
        return self._ahead.worker(limits, profile or self.profile)

    def take_slot(self) -> int:
        """A number that no other worker has now; it goes with a user and control groups of its own."""
        with self._lock:
            if self._free:
                return self._free.pop()
            self._made += 1
            return self._made - 1

    def give_slot(self, slot: int) -> None:
        """Give a number back, when nothing of its worker runs any more."""
        with self._lock:
            self._free.append(slot)

    def user(self, zygote: Zygote, slot: int) -> int | None:
        """The user that a zygote's worker of a slot is to be, or None where it stays the grader's."""
        return self._first_user + slot % 64 if zygote.users else None

    def kills(self, slot: int) -> int:
        """How many processes of the slot were killed for want of memory up to now."""
        return self._groups.kills(slot) if self._groups else 0

    def fork(self, connection: socket.socket, slot: int, limits: Limits, profile: str) -> tuple[Zygote, int]:
        """Fork a worker that serves the connection, in the control groups of a slot; returns its parent and its id.

        A zygote that is gone, killed by the kernel for want of memory perhaps, is started anew once. Raises OSError,
        and SandboxError where the zygote of this profile does not start.
        """
        with ExitStack() as stack, self._lock:
            memory_mib = limits.memory_mib + limits.disk_mib
            groups = self._groups.make(slot, memory_mib, limits.threads) if self._groups else []
            lists = [stack.enter_context((group / "cgroup.procs").open("w", encoding="ascii")) for group in groups]
            handles = [connection.fileno(), *(item.fileno() for item in lists)]
            try:
                zygote = self._zygote(profile)
                reply = zygote.ask({"do": "fork"}, handles)
            except ConnectionError:
                if self._stopped:
                    raise
                self._zygotes.pop(profile).stop()
                zygote = self._zygote(profile)
                reply = zygote.ask({"do": "fork"}, handles)
            return zygote, int(reply["pid"])

    def _zygote(self, profile: str) -> Zygote:
        """The zygote of a profile, started where there is none; the lock is held."""
        if self._stopped:
            raise ConnectionError("the sandbox was stopped")
        if profile not in self._zygotes:
            self._zygotes[profile] = self._start(profile)
        return self._zygotes[profile]

    def is_of(self, zygote: Zygote) -> bool:
        """Whether a zygote is the present one of its profile."""
        return zygote is self._zygotes.get(zygote.profile)

    def end(self, zygote: Zygote, pid: int) -> tuple[int, float]:
        """Kill a worker with all that it started; its exit code, negative for a signal, and its seconds of CPU time.

        Raises OSError where its zygote is gone, and it with it.
        """
        with self._lock:
            if not self.is_of(zygote):  # another one's worker may have the same id
                raise ConnectionError("the process that started the worker is gone")
            reply = zygote.ask({"do": "end", "pid": pid}, [])
        return os.waitstatus_to_exitcode(int(reply["status"])), float(reply["cpu_seconds"])


class Worker:
    """A worker process. Use as a context manager: leaving it ends the process and removes its scratch folder.

    `level` is the level of confinement that it reached.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits, profile: str) -> None:
        self.sandbox, self.limits, self.profile, self.level = sandbox, limits, profile, ""
        self.slot: int | None = None
        self._cpu_seconds = int(limits.submission_seconds) + 1

    def __enter__(self) -> Worker:
        self.slot = self.sandbox.take_slot()
        self._killed = self.sandbox.kills(self.slot)
        self.scratch = Path(tempfile.mkdtemp(prefix="worker-", dir=self.sandbox.scratch))
        self._process: tuple[Zygote, int] | None = None
        self.socket, theirs = socket.socketpair()
        try:
            with theirs:
                zygote, pid = self.sandbox.fork(theirs, self.slot, self.limits, self.profile)
            self._process = zygote, pid
            user = self.sandbox.user(zygote, self.slot)
            self.level = str(self._exchange(self._start(user), _START_SECONDS)["level"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._end()
        finally:
            self.socket.close()
            shutil.rmtree(self.scratch, ignore_errors=True)
            if self.slot is not None:
                self.sandbox.give_slot(self.slot)
                self.slot = None

    def _start(self, user: int | None) -> dict[str, Any]:
        limits = self.limits
        return {
            "scratch": str(self.scratch),
            "memory_mib": limits.memory_mib,
            "disk_mib": limits.disk_mib,
            "files": limits.files,
            "threads": limits.threads,
            "cpu_seconds": self._cpu_seconds,
            "output_kib": limits.output_kib,
            "user": user,
        }

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the reply. Raises WorkerGoneError; the worker is then of no more use.

        `seconds` is the worker's own limit for the work; the deadline here lies a little behind it.
        """
        reply = self._exchange({**request, "seconds": seconds}, seconds + _GRACE_SECONDS)
        if not isinstance(reply, dict):
            raise WorkerGoneError(Verdict.MALFORMED, "The answer was not in the form that the grader reads.")
        if not reaches(self.level, NAMESPACES) and self._is_disk_full():
            self._end()
            raise WorkerGoneError(Verdict.OUTPUT_LIMIT, f"It wrote more than {self.limits.disk_mib} MiB to disk.")
        return reply

    @property
    def is_gone(self) -> bool:
        """True if it was ended: it is of no more use."""
        return self._process is None

    def is_waiting(self) -> bool:
        """False if its zygote or itself ended while nothing was asked of it."""
        if self._process is None or not self.sandbox.is_of(self._process[0]):
            return False
        self.socket.settimeout(0)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False  # it ended, or it speaks without being asked

    def _is_disk_full(self) -> bool:
        """True if the scratch folder holds too much: counted from outside where the kernel does not limit it."""
        left, files = self.limits.disk_mib << 20, self.limits.files
        for place, folders, names in os.walk(self.scratch):
            files -= len(folders) + len(names)
            for name in names[: max(files, 0)]:
                with suppress(OSError):  # a thread that goes on may remove it
                    left -= os.lstat(f"{place}/{name}").st_size
            if left < 0 or files < 0:
                return True
        return False

    def _exchange(self, message: dict[str, Any], seconds: float) -> Any:
        deadline = time.monotonic() + seconds

        def read(count: int) -> bytes:
            parts: list[bytes] = []
            while count > 0:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self.socket.settimeout(left)
                part = self.socket.recv(min(count, 1 << 20))
                if not part:
                    break
                parts.append(part)
                count -= len(part)
            return b"".join(parts)

        try:
            self.socket.settimeout(seconds)
            self.socket.sendall(encode(message))
            return read_frame(read, Caps(body_bytes=_REPLY_BYTES))
        except TimeoutError:
            self._end()
            raise WorkerGoneError(Verdict.TIMEOUT, f"There was no answer after {seconds:.0f} seconds.") from None
        except (EOFError, ConnectionError, WireError) as error:
            raise self._ended(error) from None

    def _ended(self, error: Exception) -> WorkerGoneError:
        code, used = self._end()
        if isinstance(error, WireError) and "stream ended" not in str(error):
            return WorkerGoneError(Verdict.MALFORMED, "The answer was not in the form that the grader reads.")
        if self.slot is not None and self.sandbox.kills(self.slot) > self._killed:
            return WorkerGoneError(Verdict.MEMORY, f"It used more than {self.limits.memory_mib} MiB of memory.")
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and used >= self._cpu_seconds):
            return WorkerGoneError(Verdict.TIMEOUT, "The process used up its time.")
        if code < 0:
            return WorkerGoneError(Verdict.CRASHED, f"The process was ended by signal {signal.Signals(-code).name}.")
        return WorkerGoneError(Verdict.CRASHED, f"The process ended by itself with exit code {code}.")

    def _end(self) -> tuple[int, float]:
        """End the process, if it was not ended before; its own exit code if it had one, and its CPU time."""
        process, self._process = self._process, None
        return self.sandbox.end(*process) if process else (0, 0.0)


def require(level: str, *, allow_weak: bool) -> None:
    """Raise SandboxError unless student code is confined to level L2 at least, or weakness was asked for.

    Below it student code could read the solutions (L0, L1), or start processes and open sockets (L1+landlock).
    """
    if reaches(level, CALLS) or allow_weak:
        return
    danger, mend = (
        ("start processes and open sockets", "a kernel with seccomp, on x86_64 or aarch64")
        if level == FILES
        else ("read the solutions", "Linux 5.13 or newer with Landlock in /sys/kernel/security/lsm")
    )
    raise SandboxError(
        f"this machine confines student code to level {level} only, where it could {danger}: use {mend}, or grade all "
        "the same with --allow-weak"
    )


def _sweep() -> None:
    """Remove the scratch folders of graders that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        owner = path.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(path, ignore_errors=True)
