"""The zygote and its workers: the processes that run student code.

Three parties: the grader (trusted), a worker (the student's), and between them the zygote, which imports the libraries
once and forks a worker when the grader asks for one. The zygote never sees student code or course data. A worker gets
one socket, confines itself, says which level it reached, and answers requests one by one until the socket closes
(docs/protocol.md). It holds no reference, no expected value and no gradebook, and neither does the process that it was
forked from, so nothing that student code does here can be more than a wrong answer.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade.core.wire import WireError, decode, encode, read_frame
from flatgrade.worker import namespaces
from flatgrade.worker.as_ipython import run_as_ipython
from flatgrade.worker.calls import answer_call, answer_calls, answer_trace
from flatgrade.worker.confine import Ground, Start, confine, prepare
from flatgrade.worker.files import Files
from flatgrade.worker.libraries import hide_libraries
from flatgrade.worker.privileges import adopt_orphans, become
from flatgrade.worker.shell import OUTPUTS, Shell, make_shell, run_cell
from flatgrade.worker.warmup import warm_up, warm_up_torch

Orders = dict[str, Any]
_MOST_OPEN, _MOST_HANDLES, _MOST_ORDERS = 4096, 3, 1 << 20


def serve(descriptor: int, without: str) -> None:
    """Be the zygote of a control socket until it closes. `without` says why it is in no namespaces ("" if it is).

    The first message holds its orders (docs/protocol.md); what every worker needs is imported before that.
    """
    control = socket.socket(fileno=descriptor)
    if sys.platform == "linux":
        adopt_orphans()
    shell = make_shell()
    warm_up(shell)
    message = control.recv(_MOST_ORDERS)
    if not message:
        return  # nobody needs it
    orders: Orders = decode(message)
    if orders["profile"] == "torch":
        warm_up_torch(shell)
    spaces = None if without else namespaces.ProcessSpace()
    ground = prepare(orders["most"], spaces, orders["read"], orders["list_only"], orders["scratch"])
    if spaces:
        without = namespaces.keep_only([*ground.folders, orders["scratch"]], orders["root"])
        ground = ground if not without else replace(ground, spaces=None)
    gc.collect()
    gc.freeze()  # what was imported stays shared between the workers
    zygote = _Zygote(control, shell, ground, orders["absent"])
    users = ground.spaces is not None and _may_change_users(orders["first_user"], orders["read"])
    control.send(encode({"without": without, "users": users}))
    zygote.serve()


class _Zygote:
    """Forks workers and ends them, one request of the control socket after another."""

    def __init__(self, control: socket.socket, shell: Shell, ground: Ground, absent: list[str]) -> None:
        self.control, self.shell, self.ground, self.absent = control, shell, ground, absent
        self.workers: set[int] = set()

    def serve(self) -> None:
        """Answer until the socket closes."""
        while True:
            message, handles, _, _ = socket.recv_fds(self.control, 4096, _MOST_HANDLES)
            if not message:
                return
            request = decode(message)
            reply = self._start(handles) if request["do"] == "fork" else self._end(request["pid"])
            self.control.send(encode({**reply, "id": request["id"]}))

    def _start(self, handles: list[int]) -> dict[str, Any]:
        """Fork a worker; `handles` are its socket and the lists of processes of its control groups."""
        try:
            pid = self.ground.spaces.fork() if self.ground.spaces else os.fork()
            if pid == 0:
                _be_worker(socket.socket(fileno=handles[0]), handles[1:], self)
            self.workers.add(pid)
        except OSError as error:
            return {"error": f"no worker could be started: {error.strerror}"}
        finally:
            for handle in handles:
                os.close(handle)
        return {"pid": pid}

    def _end(self, pid: int) -> dict[str, Any]:
        self.workers.discard(pid)
        status, seconds = _kill(pid)
        if self.ground.spaces is None:  # else whatever it left behind ended with its namespace
            _kill_orphans(self.workers)
        return {"status": status, "cpu_seconds": seconds}


def _may_change_users(user: int, read: list[str]) -> bool:
    """True if a worker can be a user of its own, who may read what it needs; tried once, in a child."""
    if os.geteuid() != 0:
        return False
    child = os.fork()
    if child == 0:
        try:
            become(user)
            os._exit(0 if all(os.access(path, os.R_OK) for path in read) else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _kill(pid: int) -> tuple[int, float]:
    """Kill a worker with all that it started; its wait status, as it was if it had ended by itself, and its CPU time.

    Both are 0 where nothing is known of it.
    """
    try:
        ended, status, used = os.wait4(pid, os.WNOHANG)
    except ChildProcessError:
        return 0, 0.0
    with contextlib.suppress(ProcessLookupError):  # nothing may be left of its session
        os.killpg(pid, signal.SIGKILL)
    if not ended:
        with contextlib.suppress(ProcessLookupError):  # a worker that has no session yet
            os.kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
    return status, used.ru_utime + used.ru_stime


def _kill_orphans(workers: set[int]) -> None:
    """Kill what student code forked into a session of its own: its parent gone, it is a child of this process."""
    children = Path("/proc/thread-self/children")
    while orphans := {int(pid) for pid in children.read_text(encoding="ascii").split()} - workers:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _be_worker(connection: socket.socket, groups: list[int], zygote: _Zygote) -> None:
    """Confine this process and serve the connection; never returns."""
    try:
        os.setsid()
        _close_all_but(connection.fileno(), zygote.ground.rules, *groups)
        stream = connection.makefile("rb")
        start = Start(**read_frame(stream.read))
        scratch = start.scratch
        os.environ.update(HOME=scratch, TMPDIR=scratch, IPYTHONDIR=scratch, MPLCONFIGDIR=scratch)
        tempfile.tempdir = scratch
        sys.path.insert(0, scratch)
        hide_libraries(zygote.absent)
        random.seed()
        np.random.seed()  # noqa: NPY002 -- the global generator is what students use
        level = confine(zygote.ground, start, groups)
        connection.sendall(encode({"level": level}))
        files = Files(scratch)
        while True:
            connection.sendall(_reply(zygote.shell, files, read_frame(stream.read), start.output_kib << 10))
    except (EOFError, ConnectionError):
        os._exit(0)
    finally:
        os._exit(1)


def _close_all_but(*descriptors: int | None) -> None:
    """Close what the zygote has open: its control socket, the errors that the grader reads, its namespaces."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    first = 3
    for kept in sorted(descriptor for descriptor in descriptors if descriptor is not None):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, _MOST_OPEN)


def _reply(shell: Shell, files: Files, request: dict[str, Any], cap: int) -> bytes:
    match request["do"]:
        case "cell" if request.get("style") == "ipython":
            outputs = run_as_ipython(shell, request, cap)
            reply: Any = {"status": OUTPUTS.status, "outputs": outputs}
        case "cell":
            outputs = run_cell(shell, request["key"], request["source"], request["seconds"], cap)
            reply = {"status": OUTPUTS.status, "outputs": outputs}
        case "call":
            reply = answer_call(shell.user_ns, request, cap)
        case "calls":
            reply = answer_calls(shell.user_ns, request, cap)
        case "trace":
            reply = answer_trace(shell.user_ns, request, cap)
        case "put":
            reply = files.put(request["name"], request["data"])
        case _:
            reply = files.take(request["kib"], request["most"])
    try:
        return encode(reply)
    except WireError as error:
        return encode({"status": "malformed", "what": str(error), "outputs": []})
