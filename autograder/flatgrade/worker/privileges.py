"""What a process gives up for good: new privileges, root's capabilities, its user. Linux only."""

from __future__ import annotations

import ctypes
import os
import struct

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _SIGKILL = 1, 38, 9
_PR_SET_CHILD_SUBREAPER, _PR_CAPBSET_DROP = 36, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITIES, _CAPABILITY_VERSION_3 = 41, 0x20080522


def adopt_orphans() -> None:
    """Make this process the parent of whatever its descendants leave behind."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends. A change of user undoes it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def refuse_new_privileges() -> bool:
    """Let no program that this process runs gain privileges; False where the kernel cannot promise it."""
    return int(ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) == 0


def become(user: int) -> None:
    """Be another user, in a group of the same number and no other group. Raises OSError unless root."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def empty_bounding_set() -> None:
    """Let no program that this process runs have capabilities, whoever runs it. Needs the privilege to do so."""
    libc = ctypes.CDLL(None)
    for capability in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up what root may do beyond its files: nothing of it is needed, and Landlock does not take it away."""
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    ctypes.CDLL(None).capset(header, ctypes.create_string_buffer(24))
