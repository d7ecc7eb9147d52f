"""Start workers, ask them questions, and end them: the trusted end of the wire.

A Sandbox is one zygote: a fresh Python process with a scrubbed environment that imports the libraries once and forks a
worker when asked. A worker has one socket and one scratch folder, and confines itself before it reads student code
(flatgrade.worker). Every question has a deadline; a worker that misses it, dies, or sends what is not a frame, is
killed with all its children, and the caller learns which of the three it was.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.levels import CALLS, FILES, LEVELS
from flatgrade.core.wire import Caps, WireError, decode, encode, read_frame

_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
_REPLY_BYTES = 64 << 20
_READABLE = ("flatgrade/__init__.py", "flatgrade/core", "flatgrade/worker", "flatgrade/student", "flatgrade_data")
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/fonts",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/urandom",
)


class SandboxError(Exception):
    """A sandbox that cannot be had on this machine: what is missing, and the line that mends it."""


class WorkerGoneError(Exception):
    """The worker did not answer; `verdict` says how it ended, `what` says it in a sentence."""

    def __init__(self, verdict: Verdict, what: str) -> None:
        super().__init__(what)
        self.verdict, self.what = verdict, what


class Sandbox:
    """A zygote to get workers from, by any number of threads. A context manager: leaving it ends every worker.

    `secrets` are folders that no worker may read; `most` is the highest level of confinement to be used, to try what
    lower ones hold. Raises SandboxError if a secret lies inside what workers must read.
    """

    def __init__(self, secrets: tuple[Path, ...] = (), most: str = LEVELS[-1]) -> None:
        self.permissions, self.most = _permissions(secrets), most
        self._lock, self._asked = threading.Lock(), 0

    def __enter__(self) -> Sandbox:
        self.scratch = Path(tempfile.mkdtemp(prefix="flatgrade-"))
        _copy_font_list(self.scratch)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter, our own module
                [sys.executable, "-I", "-m", "flatgrade.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=self.scratch,
                env=_environment(self.scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        try:
            self._await_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _await_start(self) -> None:
        self._control.settimeout(_START_SECONDS)
        if not self._control.recv(4096):
            said = self._process.communicate()[1].decode(errors="replace").strip().split("\n")[-1]
            raise SandboxError(f"the process that runs student code did not start: {said}")

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def stop(self) -> None:
        """End every worker at once: a thread that waits for one learns of it, and gets no other."""
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._control.close()

    def worker(self, limits: Limits) -> Worker:
        """A worker, to be used as a context manager."""
        return Worker(self, limits)

    def fork(self, connection: socket.socket) -> int:
        """Fork a worker that serves the connection; returns its process id."""
        return int(self._ask({"do": "fork"}, [connection.fileno()])["pid"])

    def end(self, pid: int) -> tuple[int, float]:
        """Kill a worker with all that it started; its exit code, negative for a signal, and its seconds of CPU time."""
        reply = self._ask({"do": "end", "pid": pid}, [])
        return os.waitstatus_to_exitcode(int(reply["status"])), float(reply["cpu_seconds"])

    def _ask(self, message: dict[str, Any], handles: list[int]) -> Any:
        """Ask the zygote; raises OSError where it does not answer in time, or could not do it."""
        with self._lock:
            self._asked += 1
            socket.send_fds(self._control, [encode({**message, "id": self._asked})], handles)
            while True:
                answer = self._control.recv(4096)
                if not answer:
                    raise ConnectionError("the process that starts workers is gone")
                reply = decode(answer)
                if reply["id"] == self._asked:  # else it is the late answer to a question that was given up
                    break
        if "error" in reply:
            raise OSError(reply["error"])
        return reply


class Worker:
    """A worker process. Use as a context manager: leaving it ends the process and removes its scratch folder.

    `level` is the level of confinement that it reached.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits) -> None:
        self.sandbox, self.limits, self.level = sandbox, limits, ""
        self._cpu_seconds = int(limits.submission_seconds) + 1

    def __enter__(self) -> Worker:
        self.scratch = Path(tempfile.mkdtemp(prefix="worker-", dir=self.sandbox.scratch))
        self.pid: int | None = None
        self.socket, theirs = socket.socketpair()
        start = {
            "scratch": str(self.scratch),
            "memory_mib": self.limits.memory_mib,
            "cpu_seconds": self._cpu_seconds,
            "output_kib": self.limits.output_kib,
            "most": self.sandbox.most,
            **self.sandbox.permissions,
        }
        try:
            with theirs:
                self.pid = self.sandbox.fork(theirs)
            self.level = str(self._exchange(start, _START_SECONDS)["level"])
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

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the reply. Raises WorkerGoneError; the worker is then of no more use.

        `seconds` is the worker's own limit for the work; the deadline here lies a little behind it.
        """
        reply = self._exchange({**request, "seconds": seconds}, seconds + _GRACE_SECONDS)
        if not isinstance(reply, dict):
            raise WorkerGoneError(Verdict.MALFORMED, "The answer was not in the form that the grader reads.")
        return reply

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
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and used >= self._cpu_seconds):
            return WorkerGoneError(Verdict.TIMEOUT, "The process used up its time.")
        if code < 0:
            return WorkerGoneError(Verdict.CRASHED, f"The process was ended by signal {signal.Signals(-code).name}.")
        return WorkerGoneError(Verdict.CRASHED, f"The process ended by itself with exit code {code}.")

    def _end(self) -> tuple[int, float]:
        """End the process, if it was not ended before; its own exit code if it had one, and its CPU time."""
        pid, self.pid = self.pid, None
        return self.sandbox.end(pid) if pid is not None else (0, 0.0)


def require(level: str, *, allow_weak: bool) -> None:
    """Raise SandboxError unless student code is confined to level L2, or weakness was asked for.

    Below it student code could read the solutions (L1), or start processes and open sockets (L1+landlock).
    """
    if level == CALLS or allow_weak:
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


def _permissions(secrets: tuple[Path, ...]) -> dict[str, list[str]]:
    """What a worker may read. Raises SandboxError where a secret folder lies inside something that it must read."""
    packages = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    source_roots = {str(_root(name)) for name in ("flatgrade", "flatgrade_data")}
    ours = [str(Path(root) / name) for root in source_roots for name in _READABLE if (Path(root) / name).exists()]
    read = sorted({*(path for path in packages if path), *ours, *_SYSTEM})
    for secret in secrets:
        inside = next((path for path in read if secret.resolve().is_relative_to(Path(path).resolve())), None)
        if inside:
            raise SandboxError(
                f"{secret} lies inside {inside}, which student code must be able to read: move the course"
            )
    return {"read": read, "list_only": sorted(source_roots)}


def _root(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.parent


def _environment(scratch: Path) -> dict[str, str]:
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return {
        **threads,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "IPYTHONDIR": str(scratch),
        "MPLCONFIGDIR": str(scratch),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONDONTWRITEBYTECODE": "1",
        "FLATGRADE_GRADING": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


def _copy_font_list(scratch: Path) -> None:
    """Give the zygote matplotlib's font list, which takes a second to build."""
    import matplotlib as mpl

    for path in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, scratch)
