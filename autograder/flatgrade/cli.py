"""The command line: parsing, progress, exit codes. What a command does stands in `commands` and `demo`.

Exit codes: 0 done; 1 some submissions could not be run (they are still graded); 2 wrong usage; 3 our fault, or a
cluster that was lost; 130 ended by Ctrl-C.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flatgrade import __version__, commands
from flatgrade.bench.grading import bench_grading
from flatgrade.core.contract import CONTRACT, ContractError
from flatgrade.core.profiles import INSTALL_TORCH, lacks_torch
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.release import release as release_assignment
from flatgrade.demo import Demo, DemoResult, summary_line
from flatgrade.grader.doctor import Examination, examine
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.executor import Executor, ExecutorError, ExecutorLostError
from flatgrade.grader.interruption import interruptible
from flatgrade.grader.local import LocalExecutor
from flatgrade.grader.record import Record
from flatgrade.grader.sandbox import SandboxError, require
from flatgrade.grader.solution_file import SolutionError
from flatgrade.grader.store import StoreError
from flatgrade.progress import shown
from flatgrade.report.table import Row, class_rows

DONE, NOT_ALL_RUN, WRONG_USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130

app = typer.Typer(name="flatgrade", no_args_is_help=True, add_completion=False, rich_markup_mode="rich")
out, err = Console(highlight=False), Console(stderr=True, highlight=False)

CourseOption = Annotated[Path, typer.Option("--course", help="The course folder, with its nbgrader_config.py.")]
SolutionsOption = Annotated[
    Path | None, typer.Option("--solutions", help="The secret folder. By default, solutions/ in the course folder.")
]
AssignmentArgument = Annotated[str, typer.Argument(help="The assignment's folder name, such as a1_flat_backprop.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Submissions at a time; what cores and memory bear by default.")
]
WeakOption = Annotated[bool, typer.Option("--allow-weak", help="Grade where this machine cannot hide the solutions.")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Grade all anew, also what has not changed.")]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help="Grade on the Dask cluster of this scheduler: tcp://HOST:PORT.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of tables.")]


def run() -> None:
    """Run the command line; errors of ours become one sentence and exit code 3."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 -- the last line before the user: never a traceback
        err.print(f"[bold]This is a fault of Flatgrade:[/] {type(error).__name__}: {error}", markup=True)
        err.print("Please report it with the command that you ran.")
        sys.exit(OUR_FAULT)


@contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except (CourseError, ContractError, SolutionError, SandboxError, StoreError, ExecutorError) as error:
        err.print(f"flatgrade: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(WRONG_USAGE) from None
    except ExecutorLostError as error:
        err.print(f"flatgrade: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(OUR_FAULT) from None


def _version(value: bool) -> None:
    if value:
        out.print(f"flatgrade {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A course kit for learning backpropagation, with an autograder that reads the answer stage by stage."""


@app.command()
def release(assignment: AssignmentArgument, course: CourseOption = Path()) -> None:
    """Make the students' version of an assignment, as nbgrader generate_assignment does."""
    with _usage_errors():
        folder = release_assignment(Course.open(course), assignment)
        out.print(f"Released {assignment} to {folder}:", soft_wrap=True)
        for path in sorted(folder.iterdir()):
            out.print(f"  {path.name}", markup=False)


def _tls_file(name: str, what: str) -> Any:
    return typer.Option(name, exists=True, dir_okay=False, help=f"For a cluster with TLS: the {what} (PEM).")


@app.command()
def grade(
    assignment: AssignmentArgument,
    course: CourseOption = Path(),
    solutions: SolutionsOption = None,
    student: Annotated[list[str] | None, typer.Option("--student", help="Grade this student only; repeatable.")] = None,
    workers: WorkersOption = None,
    allow_weak: WeakOption = False,
    fresh: FreshOption = False,
    scheduler: SchedulerOption = None,
    tls_ca_file: Annotated[Path | None, _tls_file("--tls-ca-file", "authority that signed the certificates")] = None,
    tls_cert: Annotated[Path | None, _tls_file("--tls-cert", "certificate of this machine")] = None,
    tls_key: Annotated[Path | None, _tls_file("--tls-key", "key of that certificate")] = None,
    as_json: JsonOption = False,
) -> None:
    """Grade what was handed in; write the gradebook and autograded/. With --json, print one Record a line.

    What has not changed since it was last graded is not graded again.
    """
    records: list[Record] = []
    with _usage_errors():
        opened = Course.open(course)
        secret = solutions or opened.root / "solutions"
        key = commands.answer_key(opened, assignment, secret)
        total = len(set(student or opened.students(assignment)))
        if not total:
            raise CourseError(
                f"nothing was handed in for {assignment}: there is no submitted/<student>/{assignment} folder."
            )
        tls = {"tls_ca_file": tls_ca_file, "tls_client_cert": tls_cert, "tls_client_key": tls_key}
        executor = (
            _local(key, workers)
            if scheduler is None and not any(tls.values())
            else _cluster(opened, key, secret, scheduler, workers, allow_weak=allow_weak, tls=tls)
        )
        graded = commands.grade(opened, key, student or (), executor=executor, allow_weak=allow_weak, fresh=fresh)
        with _stopped_by_hand(records, total):
            _gather(graded, total, records)
        _print_records(records, as_json=as_json)
        _complain(records)
        if by_hand := commands.points_by_hand(opened, assignment):
            err.print(f"{by_hand:g} more points are given by hand, for written answers: nbgrader formgrader.")
        page = commands.write_page(opened, assignment, commands.saved_records(opened, assignment))
        err.print(f"Open {page}", markup=False, soft_wrap=True)
    raise typer.Exit(_exit_code(records))


def _local(key: AnswerKey, workers: int | None) -> Executor:
    executor = LocalExecutor(key, workers)
    if executor.note:
        err.print(executor.note, markup=False, soft_wrap=True)
    return executor


def _cluster(
    course: Course,
    key: AnswerKey,
    solutions: Path,
    scheduler: str | None,
    workers: int | None,
    *,
    allow_weak: bool,
    tls: Mapping[str, Path | None],
) -> Executor:
    if scheduler is None:
        raise ExecutorError(
            "--tls-ca-file, --tls-cert and --tls-key are for a cluster: add --scheduler tls://HOST:PORT"
        )
    if workers is not None:
        raise ExecutorError("--workers is for this machine: leave it out, a cluster has the workers that joined it")
    return commands.cluster_executor(course, key, solutions, scheduler, allow_weak=allow_weak, tls=tls)


@app.command()
def report(assignment: AssignmentArgument, course: CourseOption = Path(), as_json: JsonOption = False) -> None:
    """Show what was graded, and make the class page anew, from the saved Records alone."""
    with _usage_errors():
        opened = Course.open(course)
        records = commands.saved_records(opened, assignment)
        _print_records(records, as_json=as_json)
        page = commands.write_page(opened, assignment, records)
    err.print(f"Open {page}", markup=False, soft_wrap=True)


@app.command()
def prove(
    assignments: Annotated[list[str] | None, typer.Argument(help="Assignments to prove; all by default.")] = None,
    course: CourseOption = Path(),
    solutions: SolutionsOption = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write the table to this file, too.")] = None,
) -> None:
    """Hold each exercise to its promise: reference, stub, equivalents, mistakes, torch."""
    with _usage_errors():
        opened = Course.open(course)
        names = assignments or [name for name in opened.assignments() if (opened.source(name) / CONTRACT).is_file()]
        folders = {name: opened.source(name) for name in names}
        proofs = [proof for _, proof in commands.prove_assignments(folders, solutions or opened.root / "solutions")]
    rows = [commands.proof_row(proof) for proof in proofs]
    table = Table(title="Every exercise proves itself", title_justify="left")
    for name in commands.PROOF_COLUMNS:
        table.add_column(name, justify="left" if name == "exercise" else "right", no_wrap=name == "exercise")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    if markdown:
        markdown.write_text(commands.proofs_page(commands.PROOF_COLUMNS, rows), encoding="utf-8")
    problems = [problem for proof in proofs for problem in proof.problems]
    for problem in problems:
        err.print(problem, markup=False, soft_wrap=True)
    raise typer.Exit(NOT_ALL_RUN if problems else DONE)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Try small attacks in a real worker, and tell to which level this machine confines student code."""
    with _usage_errors():
        found = examine()
    if as_json:
        through = [item.attack for item in found.tried if not item.stopped]
        missing = {layer.name: layer.mend for layer in found.layers if not layer.there}
        data = {"level": found.level, "tried": len(found.tried), "through": through, "missing": missing}
        print(json.dumps(data))  # noqa: T201 -- for a program
    else:
        _print_examination(found)
    for attack in found.broken:
        err.print(f"flatgrade: level {found.level} promises to stop this, and did not: {attack}", markup=False)
    try:
        require(found.level, allow_weak=False)
    except SandboxError as error:
        err.print(f"flatgrade: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(NOT_ALL_RUN) from None
    raise typer.Exit(NOT_ALL_RUN if found.broken else DONE)


def _print_examination(found: Examination) -> None:
    table = Table(title="What student code can do here", title_justify="left")
    for name in ("attack", "stopped from", "", "how it ended"):
        table.add_column(name)
    for item in found.tried:
        sign = "✓ stopped" if item.stopped else "✗ got through"
        table.add_row(item.attack, item.promised, sign, Text(item.how))
    out.print(table)
    stopped = sum(item.stopped for item in found.tried)
    out.print(f"Level {found.level}: {stopped} of {len(found.tried)} attacks were stopped.")
    for layer in found.layers:
        text = f"✓ {layer.name}" if layer.there else f"✗ {layer.name}: {layer.mend}"
        out.print(text, markup=False, soft_wrap=True)
    torch = f'· torch is not installed: exercises with profile = "torch" need it ({INSTALL_TORCH})'
    out.print(torch if lacks_torch("torch") else "✓ torch", markup=False, soft_wrap=True)


@app.command()
def demo(
    students: Annotated[int, typer.Option("--students", min=1, help="How many students the class has.")] = 24,
    assignment: Annotated[str, typer.Option("--assignment", help="The assignment to play.")] = "a1_flat_backprop",
    course: CourseOption = Path(),
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo's course is made anew.")] = Path(
        "build/demo"
    ),
    workers: WorkersOption = None,
    allow_weak: WeakOption = False,
    as_json: JsonOption = False,
) -> None:
    """Play a class: build a course, hand in made-up submissions, grade them, and show what was found."""
    began = time.perf_counter()
    with _usage_errors():
        played = Demo(course.resolve(), folder.resolve(), assignment)
        made = played.prepare(students)
        records: list[Record] = []
        with _stopped_by_hand(records, len(made)):
            _gather(played.grade(workers, allow_weak=allow_weak), len(made), records)
    result = played.finish(made, records, time.perf_counter() - began)
    _print_demo(result, quiet=as_json)
    if as_json:
        print(summary_line(result))  # noqa: T201 -- a line for a program, as it is


def _print_demo(result: DemoResult, *, quiet: bool) -> None:
    console = err if quiet else out
    console.print(_class_table(result.records))
    per = result.seconds / max(len(result.records), 1)
    console.print(
        f"{result.planted} mistakes planted: {result.found} found at their own stage, {result.named} named. "
        f"{result.right_full} of {result.right} right submissions have full points. "
        f"{result.seconds:.1f} s, {per:.2f} s a submission."
    )
    console.print(f"Open {result.page}", soft_wrap=True)


def _gather(graded: Generator[Record, None, None], total: int, records: list[Record]) -> None:
    """Put Records into the list as they come, with progress on the error stream."""
    with interruptible(), closing(graded):
        records.extend(shown(graded, total, err))


@contextmanager
def _stopped_by_hand(records: list[Record], total: int) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        err.print(f"Stopped: {len(records)} of {total} submissions are graded. The same command goes on from there.")
        raise typer.Exit(INTERRUPTED) from None


def _print_records(records: list[Record], *, as_json: bool) -> None:
    records.sort(key=lambda record: record.student)
    if as_json:
        for record in records:
            print(record.to_json())  # noqa: T201 -- a line for a program, as it is
    else:
        out.print(_class_table(records))


def _class_table(records: list[Record]) -> Table:
    table = Table(title=f"{len(records)} submission{'s' if len(records) != 1 else ''}", title_justify="left")
    table.add_column("student", overflow="fold")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("first wrong line", overflow="fold")
    table.add_column("mistake named", overflow="fold")
    for row in class_rows(records):
        table.add_row(*(Text(cell) for cell in (row.student, row.points, row.where, _wrong(row))))
    return table


def _wrong(row: Row) -> str:
    more = f" (and {row.more} more)" if row.more else ""
    return f"{row.mistake or row.hint}{more}"


def _complain(records: list[Record]) -> None:
    for record in records:
        if record.problem:
            err.print(f"{record.student}: {record.problem}", markup=False, soft_wrap=True)


def _exit_code(records: list[Record]) -> int:
    if any(record.blocked for record in records):
        return OUR_FAULT
    return NOT_ALL_RUN if any(record.problem for record in records) else DONE


bench = typer.Typer(no_args_is_help=True, help="Measure, on this machine, beside the tools of the field.")
app.add_typer(bench, name="bench")


@bench.command("grade")
def bench_grade(
    submissions: Annotated[int, typer.Option("--submissions", min=1, help="How many submissions the class has.")] = 24,
    assignment: Annotated[str, typer.Option("--assignment", help="The assignment to take.")] = "a1_flat_backprop",
    course: CourseOption = Path(),
    folder: Annotated[Path, typer.Option("--folder", help="Where the class is made anew.")] = Path("build/bench"),
    plots: Annotated[bool, typer.Option("--plots", help="Draw a plot in each notebook.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Grade one class with nbgrader autograde and with flatgrade grade, and compare times and points."""
    with _usage_errors():
        found = bench_grading(
            course.resolve(), folder.resolve(), assignment, submissions, plots=plots, said=lambda step: err.print(step)
        )
    if as_json:
        print(found.to_json())  # noqa: T201 -- a line for a program
    else:
        drawn = "one plot in each notebook" if plots else "no plots"
        out.print(f"{submissions} submissions of {assignment}, {drawn}, start of the program included")
        out.print(f"  nbgrader autograde  {found.stock_s:8.1f} s  {found.stock_s / submissions:8.3f} s a submission")
        out.print(f"  flatgrade grade     {found.ours_s:8.1f} s  {found.ours_s / submissions:8.3f} s a submission")
        out.print(f"  {found.ratio:.0f} times faster; the cells alone take {found.own_ms:.1f} ms a submission,")
        out.print(f"  and our engine {found.overhead_ms:.1f} ms more (one worker)")
    for student in found.differing:
        err.print(f"{student} has other points with nbgrader than with flatgrade.", markup=False)
    raise typer.Exit(NOT_ALL_RUN if found.differing else DONE)
