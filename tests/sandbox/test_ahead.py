"""Workers that are started before they are asked for, and ended after they were used."""

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flatgrade.core.exercise import Limits
from flatgrade.grader.sandbox import Sandbox, SandboxError

LIMITS = Limits(memory_mib=256)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


@pytest.fixture
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def started(monkeypatch):
    """The ids of all workers, as they are started."""
    found = []
    fork = Sandbox.fork

    def noted(self, *arguments):
        zygote, pid = fork(self, *arguments)
        found.append(pid)
        return zygote, pid

    monkeypatch.setattr(Sandbox, "fork", noted)
    return found


def printed(worker, source="print(1)"):
    reply = worker.ask({"do": "cell", "key": "c", "source": source}, 5)
    return "".join(output.get("text", "") for output in reply["outputs"])


def test_the_next_worker_is_started_ahead(sandbox, started):
    """Of three workers in a row the second and the third were there before they were asked for; none is used twice."""
    used = []
    for number in range(3):
        with sandbox.ready_worker(LIMITS) as worker:
            used.append(worker._process[1])
            assert printed(worker, "print('mark' in globals())\nmark = 1") == "False\n"
            sandbox._ahead._next["numpy"][1].result()
            assert len(started) == number + 2
    assert used == started[:3]


def test_a_worker_with_other_limits_is_not_taken(sandbox):
    """It was told its own when it started; the one that is asked for has what is asked for, be it more or less."""
    for memory_mib in (256, 512, 256, 512):
        limits = replace(LIMITS, memory_mib=memory_mib)
        with sandbox.ready_worker(limits) as worker:
            assert worker.limits == limits
            assert printed(worker) == "1\n"
            sandbox._ahead._next["numpy"][1].result()


@pytest.mark.parametrize("whole", [False, True])
def test_a_worker_that_died_while_it_waited_is_not_taken(sandbox, started, whole):
    """Alone or with its zygote: nobody's answer runs in it."""
    with sandbox.ready_worker(LIMITS):
        waiting = sandbox._ahead._next["numpy"][1].result()
    if whole:
        sandbox._zygotes["numpy"]._process.kill()
    else:
        sandbox.end(sandbox._zygotes["numpy"], started[1])
    assert waiting.socket.recv(1, socket.MSG_PEEK) == b""  # it has ended
    with sandbox.ready_worker(LIMITS) as worker:
        assert worker._process[1] not in started[:2] or whole
        assert printed(worker) == "1\n"


def test_why_no_worker_can_be_started_is_told_to_who_asks(sandbox, monkeypatch):
    """An error on the way ahead is nobody's; the one who asks next meets it himself."""

    def fork(*_):
        raise SandboxError("no worker could be started")

    with sandbox.ready_worker(LIMITS) as worker:
        sandbox._ahead._next["numpy"][1].result().__exit__()
        monkeypatch.setattr(Sandbox, "fork", fork)
        assert printed(worker) == "1\n"
    with pytest.raises(SandboxError, match=r"\Ano worker could be started\Z"), sandbox.ready_worker(LIMITS):
        pass


def test_nothing_is_left_when_the_sandbox_is_left():
    """The one that waits and those that were used are gone, with their folders and descriptors."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Sandbox() as sandbox:
        for _ in range(3):
            with sandbox.ready_worker(LIMITS) as worker:
                printed(worker)
        scratch = sandbox.scratch
    assert not Path(scratch).exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    found = subprocess.run(["pgrep", "-f", str(scratch)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_the_process_that_was_begun_is_the_first_sandboxs():
    """It is taken once, by who may use it; what nobody takes leaves nothing behind when the program ends."""
    program = (
        "from flatgrade.core.exercise import Limits\nfrom flatgrade.grader import zygote\n"
        "from flatgrade.grader.sandbox import Sandbox\n"
        "zygote.begin()\nzygote.begin()\n[begun] = zygote._begun\n"
        "with Sandbox(most='L2') as low:\n    assert low._zygotes['numpy']._process is not begun.process\n"
        "with Sandbox() as first, Sandbox() as second:\n"
        "    assert first._zygotes['numpy']._process is begun.process is not second._zygotes['numpy']._process\n"
        "    with first.worker(Limits()) as worker:\n        assert worker.level\n"
        "zygote.begin()\nprint(first.scratch, zygote._begun[0].scratch, zygote._begun[0].process.pid)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    first, second, pid = done.stdout.split()
    assert not Path(first).exists()
    assert not Path(second).exists()
    assert not Path(f"/proc/{pid}").exists()
