"""Confinement of the worker by itself, before it sees a line of student code.

Resource limits, no new privileges, Landlock and seccomp: after it the process can read only the paths it was given,
write only its scratch folder, start no process and open no socket, whoever it runs as. Linux only; `confine` says what
it reached, and the grader decides.
Landlock: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from flatgrade.core.levels import CALLS, FILES, LIMITS
from flatgrade.worker.seccomp import deny

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_RULESET_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _SIGKILL = 1, 38, 9
_PR_SET_CHILD_SUBREAPER, _PR_CAPBSET_DROP = 36, 24
_CAPABILITIES, _CAPABILITY_VERSION_3 = 41, 0x20080522

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_OPEN_FILES = 64
_FILE_BYTES = 16 << 20


def confine(
    read: Iterable[str], list_only: Iterable[str], scratch: str, memory_mib: int, cpu_seconds: int, most: str
) -> str:
    """Confine this process for good; returns the level reached, at the most `most` (flatgrade.core.levels).

    `read` are files and folders to read, `list_only` folders that may be listed but whose files stay closed, `scratch`
    the only folder to write. `memory_mib` counts on top of what the process holds now.
    """
    _limit(memory_mib, cpu_seconds)
    if sys.platform != "linux":
        return LIMITS
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return LIMITS
    _drop_capabilities(libc)
    if most == LIMITS or not _landlock(libc, read, list_only, scratch):
        return LIMITS
    return CALLS if most == CALLS and deny() else FILES


def adopt_orphans() -> None:
    """Make this process the parent of whatever its descendants leave behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Give up what root may do beyond its files: nothing of it is needed, and Landlock does not take it away."""
    for capability in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    libc.capset(header, ctypes.create_string_buffer(24))


def _limit(memory_mib: int, cpu_seconds: int) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: _FILE_BYTES,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + (memory_mib << 20)
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))  # SIGXCPU, and SIGKILL for who ignores it


def _landlock(libc: ctypes.CDLL, read: Iterable[str], list_only: Iterable[str], scratch: str) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _RULESET_VERSION)
    if version < 1:
        return False
    handled = (1 << 16) - 1
    for bit, since in ((_IOCTL_DEV, 5), (_TRUNCATE, 3), (_REFER, 2)):
        if version < since:
            handled &= ~bit
    network = 3 if version >= 4 else 0  # bind and connect of TCP
    scoped = 3 if version >= 6 else 0  # abstract unix sockets and signals beyond this process
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", handled, network, scoped), 24)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        rules = [*((path, _READ) for path in read), *((path, _READ_DIR) for path in list_only), (scratch, _WRITE)]
        for path, access in rules:
            _allow(libc, ruleset, path, access & handled)
        return int(libc.syscall(_RESTRICT_SELF, ruleset, 0)) == 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # a path that this machine does not have needs no permission
    try:
        if not Path(path).is_dir():
            access &= _ON_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, handle), 12)
        if libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refused a rule for {path}")
    finally:
        os.close(handle)
