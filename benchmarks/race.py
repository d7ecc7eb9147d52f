"""How far the reference is from itself when it is handed in as an answer and timed: the noise of points for speed.

    python benchmarks/race.py [RUNS]

Every figure is the ratio that a student would be told. The contract's least `within` has to lie above all of them.
"""

import statistics
import sys
from pathlib import Path

from flatgrade.core import load_assignment
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.sandbox import Sandbox
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

ROOT = Path(__file__).parents[1]
ASSIGNMENT, EXERCISE = "a3_convnets", "conv_fast"


def ratios(runs):
    """The ratio of the reference to itself, so many times, smallest first."""
    key = AnswerKey.load(load_assignment(ROOT / "assignments" / ASSIGNMENT), ROOT / "solutions", "race")
    cells = (
        Cell("imports", CellKind.RUN, "import numpy as np"),
        Cell("answer", CellKind.RUN, key.solutions[EXERCISE].answer),
        Cell("test", CellKind.JUDGE, "", EXERCISE),
    )
    submission = Submission("reference", ASSIGNMENT, (Notebook("race", cells),))
    with Sandbox(key.secrets) as sandbox:
        records = [grade(submission, key, sandbox).exercises[0] for _ in range(runs)]
    return sorted(record.speed.ratio for record in records)


def main():
    """Measure and print."""
    found = ratios(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    print(f"{EXERCISE} handed in {len(found)} times, beside the reference:")
    print(f"least {found[0]:.2f}, median {statistics.median(found):.2f}, greatest {found[-1]:.2f} times its time")


if __name__ == "__main__":
    main()
