"""Confinement of the worker by itself, before it sees a line of student code.

Each layer is tried, and what was reached is said; the grader decides whether that is enough. The order matters: what
needs privileges comes before they are given up, and seccomp, which refuses most of these calls, comes last.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flatgrade.core.levels import CALLS, CONTROL_GROUPS, FILES, LIMITS, NAMESPACES, PROCESS, reaches
from flatgrade.worker import landlock, namespaces, privileges, seccomp

_OPEN_FILES = 64
_STACK_BYTES = 8 << 20


@dataclass(frozen=True)
class Start:
    """What the grader grants one worker (docs/protocol.md).

    `user` is the number of the user that it shall be (None: no other than the zygote). `memory_mib` counts on top of
    what the process holds at its start.
    """

    scratch: str
    memory_mib: int
    disk_mib: int
    files: int
    threads: int
    cpu_seconds: int
    output_kib: int
    user: int | None


@dataclass(frozen=True)
class Ground:
    """What the zygote has prepared for its workers: the highest level wanted, whether it is in namespaces, its rules.

    `folders` hold all that workers may read; `rules` is a Landlock set for all workers alike, which says what of it.
    `base_bytes` is the address space that a worker starts with.
    """

    most: str
    spaces: namespaces.ProcessSpace | None
    folders: Sequence[str]
    rules: int | None
    base_bytes: int


def prepare(
    most: str, spaces: namespaces.ProcessSpace | None, read: Sequence[str], list_only: Sequence[str], scratch: str
) -> Ground:
    """Prepare for workers that may read `read`, list `list_only`, and write below `scratch`."""
    rules = landlock.ruleset(read=read, list_only=list_only, write=[scratch]) if reaches(most, FILES) else None
    base = 0
    if sys.platform == "linux":
        base = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    return Ground(most, spaces, folders(read, list_only), rules, base)


def folders(read: Sequence[str], list_only: Sequence[str]) -> list[str]:
    """The fewest of these paths that hold all the others."""
    paths = {Path(path) for path in (*read, *list_only)}
    return sorted(str(path) for path in paths if not any(parent in paths for parent in path.parents))


def confine(ground: Ground, start: Start, groups: Sequence[int]) -> str:
    """Confine this process for good, and go to its scratch folder; returns the level reached.

    `groups` are open descriptors of the lists of processes of its control groups.
    """
    grouped = bool(groups) and _join(groups)
    user = start.user if ground.spaces else None
    owner = (os.geteuid(), os.getegid()) if user is None else (user, user)
    alone = ground.spaces is not None and namespaces.own_folder(start.scratch, start.disk_mib, start.files, owner)
    os.chdir(start.scratch)
    if not reaches(ground.most, LIMITS):
        return PROCESS
    _limit(start, ground.base_bytes, counts_threads=alone and user is not None)
    if sys.platform != "linux":
        return LIMITS
    privileges.empty_bounding_set()
    if alone and user is not None:
        privileges.become(user)
    privileges.die_with_parent()
    closed = privileges.refuse_new_privileges()
    privileges.drop_capabilities()
    if not (closed and _landlock(ground, start.scratch)):
        return LIMITS
    if not reaches(ground.most, CALLS) or not seccomp.deny():
        return FILES
    if not alone:
        return CALLS
    return CONTROL_GROUPS if grouped and os.geteuid() != 0 else NAMESPACES


def _join(groups: Sequence[int]) -> bool:
    """Join control groups, of memory and of processes; False where one does not take this process."""
    try:
        for group in groups:
            os.write(group, b"0")
            os.close(group)
    except OSError:
        return False
    return True


def _limit(start: Start, base_bytes: int, *, counts_threads: bool) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: start.disk_mib << 20,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = base_bytes + (start.memory_mib << 20)
        limits[resource.RLIMIT_STACK] = _STACK_BYTES
        if counts_threads:  # the kernel counts the threads of a user, who must then have no others
            limits[resource.RLIMIT_NPROC] = start.threads
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))
    cpu = start.cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))  # SIGXCPU, and SIGKILL for who ignores it


def _landlock(ground: Ground, scratch: str) -> bool:
    """The rules of all workers, and of this one: whatever it may do, it writes in its own scratch folder only."""
    own = landlock.ruleset(read=ground.folders, write=[scratch])
    if own is None or ground.rules is None:
        return False
    try:
        return landlock.restrict(ground.rules) and landlock.restrict(own)
    finally:
        os.close(own)
        os.close(ground.rules)
