"""seccomp: what a worker cannot ask of the kernel, what it still can, and tables that are those of the kernel."""

import platform
import re
import struct
import sys
from pathlib import Path

import pytest

from flatgrade.core.exercise import Limits
from flatgrade.grader.sandbox import Sandbox
from flatgrade.worker import seccomp

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="seccomp tables for this machine"
)

HEADERS = {0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), 1: Path("/usr/include/asm-generic/unistd.h")}

REFUSED = {
    "fork": "import os\nos.fork()",
    "exec": "import os\nos.execv('/bin/true', ['true'])",
    "spawn": "import subprocess\nsubprocess.run(['/bin/true'])",
    "tcp": "import socket\nsocket.socket()",
    "udp": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "unix socket": "import socket\nsocket.socket(socket.AF_UNIX)",
    "netlink": "import socket\nsocket.socket(16, socket.SOCK_RAW)",
    "network pair": "import socket\nsocket.socketpair(socket.AF_INET)",
    "kill the parent": "import os\nos.kill(os.getppid(), 9)",
    "kill all": "import os\nos.kill(-1, 9)",
    "limits of the parent": "import os, resource\nresource.prlimit(os.getppid() or 1, resource.RLIMIT_CPU, (1, 1))",
    "memory without a name": "import os\nos.memfd_create('x')",
    "priority": "import os\nos.setpriority(os.PRIO_PROCESS, 0, -5)",
    "cores of the parent": "import os\nos.sched_setaffinity(os.getppid() or 1, {0})",
    "mode": "import os\nos.chmod('.', 0o777)",
    "mode of an open file": "import os\nos.fchmod(os.open(os.__file__, os.O_RDONLY), 0o644)",
    "owner": "import os\nos.chown('.', os.getuid(), os.getgid())",
    "times": "import os\nos.utime('.', (1, 1))",
    "attributes": "import os\nos.setxattr('.', 'user.mark', b'x')",
    "length of a file by its name": "import os\nos.truncate('kept', 0)",
    "lock": "import fcntl, os\nfcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_EX)",
    "record lock": "import fcntl, os\nfcntl.lockf(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_SH)",
    "lock of an open file": (
        "import fcntl, os, struct\n"
        "fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', 0, 0, 0, 0, 0))"
    ),
    "who holds a lock": (
        "import fcntl, os, struct\n"
        "fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_GETLK, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))"
    ),
    "lease": "import fcntl, os\nfcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "watch a folder": "import fcntl, os\nfcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_NOTIFY, 1)",
    "signal by a file": "import fcntl, os, socket\nfcntl.fcntl(socket.socketpair()[0], fcntl.F_SETOWN, os.getppid())",
    "signal by ioctl": "import fcntl, socket\nfcntl.ioctl(socket.socketpair()[0], 0x8901, b'1234')",
}

RAW = {"ptrace": 101, "shmget": 29, "msgget": 68, "semget": 64, "keyctl": 250, "io_uring_setup": 425, "bpf": 321,
       "userfaultfd": 323, "unshare": 272, "mount": 165, "perf_event_open": 298, "inotify_init1": 294,
       "inotify_add_watch": 254}  # fmt: skip

ALLOWED = {
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: print(sum(pool.map(abs, range(-9, 0))))",
        "45\n",
    ),
    "event loop": (
        "import asyncio\nasync def one(): return 1\nprint(asyncio.new_event_loop().run_until_complete(one()))",
        "1\n",
    ),
    "linear algebra": ("import numpy as np\nprint(np.linalg.svd(np.eye(50))[1].sum())", "50.0\n"),
    "own signal": (
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *a: print('came'))\nos.kill(os.getpid(), 10)",
        "came\n",
    ),
    "own limits": ("import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))", "(0, 0)\n"),
    "time": ("import time\ntime.sleep(0.01)\nprint('slept')", "slept\n"),
    "files": (
        "import numpy as np\nfrom pathlib import Path\nnp.savez('kept.npz', a=np.arange(9))\nPath('kept').touch()\n"
        "np.memmap('map', dtype='f8', mode='w+', shape=9)[:] = 1\nprint(np.load('kept.npz')['a'].sum())",
        "36\n",
    ),
    "random": ("import os\nprint(len(os.urandom(8)))", "8\n"),
}


@pytest.fixture(scope="module")
def worker():
    with Sandbox() as sandbox, sandbox.worker(Limits()) as worker:
        yield worker


def outputs(worker, source):
    return worker.ask({"do": "cell", "key": "c", "source": source}, 10)["outputs"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_course_has_no_use_for_is_refused(worker, name):
    """The call fails with PermissionError at its line, and the worker lives on."""
    [error] = outputs(worker, REFUSED[name])
    assert error["ename"] == "PermissionError"
    assert outputs(worker, "print('alive')")[0]["text"] == "alive\n"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of these calls are those of x86_64")
@pytest.mark.parametrize("name", RAW)
def test_raw_calls_are_refused(worker, name):
    """Past Python's modules, by number: EPERM."""
    source = (
        f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.syscall({RAW[name]}, 0, 0, 0, 0, 0))\n"
    )
    [output] = outputs(worker, f"{source}print(ctypes.get_errno())")
    assert output["text"] == "-1\n1\n"


@pytest.mark.parametrize("number", [452, 463, 469, 100_000, 0x40000000 + 39])
def test_calls_newer_than_the_table_are_absent(worker, number):
    """fchmodat2, setxattrat, file_setattr, what is to come, and x32: ENOSYS, as on an older kernel."""
    source = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    [output] = outputs(worker, f"{source}print(libc.syscall({number}, 0, 0, 0, 0), ctypes.get_errno())")
    assert output["text"] == "-1 38\n"


def test_a_file_outside_keeps_its_mode_and_times(worker, tmp_path):
    """Landlock alone lets the owner of a file change them anywhere."""
    path = tmp_path / "gradebook.db"
    path.write_text("grades")
    path.chmod(0o600)
    before = path.stat()
    for cell in (f"os.chmod({str(path)!r}, 0)", f"os.utime({str(path)!r}, (1, 1))"):
        [error] = outputs(worker, f"import os\n{cell}")
        assert error["ename"] == "PermissionError"
    assert (path.stat().st_mode, path.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


@pytest.mark.parametrize("name", ALLOWED)
def test_what_courses_use_goes_on(worker, name):
    """Threads, event loops, BLAS, timers and the process's own signals work."""
    source, text = ALLOWED[name]
    assert [output.get("text", output) for output in outputs(worker, source)] == [text]


@pytest.mark.parametrize("column", HEADERS)
def test_the_tables_are_those_of_the_kernel(column):
    """Each number is the one that the kernel's header gives for the call."""
    if not HEADERS[column].is_file():
        pytest.skip(f"{HEADERS[column]} is not installed (linux-libc-dev)")
    text = HEADERS[column].read_text()
    known = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    ours = {name: numbers[column] for name, numbers in seccomp.DENIED.items() if numbers[column] is not None}
    assert len(ours) >= 80
    assert ours == {name: known[name] for name in ours}


@pytest.mark.parametrize(("audit", "column"), seccomp._MACHINES.values())
def test_the_program_is_well_formed(audit, column):
    """Jumps stay inside, the last step allows, and it fits the kernel's limit of 4096 steps."""
    steps = seccomp._program(audit, column, 42)
    assert 150 < len(steps) < 4096
    assert steps[-1] == (seccomp._RETURN, 0, 0, seccomp._ALLOW)
    for i, (code, yes, no, value) in enumerate(steps):
        assert i + 1 + max(yes, no) < len(steps) or code == seccomp._RETURN
        assert len(struct.pack("=HBBI", code, yes, no, value)) == 8
