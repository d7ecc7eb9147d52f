"""Control groups: limits on memory and threads that hold for a worker as a whole, kept by the kernel.

Version 1 (a hierarchy a resource) and version 2 (one for all), as root or in a subtree that is delegated to the user
(`systemd-run --user --scope -p Delegate=yes`). https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from flatgrade.grader.machine import is_alive

_COPIED_MIB = 128  # pages of the zygote that a worker writes to are counted as its own
_PATIENCE = 1.0  # seconds that processes which were killed may take to be gone
_OURS = re.compile(r"flatgrade-(\d+)-\w+-\d+")


@dataclass(frozen=True)
class ControlGroups:
    """Where this process may make control groups: one folder for memory, one for processes (in version 2 the same).

    `owner` tells the groups of one sandbox from those of another.
    """

    memory: Path
    processes: Path
    version: int
    owner: str

    @classmethod
    def find(cls, owner: str) -> ControlGroups | None:
        """Find where groups can be made, or None. Groups that dead graders left behind are removed on the way."""
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
            own = Path("/proc/self/cgroup").read_text(encoding="ascii")
        except OSError:
            return None
        found = _version_1(mounts, own, owner) or _version_2(mounts, own, owner)
        if found:
            found._sweep()
        return found

    def make(self, slot: int, memory_mib: int, threads: int) -> list[Path]:
        """Make the groups of a slot, with its limits; returns their folders. Raises OSError."""
        memory, processes = self._groups(slot)
        for folder in {memory, processes}:
            folder.mkdir(exist_ok=True)
        most = str((memory_mib + _COPIED_MIB) << 20)
        if self.version == 1:
            # With swap it must never be less than without: of a slot that had less before, this one is raised first.
            self._limit_with_swap(memory, most)
            _write(memory / "memory.limit_in_bytes", most)
            self._limit_with_swap(memory, most)
        else:
            _write(memory / "memory.max", most)
            with contextlib.suppress(OSError):
                _write(memory / "memory.swap.max", "0")
        _write(processes / "pids.max", str(threads))
        return list(dict.fromkeys([memory, processes]))

    @staticmethod
    def _limit_with_swap(memory: Path, most: str) -> None:
        with contextlib.suppress(OSError):  # a kernel that does not count swap, or a limit that is to be lowered
            _write(memory / "memory.memsw.limit_in_bytes", most)

    def kills(self, slot: int) -> int:
        """How many processes of the slot's group the kernel has killed for want of memory, since it was made."""
        memory = self._groups(slot)[0]
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        try:
            found = re.search(r"^oom_kill (\d+)$", (memory / name).read_text(encoding="ascii"), re.MULTILINE)
        except OSError:
            return 0
        return int(found[1]) if found else 0

    def remove(self, slot: int) -> None:
        """Remove the groups of a slot; what still holds a process after a moment stays, for the next grader's sweep."""
        deadline = time.monotonic() + _PATIENCE
        left = {folder for folder in self._groups(slot) if folder.exists()}
        while left and time.monotonic() < deadline:
            for folder in list(left):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    left.remove(folder)
            if left:
                time.sleep(0.005)

    def _groups(self, slot: int) -> tuple[Path, Path]:
        name = f"flatgrade-{os.getpid()}-{self.owner}-{slot}"
        return self.memory / name, self.processes / name

    def _sweep(self) -> None:
        for parent in {self.memory, self.processes}:
            for folder in parent.glob("flatgrade-*"):
                match = _OURS.fullmatch(folder.name)
                if match and not is_alive(int(match[1])):
                    with contextlib.suppress(OSError):
                        folder.rmdir()


def _version_1(mounts: str, own: str, owner: str) -> ControlGroups | None:
    places = {kind: _place(mounts, own, kind) for kind in ("memory", "pids")}
    memory, processes = places["memory"], places["pids"]
    if memory is None or processes is None or not (_may_make(memory) and _may_make(processes)):
        return None
    return ControlGroups(memory, processes, 1, owner)


def _place(mounts: str, own: str, kind: str) -> Path | None:
    """The folder of the own group in the hierarchy of one resource."""
    mount = re.search(rf"^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup \S+ \S*\b{kind}\b", mounts, re.MULTILINE)
    group = re.search(rf"^\d+:(?:\S+,)?{kind}(?:,\S+)?:(/.*)$", own, re.MULTILINE)
    return Path(mount[2]) / os.path.relpath(group[1], mount[1]) if mount and group else None


def _version_2(mounts: str, own: str, owner: str) -> ControlGroups | None:
    """At the top as root; else below the own group, which this process must then have to itself."""
    mount = re.search(r"^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 ", mounts, re.MULTILINE)
    group = re.search(r"^0::(/.*)$", own, re.MULTILINE)
    if not mount or not group:
        return None
    top = Path(mount[2])
    if os.geteuid() == 0 and _hands_down(top):
        return ControlGroups(top, top, 2, owner)
    mine = top / os.path.relpath(group[1], mount[1])
    if not _may_make(mine):
        return None
    try:
        leaf = mine / "flatgrade-grader"  # only a group without processes can hand resources down
        leaf.mkdir(exist_ok=True)
        _write(leaf / "cgroup.procs", str(os.getpid()))
    except OSError:
        return None
    return ControlGroups(mine, mine, 2, owner) if _hands_down(mine) else None


def _hands_down(group: Path) -> bool:
    """True if groups below this one can limit memory and processes."""
    try:
        _write(group / "cgroup.subtree_control", "+memory +pids")
    except OSError:
        return False
    return _may_make(group)


def _may_make(folder: Path) -> bool:
    """True if a group can be made here: tried, since a file system may be read-only whatever its modes say."""
    probe = folder / f"flatgrade-{os.getpid()}-probe-0"
    try:
        probe.mkdir(exist_ok=True)
        probe.rmdir()
    except OSError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")
