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
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from flatgrade.core.wire import WireError, decode, encode, read_frame
from flatgrade.worker.calls import answer_call, answer_trace
from flatgrade.worker.confine import adopt_orphans, confine
from flatgrade.worker.files import Files
from flatgrade.worker.shell import Shell, make_shell, run_cell


def main() -> None:
    """Be the zygote of the control socket whose file descriptor is the first argument, until it closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    adopt_orphans()
    shell = make_shell()
    plt.close("all")
    random.seed()
    np.random.seed()  # noqa: NPY002 -- the first time costs 8 ms; each worker seeds anew
    gc.collect()
    gc.freeze()  # what was imported stays shared between the workers
    workers: set[int] = set()
    control.send(encode({"ready": True}))
    while True:
        message, handles, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            return
        request = decode(message)
        if request["do"] == "fork":
            try:
                pid = os.fork()
            except OSError as error:
                reply: dict[str, Any] = {"error": f"no worker could be started: {error.strerror}"}
            else:
                if pid == 0:
                    control.close()
                    _be_worker(socket.socket(fileno=handles[0]), shell)
                workers.add(pid)
                reply = {"pid": pid}
            os.close(handles[0])
        else:
            workers.discard(request["pid"])
            status, seconds = _end(request["pid"])
            reply = {"status": status, "cpu_seconds": seconds}
            _end_orphans(workers)
        control.send(encode({**reply, "id": request["id"]}))


def _end(pid: int) -> tuple[int, float]:
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
        _, status, used = os.wait4(pid, 0)
    return status, used.ru_utime + used.ru_stime


def _end_orphans(workers: set[int]) -> None:
    """Kill what student code forked into a session of its own: its parent gone, it is a child of this process."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while orphans := {int(pid) for pid in children.read_text(encoding="ascii").split()} - workers:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _be_worker(connection: socket.socket, shell: Shell) -> None:
    """Confine this process and serve the connection; never returns."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the zygote's error stream is read by the grader
        stream = connection.makefile("rb")
        start = read_frame(stream.read)
        scratch = start["scratch"]
        os.chdir(scratch)
        os.environ.update(HOME=scratch, TMPDIR=scratch, IPYTHONDIR=scratch, MPLCONFIGDIR=scratch)
        tempfile.tempdir = scratch
        sys.path.insert(0, scratch)
        random.seed()
        np.random.seed()  # noqa: NPY002 -- the global generator is what students use
        level = confine(
            start["read"], start["list_only"], scratch, start["memory_mib"], start["cpu_seconds"], start["most"]
        )
        connection.sendall(encode({"level": level}))
        files = Files(scratch)
        while True:
            connection.sendall(_reply(shell, files, read_frame(stream.read), start["output_kib"] << 10))
    except (EOFError, ConnectionError):
        os._exit(0)
    finally:
        os._exit(1)


def _reply(shell: Shell, files: Files, request: dict[str, Any], cap: int) -> bytes:
    if request["do"] == "cell":
        reply: Any = {"outputs": run_cell(shell, request["key"], request["source"], request["seconds"], cap)}
    elif request["do"] == "put":
        reply = files.put(request["name"], request["data"])
    elif request["do"] == "take":
        reply = files.take(request["kib"], request["most"])
    elif request["do"] == "call":
        reply = answer_call(shell.user_ns, request, cap)
    else:
        reply = answer_trace(shell.user_ns, request, cap)
    try:
        return encode(reply)
    except WireError as error:
        return encode({"status": "malformed", "what": str(error), "outputs": []})


if __name__ == "__main__":
    main()
