"""Real worker processes: what they can reach, and how they end."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support.ordinary import run_as_ordinary_user

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.levels import reaches
from flatgrade.core.wire import encode
from flatgrade.grader.control_groups import ControlGroups
from flatgrade.grader.doctor import ATTACKS
from flatgrade.grader.sandbox import Sandbox, SandboxError, WorkerGoneError, require

LIMITS = Limits(cell_seconds=1, call_seconds=1, submission_seconds=20, memory_mib=256, output_kib=64)
SECRET = "the canary that no worker may read"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("solutions") / "reference.py"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def sandbox(secret):
    with Sandbox((secret.parent,)) as sandbox:
        yield sandbox


@pytest.fixture
def worker(sandbox):
    with sandbox.worker(LIMITS) as worker:
        yield worker


def run(worker, source, seconds=5.0):
    reply = worker.ask({"do": "cell", "key": "c", "source": source}, seconds)
    return reply["outputs"]


def printed(worker, source):
    return "".join(output.get("text", "") for output in run(worker, source))


def test_a_worker_reaches_the_highest_level_that_this_machine_has(worker):
    """Root with control groups is L4 and anybody with namespaces is L3; what is missing is named."""
    assert reaches(worker.level, "L2")
    if ControlGroups.find("test") is None or os.geteuid() != 0:
        pytest.skip(f"no control groups here: workers reach {worker.level}")
    assert worker.level == "L4"


def test_an_ordinary_user_has_namespaces_too():
    """Without any privilege: L3, nothing of the secret is seen, and no attack of the doctor's gets through."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the other tests then run as an ordinary user already")
    text = run_as_ordinary_user(
        "import os\nfrom flatgrade.grader.doctor import examine\nfound = examine()\n"
        "print(os.geteuid(), found.level, len(found.tried), found.broken, [item.there for item in found.layers])"
    )
    attacks = sum(map(len, ATTACKS.values()))
    assert text == f"65534 L3 {attacks} [] [True, True, True, False, False]\n"


def test_cells_share_a_namespace_and_show_their_last_expression(worker):
    """Prints, values, figures and errors come back as notebook outputs."""
    assert run(worker, "x = 20\nprint('hello')\nx + 1") == [
        {"output_type": "stream", "name": "stdout", "text": "hello\n"},
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "data": {"text/plain": "21"},
            "metadata": {},
        },
    ]
    assert run(worker, "x;") == []
    kinds = [
        output["output_type"] for output in run(worker, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    ]
    assert kinds == ["display_data"]


def test_an_error_shows_the_lines_of_the_cell_and_no_path(worker):
    """A student sees own lines with an arrow, the message, and nothing of the machine."""
    run(worker, "def f(x):\n    return 1 / x\n")
    [error] = run(worker, "a = 1\nf(0)")
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    text = "\n".join(error["traceback"])
    assert "----> 2 f(0)" in text
    assert text.endswith("ZeroDivisionError: division by zero")
    assert "/" not in text.replace("1 / x", "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n", ""),
        ("%config InlineBackend.figure_format = 'retina'\n", ""),
        ("!ls\n", "!ls is not run when graded\n"),
        ("files = !ls\nassert files == []\n", "!ls is not run when graded\n"),
        ("%pip install x\n", "%pip is not run when graded\n"),
        ("%reset -f\n", "%reset is not run when graded\n"),
        ("%wandb login\n", "%wandb is not run when graded\n"),
        ("get_ipython().magic('matplotlib inline')\n", ""),
        ("%%memit\nx = 1\n", "%%memit is not run when graded\n"),
        ("%%time\nx = 1\n", ""),
        ("#@title Colab's comment\n%%time\nx = 1\n", ""),
        ("x = (1\n     != 2)\nassert x\n", ""),
        ('x = """\n%matplotlib inline\n!ls"""\nassert "!ls" in x\n', ""),
        (">>> x = 1\n... \n", ""),
        ("import asyncio\nawait asyncio.sleep(0)\n", ""),
    ],
)
def test_magics_that_have_no_place_here_do_no_harm(worker, source, said):
    """Notebook habits neither fail nor start a program; what is not run says so, and everything else is run."""
    assert printed(worker, source + "print('on')") == f"{said}on\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%%bash\nls", "%%bash is not run when graded\n"),
        ("# my files\n%%bash\nls", "%%bash is not run when graded\n"),
        ("%%cython\ncdef int x", "%%cython is not run when graded\n"),
    ],
)
def test_cells_in_other_languages_are_not_run(worker, source, said):
    """They say so, and raise nothing."""
    assert [item.get("text") for item in run(worker, source)] == [said]


def test_a_statement_is_timed_by_one_run(worker):
    """`%timeit` chooses thousands of loops by the speed of the machine: that would be the time limit of the cell."""
    text = printed(
        worker, "n = []\n%timeit -n 1000 -r 7 n.append(1)\nt = %timeit -o -q n.append(1)\nprint(len(n), t.loops)"
    )
    assert "1 loop each" in text
    assert text.endswith("2 1\n")


def test_definitions_below_an_error_are_kept(worker):
    """What stops a cell may only be missing here, a keyboard or a drive; the functions below are no worse for it."""
    source = "x = 1\nfrom google.colab import drive\nx = 2\ndef f():\n    return x\nclass A:\n    y = missing\nclass B:\n    pass"
    told, error = run(worker, source)
    assert told["text"] == "The cell stops with the error below; what it defines after that was kept: f, B\n"
    assert error["ename"] == "ModuleNotFoundError"
    assert printed(worker, "print(f(), B, 'A' in globals())").startswith("1 <class")


def test_a_cell_keeps_no_setting_of_the_file_that_runs_it(worker):
    """Annotations are values, as in Jupyter, unless the student imports otherwise."""
    assert printed(worker, "def f(x: int): pass\nprint(f.__annotations__)") == "{'x': <class 'int'>}\n"


def test_input_says_that_there_is_no_keyboard(worker):
    """A cell that asks a question fails at once, in words."""
    [error] = run(worker, "input('name?')")
    assert error["evalue"] == "input() has no keyboard when graded"


WAYS_TO_READ = {
    "open": "open({path!r}).read()",
    "os.open": "import os; os.read(os.open({path!r}, os.O_RDONLY), 99)",
    "listdir": "import os; print(os.listdir(os.path.dirname({path!r})))",
    "walk": "import os\nprint([f for _, _, fs in os.walk('/') for f in fs if f == 'reference.py'])",
    "mmap": "import numpy as np; np.memmap({path!r})",
    "subprocess": "import subprocess; print(subprocess.run(['/bin/cat', {path!r}], capture_output=True).stdout)",
    "symlink": "import os; os.symlink({path!r}, 'link'); print(open('link').read())",
    "parent memory": "import os; open(f'/proc/{{os.getppid()}}/mem', 'rb')",
    "parent environment": "import os; print(open(f'/proc/{{os.getppid()}}/environ').read())",
    "solutions by import": "import sys; sys.path.insert(0, {folder!r}); import reference; print(reference)",
    "gradebook beside": "open({folder!r} + '/../gradebook.db', 'w')",
}


@pytest.mark.parametrize("name", WAYS_TO_READ)
def test_the_secret_cannot_be_read(worker, secret, name):
    """Whatever way student code tries, the canary does not come back."""
    outputs = run(worker, WAYS_TO_READ[name].format(path=str(secret), folder=str(secret.parent)))
    assert outputs
    assert SECRET not in str(outputs)
    assert "reference.py" not in "".join(output.get("text", "") for output in outputs)
    refused = any(output["output_type"] == "error" for output in outputs)
    assert refused or name == "walk"


def test_nothing_of_the_grader_is_in_the_process(worker):
    """No module, no argument, no environment variable of the trusted side came along."""
    text = printed(
        worker,
        "import sys, os\nprint(sorted(m for m in sys.modules if m.startswith('flatgrade')))\nprint(sorted(os.environ))",
    )
    assert "flatgrade.grader" not in text
    assert "flatgrade.worker" in text
    assert "SECRET" not in text
    assert "flatgrade_solutions" not in text


def test_a_worker_writes_in_its_scratch_folder_only(worker, tmp_path):
    """Its own folder is writable, and is gone afterwards; everything else is not."""
    assert printed(worker, "open('mine.txt', 'w').write('x')\nprint(open('mine.txt').read())") == "x\n"
    [error] = run(worker, f"open({str(tmp_path / 'other')!r}, 'w')")
    assert error["ename"] in ("PermissionError", "FileNotFoundError")  # at L3 not even the name is there
    worker.__exit__()
    assert not worker.scratch.exists()


def test_a_cell_that_does_not_end_is_stopped_and_the_next_one_runs(worker):
    """The polite limit: an error output, and the namespace lives on."""
    run(worker, "x = 1")
    [error] = run(worker, "while True: pass", 0.3)
    assert (error["ename"], error["evalue"]) == ("TimeUp", "the cell was stopped after 0.3 seconds")
    assert printed(worker, "print(x)") == "1\n"


def test_a_cell_that_turns_the_limit_off_is_killed(worker):
    """Behind the polite limit stands the judge's deadline."""
    began = time.monotonic()
    with pytest.raises(WorkerGoneError) as caught:
        run(worker, "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass", 0.3)
    assert (caught.value.verdict, str(caught.value)) == (Verdict.TIMEOUT, "There was no answer after 2 seconds.")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("source", "verdict", "message"),
    [
        ("import os; os._exit(0)", Verdict.CRASHED, "The process ended by itself with exit code 0."),
        # Process 1 of a namespace has no default for the signal of abort, so that the C library makes it end otherwise.
        ("import os; os.abort()", Verdict.CRASHED, "The process was ended by signal SIGSEGV."),
        ("import ctypes; ctypes.string_at(0)", Verdict.CRASHED, "The process was ended by signal SIGSEGV."),
        (
            "import gc, socket\nfor o in gc.get_objects():\n    if isinstance(o, socket.socket): o.sendall(b'{\"score\": 100}' * 9)",
            Verdict.MALFORMED,
            "The answer was not in the form that the grader reads.",
        ),
    ],
)
def test_each_way_to_end_has_its_verdict(worker, source, verdict, message):
    """An exit, a signal or a forged frame is never a result."""
    with pytest.raises(WorkerGoneError) as caught:
        run(worker, source)
    assert (caught.value.verdict, str(caught.value)) == (verdict, message)


def test_a_worker_without_namespaces_ends_by_its_own_signals(secret):
    """Below L3 it is no process 1: a signal that it sends itself ends it, and the verdict names it."""
    with Sandbox((secret.parent,), most="L2") as sandbox:
        for source, signal in {"os.abort()": "SIGABRT", "os.kill(os.getpid(), 9)": "SIGKILL"}.items():
            with sandbox.worker(LIMITS) as worker, pytest.raises(WorkerGoneError) as caught:
                run(worker, f"import os; {source}")
            assert (caught.value.verdict, str(caught.value)) == (
                Verdict.CRASHED,
                f"The process was ended by signal {signal}.",
            )


@pytest.mark.parametrize("handler", ["SIG_DFL", "SIG_IGN"])
def test_processor_time_is_limited(sandbox, handler):
    """It ends by SIGXCPU, or by SIGKILL a second later where that is ignored: TIMEOUT, long before the deadline."""
    source = f"import signal\nsignal.signal(signal.SIGXCPU, signal.{handler})\nwhile True: pass"
    limits = Limits(submission_seconds=0.1, memory_mib=256)
    with sandbox.worker(limits) as worker, pytest.raises(WorkerGoneError) as caught:
        run(worker, source, 60.0)
    assert (caught.value.verdict, str(caught.value)) == (Verdict.TIMEOUT, "The process used up its time.")


@pytest.fixture
def forking(secret):
    """A sandbox at the level below L2, where processes can be started."""
    with Sandbox((secret.parent,), most="L1+landlock") as sandbox:
        yield sandbox


def test_children_die_with_their_worker(forking):
    """A process that student code left behind is gone when the worker is."""
    with forking.worker(LIMITS) as worker:
        assert worker.level == "L1+landlock"
        text = printed(
            worker, "import os, time\np = os.fork()\nif p == 0:\n    time.sleep(60)\n    os._exit(0)\nprint(p)"
        )
        child = int(text)
        assert Path(f"/proc/{child}").exists()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and "Z" not in _state(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists() or "Z" in _state(child)


def test_children_in_a_session_of_their_own_die_with_their_worker(forking):
    """setsid does not let a child escape: the zygote adopts it, and ends it."""
    with forking.worker(LIMITS) as worker:
        run(
            worker,
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    open('pid', 'w').write(str(os.getpid()))\n    time.sleep(60)\n    os._exit(0)",
        )
        deadline = time.monotonic() + 5
        while not (worker.scratch / "pid").exists() or not (worker.scratch / "pid").read_text():
            assert time.monotonic() < deadline
        child = int((worker.scratch / "pid").read_text())
        assert Path(f"/proc/{child}").exists()
    assert not Path(f"/proc/{child}").exists()


def test_a_worker_of_root_has_no_capability_left(worker):
    """What root may do beyond its files is given up; with namespaces, it is not even root's any more."""
    status = _status_of(worker)
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    if worker.level == "L4":
        users = re.search(r"^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$", status, re.MULTILINE).groups()
        assert len(set(users)) == 1
        assert int(users[0]) >= 40_000


def _status_of(worker):
    """What the kernel says of the worker, found by its folder: its number here is not the one that it has itself."""
    for path in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if path.readlink() == worker.scratch or worker.scratch.name in str(path.readlink()):
                return (path.parent / "status").read_text()
    pytest.fail("the worker is gone")


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def test_output_and_memory_are_limited(worker):
    """Megabytes of output are cut off with a word; an array larger than the limit is a MemoryError."""
    outputs = run(worker, "for i in range(100000): print('x' * 50)")
    assert sum(len(output.get("text", "")) for output in outputs) <= 64 << 10
    assert outputs[-1]["evalue"] == "the output was cut off after 64 KiB"
    [error] = run(worker, "import numpy as np\nx = np.ones(10**8)")
    assert "MemoryError" in error["ename"]


def test_one_worker_does_not_see_another(sandbox):
    """What one submission leaves in modules or files is not there for the next."""
    with sandbox.worker(LIMITS) as first:
        run(first, "import numpy as np\nnp.mark = 1\nopen('mark', 'w').write('x')")
        with sandbox.worker(LIMITS) as second:
            assert (
                printed(second, "import numpy as np, os\nprint(hasattr(np, 'mark'), os.listdir('.'))") == "False []\n"
            )
            [error] = run(second, f"open({str(first.scratch / 'mark')!r})")
            assert error["ename"] in ("PermissionError", "FileNotFoundError")


def test_nothing_is_left_behind(secret):
    """Processes, descriptors and folders of a sandbox are gone when it is left."""

    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    with Sandbox((secret.parent,)) as sandbox:
        scratch = sandbox.scratch
        for _ in range(5):
            with sandbox.worker(LIMITS) as worker:
                run(worker, "1")
    assert open_files() == before
    assert not scratch.exists()
    found = subprocess.run(["pgrep", "-f", str(scratch)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_a_secret_inside_what_workers_must_read_is_refused():
    """Solutions among the installed packages could not be hidden: said before anything runs."""
    import flatgrade.core

    inside = Path(flatgrade.core.__file__).parent / "solutions"
    with pytest.raises(SandboxError) as caught:
        Sandbox((inside,))
    assert str(caught.value) == (
        f"{inside} lies inside {inside.parent}, which student code must be able to read: move the course"
    )


def test_a_weak_machine_is_refused_with_what_mends_it():
    """Below L2 only --allow-weak goes on; each level says what student code could do there, and what mends it."""
    for level, said in {
        "L1": "read the solutions: use Linux 5.13 or newer with Landlock in /sys/kernel/security/lsm",
        "L1+landlock": "start processes and open sockets: use a kernel with seccomp, on x86_64 or aarch64",
    }.items():
        with pytest.raises(SandboxError) as caught:
            require(level, allow_weak=False)
        assert str(caught.value) == (
            f"this machine confines student code to level {level} only, where it could {said}, or grade all the same "
            "with --allow-weak"
        )
        require(level, allow_weak=True)
    require("L2", allow_weak=False)


def test_a_late_answer_of_the_zygote_is_not_taken_for_the_next_one(secret):
    """A question that was given up leaves its answer in the socket; the next fork gets its own all the same."""
    with Sandbox((secret.parent,)) as sandbox, sandbox.worker(LIMITS) as given_up:
        zygote, pid = given_up._process
        zygote._control.send(encode({"do": "end", "pid": pid, "id": -1}))
        with sandbox.worker(LIMITS) as worker:
            assert printed(worker, "print(1)") == "1\n"


def test_a_zygote_that_is_gone_is_started_anew(secret):
    """Its workers went with it, which is said as a fault of ours; the next worker comes from a new one."""
    with Sandbox((secret.parent,)) as sandbox:
        lost = sandbox.worker(LIMITS)
        lost.__enter__()
        sandbox._zygotes["numpy"]._process.kill()
        sandbox._zygotes["numpy"]._process.wait()
        with sandbox.worker(LIMITS) as worker:
            assert printed(worker, "print(1)") == "1\n"
            with pytest.raises(ConnectionError, match=r"\Athe process that started the worker is gone\Z"):
                lost.__exit__()
            assert printed(worker, "print(2)") == "2\n"
    assert not lost.scratch.exists()


def test_windows_is_told_what_to_do(monkeypatch):
    """Where no process can be forked, nothing is tried."""
    monkeypatch.delattr("os.fork")
    with pytest.raises(SandboxError) as caught:
        Sandbox()
    assert str(caught.value) == "student code is run on Linux and macOS only: on Windows, grade in WSL"


def test_folders_of_graders_that_were_killed_are_removed(tmp_path, monkeypatch):
    """Entering a sandbox sweeps what is nobody's any more, and nothing else."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    names = [f"flatgrade-{done.pid}-x", f"flatgrade-{os.getpid()}-x", "flatgrade-notes", "other"]
    for name in names:
        (tmp_path / name).mkdir()
    with Sandbox():
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
