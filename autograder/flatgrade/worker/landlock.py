"""Landlock: which files this process may read and write, held by the kernel for good.

https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_RULESET_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def ruleset(*, read: Iterable[str] = (), list_only: Iterable[str] = (), write: Iterable[str] = ()) -> int | None:
    """Make a set of rules; returns its file descriptor, or None where the kernel has no Landlock.

    `read` are files and folders to read, `list_only` folders that may be listed but whose files stay closed, `write`
    folders to read and write. Whatever else is asked of a file is refused; so are TCP and, from Linux 6.12 on, signals
    and abstract sockets beyond the process. Raises OSError where a rule cannot be added.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _RULESET_VERSION)
    if version < 1:
        return None
    handled = (1 << 16) - 1
    for bit, since in ((_IOCTL_DEV, 5), (_TRUNCATE, 3), (_REFER, 2)):
        if version < since:
            handled &= ~bit
    network = 3 if version >= 4 else 0  # bind and connect of TCP
    scoped = 3 if version >= 6 else 0  # abstract unix sockets and signals beyond this process
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", handled, network, scoped), 24)
    rules = int(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    if rules < 0:
        return None
    for paths, access in ((read, _READ), (list_only, _READ_DIR), (write, _WRITE)):
        for path in paths:
            _allow(libc, rules, path, access & handled)
    return rules


def restrict(rules: int) -> bool:
    """Hold this process to a set of rules, beside those that it is held to already; False where it cannot be."""
    return int(ctypes.CDLL(None).syscall(_RESTRICT_SELF, rules, 0)) == 0


def _allow(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # a path that this machine does not have needs no permission
    try:
        if not Path(path).is_dir():
            access &= _ON_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, handle), 12)
        if libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refused a rule for {path}")
    finally:
        os.close(handle)
