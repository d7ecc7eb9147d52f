"""Measure what a cluster costs, for docs/cluster.md: `python benchmarks/cluster.py`.

A class as `flatgrade demo` makes it is graded on one core; then tasks that only carry as many bytes go through a real
Dask scheduler with two worker processes on this machine; then Records are written to a gradebook. Processor time is
counted where it can be, since it does not depend on what else the machine does.
"""

import argparse
import json
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.dask import LocalDask  # noqa: E402

from flatgrade.course.collect import Collector  # noqa: E402
from flatgrade.course.gradebook import GradebookWriter  # noqa: E402
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
    parser.add_argument("--writes", type=int, default=3000, help="submissions to write into the gradebook")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    demo = Demo(ROOT, BUILD / "course", ASSIGNMENT)
    demo.prepare(asked.students)
    collected, figures = collecting(demo)
    records, more = grading(demo, [item.submission for item in collected])
    figures |= more
    figures |= dask(demo, figures, asked.tasks)
    figures |= writing(demo, collected, records, asked.writes)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:40} {value:.2f}" if isinstance(value, float) else f"{name:40} {value}")


def collecting(demo):
    """Read and rebuild the notebooks of the class, as the client does."""
    collector = Collector(demo.course, ASSIGNMENT)
    began = time.process_time()
    collected = [collector.collect(student) for student in demo.course.students(ASSIGNMENT)]
    used = time.process_time() - began
    sizes = [len(item.submission.to_json()) for item in collected]
    return collected, {
        "submissions": len(collected),
        "collect: ms of CPU a submission": 1e3 * used / len(collected),
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


def writing(demo, collected, records, writes):
    """Write Records into one gradebook, under ever new names, and see whether it slows down."""
    times, used = [], time.process_time()
    with GradebookWriter(demo.course, ASSIGNMENT) as writer:
        for i in range(writes):
            item, record = collected[i % len(collected)], records[i % len(records)]
            name = f"student {i}"
            began = time.perf_counter()
            submission = replace(item.submission, student=name)
            writer.write(replace(item, submission=submission), replace(record, student=name))
            times.append(time.perf_counter() - began)
    used = time.process_time() - used
    tenth = max(len(times) // 10, 1)
    return {
        "gradebook: writes": writes,
        "gradebook: ms of wall time a write": 1e3 * sum(times) / writes,
        "gradebook: ms of CPU a write": 1e3 * used / writes,
        "gradebook: ms a write, first tenth": 1e3 * sum(times[:tenth]) / tenth,
        "gradebook: ms a write, last tenth": 1e3 * sum(times[-tenth:]) / tenth,
    }


if __name__ == "__main__":
    main()
