"""What this machine's confinement holds: small attacks, run for real in a worker, not a reading of versions."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flatgrade.core.exercise import Limits
from flatgrade.core.levels import LEVELS
from flatgrade.grader.replies import read_outputs
from flatgrade.grader.sandbox import Sandbox, WorkerGoneError

_LIMITS = Limits(memory_mib=256, output_kib=64, disk_mib=16, files=100)
_SECONDS = 1.0
_THROUGH = "it got through"
_PRINT = f"\nprint({_THROUGH!r})"

# What an attack wants -> the cell that tries it. A cell that comes to its last line has got what it wanted.
ATTACKS = {
    "read a secret file": "open({secret!r}).read()",
    "list the secret folder": "import os; assert os.listdir({folder!r})",
    "write beside the secret": "open({folder!r} + '/mark', 'w').write('x')",
    "change the mode of the secret": "import os; os.chmod({secret!r}, 0o777)",
    "watch the secret folder": (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "if libc.inotify_add_watch(libc.inotify_init(), {folder!r}.encode(), 2) < 0: raise PermissionError"
    ),
    "write to /tmp": "open('/tmp/flatgrade-doctor', 'w').write('x')",
    "start a process": "import subprocess; subprocess.run(['/bin/true'])",
    "fork": "import os\nif os.fork() == 0: os._exit(0)",
    "end the process that started it": "import os; os.kill(os.getppid(), 0)",
    "read another process": "import os; open(f'/proc/{{os.getppid()}}/environ', 'rb').read()",
    "send a signal by a file": (
        "import fcntl, os, socket; fcntl.fcntl(socket.socketpair()[0], fcntl.F_SETOWN, os.getppid())"
    ),
    "limit another process": "import os, resource; resource.prlimit(os.getppid() or 1, resource.RLIMIT_CORE)",
    "open a TCP socket": "import socket; socket.socket().bind(('127.0.0.1', 0))",
    "send a datagram": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "open a Unix socket": "import socket; socket.socket(socket.AF_UNIX).bind('\\0flatgrade-doctor')",
    "share memory": (
        "import ctypes\nlibc = ctypes.CDLL(None)\nfound = libc.shmget(0, 4096, 0o1600)\n"
        "if found < 0: raise PermissionError\nlibc.shmctl(found, 0, None)"
    ),
    "use memory without a name": "import os; os.memfd_create('x')",
    "become another user": "import os; os.setuid(65534); os.setuid(0)",
    "take more memory than its limit": "import numpy as np; np.ones(1 << 26)",
    "write a file of 64 MiB": "with open('large', 'wb') as file: file.write(bytes(64 << 20))",
    "run without end": "while True: pass",
    "print without end": "for _ in range(9): print('x' * (1 << 20))\nprint('y' * 99)",
}


@dataclass(frozen=True)
class Tried:
    """One attack: what it wanted, whether it was stopped, and by which error or end ("" if it was not)."""

    attack: str
    stopped: bool
    how: str


def examine(most: str = LEVELS[-1]) -> tuple[str, list[Tried]]:
    """The level that workers reach here, at most `most`, and what became of each attack. Raises SandboxError."""
    with tempfile.TemporaryDirectory(prefix="flatgrade-doctor-") as folder:
        secret = Path(folder) / "secret"
        secret.write_text("secret", encoding="ascii")
        with Sandbox((Path(folder),), most=most) as sandbox:
            with sandbox.worker(_LIMITS) as worker:
                level = worker.level
            tried = [
                _try(sandbox, name, cell.format(secret=str(secret), folder=folder)) for name, cell in ATTACKS.items()
            ]
    Path("/tmp/flatgrade-doctor").unlink(missing_ok=True)  # noqa: S108 -- the mark of an attack that got through
    return level, tried


def _try(sandbox: Sandbox, name: str, cell: str) -> Tried:
    try:
        with sandbox.worker(_LIMITS) as worker:
            outputs = read_outputs(worker.ask({"do": "cell", "key": "attack", "source": cell + _PRINT}, _SECONDS))
    except WorkerGoneError as gone:
        return Tried(name, stopped=True, how=gone.what)
    text = "".join(str(output.get("text", "")) for output in outputs)
    if _THROUGH in text:
        return Tried(name, stopped=False, how="")
    error = next((output for output in outputs if output.get("output_type") == "error"), {})
    return Tried(name, stopped=True, how=str(error.get("ename", "")))
