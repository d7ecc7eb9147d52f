"""Run every bench and write docs/benchmarks.md from what they found: `make bench`.

Each bench prints JSON, which is kept in build/benchmarks; the page is made of that alone.

    python benchmarks/page.py [SUBMISSIONS]
"""

import json
import subprocess
import sys
from pathlib import Path

from answers import rows

from flatgrade.bench.gradient_checks import CheckBench, table
from flatgrade.bench.layer_report import page as layers_part
from flatgrade.bench.layer_report import picture
from flatgrade.bench.layer_times import LayerBench

ROOT = Path(__file__).parents[1]
FOUND = ROOT / "build" / "benchmarks"
SUBMISSIONS = 8


def run(name, *command):
    """Run a command of Flatgrade with --json; the text that it printed, which is kept, too."""
    print("flatgrade", *command, file=sys.stderr)
    told = subprocess.run(
        [sys.executable, "-m", "flatgrade", *command, "--json"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    FOUND.mkdir(parents=True, exist_ok=True)
    (FOUND / f"{name}.json").write_text(told, encoding="utf-8")
    return told


def checks_part(found):
    """The table of `flatgrade bench check`."""
    heading, lines = table(found)
    return "\n".join(
        [
            f"`{found.command}` on {found.hardware.sentence()}. One run each.",
            "",
            f"| {' | '.join(heading)} |",
            f"|{'---|' * len(heading)}",
            *(f"| {' | '.join(line)} |" for line in lines),
            "",
        ]
    )


def grading_part(found, command):
    """The figures of `flatgrade bench grade`."""
    times = f"nbgrader autograde {found['stock_s']} s, flatgrade grade {found['ours_s']} s: {found['ratio']} times"
    beyond = f"{found['overhead_ms']} ms a submission beyond its cells, one worker"
    return f"`{command}`: {times}; {beyond}. More in [grading_speed.md](grading_speed.md).\n"


def answers_part(found):
    """The table of the times of `check` and of the judge."""
    lines = [f"| {what} | {timing.median * 1e3:.1f} | {timing.runs} |" for what, timing in found]
    return "\n".join(["| what | ms | runs |", "|---|---:|---:|", *lines, ""])


def main():
    """Measure and write."""
    submissions = sys.argv[1] if len(sys.argv) > 1 else str(SUBMISSIONS)
    grading = ("bench", "grade", "--submissions", submissions)
    layers = LayerBench.from_json(run("layers", "bench", "layers"))
    checks = CheckBench.from_json(run("check", "bench", "check"))
    graded = json.loads(run("grade", *grading).splitlines()[-1])
    picture(layers, ROOT / "docs" / "layers.png")
    parts = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Compare ratios within one run, not times of two machines or of two days.",
        "",
        "## Layers",
        "",
        layers_part(layers),
        "![Times of each layer by loops, NumPy and torch on a logarithmic axis, a panel a size](layers.png)",
        "",
        "## Gradient checks",
        "",
        checks_part(checks),
        "## Grading",
        "",
        grading_part(graded, f"flatgrade {' '.join(grading)}"),
        "## check, and the judge",
        "",
        answers_part(rows()),
    ]
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
