"""Control groups: found in what the kernel tells of its mounts, made with limits, and removed."""

import os
import subprocess
import sys

import pytest

from flatgrade.grader import control_groups
from flatgrade.grader.control_groups import ControlGroups

VERSION_1 = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "32 31 0:29 / {root}/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 {mounted} {root}/memory rw,relatime - cgroup cgroup rw,memory\n"
    "39 31 0:36 / {root}/pids rw,relatime - cgroup cgroup rw,pids\n"
)
VERSION_2 = "25 23 0:22 / {root} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def found(tmp_path, mounts, own):
    """What is found where the kernel tells this; its control files are plain files here."""
    for kind in ("memory", "pids"):
        (tmp_path / kind).mkdir(exist_ok=True)
    text = mounts.format(root=tmp_path, mounted="/")
    version = control_groups._version_1 if "cgroup2" not in mounts else control_groups._version_2
    return version(text, own, "test")


def test_version_1_has_a_folder_a_resource(tmp_path):
    """Below the own group of each hierarchy; other resources in one mount do not disturb."""
    (tmp_path / "memory" / "box").mkdir(parents=True)
    groups = found(tmp_path, VERSION_1, "9:name=systemd:/\n8:pids:/\n4:memory:/box\n2:cpu,cpuacct:/\n")
    assert (groups.memory, groups.processes, groups.version) == (tmp_path / "memory" / "box", tmp_path / "pids", 1)
    assert groups.make(3, 1024, 32) == [
        tmp_path / "memory" / "box" / f"flatgrade-{os.getpid()}-test-3",
        tmp_path / "pids" / f"flatgrade-{os.getpid()}-test-3",
    ]
    memory, processes = groups.make(3, 1024, 32)
    assert (memory / "memory.limit_in_bytes").read_text() == str((1024 + 128) << 20)
    assert (memory / "memory.memsw.limit_in_bytes").read_text() == str((1024 + 128) << 20)
    assert (processes / "pids.max").read_text() == "32"


def test_a_machine_without_both_resources_has_no_groups(tmp_path):
    """Memory without processes is not enough; neither is a mount that is not there."""
    own = "8:pids:/\n4:memory:/\n"
    only_memory = "\n".join(line for line in VERSION_1.splitlines() if "rw,pids" not in line)
    assert found(tmp_path, only_memory, own) is None
    assert found(tmp_path, VERSION_1, "8:pids:/\n") is None
    assert control_groups._version_1("", "", "test") is None
    assert control_groups._version_2("", "", "test") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes groups at the top")
def test_version_2_at_the_top_as_root(tmp_path):
    """Where memory and processes can be handed down."""
    groups = found(tmp_path, VERSION_2, "0::/user.slice/one.scope\n")
    assert (groups.memory, groups.processes, groups.version) == (tmp_path, tmp_path, 2)
    [group] = groups.make(0, 100, 8)
    assert {path.name: path.read_text() for path in group.iterdir()} == {
        "memory.max": str((100 + 128) << 20),
        "memory.swap.max": "0",
        "pids.max": "8",
    }


def test_version_2_in_a_delegated_group(tmp_path, monkeypatch):
    """An ordinary user makes them below the own group, and leaves it for a leaf first."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    mine = tmp_path / "user.slice" / "one.scope"
    mine.mkdir(parents=True)
    groups = found(tmp_path, VERSION_2, "0::/user.slice/one.scope\n")
    assert (groups.memory, groups.version) == (mine, 2)
    assert (mine / "flatgrade-grader" / "cgroup.procs").read_text() == str(os.getpid())
    assert (mine / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_kills_are_counted_in_both_versions(tmp_path):
    """The kernel's own count, 0 where there is none yet."""
    for version, name in ((1, "memory.oom_control"), (2, "memory.events")):
        groups = ControlGroups(tmp_path, tmp_path, version, "test")
        assert groups.kills(version) == 0
        [group] = groups.make(version, 1, 1)
        (group / name).write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
        assert groups.kills(version) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
def test_real_groups_are_made_and_removed():
    """On this machine, where it has them: nothing stays, and what a dead grader left is removed by the next."""
    groups = ControlGroups.find("test")
    if groups is None:
        pytest.skip("no control groups can be made here")
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    left = groups.processes / f"flatgrade-{done.pid}-x-0"
    left.mkdir()
    folders = groups.make(0, 64, 8)
    assert all(folder.is_dir() for folder in folders)
    assert (folders[-1] / "pids.max").read_text() == "8\n"
    groups.remove(0)
    ControlGroups.find("test")
    assert not any(folder.exists() for folder in (*folders, left))
