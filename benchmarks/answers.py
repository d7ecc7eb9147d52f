"""How long one answer takes: `check` in a notebook, and the judge with a real worker, right and with one mistake."""

import contextlib
import io
import linecache
import os
from pathlib import Path

import numpy as np

from flatgrade.core import load_assignment
from flatgrade.core.timer import measure
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.planting import bases, plant
from flatgrade.grader.sandbox import Sandbox
from flatgrade.student.check import look

ROOT = Path(__file__).parents[1]
MEASURED = (
    ("a1_flat_backprop", ("svm_loss", "softmax_loss", "two_layer_loss")),
    ("a2_modular", ("affine", "batchnorm")),
    ("a3_convnets", ("conv_naive", "conv_fast", "max_pool")),
)


def rows():
    """What was timed, in words, with its Timing."""
    found = []
    for assignment, names in MEASURED:
        folder = ROOT / "assignments" / assignment
        key = AnswerKey.load(load_assignment(folder), ROOT / "solutions", "bench", [ROOT / "assignments"])
        with Sandbox(key.secrets) as sandbox:
            for name in names:
                solution = key.solutions[name]
                wrong = next(p for item in solution.mistakes if (p := plant(solution, bases(solution)[0], [item])))
                for kind, text in (("right", solution.answer), ("one mistake", wrong.text)):
                    found.append((f"`check('{name}')`, {kind}", checked(name, solution, text, folder)))
                    found.append((f"judge `{name}`, {kind}", judged(key, sandbox, name, text)))
    with Sandbox() as sandbox:
        limits = key.assignment.limits
        found.append(("fork, confine and end a worker", measure(lambda: sandbox.worker(limits).__enter__().__exit__())))
    return found


def checked(name, solution, text, folder):
    """The time of `check` on the text of an answer."""
    file = f"<{name} {len(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace = {"np": np}
    exec(compile(solution.given, "<given>", "exec"), namespace)
    exec(compile(text, file, "exec"), namespace)

    def action():
        with contextlib.redirect_stdout(io.StringIO()):
            look(name, namespace, folder)

    return measure(action)


def judged(key, sandbox, name, text):
    """The time of the judge on the text of an answer, in a worker that has run it."""
    solution = key.solutions[name]
    with sandbox.worker(key.assignment.limits) as worker:
        for source in (solution.given, text):
            worker.ask({"do": "cell", "key": "answer", "source": source}, 10)
        return measure(lambda: judge_exercise(solution, key.cases[name], worker, 5))


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for what, timing in rows():
        print(f"{what:45} {timing.median * 1e3:8.1f} ms")
