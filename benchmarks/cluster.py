"""Measure what a cluster costs, for docs/cluster.md: `python benchmarks/cluster.py`.

A class as `flatgrade demo` makes it is graded on one core; then tasks that only carry as many bytes go through a real
Dask scheduler with two worker processes on this machine; then all else that the client does is done, with Records at
hand. Processor time is counted where it can be, since it depends little on what else the machine does.
"""

import argparse
import json
import os
import shutil
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.crowd import crowd  # noqa: E402
from support.dask import LocalDask  # noqa: E402

from flatgrade.batch import Batch  # noqa: E402
from flatgrade.core.levels import LEVELS  # noqa: E402
from flatgrade.course.collect import Collector  # noqa: E402
from flatgrade.demo import Demo  # noqa: E402
from flatgrade.grader.cluster import ClusterExecutor  # noqa: E402
from flatgrade.grader.engine import grade  # noqa: E402
from flatgrade.grader.submission import Submission  # noqa: E402

ASSIGNMENT = "a1_flat_backprop"
BUILD = ROOT / "build" / "bench-cluster"


def main():
    """Measure and print; with --json one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=100, help="submissions to grade for real")
    parser.add_argument("--tasks", type=int, default=3000, help="tasks that only carry bytes")
    parser.add_argument("--crowd", type=int, default=100_000, help="submissions in a large gradebook")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    demo = Demo(ROOT, BUILD / "course", ASSIGNMENT)
    demo.prepare(asked.students)
    submissions, figures = collecting(demo)
    records, more = grading(demo, submissions)
    figures |= more
    figures |= dask(demo, figures, asked.tasks)
    figures |= client(demo, records, asked.crowd)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:45} {value:.3f}" if isinstance(value, float) else f"{name:45} {value}")


def collecting(demo):
    """Read and rebuild the notebooks of the class, as the client does."""
    collector = Collector(demo.course, ASSIGNMENT)
    began = time.process_time()
    submissions = [collector.collect(student).submission for student in demo.course.students(ASSIGNMENT)]
    used = time.process_time() - began
    sizes = [len(item.to_json()) for item in submissions]
    return submissions, {
        "submissions": len(submissions),
        "collect: ms of CPU a submission": 1e3 * used / len(submissions),
        "sent: bytes a submission": round(sum(sizes) / len(sizes)),
    }


def grading(demo, submissions):
    """Grade on one core, in this process and its sandbox."""
    with demo.key.sandbox() as sandbox:
        ended, end = [], sandbox.end
        sandbox.end = lambda *worker: ended.append(end(*worker)) or ended[-1]
        began, used = time.perf_counter(), time.process_time()
        records = [grade(item, demo.key, sandbox) for item in submissions]
        wall, used = time.perf_counter() - began, time.process_time() - used
    students = sum(seconds for _, seconds in ended)
    back = [len(record.to_json(outputs=True)) for record in records]
    times = sorted(record.seconds for record in records)
    return records, {
        "grade: workers forked a submission": len(ended) / len(records),
        "grade: s of CPU a submission": (used + students) / len(records),
        "grade: s of CPU in the judge": used / len(records),
        "grade: s of CPU in the sandbox": students / len(records),
        "grade: s of wall time a submission": wall / len(records),
        "grade: median s of wall time": times[len(times) // 2],
        "grade: longest s of wall time": times[-1],
        "back: bytes a submission": round(sum(back) / len(back)),
    }


def dask(demo, figures, tasks):
    """The same bytes through Dask, nothing graded; then the class for real, for the memory of a worker."""
    notes = ("x" * figures["sent: bytes a submission"],)
    empty = [Submission(f"student {i}", ASSIGNMENT, (), notes) for i in range(tasks)]
    with LocalDask(BUILD / f"dask-{os.getpid()}") as local:
        contract = demo.course.source(ASSIGNMENT)
        with ClusterExecutor(local.address, demo.key, contract, ROOT / "solutions") as executor:
            scheduler = psutil.Process(local.scheduler.pid)
            workers = [psutil.Process(worker.pid) for worker in local.workers]
            for _ in executor.grade(empty[:100]):
                pass
            before = [_cpu(process) for process in (scheduler, *workers)]
            began, used = time.perf_counter(), time.process_time()
            count = sum(1 for _ in executor.grade(iter(empty)))
            wall, used = time.perf_counter() - began, time.process_time() - used
            after = [_cpu(process) for process in (scheduler, *workers)]
            assert count == tasks
            memory = _peak_memory(workers[0], executor, demo)
    spent = [1e3 * (now - then) / tasks for now, then in zip(after, before, strict=True)]
    return {
        "dask: tasks": tasks,
        "dask: ms of wall time a task": 1e3 * wall / tasks,
        "dask: ms of CPU a task, scheduler": spent[0],
        "dask: ms of CPU a task, client": 1e3 * used / tasks,
        "dask: ms of CPU a task, worker": sum(spent[1:]),
        **memory,
    }


def _cpu(process):
    used = process.cpu_times()
    return used.user + used.system


def _peak_memory(worker, executor, demo):
    """The most that a worker, its zygote and what was forked from it hold while the class is graded, in MiB."""
    peak, done = [0.0, 0.0], threading.Event()

    def look():
        while not done.wait(0.05):
            family = [worker, *worker.children(recursive=True)]
            sizes = []
            for process in family:
                try:
                    sizes.append(process.memory_full_info().pss / 2**20)
                except psutil.NoSuchProcess:
                    sizes.append(0.0)
            peak[0], peak[1] = max(peak[0], sum(sizes)), max(peak[1], sizes[0])

    watch = threading.Thread(target=look)
    watch.start()
    collector = Collector(demo.course, ASSIGNMENT)
    students = demo.course.students(ASSIGNMENT)
    began = time.perf_counter()
    count = sum(1 for _ in executor.grade(collector.collect(student).submission for student in students))
    wall = time.perf_counter() - began
    done.set()
    watch.join()
    return {
        "cluster of two workers: s a submission": wall / count,
        "worker: MiB with zygote and submission": peak[0],
        "worker: MiB of the Dask process alone": peak[1],
    }


def client(demo, records, large):
    """All that the client does for a submission but Dask, with an empty gradebook and with one of a large class."""
    given = {record.student: record for record in records}
    figures = {}
    for size in (0, large):
        if size:
            crowd(demo.course.root / "gradebook.db", size)
            os.sync()  # not while the time is taken
        students = {f"{student} of {size}": student for student in given}
        for name, student in students.items():
            shutil.copytree(demo.course.submitted(student, ASSIGNMENT), demo.course.submitted(name, ASSIGNMENT))
        executor = Given({name: replace(given[student], student=name) for name, student in students.items()})
        began, used = time.perf_counter(), time.process_time()
        with Batch(demo.course, demo.key) as batch:
            opened = time.perf_counter() - began
            began, used = time.perf_counter(), time.process_time()
            count = sum(1 for _ in batch.grade(students, executor))
        assert count == len(students)
        figures |= {
            f"client: s to begin, {size} in gradebook": opened,
            f"client: ms of wall time, {size} in gradebook": 1e3 * (time.perf_counter() - began) / count,
            f"client: ms of CPU, {size} in gradebook": 1e3 * (time.process_time() - used) / count,
        }
    return figures


class Given:
    """An executor that has all Records already."""

    level = LEVELS[-1]

    def __init__(self, records):
        self.records = records

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def grade(self, submissions):
        """Give the Records."""
        return (self.records[item.student] for item in submissions)


if __name__ == "__main__":
    main()
