"""Cores and memory of the machine and of the control groups that this process is in, from made-up /proc and /sys."""

import os

import pytest

from flatgrade.grader.machine import cores, free_mib

MIB = 1 << 20
MEMINFO = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8388608 kB\n"


def machine(root, files):
    for name, text in {"proc/meminfo": MEMINFO, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "mib"),
    [
        pytest.param({}, 8192, id="no groups"),
        pytest.param(
            {
                "proc/self/cgroup": "0::/jobs/one\n",
                "sys/fs/cgroup/jobs/one/memory.max": "max\n",
                "sys/fs/cgroup/jobs/one/memory.current": f"{50 * MIB}\n",
                "sys/fs/cgroup/jobs/memory.max": f"{2048 * MIB}\n",
                "sys/fs/cgroup/jobs/memory.current": f"{1100 * MIB}\n",
                "sys/fs/cgroup/jobs/memory.stat": f"anon 5\ninactive_file {100 * MIB}\n",
            },
            1048,
            id="version 2, the group around it, less what the kernel can drop",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/box\n1:cpu:/box\n0::/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{3000 * MIB}\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{1000 * MIB}\n",
                "sys/fs/cgroup/memory/memory.stat": f"inactive_file 0\ntotal_inactive_file {24 * MIB}\n",
            },
            2024,
            id="version 1, in a container that sees its own group as the root",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "4096\n",
            },
            8192,
            id="version 1 without a limit",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": f"{100 * MIB}\n",
                "sys/fs/cgroup/memory.current": f"{101 * MIB}\n",
            },
            0,
            id="more in use than there is",
        ),
    ],
)
def test_free_memory_is_the_least_that_machine_and_groups_leave(tmp_path, files, mib):
    """A container's limit counts, wherever it is set; memory that the kernel would give up at once is free."""
    assert free_mib(machine(tmp_path, files)) == mib


def test_a_machine_that_does_not_tell_has_no_figure(tmp_path):
    """No /proc: None, not a guess."""
    assert free_mib(tmp_path) is None


@pytest.mark.parametrize(
    ("files", "most"),
    [
        ({}, 64),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "250000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, 64),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "20000 100000\n"}, 1),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/a\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            64,
        ),
    ],
)
def test_cores_are_those_that_a_group_may_keep_busy(tmp_path, monkeypatch, files, most):
    """A container with two and a half of 64 cores has two; one with a fifth of a core has one."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    assert cores(machine(tmp_path, files)) == most
