"""The process that workers are forked from, started and asked: the trusted end of its control socket."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from flatgrade.core.levels import NAMESPACES, reaches
from flatgrade.core.wire import decode, encode
from flatgrade.grader.libraries import libraries

SCRATCH = "flatgrade-"  # then the id of the process that it belongs to
_START_SECONDS = 60.0
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


class ZygoteProcess:
    """A fresh interpreter with a scrubbed environment, which imports what all workers need and waits for its orders.

    `scratch` is a folder of its own. `begin` starts the first one ahead of time.
    """

    def __init__(self, scratch: Path, *, namespaces: bool) -> None:
        _copy_font_list(scratch)
        self.scratch = scratch
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter, our own module
                [sys.executable, "-I", "-m", "flatgrade.worker", str(theirs.fileno()), str(int(namespaces))],
                pass_fds=[theirs.fileno()],
                cwd=scratch,
                env=_environment(scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End it, and with it every worker; who waits for its answer gets a ConnectionError."""
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.control.close()


_begun: list[ZygoteProcess] = []


def begin() -> None:
    """Start a process for the first sandbox of this program now, so that it imports its libraries meanwhile.

    What cannot be started is left to that sandbox, which says why; what no sandbox takes ends with the program.
    """
    if hasattr(os, "fork") and not _begun:
        scratch = new_scratch()
        try:
            _begun.append(ZygoteProcess(scratch, namespaces=True))
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)
        atexit.register(_discard)


def take_begun(most: str) -> ZygoteProcess | None:
    """The process that was begun, if there is one and it may be used for this level at most."""
    return _begun.pop() if _begun and reaches(most, NAMESPACES) else None


def new_scratch() -> Path:
    """Make the folder of a sandbox, which tells whose it is."""
    scratch = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-"))
    scratch.chmod(0o711)  # a worker that is a user of its own must reach its folder below
    return scratch


def _discard() -> None:
    while _begun:
        left = _begun.pop()
        left.stop()
        shutil.rmtree(left.scratch, ignore_errors=True)


class Zygote:
    """A zygote with the libraries of one profile, which forks on request.

    `process` is what it becomes, `paths` what workers may read (`readable`), `most` the highest level wanted and
    `first_user` the first of the users that workers can be. `without` says why there are no namespaces ("" if there
    are), `users` whether workers are users of their own. Raises SandboxError where it does not start.
    """

    def __init__(
        self, process: ZygoteProcess, paths: dict[str, list[str]], profile: str, most: str, first_user: int
    ) -> None:
        self.profile = profile
        self._asked, self._process, self._control = 0, process.process, process.control
        self.stop = process.stop
        root = process.scratch / "root"
        root.mkdir(exist_ok=True)
        orders = {
            "most": most,
            "profile": profile,
            "scratch": str(process.scratch),
            "root": str(root),
            "first_user": first_user,
            **paths,
        }
        try:
            answer = self._first_answer(orders)
        except BaseException:
            self.stop()
            raise
        self.without, self.users = str(answer["without"]), bool(answer["users"])

    def _first_answer(self, orders: dict[str, Any]) -> Any:
        self._control.settimeout(_START_SECONDS)
        with suppress(ConnectionError):  # it ended: what it said is read below
            self._control.send(encode(orders))
            if ready := self._control.recv(4096):
                return decode(ready)
        said = self._process.communicate()[1].decode(errors="replace").strip().split("\n")[-1]
        raise SandboxError(f"the process that runs student code did not start: {said}")

    def ask(self, message: dict[str, Any], handles: list[int]) -> Any:
        """Send a request with open descriptors, and return the reply.

        Raises ConnectionError where the process is gone, another OSError where it does not answer in time or could not
        do it. One request at a time: the caller holds a lock.
        """
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


def readable(profile: str, allowed: tuple[str, ...], secrets: tuple[Path, ...]) -> dict[str, list[str]]:
    """What workers may `read` whole, what they may `list_only`, and the modules `absent` for them.

    Raises SandboxError where a secret folder lies inside something that workers must read.
    """
    found = libraries(profile, allowed)
    source_roots = {str(_root(name)) for name in ("flatgrade", "flatgrade_data")}
    ours = [str(Path(root) / name) for root in source_roots for name in _READABLE]
    read = sorted({path for path in (*found.read, *ours, *_SYSTEM) if Path(path).exists()})
    for secret in secrets:
        inside = next((path for path in read if secret.resolve().is_relative_to(Path(path).resolve())), None)
        if inside:
            raise SandboxError(
                f"{secret} lies inside {inside}, which student code must be able to read: move the course"
            )
    return {
        "read": read,
        "list_only": sorted({*source_roots, *found.list_only}),
        "absent": list(found.absent),
    }


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
