"""The Dask cluster as an executor: a real scheduler and real workers; one Record a submission, whatever dies."""

import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from support.course import A1, SOLUTIONS, a1, a1_solutions
from support.dask import LocalDask, certificates, child_programs, until

distributed = pytest.importorskip("distributed", reason="needs the extra cluster")

from flatgrade.core.exercise import Assignment, Limits  # noqa: E402
from flatgrade.core.finding import Verdict  # noqa: E402
from flatgrade.core.levels import CALLS, reaches  # noqa: E402
from flatgrade.grader import cluster as cluster_module  # noqa: E402
from flatgrade.grader.cluster import ClusterExecutor, PackedKey  # noqa: E402
from flatgrade.grader.engine import AnswerKey, grade  # noqa: E402
from flatgrade.grader.executor import ExecutorError, ExecutorLostError  # noqa: E402
from flatgrade.grader.inprocess import CreditRule  # noqa: E402
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

NAME = A1.name
SEED = "the seed canary"
SECRET = "the solutions canary"
MARK, STUDENT = "the mark of a student", "Wilhelmina Unusual"
IMPORTS = Cell("imports", CellKind.RUN, "import numpy as np")
TEST = Cell("test_svm_loss", CellKind.JUDGE, 'check("svm_loss")', "svm_loss")
CLASS = 30


@pytest.fixture(scope="module")
def solutions(tmp_path_factory):
    """The solutions of a1, with a mark to look for."""
    folder = tmp_path_factory.mktemp("secret") / "solutions"
    (folder / NAME).mkdir(parents=True)
    for path in (SOLUTIONS / NAME).glob("*.py"):
        (folder / NAME / path.name).write_text(path.read_text() + f"\n# {SECRET}\n")
    return folder


@pytest.fixture(scope="module")
def graded_here(solutions):
    """The Records of the class from this machine alone, by student."""
    key = AnswerKey.load(a1(), solutions, SEED)
    with key.sandbox() as sandbox:
        return {item.student: timeless(grade(item, key, sandbox)) for item in a_class(CLASS)}


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A scheduler and two workers, shared by the tests that leave them as they are."""
    with LocalDask(tmp_path_factory.mktemp("dask")) as dask:
        yield dask


@pytest.fixture
def dask_to_break(tmp_path):
    """A scheduler and two workers of a test's own."""
    with LocalDask(tmp_path / "dask") as dask:
        yield dask


def cluster(dask, solutions, **options):
    return ClusterExecutor(dask.address, AnswerKey.load(a1(), solutions, SEED), A1, solutions, **options)


def submission(student, *cells):
    return Submission(student, NAME, (Notebook("linear_svm", (IMPORTS, *cells, TEST)),))


def answer(text=None):
    return Cell("svm_loss", CellKind.RUN, text or a1_solutions()["svm_loss"].answer)


def wrong():
    return answer(a1_solutions()["svm_loss"].answer.replace("2 * reg", "reg"))


def own(source):
    return Cell("own", CellKind.RUN, source, own=True)


def a_class(count):
    """Right and wrong submissions, some with outputs, an error or a file of their own."""
    makers = [
        lambda name: submission(name, answer()),
        lambda name: submission(name, wrong()),
        lambda name: submission(name, own("print('x' * 99)\n[1, 2]"), answer()),
        lambda name: submission(name, own("1 / 0"), wrong()),
        lambda name: replace(
            submission(name, own("print(open('data.txt').read())"), answer()), files={"data.txt": b"beside"}
        ),
    ]
    return [makers[i % len(makers)](f"student {i}") for i in range(count)]


def timeless(record):
    """A Record less what may differ from run to run."""
    exercises = tuple(replace(exercise, seconds=0.0) for exercise in record.exercises)
    return replace(record, seconds=0.0, exercises=exercises)


def by_student(records):
    """Records by student; each student must have exactly one."""
    found = {record.student: timeless(record) for record in records}
    assert len(found) == len(records)
    return found


def here(graded_here, count):
    """What this machine found for the first `count` of the class."""
    return {student: graded_here[student] for student in list(graded_here)[:count]}


def printed(record):
    [outputs] = record.outputs.values()
    return "".join(output.get("text", "") for output in outputs["own"])


def test_a_class_graded_on_the_cluster_has_the_records_of_this_machine(dask, solutions, graded_here):
    """The same verdicts, points, findings, outputs and versions, one Record a submission."""
    with cluster(dask, solutions) as executor:
        assert reaches(executor.level, CALLS)
        records = list(executor.grade(iter(a_class(15))))
    assert len(records) == 15
    assert by_student(records) == here(graded_here, 15)
    assert len({record.earned for record in records}) == 2


def test_a_worker_that_is_killed_in_mid_batch_costs_nothing_but_time(dask_to_break, solutions, graded_here):
    """SIGKILL to one of two workers: every submission has one Record, the same as on this machine."""
    with cluster(dask_to_break, solutions) as executor:
        records = []
        for record in executor.grade(iter(a_class(CLASS))):
            records.append(record)
            if len(records) == 5:
                dask_to_break.workers[0].send_signal(signal.SIGKILL)
                dask_to_break.workers[0].wait()
    assert len(records) == CLASS
    assert by_student(records) == graded_here


def test_an_assignment_without_exercises_of_ours_is_graded_by_its_rule(dask, tmp_path):
    """Its key has no files to send: the rule for tests in the student's process goes to the workers as it is."""
    tests = (
        Cell("right", CellKind.TEST, "assert answer == 42", points=2),
        Cell("noisy", CellKind.TEST, "import sys\nprint('no', file=sys.stderr)", points=2),
        Cell("partial", CellKind.TEST, "0.5", points=2),
    )
    notebook = Notebook("p1", (own("answer = 42"), *tests))
    assignment = Assignment("ps1", "ps1", {}, Limits(cell_seconds=7), profile="any")
    key = AnswerKey.without_exercises(assignment, CreditRule(stderr_fails=True), [tmp_path])
    with ClusterExecutor(dask.address, key, tmp_path, tmp_path) as executor:
        [record] = executor.grade([Submission("ada", "ps1", (notebook,))])
    assert [item.earned for item in record.exercises] == [2, 0, 0.5]
    with key.sandbox() as sandbox:
        assert timeless(record) == timeless(grade(Submission("ada", "ps1", (notebook,)), key, sandbox))


def test_a_submission_with_which_workers_die_is_a_fault_of_ours_in_the_end(tmp_path, solutions):
    """After as many deaths as the scheduler allows it is GRADER_FAULT, costs no point, and the batch goes on."""
    deadly = submission("deadly", own("import time; time.sleep(9)"), answer())
    with (
        LocalDask(tmp_path / "dask", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as dask,
        cluster(dask, solutions) as executor,
        ThreadPoolExecutor(1) as thread,
    ):
        grading = thread.submit(list, executor.grade([deadly]))
        until(lambda: busy(dask), "a worker grades")
        busy(dask)[0].kill()
        records = by_student(grading.result() + list(executor.grade([submission("other", answer())])))
    assert records["other"].earned == 10
    [exercise] = records["deadly"].exercises
    assert (exercise.verdict, exercise.points, exercise.cell) == (Verdict.GRADER_FAULT, 10, "test_svm_loss")
    assert exercise.findings[0].what == "Workers of the cluster died with this submission; after 1 it was given up."
    assert records["deadly"].blocked


def test_a_worker_that_joins_late_grades_too(tmp_path, solutions, graded_here):
    """It takes the answer key in when it joins, and its Records are like all others."""
    with LocalDask(tmp_path / "dask", workers=1) as dask, cluster(dask, solutions) as executor:
        graded = executor.grade(a_class(20))
        records = [next(graded)]
        dask.add_worker()
        dask.workers[0].kill()  # from here on only the newcomer can grade
        records += graded
    assert by_student(records) == here(graded_here, 20)


def test_few_submissions_are_on_their_way_at_a_time(dask, solutions):
    """Four a thread: the parent's memory does not grow with the class."""
    pulled = []

    def batch():
        for item in a_class(60):
            pulled.append(item.student)
            yield item

    ahead = []
    with cluster(dask, solutions) as executor:
        for count, _ in enumerate(executor.grade(batch()), 1):
            ahead.append(len(pulled) - count)
    assert len(ahead) == 60
    assert max(ahead) <= 8


def test_two_commands_share_a_cluster(dask, solutions, graded_here):
    """Each has judges of its own, and the end of one leaves the other's alone."""
    with cluster(dask, solutions) as executor:
        graded = executor.grade(a_class(10))
        records = [next(graded)]
        with cluster(dask, solutions) as other:
            assert len(judges_of(dask)) == 2
            assert by_student(list(other.grade(a_class(5)))) == here(graded_here, 5)
        until(lambda: len(judges_of(dask)) == 1, "the judges of the other were removed")
        records += graded
    assert by_student(records) == here(graded_here, 10)


def test_closing_the_records_ends_all_work(dask, solutions):
    """What was on its way is taken back; the workers are free for the next command as soon as this one leaves."""
    endless = [submission(f"student {i}", own("while True: pass"), answer()) for i in range(8)]
    with cluster(dask, solutions) as executor:
        graded = executor.grade([submission("first", answer()), *endless])
        assert next(graded).student == "first"
        assert len(tasks_of(dask)) >= 7
        graded.close()
        until(lambda: not tasks_of(dask), "the tasks were taken back")
    until(lambda: not any(map(zygotes, dask.workers)), "every zygote ended")


def test_an_error_of_whoever_gives_the_submissions_ends_all_work(dask, solutions):
    """A notebook that cannot be collected, say: the error comes through, and nothing is left on the cluster."""

    def batch():
        yield submission("first", answer())
        for i in range(4):
            yield submission(f"student {i}", own("while True: pass"), answer())
        raise OSError("the disk is full")

    with cluster(dask, solutions) as executor:
        with pytest.raises(OSError, match="the disk is full") as caught:
            list(executor.grade(batch()))
        until(lambda: not tasks_of(dask), "the tasks were taken back")
    assert caught.value  # it is held, with all that it refers to, while the tasks are taken back


# ---- what a worker must be ----


def test_a_cluster_that_confines_too_little_is_refused(tmp_path, solutions):
    """One weak worker is enough; with allow_weak its level is the cluster's, and stands in its Records."""
    weak = tmp_path / "weak.py"
    weak.write_text(WEAK)
    with LocalDask(tmp_path / "dask", workers=1) as dask:
        worker = dask.add_worker("--preload", weak)
        dask.address_of(worker)
        with pytest.raises(ExecutorError) as caught, cluster(dask, solutions):
            pass
        told = str(caught.value)
        assert told == (
            f"the worker at {dask.address_of(worker)} cannot grade: this machine confines student code to level L1 "
            "only, where it could read the solutions: use Linux 5.13 or newer with Landlock in "
            "/sys/kernel/security/lsm, or grade all the same with --allow-weak"
        )
        with cluster(dask, solutions, allow_weak=True) as executor:
            assert executor.level == "L1"
            levels = {record.sandbox for record in executor.grade(a_class(12))}
    assert min(levels) == "L1"
    assert reaches(max(levels), CALLS)


@pytest.mark.parametrize("name", ["flatgrade", "numpy"])
def test_other_versions_are_refused_with_the_host_and_nothing_secret_is_sent(tmp_path, solutions, name):
    """A worker with another flatgrade or numpy could grade otherwise."""
    other = tmp_path / "other" / f"{name}-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
    with LocalDask(tmp_path / "dask", workers=1) as dask:
        worker = dask.add_worker(PYTHONPATH=str(other.parent))
        dask.address_of(worker)
        with pytest.raises(ExecutorError) as caught, cluster(dask, solutions):
            pass
        here = version(name)
        assert str(caught.value) == (
            f"the worker at {dask.address_of(worker)} has {name} 0.0.1 and this machine {here}: grades could depend "
            f"on it, so run `pip install {name}=={here}` there, and start it again"
        )
        assert "flatgrade" not in worker.log.read_text()  # Dask's log names each plugin that it starts


def test_a_worker_that_joins_late_and_is_not_fit_ends_the_batch_in_a_sentence(tmp_path, solutions):
    """It never grades; the same command goes on when it is gone."""
    weak = tmp_path / "weak.py"
    weak.write_text(WEAK)
    with LocalDask(tmp_path / "dask", workers=1) as dask, cluster(dask, solutions) as executor:
        graded = executor.grade(a_class(400))
        records = [next(graded)]
        worker = dask.add_worker("--preload", weak)
        with pytest.raises(ExecutorError) as caught:
            records += graded
        assert str(caught.value).startswith(f"the worker at {dask.address_of(worker)} cannot grade: this machine ")
    assert all(reaches(record.sandbox, CALLS) for record in records)


def test_a_scheduler_without_workers_is_told(tmp_path, solutions):
    """The command that starts one stands in the sentence."""
    with LocalDask(tmp_path / "dask", workers=0) as dask:
        with pytest.raises(ExecutorError) as caught, cluster(dask, solutions):
            pass
        told = f"the scheduler at {dask.address} has no workers: start some with `dask worker {dask.address}`"
    assert str(caught.value) == told


def test_a_scheduler_that_is_not_there_is_told(solutions):
    """Not a traceback of Dask's, and not for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ExecutorError) as caught, cluster(SimpleNamespace(address=address), solutions):
        pass
    assert str(caught.value) == (
        f"no Dask scheduler can be reached at {address}: start one with `dask scheduler`, and see that this machine may "
        "connect to its port"
    )


def test_a_scheduler_that_is_lost_in_mid_batch_loses_nothing_that_came(dask_to_break, solutions):
    """The Records before it are kept by who asked for them; then one sentence."""
    with cluster(dask_to_break, solutions) as executor:
        graded = executor.grade(a_class(200))
        records = [next(graded) for _ in range(3)]
        dask_to_break.scheduler.kill()
        with pytest.raises(ExecutorLostError) as caught:
            records += graded
    assert len(records) >= 3
    assert not any(record.blocked for record in records)
    assert str(caught.value) == (
        f"the cluster at {dask_to_break.address} was lost (the connection to its scheduler broke): what was graded is "
        "written, and the same command grades the rest"
    )


def test_a_cluster_without_any_worker_left_is_given_up_after_a_while(dask_to_break, solutions, monkeypatch):
    """The minute that machines have to start again is made a moment here."""
    monkeypatch.setattr(cluster_module, "_NO_WORKER_SECONDS", 0.0)
    monkeypatch.setattr(cluster_module, "_LOOK_SECONDS", 0.1)
    with cluster(dask_to_break, solutions) as executor:
        graded = executor.grade(a_class(200))
        assert next(graded)
        for worker in dask_to_break.workers:
            worker.kill()
        with pytest.raises(ExecutorLostError) as caught:
            list(graded)
    assert str(caught.value) == (
        f"the cluster at {dask_to_break.address} was lost (all its workers are gone): what was graded is written, and "
        "the same command grades the rest"
    )


# ---- secrets ----


def test_no_secret_is_in_a_task_or_in_what_dask_shows(dask, solutions):
    """Neither in the tasks and their graph, nor in the workers' data, nor in a dump of the whole cluster's state."""
    slow = submission(STUDENT, own(f"import time; time.sleep(4)  # {MARK}"), answer())
    with cluster(dask, solutions) as executor, ThreadPoolExecutor(1) as thread:
        grading = thread.submit(list, executor.grade([slow, submission("other", answer())]))
        until(lambda: busy(dask), "a worker grades")
        tasks, data = tasks_as_bytes(dask), data_as_bytes(dask)
        with distributed.Client(dask.address, set_as_default=False) as client:
            client.dump_cluster_state(str(dask.folder / "state"), format="yaml")
        assert len(grading.result()) == 2
    state = (dask.folder / "state.yaml").read_text()
    assert MARK.encode() in tasks  # what is there can be found
    assert len(data) == 2
    assert "flatgrade" in state
    for secret in (SECRET, SEED):
        assert secret.encode() not in tasks
        assert not any(secret.encode() in found for found in data)
        assert secret not in state
    assert STUDENT not in state  # names of tasks, which a dashboard shows, tell nothing of students


def test_the_solutions_are_on_no_disk_of_a_worker_while_it_grades(dask, solutions):
    """The key is read into memory; the folder that it stood in is gone before a submission runs."""
    with cluster(dask, solutions) as executor:
        graded = executor.grade(a_class(3))
        records = [next(graded)]
        files = [path for path in dask.folder.rglob("*") if path.is_file() and path.name != "state.yaml"]
        assert len(files) >= 3  # the logs, at least
        assert not any(SECRET.encode() in path.read_bytes() for path in files)
        records += graded
    assert len(records) == 3


def test_the_key_is_loaded_from_a_private_folder(solutions, tmp_path):
    """Mode 0700 while it is read, and nothing is left."""
    probe = tmp_path / "probe"
    packed = PackedKey.of(AnswerKey.load(a1(), solutions, SEED), A1, solutions)
    files = dict(packed.files)
    first = f"solutions/{NAME}/svm_loss.py"
    files[first] += (
        f"\nfrom pathlib import Path\nmode = oct(Path(__file__).parents[2].stat().st_mode)\nPath({str(probe)!r}).write_text(mode)\n".encode()
    )
    private = tmp_path / "private"
    private.mkdir()
    key = replace(packed, files=files).unpack(private)
    assert set(key.solutions) == {"svm_loss", "softmax_loss"}
    assert probe.read_text() == "0o40700"
    assert list(private.iterdir()) == []


def test_student_code_cannot_reach_the_scheduler_nor_the_worker_s_folder(dask, solutions):
    """At L2 there is no socket; the port is open to others at the same time."""
    tries = [
        f"import socket; socket.create_connection(('127.0.0.1', {dask.port}), 2)",
        f"import os; os.listdir({str(dask.folder)!r})",
    ]
    cells = [own(f"try:\n    {line}\nexcept OSError as error:\n    print(type(error).__name__)") for line in tries]
    socket.create_connection(("127.0.0.1", dask.port), 2).close()
    with cluster(dask, solutions) as executor:
        records = by_student(
            list(executor.grade(submission(f"try {i}", cell, answer()) for i, cell in enumerate(cells)))
        )
    assert printed(records["try 0"]) == "PermissionError\n"
    assert printed(records["try 1"]) in ("PermissionError\n", "FileNotFoundError\n")  # refused, or not there at all


def test_when_the_command_ends_its_judges_leave_the_cluster(dask, solutions):
    """No plugin, no zygote: a worker that joins later gets no key of a command that is over."""
    with cluster(dask, solutions):
        assert len(judges_of(dask)) == 1
        assert all(map(zygotes, dask.workers))
    until(lambda: not judges_of(dask), "the judges were removed")
    until(lambda: not any(map(zygotes, dask.workers)), "every zygote ended")


def test_when_the_command_is_killed_its_judges_leave_the_cluster(dask, solutions):
    """`kill -9` of the command takes the secrets from the workers, too."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom flatgrade.core import load_assignment\n"
        "from flatgrade.grader.cluster import AnswerKey, ClusterExecutor\n"
        "contract, solutions = Path(sys.argv[2]), Path(sys.argv[3])\n"
        "key = AnswerKey.load(load_assignment(contract), solutions, 'seed')\n"
        "with ClusterExecutor(sys.argv[1], key, contract, solutions):\n    print('there', flush=True)\n    time.sleep(60)"
    )
    command = [sys.executable, "-c", program, dask.address, str(A1), str(solutions)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout.readline() == "there\n"
        assert len(judges_of(dask)) == 1
        client.kill()
    until(lambda: not judges_of(dask), "the judges were removed")
    until(lambda: not any(map(zygotes, dask.workers)), "every zygote ended")
    with cluster(dask, solutions) as executor:
        assert len(list(executor.grade(a_class(2)))) == 2


# ---- TLS ----


def test_a_cluster_with_tls_grades_and_refuses_who_has_no_certificate(tmp_path, solutions):
    """The three files of Dask's security options are all that is needed."""
    ca, cert, key = certificates(tmp_path)
    with LocalDask(tmp_path / "dask", tls=("--tls-ca-file", ca, "--tls-cert", cert, "--tls-key", key)) as dask:
        assert dask.address.startswith("tls://")
        tls = {"tls_ca_file": str(ca), "tls_client_cert": str(cert), "tls_client_key": str(key)}
        with cluster(dask, solutions, tls=tls) as executor:
            records = list(executor.grade(a_class(4)))
        with pytest.raises(ExecutorError) as caught, cluster(dask, solutions):
            pass
    assert sorted(record.student for record in records) == [f"student {i}" for i in range(4)]
    assert str(caught.value).startswith(f"no Dask scheduler can be reached at {dask.address}: ")


# ---- looking into the cluster ----

WEAK = """
import functools
from flatgrade.grader.engine import AnswerKey
AnswerKey.sandbox = functools.partialmethod(AnswerKey.sandbox, most="L1")
"""


def zygotes(worker):
    """How many zygotes a Dask worker has, with what was forked from them."""
    return sum("flatgrade.worker" in command for command in child_programs(worker.pid))


def busy(dask):
    """The workers that have something to grade."""
    with distributed.Client(dask.address, set_as_default=False) as client:
        tasks = client.processing()
    return [worker for worker in dask.workers if tasks.get(dask.address_of(worker))]


def ask(dask, question):
    with distributed.Client(dask.address, set_as_default=False) as client:
        return client.run_on_scheduler(question)


def judges_of(dask):
    return ask(dask, lambda dask_scheduler: [name for name in dask_scheduler.worker_plugins if "flatgrade" in name])


def tasks_of(dask):
    return ask(dask, lambda dask_scheduler: list(dask_scheduler.tasks))


def tasks_as_bytes(dask):
    """All that the scheduler knows of its tasks."""

    def look(dask_scheduler):
        import pickle

        specs = [(task.key, task.run_spec) for task in dask_scheduler.tasks.values()]
        return pickle.dumps(specs) + repr(specs).encode()

    return ask(dask, look)


def data_as_bytes(dask):
    """All results that the workers hold, a text for each worker."""
    with distributed.Client(dask.address, set_as_default=False) as client:
        return list(client.run(lambda dask_worker: repr(dict(dask_worker.data)).encode()).values())
