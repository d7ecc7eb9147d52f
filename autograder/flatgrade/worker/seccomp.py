"""Seccomp: the system calls that a cell of a course has no use for, refused by the kernel.

A deny-list, since scientific Python uses some two hundred calls; what it must keep from student code is other
processes, the network, channels to other submissions, what Landlock leaves open (mode, owner, times and attributes of
every file that the user owns), and the kernel's administration. A refused call fails with EPERM, so that Python raises
PermissionError at the line that made it; calls newer than the table are absent (ENOSYS). Small classic BPF, no library;
the tables are those of asm/unistd.h. https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24  # offsets in struct seccomp_data, little-endian
_CLONE_THREAD, _AF_UNIX = 0x00010000, 1

# The first number that nothing below has judged (fchmodat2, Linux 6.6): it and all that come later, on both machines,
# are answered as an older kernel would, which libraries must be ready for. x86_64's x32 calls lie above it, too.
_NEWER = 452

# Machine as the kernel names it -> its audit number, and its column in the tables below.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

DENIED: dict[str, tuple[int | None, int | None]] = {
    # other programs and processes
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "setns": (308, 268),
    "unshare": (272, 97), "setpgid": (109, 154), "setsid": (112, 157), "setpriority": (141, 140),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    "ioprio_set": (251, 30),
    # the network, and sockets of every other family
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242), "sendmmsg": (307, 269), "recvmmsg": (299, 243),
    # channels past files: System V, message queues, keys, memory without a name
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "semget": (64, 190), "semop": (65, 193),
    "semtimedop": (220, 192), "semctl": (66, 191), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "userfaultfd": (323, 282),
    # what Landlock leaves open: the metadata of files anywhere, what happens to them, locks that others see
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "truncate": (76, 45), "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "flock": (73, 32),
    # file systems
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "open_tree": (428, 428),
    "move_mount": (429, 429), "mount_setattr": (442, 442), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "fanotify_init": (300, 262), "quotactl": (179, 60),
    # the kernel's own affairs
    "bpf": (321, 280), "perf_event_open": (298, 241), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "personality": (135, 92),
    "vhangup": (153, 58), "nfsservctl": (180, 42), "lookup_dcookie": (212, 18), "move_pages": (279, 239),
    "migrate_pages": (256, 238), "landlock_create_ruleset": (444, 444),
    # another identity
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152),
    "setgroups": (116, 159), "capset": (126, 91),
}  # fmt: skip

# Calls that are refused but for what threads, event loops and the process itself need.
_CLONE, _CLONE3, _SOCKETPAIR, _IOCTL, _FCNTL = (56, 220), (435, 435), (53, 199), (16, 29), (72, 25)
_KILL_CALLS = ((62, 129), (234, 131))  # kill and tgkill
_ON_ITSELF = ((302, 261), (203, 122))  # prlimit64 and sched_setaffinity: process 0 is the caller
_REQUESTS = {
    # TIOCSTI and TIOCLINUX write to a terminal as if it were typed; FIOSETOWN and SIOCSPGRP are F_SETOWN of a socket.
    _IOCTL: (0x5412, 0x541C, 0x8901, 0x8902),
    # F_SETOWN, F_SETSIG and F_SETOWN_EX send any signal to any process; F_SETLEASE and F_NOTIFY tell what others open;
    # the record locks (F_GETLK to F_SETLKW, F_OFD_GETLK to F_OFD_SETLKW) are seen by every process that has the file.
    _FCNTL: (5, 6, 7, 8, 10, 15, 36, 37, 38, 1024, 1026),
}

_Instruction = tuple[int, int, int, int]


def deny() -> bool:
    """Refuse the denied calls in this process and all that it starts, for good; False where that cannot be had.

    "No new privileges" must be set already. Signals may go to this process alone, threads may be made, processes not.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    program = b"".join(struct.pack("=HBBI", *step) for step in _program(*machine, os.getpid()))
    steps = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(steps)), 16)
    return int(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0)) == 0


def _program(audit: int, column: int, pid: int) -> list[_Instruction]:
    """The filter for one machine; a jump of (yes, no) skips so many instructions."""
    refuse = _ERRNO | errno.EPERM
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    steps += [(_AT_LEAST, 0, 1, _NEWER), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    # glibc falls back to clone, whose flags a filter can see, where there is no clone3.
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    steps += _unless(_CLONE[column], _ARGUMENT_0, (_HAS_BITS, _CLONE_THREAD))
    steps += _unless(_SOCKETPAIR[column], _ARGUMENT_0, (_EQUAL, _AF_UNIX))
    for call in _ON_ITSELF:
        steps += _unless(call[column], _ARGUMENT_0, (_EQUAL, 0))
    for call in _KILL_CALLS:
        steps += _unless(call[column], _ARGUMENT_0, (_EQUAL, pid))
    for call, requests in _REQUESTS.items():
        for request in requests:
            steps += [(_EQUAL, 0, 4, call[column]), (_LOAD, 0, 0, _ARGUMENT_1), (_EQUAL, 0, 1, request)]
            steps += [(_RETURN, 0, 0, refuse), (_LOAD, 0, 0, _NUMBER)]
    for numbers in DENIED.values():
        if (number := numbers[column]) is not None:
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _unless(number: int, argument: int, test: tuple[int, int]) -> list[_Instruction]:
    """Refuse a call unless the low half of an argument passes the test."""
    code, value = test
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, argument),
        (code, 0, 1, value),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
