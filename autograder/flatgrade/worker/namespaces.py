"""Namespaces: processes, network, mounts and System V objects that a process shares with nobody.

The zygote enters them once, before its imports, and is process 1 of its own; each worker then gets process and mount
namespaces of its own, for a tenth of what entering all of them costs. Imports nothing of ours: it runs first.
https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from flatgrade.worker.privileges import die_with_parent

_MOUNTS, _UTS, _IPC, _USER, _PROCESSES, _NETWORK = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_NO_SUID, _NO_DEVICES, _NO_PROGRAMS, _BIND, _RECURSIVE, _PRIVATE, _DETACH = 2, 4, 8, 1 << 12, 1 << 14, 1 << 18, 2


def enter() -> str:
    """Enter namespaces of all kinds; returns "" in the process that goes on in them, or why it could not be.

    The process must have one thread. It forks: the parent only waits, ends as the child ends, and its death ends the
    child.
    """
    if sys.platform != "linux":
        return "namespaces are Linux's"
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    kinds = _MOUNTS | _UTS | _IPC | _PROCESSES | _NETWORK | (_USER if user else 0)
    if libc.unshare(kinds) != 0:
        return f"unshare: {os.strerror(ctypes.get_errno())}"
    if user:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _wait_for_child()
    if libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) != 0:
        return f"mount: {os.strerror(ctypes.get_errno())}"
    return ""


def keep_only(paths: Iterable[str], folder: str) -> str:
    """Make a root in which nothing but these files and folders is, at the same paths; returns "" or why not.

    `folder` is an empty folder to build it in. For this process and those that it forks: what is not there cannot even
    be asked for its size. The folders on the way may be entered by everybody, whatever their modes were.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _NO_SUID | _NO_DEVICES
    if libc.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, b"size=1m,mode=755") != 0:
        return f"mount: {os.strerror(ctypes.get_errno())}"
    for path in paths:
        real = _with_links(Path(path), Path(folder))
        place = Path(f"{folder}{real}")
        if not os.path.lexists(place):
            place.parent.mkdir(0o755, parents=True, exist_ok=True)
            (place.mkdir if real.is_dir() else place.touch)()
            if libc.mount(bytes(real), bytes(place), None, _BIND | _RECURSIVE, None) != 0:
                return f"mount {real}: {os.strerror(ctypes.get_errno())}"
    os.chdir(folder)
    if libc.syscall(_pivot_root(), b".", b".") != 0 or libc.umount2(b".", _DETACH) != 0:
        return f"pivot_root: {os.strerror(ctypes.get_errno())}"
    os.chdir("/")
    return ""


def own_folder(folder: str, mib: int, files: int, owner: tuple[int, int]) -> bool:
    """Put a file system of limited size over a folder, which only this process sees; False where it cannot be.

    `owner` are the numbers of the user and the group that it belongs to.
    """
    libc = ctypes.CDLL(None)
    user, group = owner
    options = f"size={mib}m,nr_inodes={files + 1},mode=700,uid={user},gid={group}"  # the folder itself is one
    flags = _NO_SUID | _NO_DEVICES | _NO_PROGRAMS
    mounted = (
        libc.unshare(_MOUNTS) == 0 and libc.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, options.encode()) == 0
    )
    return bool(mounted)


class ProcessSpace:
    """The process namespace of the zygote, which each worker leaves for one of its own."""

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._libc = ctypes.CDLL(None, use_errno=True)

    def fork(self) -> int:
        """Fork as `os.fork` does; the child is process 1 of a new namespace. Raises OSError."""
        if self._libc.unshare(_PROCESSES) != 0:
            raise OSError(ctypes.get_errno(), "no process namespace could be made")
        try:
            child = os.fork()
        except OSError:
            self._come_back()
            raise
        if child:
            self._come_back()
        return child

    def _come_back(self) -> None:
        if self._libc.setns(self._own, _PROCESSES) != 0:
            raise OSError(ctypes.get_errno(), "the process namespace could not be left")


def _with_links(path: Path, folder: Path) -> Path:
    """The path without symbolic links; the links on its way are made below `folder`, too."""
    real, parts = Path("/"), list(path.parts[1:])
    while parts:
        step = real / parts.pop(0)
        if not step.is_symlink():
            real = step
            continue
        link = Path(f"{folder}{step}")
        if not os.path.lexists(link):
            link.parent.mkdir(0o755, parents=True, exist_ok=True)
            link.symlink_to(step.readlink())
        parts = [*Path(os.path.normpath(real / step.readlink())).parts[1:], *parts]
        real = Path("/")
    return real


def _pivot_root() -> int:
    return 41 if os.uname().machine == "aarch64" else 155


def _wait_for_child() -> None:
    """Go on in a child, which is process 1 of the new process namespace; the parent waits here until it ends."""
    child = os.fork()
    if child:
        os.closerange(3, 64)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    die_with_parent()


def _write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="ascii")
