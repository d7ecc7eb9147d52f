"""The worker: the process that runs student code.

Three parties: the grader (trusted), this process (the student's), the judge inside the grader. Only frames of numbers
and texts cross (docs/protocol.md). This process is started with one socket, confines itself, says which level it
reached, and then answers requests one by one until the socket closes. It holds no reference, no expected value and no
gradebook, so nothing that student code does here can be more than a wrong answer.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import tempfile
from typing import Any

import numpy as np

from flatgrade.core.wire import WireError, encode, read_frame
from flatgrade.worker.calls import answer_call, answer_trace
from flatgrade.worker.confine import confine
from flatgrade.worker.shell import make_shell, run_cell


def main() -> None:
    """Serve the socket whose file descriptor is the first argument."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    stream = connection.makefile("rb")
    start = read_frame(stream.read)
    scratch = start["scratch"]
    os.chdir(scratch)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = scratch
    sys.path.insert(0, scratch)
    shell = make_shell()
    level = confine(start["read"], start["list_only"], scratch, start["memory_mib"], start["cpu_seconds"])
    random.seed()
    np.random.seed()  # noqa: NPY002 -- the global generator is what students use
    connection.sendall(encode({"level": level}))
    cap = start["output_kib"] << 10
    while True:
        try:
            request = read_frame(stream.read)
        except EOFError:
            break
        connection.sendall(_reply(shell, request, cap))
    os._exit(0)


def _reply(shell: Any, request: dict[str, Any], cap: int) -> bytes:
    if request["do"] == "cell":
        reply: Any = {"outputs": run_cell(shell, request["key"], request["source"], request["seconds"], cap)}
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
