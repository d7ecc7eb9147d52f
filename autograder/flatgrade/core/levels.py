"""Levels of confinement, weakest first, as they stand in every Record.

L1: limits on time, memory and files, nothing else. L1+landlock: only the paths that are needed can be read, and only a
scratch folder written. L2: and no process can be started, no socket opened, no other channel used (seccomp).
"""

LIMITS, FILES, CALLS = "L1", "L1+landlock", "L2"
LEVELS = (LIMITS, FILES, CALLS)
