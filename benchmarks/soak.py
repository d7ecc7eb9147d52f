"""`make soak`: ten thousand submissions through one executor; the curve of its memory, and what it left behind.

Writes docs/soak.png, and prints the figures. SOAK_SUBMISSIONS sets another number.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import psutil

from flatgrade.course.collect import Collector
from flatgrade.demo import Demo
from flatgrade.grader.local import LocalExecutor
from flatgrade.grader.submission import Submission

ROOT = Path(__file__).parents[1]
COUNT = int(os.environ.get("SOAK_SUBMISSIONS", "10000"))
EVERY = max(1, COUNT // 100)
STUDENTS = 40
SLOW = ("loops forever",)  # it would be a soak of waiting
MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """What the grader holds after so many submissions; memory in MiB."""

    done: int
    seconds: float
    grader: float
    zygote: float
    processes: int
    files: int
    mounts: int
    groups: int
    folders: int


def sample(done: int, seconds: float) -> Sample:
    """Look at this process, its zygote, and what the machine has of theirs."""
    own = psutil.Process()
    children = own.children(recursive=True)
    zygote = max(map(_memory, children), default=0)
    groups = [path for path in Path("/sys/fs/cgroup").rglob(f"flatgrade-{own.pid}-*") if path.is_dir()]
    folders = [path for top in Path(tempfile.gettempdir()).glob(f"flatgrade-{own.pid}-*") for path in top.iterdir()]
    return Sample(
        done,
        seconds,
        own.memory_info().rss / MIB,
        zygote / MIB,
        len(children),
        own.num_fds(),
        len(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()),
        len(groups),
        len(folders),
    )


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:  # a worker that has ended since
        return 0


def submissions(batch: list[Submission]) -> Iterator[Submission]:
    """The same class again and again, each time with other names."""
    for number, item in zip(range(COUNT), itertools.cycle(batch), strict=False):
        yield replace(item, student=f"{item.student} {number}")


def soak() -> list[Sample]:
    """Grade them all; samples on the way, and one at the end when everything is closed."""
    with tempfile.TemporaryDirectory() as place:
        played = Demo(ROOT, Path(place) / "demo", "a1_flat_backprop")
        students = [student for student in played.prepare(STUDENTS) if student.kind not in SLOW]
        collector = Collector(played.course, "a1_flat_backprop")
        batch = [collector.collect(student.name).submission for student in students]
        began = time.perf_counter()
        samples, points = [], {}
        with LocalExecutor(played.key) as executor:
            for done, record in enumerate(executor.grade(submissions(batch)), 1):
                name = record.student.rpartition(" ")[0]
                assert points.setdefault(name, record.earned) == record.earned, f"{name} has other points than before"
                assert not record.blocked, record.problem
                if done % EVERY == 0:
                    samples.append(sample(done, time.perf_counter() - began))
        assert done == COUNT
        return [*samples, sample(COUNT, time.perf_counter() - began)]


def draw(samples: list[Sample]) -> None:
    """The curves of memory, to docs/soak.png."""
    mpl.use("agg")
    import matplotlib.pyplot as plt

    done = [item.done for item in samples[:-1]]
    fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    ax.plot(done, [item.grader for item in samples[:-1]], color="#0072B2", label="grader")
    ax.plot(done, [item.zygote for item in samples[:-1]], color="#D55E00", ls="--", label="zygote")
    ax.set(xlabel="submissions graded", ylabel="memory (MiB)", ylim=(0, None), xlim=(0, None))
    ax.set_title(f"{COUNT:,} submissions of a1 through one executor")
    ax.legend(frameon=False)
    fig.savefig(ROOT / "docs" / "soak.png", dpi=110)


def main() -> None:
    """Print a row for every tenth of the way; exit code 1 if something grew or was left behind."""
    samples = soak()
    names = ("done", "seconds", "grader", "zygote", "processes", "files", "mounts", "groups", "folders")
    print("".join(f"{name:>10}" for name in names))
    for item in (*samples[9:-1:10], samples[-1]):
        print("".join(f"{getattr(item, name):>10.0f}" for name in names))
    draw(samples)
    middle, last, after = samples[len(samples) // 2], samples[-2], samples[-1]
    kept = (after.processes, after.groups, after.folders)
    grown = last.grader - middle.grader
    print(f"{COUNT} in {last.seconds:.0f} s; the second half grew the grader by {grown:.1f} MiB; left behind: {kept}")
    sys.exit(1 if any(kept) or grown > 0.1 * middle.grader else 0)


if __name__ == "__main__":
    main()
