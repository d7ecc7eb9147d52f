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
from rich.table import Table
from rich.text import Text

from flatgrade import __version__, commands
from flatgrade.cli_bench import bench
from flatgrade.core.contract import CONTRACT
from flatgrade.core.profiles import INSTALL_TORCH, lacks_torch
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.release import release as release_assignment
from flatgrade.demo import Demo, DemoResult, summary_line
from flatgrade.grader.doctor import Examination, examine
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.executor import Executor, ExecutorError
from flatgrade.grader.interruption import interruptible
from flatgrade.grader.local import LocalExecutor
from flatgrade.grader.prove import Proof
from flatgrade.grader.record import Record
from flatgrade.grader.sandbox import SandboxError, require
from flatgrade.progress import shown
from flatgrade.proof_pages import PROOF_COLUMNS, proof_row, proofs_page, write_kills
from flatgrade.report.table import Row, class_rows
from flatgrade.terminal import (
    DONE,
    INTERRUPTED,
    NOT_ALL_RUN,
    OUR_FAULT,
    CourseOption,
    JsonOption,
    err,
    out,
    usage_errors,
)

app = typer.Typer(name="flatgrade", no_args_is_help=True, add_completion=False, rich_markup_mode="rich")
app.add_typer(bench, name="bench")

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


def run() -> None:
    """Run the command line; errors of ours become one sentence and exit code 3."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 -- the last line before the user: never a traceback
        err.print(f"[bold]This is a fault of Flatgrade:[/] {type(error).__name__}: {error}", markup=True)
        err.print("Please report it with the command that you ran.")
        sys.exit(OUR_FAULT)


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
    with usage_errors():
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
    with usage_errors():
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
    with usage_errors():
        opened = Course.open(course)
        records = commands.saved_records(opened, assignment)
        _print_records(records, as_json=as_json)
        page = commands.write_page(opened, assignment, records)
    err.print(f"Open {page}", markup=False, soft_wrap=True)


@app.command()
def leaderboard(assignment: AssignmentArgument, course: CourseOption = Path()) -> None:
    """Show the fastest right answers of those who chose a pseudonym, and write a page that can be shown to all."""
    with usage_errors():
        boards, page = commands.write_leaderboard(Course.open(course), assignment)
    for exercise, places in boards.items():
        table = Table(title=exercise, title_justify="left")
        for name in ("rank", "pseudonym", "times the reference", "ms"):
            table.add_column(name, justify="left" if name == "pseudonym" else "right", overflow="fold")
        for place in places:
            table.add_row(str(place.rank), Text(place.pseudonym), f"{place.ratio:.2f}", f"{place.student_ms:.3g}")
        out.print(table if places else f"{exercise}: nobody with a right answer has chosen a pseudonym yet.")
    err.print(f"Open {page}", markup=False, soft_wrap=True)


# The longest name of an exercise leaves little of 80 columns.
_FOLDED = {"reference": "refer-\nence", "equivalents": "equiva-\nlents", "at its stage": "at\nstage"}


@app.command()
def prove(
    assignments: Annotated[list[str] | None, typer.Argument(help="Assignments to prove; all by default.")] = None,
    course: CourseOption = Path(),
    solutions: SolutionsOption = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write the table to this file, too.")] = None,
    kills: Annotated[
        Path | None,
        typer.Option("--kills", help="Write which case shows which mistake to this file, and to a folder beside it."),
    ] = None,
) -> None:
    """Hold each exercise to its promise: reference, stub, equivalents, mistakes, torch."""
    found: dict[str, list[Proof]] = {}
    with usage_errors():
        opened = Course.open(course)
        names = assignments or [name for name in opened.assignments() if (opened.source(name) / CONTRACT).is_file()]
        folders = {name: opened.source(name) for name in names}
        for assignment, proof in commands.prove_assignments(folders, solutions or opened.root / "solutions"):
            found.setdefault(assignment.name, []).append(proof)
    proofs = [proof for group in found.values() for proof in group]
    table = Table(
        title="Every exercise proves itself", title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False
    )
    for name in PROOF_COLUMNS:
        head = _FOLDED.get(name, name)
        table.add_column(head, justify="left" if name == "exercise" else "right", no_wrap=name == "exercise")
    for proof in proofs:
        table.add_row(*proof_row(proof))
    out.print(table)
    if markdown:
        markdown.write_text(proofs_page(proofs), encoding="utf-8")
    if kills:
        write_kills(kills, found)
    problems = [problem for proof in proofs for problem in proof.problems]
    for problem in problems:
        err.print(problem, markup=False, soft_wrap=True)
    raise typer.Exit(NOT_ALL_RUN if problems else DONE)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Try small attacks in a real worker, and tell to which level this machine confines student code."""
    with usage_errors():
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
    with usage_errors():
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
