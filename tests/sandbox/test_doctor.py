"""flatgrade doctor: its attacks are stopped from L2 on, and get through where nothing stops them."""

import json
import sys

import pytest
from support.course import ROOT
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.cli import app
from flatgrade.core.levels import LEVELS
from flatgrade.grader.doctor import ATTACKS, Tried, examine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")

LIMITS = {"take more memory than its limit", "write a file of 64 MiB", "run without end", "print without end"}
FILES = {"read a secret file", "list the secret folder", "write beside the secret", "write to /tmp"}
CALLS = {
    "fork",
    "send a datagram",
    "share memory",
    "use memory without a name",
    "change the mode of the secret",
    "watch the secret folder",
    "send a signal by a file",
}


@pytest.mark.parametrize("most", ["L2", "L3", "L4"])
def test_every_attack_is_stopped_from_l2_on(most):
    """Files by Landlock, and from L3 on by their absence; calls by seccomp; excess by limits."""
    level, tried = examine(most)
    if level != most:
        pytest.skip(f"this machine confines student code to {level} only")
    assert len(tried) == len(ATTACKS) >= 22
    assert [item.attack for item in tried if not item.stopped] == []
    how = {item.attack: item.how for item in tried}
    refused = {"PermissionError"} if level == "L2" else {"PermissionError", "FileNotFoundError"}
    assert {how[name] for name in FILES} <= refused
    assert {how[name] for name in (*CALLS, "start a process")} <= refused
    assert [how[name] for name in sorted(LIMITS)] == ["OutputLimit", "TimeUp", "MemoryError", "OSError"]


def test_the_attacks_are_real():
    """One level lower those on calls get through, two levels lower those on files too: no cell fails by itself."""
    level, tried = examine("L1+landlock")
    through = {item.attack for item in tried if not item.stopped}
    assert level == "L1+landlock"
    assert through >= CALLS
    assert not through & (FILES | LIMITS)
    level, tried = examine("L1")
    through = {item.attack for item in tried if not item.stopped}
    assert level == "L1"
    assert through >= FILES | CALLS | {"start a process"}
    assert not through & LIMITS
    level, tried = examine("L0")
    through = {item.attack for item in tried if not item.stopped}
    assert level == "L0"
    assert through >= FILES | CALLS


def test_doctor_tells_the_level_in_a_table_and_in_json(monkeypatch):
    """Exit code 0 where all is well; 1, and what mends it, where it is not."""
    tried = [Tried("read a secret file", stopped=True, how="PermissionError"), Tried("fork", stopped=False, how="")]
    monkeypatch.setattr(cli, "examine", lambda: ("L1+landlock", tried))
    found = CliRunner().invoke(app, ["doctor", "--json"])
    assert found.exit_code == 1
    assert json.loads(found.stdout) == {"level": "L1+landlock", "tried": 2, "through": ["fork"]}
    found = CliRunner().invoke(app, ["doctor"])
    assert "✓ stopped" in found.stdout
    assert "✗ got through" in found.stdout
    assert "Level L1+landlock: 1 of 2 attacks were stopped." in found.stdout
    assert "use a kernel with seccomp, on x86_64 or aarch64" in " ".join(found.stderr.split())
    monkeypatch.setattr(cli, "examine", lambda: ("L2", tried[:1]))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0


def test_the_security_page_has_each_level():
    """docs/security.md: a row for each level, weakest first, with what it promises and what it does not."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `L")]
    assert [row[1].strip(" `") for row in rows] == list(LEVELS)
    assert all(len(row) == 5 and row[2].strip() and row[3].strip() for row in rows)
