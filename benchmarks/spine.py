"""Measure the spine and write docs/benchmarks.md: `make bench`.

Medians of repeated runs in one process, on whatever machine this is; compare them as ratios, never across machines.
"""

import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from flatgrade.core import load_assignment
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.planting import plant
from flatgrade.grader.sandbox import Sandbox
from flatgrade.student import check

ROOT = Path(__file__).parents[1]
A1 = ROOT / "assignments" / "a1_flat_backprop"
RUNS = 15
MEASURED = ("svm_loss", "softmax_loss")


def milliseconds(action, runs=RUNS):
    """The median time of `action` in milliseconds, after one run to warm up."""
    action()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def checks(solutions, folder):
    """`check` in a notebook: a right answer and one with a backward mistake, per exercise."""
    rows = []
    os.chdir(A1)
    for name in MEASURED:
        solution = solutions[name]
        wrong = plant(solution, solution.references[0], [m for m in solution.mistakes if m.tag == "lin-reg1x"])
        for kind, text in (("right", solution.answer), ("one mistake", wrong.text)):
            path = folder / f"{name}_{kind.replace(' ', '_')}.py"
            path.write_text(text, encoding="utf-8")
            namespace = {"np": np, "check": check}
            exec(compile(text, str(path), "exec"), namespace)
            quiet = f"import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): check({name!r})"
            rows.append((f"`check({name!r})`, {kind}", milliseconds(lambda: exec(quiet, namespace))))  # noqa: B023
    os.chdir(ROOT)
    return rows


def judging(key):
    """The judge with a real worker: a right answer, and one with a mistake (trace, replay, naming)."""
    rows = []
    with Sandbox(key.secrets) as sandbox:
        for name in MEASURED:
            solution = key.solutions[name]
            wrong = plant(solution, solution.references[0], [m for m in solution.mistakes if m.tag == "lin-reg1x"])
            for kind, text in (("right", solution.answer), ("one mistake", wrong.text)):
                with sandbox.worker(key.assignment.limits) as worker:
                    for source in ("import numpy as np", text):
                        worker.ask({"do": "cell", "key": "answer", "source": source}, 10)
                    action = lambda: judge_exercise(solution, key.cases[name], worker, 5)  # noqa: B023, E731
                    rows.append((f"judge `{name}`, {kind}", milliseconds(action)))
        rows.append(
            (
                "fork, confine and end a worker",
                milliseconds(lambda: sandbox.worker(key.assignment.limits).__enter__().__exit__()),
            )
        )
    return rows


def demo():
    """The demo as a user runs it: its own last line."""
    command = [sys.executable, "-m", "flatgrade", "demo", "--json"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(told.stdout.splitlines()[-1])


def page(rows, played):
    """The text of docs/benchmarks.md."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release().split('-')[0]}"
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {dt.datetime.now(dt.UTC).date()}: {machine}; {versions}.",
        f"Medians of {RUNS} runs.",
        "",
        "| what | ms |",
        "|---|---:|",
        *(f"| {what} | {ms:.1f} |" for what, ms in rows),
        "",
        f"`flatgrade demo`: {played['students']} submissions of two notebooks each in {played['seconds']} s "
        f"({played['seconds'] / played['students']:.2f} s a submission, building the course included; one loops "
        f"until its limit of 5 s), {played['planted']} mistakes planted, {played['found']} found at their own stage,",
        f"{played['named']} named.",
    ]
    return "\n".join(lines) + "\n"


def main():
    """Measure, print and write."""
    key = AnswerKey.load(load_assignment(A1), ROOT / "solutions", "bench", [ROOT / "assignments"])
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    text = page([*checks(key.solutions, folder), *judging(key)], demo())
    (ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
