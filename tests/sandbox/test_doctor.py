"""flatgrade doctor: its attacks are stopped from L2 on, and get through where nothing stops them."""

import json
import sys
from pathlib import Path

import pytest
from support.course import ROOT
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.cli import app
from flatgrade.core.levels import LEVELS, reaches
from flatgrade.grader import layers as layers_module
from flatgrade.grader.doctor import ATTACKS, Examination, Tried, examine
from flatgrade.grader.layers import Layer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")


@pytest.mark.parametrize("most", ["L1", "L1+landlock", "L2", "L3", "L4"])
def test_each_level_stops_what_it_promises(most):
    """And an attack that it does not promise to stop gets through: no cell fails by itself."""
    found = examine(most)
    if found.level != most:
        pytest.skip(f"this machine confines student code to {found.level} only")
    assert len(found.tried) == sum(map(len, ATTACKS.values())) >= 25
    assert found.broken == []
    beyond = [item for item in found.tried if not reaches(most, item.promised)]
    assert [item.attack for item in beyond if item.stopped] == [
        item.attack for item in beyond if item.attack in STOPPED_EARLIER.get(most, ())
    ]


# What a level stops on the way, which it does not promise on every machine.
COUNTED = ("fill the disk with many files", "start a hundred threads")  # by the grader, and by the memory they take
STOPPED_EARLIER = {
    "L1": (*COUNTED, "read another process", "import what is not allowed", "become another user"),
    "L1+landlock": (*COUNTED, "open a TCP socket", "end the process that started it", "become another user"),
    "L2": COUNTED,
    "L3": COUNTED,
}


def test_the_errors_are_those_of_the_layers():
    """Files are refused or not even there, calls refused, excess ended by its limit."""
    found = examine()
    how = {item.attack: item.how for item in found.tried}
    assert [how[name] for name in ATTACKS["L1"]] == ["MemoryError", "OSError", "TimeUp", "OutputLimit"]
    assert how.pop("import what is not allowed") == "ModuleNotFoundError"
    assert {how[name] for level in ("L1+landlock", "L2") for name in ATTACKS[level] if name in how} <= {
        "PermissionError",
        "FileNotFoundError",
    }


def examination(level, **tried):
    """An examination in which attacks got through (False) or not, all of them promised from L2 on."""
    rows = [Tried(name, stopped, "PermissionError" if stopped else "", "L2") for name, stopped in tried.items()]
    layers = (Layer("files (Landlock)", there=True), Layer("namespaces", there=False, mend="sudo sysctl -w a=1"))
    return Examination(level, layers, tuple(rows))


def test_doctor_tells_the_level_in_a_table_and_in_json(monkeypatch):
    """Exit code 0 where all is well; 1, and what mends it, where it is not."""
    monkeypatch.setattr(cli, "examine", lambda: examination("L1+landlock", fork=False, exec=True))
    found = CliRunner().invoke(app, ["doctor", "--json"])
    assert found.exit_code == 1
    assert json.loads(found.stdout) == {
        "level": "L1+landlock",
        "tried": 2,
        "through": ["fork"],
        "missing": {"namespaces": "sudo sysctl -w a=1"},
    }
    monkeypatch.setattr(cli, "lacks_torch", lambda profile: False)
    found = CliRunner().invoke(app, ["doctor"])
    assert found.exit_code == 1
    assert "✓ stopped" in found.stdout
    assert "✗ got through" in found.stdout
    assert found.stdout.endswith(
        "Level L1+landlock: 1 of 2 attacks were stopped.\n✓ files (Landlock)\n✗ namespaces: sudo sysctl -w a=1\n✓ torch\n"
    )
    assert found.stderr.endswith(
        "use a kernel with seccomp, on x86_64 or aarch64, or grade all the same with --allow-weak\n"
    )
    monkeypatch.setattr(cli, "examine", lambda: examination("L2", fork=True))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0


def test_doctor_says_that_torch_is_missing(monkeypatch):
    """It is no failure: only exercises with the profile torch need it."""
    monkeypatch.setattr(cli, "examine", lambda: examination("L2", fork=True))
    monkeypatch.setattr(cli, "lacks_torch", lambda profile: profile == "torch")
    found = CliRunner().invoke(app, ["doctor"])
    assert found.exit_code == 0
    assert found.stdout.endswith(
        "· torch is not installed: exercises with profile = \"torch\" need it (pip install 'flatgrade[torch]')\n"
    )


def test_doctor_says_when_a_promise_is_broken(monkeypatch):
    """A level that is reached by name, and does not hold: exit code 1."""
    monkeypatch.setattr(cli, "examine", lambda: examination("L2", fork=False))
    found = CliRunner().invoke(app, ["doctor"])
    assert found.exit_code == 1
    assert found.stderr == "flatgrade: level L2 promises to stop this, and did not: fork\n"


def mend(monkeypatch, files, *, user=1000, name="namespaces", without="unshare: Operation not permitted"):
    """What would give a layer to a machine whose kernel says this."""
    monkeypatch.setattr(layers_module, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr(Path, "exists", lambda path: str(path) in files)
    found = layers_module.layers("L1", without, has_users=False, has_groups=False)
    return {layer.name: layer.mend for layer in found if not layer.there}[name]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"/proc/sys/kernel/unprivileged_userns_clone": "0"}, "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"/proc/sys/user/max_user_namespaces": "0"}, "sudo sysctl -w user.max_user_namespaces=10000"),
        (
            {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1"},
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            {"/.dockerenv": ""},
            "docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined ...",
        ),
        ({}, "grade as root, or on a machine that lets users make namespaces (unshare: Operation not permitted)"),
    ],
)
def test_a_missing_layer_has_the_command_that_gives_it(monkeypatch, files, command):
    """The setting that refuses namespaces is found, and undone by its own name."""
    assert mend(monkeypatch, files) == command


def test_the_other_layers_have_theirs(monkeypatch):
    """Landlock by the kernel's command line; users and control groups by who one is."""
    active = {"/sys/kernel/security/lsm": "capability,apparmor"}
    assert mend(monkeypatch, active, name="files (Landlock)") == (
        "boot with lsm=landlock,capability,apparmor on the kernel's command line"
    )
    assert mend(monkeypatch, {}, name="files (Landlock)") == (
        "use Linux 5.13 or newer, with landlock in /sys/kernel/security/lsm"
    )
    assert mend(monkeypatch, {}, name="control groups") == "systemd-run --user --scope -p Delegate=yes flatgrade ..."
    assert mend(monkeypatch, {}, name="control groups", user=0) == "mount -t cgroup2 none /sys/fs/cgroup"
    users = "a user of its own for each worker"
    assert mend(monkeypatch, {}, name=users) == "sudo flatgrade ... (only root can make workers other users)"
    assert mend(monkeypatch, {}, name=users, user=0) == f"chmod -R o+rX {sys.prefix} {sys.base_prefix}"


def test_the_security_page_has_each_level():
    """docs/security.md: a row for each level, weakest first, with what it promises and what it does not."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `L")]
    assert [row[1].strip(" `") for row in rows] == list(LEVELS)
    assert all(len(row) == 5 and row[2].strip() and row[3].strip() for row in rows)
