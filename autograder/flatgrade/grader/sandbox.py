"""Start a worker, ask it questions, and end it: the trusted end of the wire.

A worker is a fresh Python process with a scrubbed environment, one socket and one scratch folder; it confines itself
before it reads student code (flatgrade.worker.confine). Every question has a deadline; a worker that misses it, dies,
or sends what is not a frame, is killed with all its children, and the caller learns which of the three it was.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.wire import Caps, WireError, encode, read_frame

_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
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


class Worker:
    """A worker process. Use as a context manager: leaving it ends the process and removes its scratch folder."""

    def __init__(self, limits: Limits, secrets: tuple[Path, ...] = ()) -> None:
        self.limits = limits
        self.scratch = Path(tempfile.mkdtemp(prefix="flatgrade-"))
        _copy_font_list(self.scratch)
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter, our own module
                [sys.executable, "-I", "-m", "flatgrade.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=self.scratch,
                env=_environment(self.scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.start = {
            "scratch": str(self.scratch),
            "memory_mib": limits.memory_mib,
            "cpu_seconds": int(limits.submission_seconds) + 1,
            "output_kib": limits.output_kib,
            **_permissions(secrets),
        }
        self.level = ""

    def __enter__(self) -> Worker:
        try:
            self.level = str(self._exchange(self.start, _START_SECONDS)["level"])
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the reply. Raises WorkerGoneError; the worker is then of no more use.

        `seconds` is the worker's own limit for the work; the deadline here lies a little behind it.
        """
        reply = self._exchange({**request, "seconds": seconds}, seconds + _GRACE_SECONDS)
        if not isinstance(reply, dict):
            raise WorkerGoneError(Verdict.MALFORMED, "The answer was not in the form that the grader reads.")
        return reply

    def close(self) -> None:
        """Kill the worker and all its children, and remove its scratch folder. May be called twice."""
        self._kill()
        self.socket.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _exchange(self, message: dict[str, Any], seconds: float) -> Any:
        deadline = time.monotonic() + seconds

        def read(count: int) -> bytes:
            parts: list[bytes] = []
            while count > 0:
                self.socket.settimeout(max(deadline - time.monotonic(), 1e-3))
                part = self.socket.recv(min(count, 1 << 20))
                if not part:
                    break
                parts.append(part)
                count -= len(part)
            return b"".join(parts)

        try:
            self.socket.settimeout(seconds)
            self.socket.sendall(encode(message))
            return read_frame(read, Caps(body_bytes=self.limits.memory_mib << 20))
        except TimeoutError:
            self._kill()
            raise WorkerGoneError(Verdict.TIMEOUT, f"There was no answer after {seconds:.0f} seconds.") from None
        except (EOFError, ConnectionError, WireError) as error:
            raise self._ended(error) from None

    def _ended(self, error: Exception) -> WorkerGoneError:
        if isinstance(error, WireError) and "stream ended" not in str(error):
            self._kill()
            return WorkerGoneError(Verdict.MALFORMED, "The answer was not in the form that the grader reads.")
        code = self._kill()
        if code == -signal.SIGKILL or code == -signal.SIGXCPU:
            return WorkerGoneError(Verdict.TIMEOUT, "The process used up its time.")
        if code < 0:
            return WorkerGoneError(Verdict.CRASHED, f"The process was ended by signal {signal.Signals(-code).name}.")
        return WorkerGoneError(Verdict.CRASHED, f"The process ended by itself with exit code {code}.")

    def _kill(self) -> int:
        """End the process and its session; returns the exit code that it had before, or had now."""
        try:
            code = self.process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            code = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait() if code is None else code


def probe(limits: Limits, secrets: tuple[Path, ...]) -> str:
    """The level of confinement that a worker reaches on this machine."""
    with Worker(limits, secrets) as worker:
        return worker.level


def require(level: str, *, allow_weak: bool) -> None:
    """Raise SandboxError unless the level hides the solutions from student code, or weakness was asked for."""
    if "landlock" not in level and not allow_weak:
        raise SandboxError(
            f"this machine confines student code to level {level} only, where it could read the solutions: use Linux "
            "5.13 or newer with Landlock in /sys/kernel/security/lsm, or grade all the same with --allow-weak"
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
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONDONTWRITEBYTECODE": "1",
        "FLATGRADE_GRADING": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


def _copy_font_list(scratch: Path) -> None:
    """Give the worker matplotlib's font list, which takes a second to build."""
    import matplotlib as mpl

    target = scratch / "matplotlib"
    target.mkdir()
    for path in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, target)
