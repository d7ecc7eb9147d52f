"""The layers of confinement on this machine: which are there, and what would give one that is not."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from flatgrade.core.levels import CALLS, FILES, NAMESPACES, reaches

_CLONE = "kernel.unprivileged_userns_clone"
_MOST = "user.max_user_namespaces"
_APPARMOR = "kernel.apparmor_restrict_unprivileged_userns"


@dataclass(frozen=True)
class Layer:
    """One layer: its name, whether it is there, and the command (or the words) that would give it ("" if it is)."""

    name: str
    there: bool
    mend: str = ""


def layers(level: str, without: str, *, has_users: bool, has_groups: bool) -> tuple[Layer, ...]:
    """The layers, in the order of the levels.

    `level` is what workers reach, `without` why they are in no namespaces ("" if they are); the others say whether
    workers are users of their own, and whether there are control groups.
    """
    found = {
        "files (Landlock)": (reaches(level, FILES), _mend_landlock()),
        "system calls (seccomp)": (reaches(level, CALLS), "use a kernel with seccomp, on x86_64 or aarch64"),
        "namespaces": (reaches(level, NAMESPACES), _mend_namespaces(without)),
        "a user of its own for each worker": (has_users, _mend_users()),
        "control groups": (has_groups, _mend_groups()),
    }
    return tuple(Layer(name, there, "" if there else mend) for name, (there, mend) in found.items())


def _mend_landlock() -> str:
    if sys.platform != "linux":
        return "grade on Linux 5.13 or newer"
    active = _read("/sys/kernel/security/lsm")
    if active and "landlock" not in active:
        return f"boot with lsm=landlock,{active} on the kernel's command line"
    return "use Linux 5.13 or newer, with landlock in /sys/kernel/security/lsm"


def _mend_namespaces(without: str) -> str:
    if sys.platform != "linux":
        return "grade on Linux"
    if Path("/.dockerenv").exists():
        return "docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined ..."
    for name, refused, wanted in ((_CLONE, "0", "1"), (_MOST, "0", "10000"), (_APPARMOR, "1", "0")):
        if _read(f"/proc/sys/{name.replace('.', '/')}") == refused:
            return f"sudo sysctl -w {name}={wanted}"
    return f"grade as root, or on a machine that lets users make namespaces ({without})"


def _mend_users() -> str:
    if os.geteuid() != 0:
        return "sudo flatgrade ... (only root can make workers other users)"
    return f"chmod -R o+rX {sys.prefix} {sys.base_prefix}"


def _mend_groups() -> str:
    if os.geteuid() != 0:
        return "systemd-run --user --scope -p Delegate=yes flatgrade ..."
    return "mount -t cgroup2 none /sys/fs/cgroup"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
