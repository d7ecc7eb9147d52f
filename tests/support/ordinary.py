"""Run a program as an ordinary user: `python ordinary.py PROGRAM`, as root.

The interpreter may lie in a folder that is root's alone; so the program gets a view of the machine's files in which it
can be reached, made with what workers use for theirs.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from flatgrade.worker import namespaces, privileges

USER = 65534
SEEN = ("/usr", "/lib", "/lib64", "/bin", "/proc", "/dev", "/sys", "/etc")


def run_as_ordinary_user(program):
    """Run the text of a program in a fresh interpreter; returns what it printed. Fails with what it complained of."""
    done = subprocess.run([sys.executable, __file__, program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main():
    """Be the ordinary user, and run the program."""
    assert ctypes.CDLL(None).unshare(0x20000) == 0  # mounts of our own
    assert ctypes.CDLL(None).mount(b"none", b"/", None, (1 << 14) | (1 << 18), None) == 0
    root = tempfile.mkdtemp(prefix="ordinary-")
    sources = {str(Path(path).resolve()) for path in sys.path if path and Path(path).is_dir()}
    seen = [path for path in (*SEEN, sys.prefix, sys.base_prefix, *sources) if Path(path).exists()]
    seen = [path for path in seen if not any(path != other and Path(path).is_relative_to(other) for other in seen)]
    assert namespaces.keep_only(seen, root) == ""
    Path("/tmp").mkdir(exist_ok=True)  # it is there where this very file lies in it
    Path("/tmp").chmod(0o777)
    privileges.become(USER)
    os.environ.update(HOME="/tmp", TMPDIR="/tmp", MPLCONFIGDIR="/tmp")
    os.execv(sys.executable, [sys.executable, "-W", "error", "-c", sys.argv[1]])


if __name__ == "__main__":
    main()
