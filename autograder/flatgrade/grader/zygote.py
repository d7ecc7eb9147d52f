"""The process that workers are forked from, started and asked: the trusted end of its control socket."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from flatgrade.core.levels import NAMESPACES, reaches
from flatgrade.core.wire import decode, encode
from flatgrade.grader.libraries import libraries

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


class Zygote:
    """A fresh interpreter with a scrubbed environment and the libraries of one profile, which forks on request.

    `scratch` is a folder of its own, `paths` what workers may read (`readable`), `most` the highest level wanted and
    `first_user` the first of the users that workers can be. `without` says why there are no namespaces ("" if there
    are), `users` whether workers are users of their own. Raises SandboxError where it does not start.
    """

    def __init__(self, scratch: Path, paths: dict[str, list[str]], profile: str, most: str, first_user: int) -> None:
        self._asked = 0
        _copy_font_list(scratch)
        root = scratch / "root"
        root.mkdir(exist_ok=True)
        orders = {
            "most": most,
            "profile": profile,
            "namespaces": reaches(most, NAMESPACES),
            "scratch": str(scratch),
            "root": str(root),
            "first_user": first_user,
            **paths,
        }
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter, our own module
                [sys.executable, "-I", "-m", "flatgrade.worker", str(theirs.fileno()), json.dumps(orders)],
                pass_fds=[theirs.fileno()],
                cwd=scratch,
                env=_environment(scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        try:
            answer = self._first_answer()
        except BaseException:
            self.stop()
            raise
        self.without, self.users = str(answer["without"]), bool(answer["users"])

    def _first_answer(self) -> Any:
        self._control.settimeout(_START_SECONDS)
        if ready := self._control.recv(4096):
            return decode(ready)
        said = self._process.communicate()[1].decode(errors="replace").strip().split("\n")[-1]
        raise SandboxError(f"the process that runs student code did not start: {said}")

    def stop(self) -> None:
        """End it, and with it every worker; who waits for its answer gets a ConnectionError."""
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._control.close()

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
