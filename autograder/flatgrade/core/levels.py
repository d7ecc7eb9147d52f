"""Levels of confinement, weakest first, as they stand in every Record.

L0: a process of its own with a deadline, nothing else. L1: and limits on time, memory and files. L1+landlock: only the
paths that are needed can be read, and only a scratch folder written. L2: and no process can be started, no socket
opened, no other channel used (seccomp). L3: and namespaces: a scratch folder of limited size that nobody else sees, no
network to reach, no other process to name. L4: and control groups for memory and threads; run by root, each worker is
a user of its own. docs/security.md says what each level promises.
"""

PROCESS, LIMITS, FILES, CALLS, NAMESPACES, CONTROL_GROUPS = "L0", "L1", "L1+landlock", "L2", "L3", "L4"
LEVELS = (PROCESS, LIMITS, FILES, CALLS, NAMESPACES, CONTROL_GROUPS)


def reaches(level: str, least: str) -> bool:
    """True if `level` promises at least what `least` does. Raises ValueError for a name that is no level."""
    return LEVELS.index(level) >= LEVELS.index(least)
