"""What this machine's confinement holds: small attacks, run for real in a worker, not a reading of versions."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flatgrade.core.exercise import Limits
from flatgrade.core.levels import CALLS, CONTROL_GROUPS, FILES, LEVELS, LIMITS, NAMESPACES, reaches
from flatgrade.grader.layers import Layer, layers
from flatgrade.grader.replies import read_outputs
from flatgrade.grader.sandbox import Sandbox, WorkerGoneError

_LIMITS = Limits(memory_mib=1024, output_kib=64, disk_mib=16, files=100, threads=32)
_SECONDS = 1.0
_THROUGH = "it got through"
_PRINT = f"\nprint({_THROUGH!r})"
_CALL = (
    "import ctypes\nctypes.CDLL(None, use_errno=True)\n"
    "if ctypes.CDLL(None).syscall({number}, {arguments}) < 0: raise PermissionError"
)

# The level that promises to stop it -> what an attack wants -> the cell that tries it, which then is at its last line.
ATTACKS = {
    LIMITS: {
        "take more memory than its limit": "import numpy as np; np.ones(1 << 28)",
        "write a file of 64 MiB": "with open('large', 'wb') as file: file.write(bytes(64 << 20))",
        "run without end": "while True: pass",
        "print without end": "for _ in range(9): print('x' * (1 << 20))\nprint('y' * 99)",
    },
    FILES: {
        "read a secret file": "open({secret!r}).read()",
        "list the secret folder": "import os; assert os.listdir({folder!r})",
        "write beside the secret": "open({folder!r} + '/mark', 'w').write('x')",
        "write to /tmp": "open('/tmp/flatgrade-doctor', 'w').write('x')",
        "start a process": "import subprocess; subprocess.run(['/bin/true'])",
        "read another process": "import os; open(f'/proc/{{os.getppid()}}/environ', 'rb').read()",
        "import what is not allowed": "import nbgrader",
    },
    CALLS: {
        "change the mode of the secret": "import os; os.chmod({secret!r}, 0o777)",
        "watch the secret folder": (
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "if libc.inotify_add_watch(libc.inotify_init(), {folder!r}.encode(), 2) < 0: raise PermissionError"
        ),
        "fork": "import os\nif os.fork() == 0: os._exit(0)",
        "end the process that started it": "import os; os.kill(os.getppid(), 0)",
        "send a signal by a file": (
            "import fcntl, os, socket; fcntl.fcntl(socket.socketpair()[0], fcntl.F_SETOWN, os.getppid())"
        ),
        "limit another process": "import os, resource; resource.prlimit(os.getppid() or 1, resource.RLIMIT_CORE)",
        "trace a process": (
            "import ctypes\nif ctypes.CDLL(None).ptrace(0, 0, None, None) < 0: raise PermissionError"  # PTRACE_TRACEME
        ),
        "open a TCP socket": "import socket; socket.socket().bind(('127.0.0.1', 0))",
        "send a datagram": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "open a Unix socket": "import socket; socket.socket(socket.AF_UNIX).bind('\\0flatgrade-doctor')",
        "set up io_uring": _CALL.format(number=425, arguments="1, bytes(120)"),
        "share memory": (
            "import ctypes\nlibc = ctypes.CDLL(None)\nfound = libc.shmget(0, 4096, 0o1600)\n"
            "if found < 0: raise PermissionError\nlibc.shmctl(found, 0, None)"
        ),
        "use memory without a name": "import os; os.memfd_create('x')",
        "lock a library's file": "import fcntl, os; fcntl.lockf(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_SH)",
        "become another user": "import os; os.setuid(65534); os.setuid(0)",
    },
    NAMESPACES: {
        "learn the size of the secret": "import os; os.stat({secret!r})",
        "fill the disk with many files": "for i in range(200): open(f'f{{i}}', 'w').close()",
    },
    CONTROL_GROUPS: {
        "start a hundred threads": (
            "import threading, time\n"
            "for _ in range(100): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
        ),
    },
}


@dataclass(frozen=True)
class Tried:
    """One attack: what it wanted, whether it was stopped, and by which error or end ("" if it was not).

    `promised` is the level from which on it is stopped.
    """

    attack: str
    stopped: bool
    how: str
    promised: str


@dataclass(frozen=True)
class Examination:
    """What was found on this machine: the level that workers reach, its layers, and what became of each attack."""

    level: str
    layers: tuple[Layer, ...]
    tried: tuple[Tried, ...]

    @property
    def broken(self) -> list[str]:
        """Attacks that got through although the level promises to stop them."""
        return [item.attack for item in self.tried if not item.stopped and reaches(self.level, item.promised)]


def examine(most: str = LEVELS[-1]) -> Examination:
    """Reach at most the level `most`, and try every attack. Raises SandboxError."""
    with tempfile.TemporaryDirectory(prefix="flatgrade-doctor-") as folder:
        secret = Path(folder) / "secret"
        secret.write_text("secret", encoding="ascii")
        with Sandbox((Path(folder),), most=most) as sandbox:
            with sandbox.worker(_LIMITS) as worker:
                level = worker.level
            tried = [
                _try(sandbox, name, cell.format(secret=str(secret), folder=folder), promised)
                for promised, attacks in ATTACKS.items()
                for name, cell in attacks.items()
            ]
            found = layers(level, sandbox.without, has_users=sandbox.has_users, has_groups=sandbox.has_groups)
    Path("/tmp/flatgrade-doctor").unlink(missing_ok=True)  # noqa: S108 -- the mark of an attack that got through
    return Examination(level, found, tuple(tried))


def _try(sandbox: Sandbox, name: str, cell: str, promised: str) -> Tried:
    try:
        with sandbox.worker(_LIMITS) as worker:
            outputs = read_outputs(worker.ask({"do": "cell", "key": "attack", "source": cell + _PRINT}, _SECONDS))
    except WorkerGoneError as gone:
        return Tried(name, stopped=True, how=gone.what, promised=promised)
    text = "".join(str(output.get("text", "")) for output in outputs)
    if _THROUGH in text:
        return Tried(name, stopped=False, how="", promised=promised)
    error = next((output for output in outputs if output.get("output_type") == "error"), {})
    return Tried(name, stopped=True, how=str(error.get("ename", "")), promised=promised)
