"""How many cores and how much memory this process may use: of the machine, and of the control groups it is in (Linux).

A container is such a group: it sees the whole machine's memory, and is killed when it takes more than its share.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")
_V1, _V2 = Path("sys/fs/cgroup"), (Path("sys/fs/cgroup"), Path("sys/fs/cgroup/unified"))


def cores(root: Path = _ROOT) -> int:
    """The number of cores that this process may keep busy; at least 1."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = [share for group in _groups(root, "cpu") if (share := _core_share(group)) is not None]
    return max(1, math.floor(min([own, *shares])))


def free_mib(root: Path = _ROOT) -> int | None:
    """Mebibytes of memory that can be taken without taking them from others; None where the machine does not tell."""
    free = [amount for group in _groups(root, "memory") if (amount := _free_bytes(group)) is not None]
    told = (line.split() for line in _lines(root / "proc/meminfo"))
    free += [int(words[1]) << 10 for words in told if words[0] == "MemAvailable:"]
    return max(0, min(free)) >> 20 if free else None


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups that bound this process: its own, and those around it."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        mounts = _V2 if not controllers else (_V1 / controller,) if controller in controllers.split(",") else ()
        for mount in mounts:
            group = root / mount / path.lstrip("/")
            yield from (place for place in (group, *group.parents) if place.is_relative_to(root / mount))


def _core_share(group: Path) -> float | None:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    if words := " ".join(_lines(group / "cpu.max")).split():
        quota, period = (int(word) if word.isdigit() else None for word in words)
    return quota / period if quota and quota > 0 and period else None


def _free_bytes(group: Path) -> int | None:
    for most, used, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit, taken = _number(group / most), _number(group / used)
        if limit is not None and taken is not None:
            pairs = (line.split() for line in _lines(group / "memory.stat"))
            return limit - taken + next((int(pair[1]) for pair in pairs if pair[0] == cached), 0)
    return None


def _number(path: Path) -> int | None:
    """The number that a file holds; None for a missing file, and for the word "max"."""
    words = " ".join(_lines(path)).split()
    return int(words[0]) if words and words[0].lstrip("-").isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    """Whether there is a process of this id, be it anybody's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
