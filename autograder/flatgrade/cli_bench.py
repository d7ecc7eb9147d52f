"""`flatgrade bench ...`: measure, on this machine, beside the tools of the field."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from flatgrade.bench.gradient_checks import LARGE, CheckBench, bench_checks, table
from flatgrade.bench.grading import bench_grading
from flatgrade.bench.layer_report import COLUMNS, ceilings_sentence, cells, groups, picture, remarks
from flatgrade.bench.layer_times import COURSE, FILLING, Asked, LayerBench, bench_layers
from flatgrade.bench.layers import LAYERS
from flatgrade.core.profiles import INSTALL_TORCH
from flatgrade.terminal import DONE, NOT_ALL_RUN, CourseOption, JsonOption, err, out, usage_errors

bench = typer.Typer(no_args_is_help=True, help="Measure, on this machine, beside the tools of the field.")


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
    with usage_errors():
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


class Device(StrEnum):
    """Where torch runs."""

    CPU = "cpu"
    CUDA = "cuda"


class Size(StrEnum):
    """How many examples a layer is timed on."""

    COURSE = COURSE
    FILLING = FILLING


class Numbers(StrEnum):
    """The numbers that layers compute with."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


_DTYPES = {Device.CPU: Numbers.FLOAT64, Device.CUDA: Numbers.FLOAT32}


@bench.command("layers")
def bench_layers_command(
    device: Annotated[Device, typer.Option("--device", help="Where torch runs, beside NumPy on the CPU.")] = Device.CPU,
    threads: Annotated[
        int,
        typer.Option("--threads", min=1, help="Threads of NumPy and of torch; more than one needs a quiet machine."),
    ] = 1,
    dtype: Annotated[
        Numbers | None, typer.Option("--dtype", help="The numbers: float64, as in the course; on CUDA float32.")
    ] = None,
    size: Annotated[
        list[Size] | None, typer.Option("--size", help="Course size, or one that fills the device; both by default.")
    ] = None,
    layer: Annotated[
        list[str] | None, typer.Option("--layer", help="A layer, such as 'batch norm'; all of them by default.")
    ] = None,
    course: CourseOption = Path(),
    pictured: Annotated[
        Path | None, typer.Option("--picture", help="Write the figures as a picture, too (PNG).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Time the course's layers: by loops, by NumPy, by torch on the CPU or on a GPU, forward and backward."""
    names = tuple(layer or [item.name for item in LAYERS])
    with usage_errors():
        asked = Asked(course.resolve(), device, threads, tuple(size or Size), names, dtype or _DTYPES[device])
        found = bench_layers(asked, lambda step: err.print(step, highlight=False))
    if pictured:
        picture(found, pictured)
    if as_json:
        print(found.to_json())  # noqa: T201 -- for a program
    else:
        _print_layers(found)


def _print_layers(found: LayerBench) -> None:
    out.print(found.hardware.sentence(), soft_wrap=True)
    out.print(ceilings_sentence(found), soft_wrap=True)
    for heading, rows in groups(found):
        table = Table(title=heading, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for i, name in enumerate(COLUMNS):
            table.add_column(name, justify="right" if i else "left", min_width=22 if not i else 8)
        for row in rows:
            table.add_row(*(Text(cell) for cell in cells(found, row)))
        out.print(table)
    for remark in remarks(found):
        out.print(remark, markup=False, soft_wrap=True)


@bench.command("check")
def bench_check(
    entries: Annotated[int, typer.Option("--entries", min=1000, help="The weights of the largest function.")] = LARGE,
    as_json: JsonOption = False,
) -> None:
    """Check right and wrong gradients with our check, with torch's, and entry by entry: what each sees, and when."""
    found = bench_checks(entries, lambda step: err.print(step, highlight=False))
    if as_json:
        print(found.to_json())  # noqa: T201 -- for a program
    else:
        _print_checks(found)


def _print_checks(found: CheckBench) -> None:
    out.print(found.hardware.sentence(), soft_wrap=True)
    heading, lines = table(found)
    printed = Table(box=None, pad_edge=False)
    for name in heading:
        printed.add_column(name, overflow="fold")
    for line in lines:
        printed.add_row(*(Text(cell) for cell in line))
    out.print(printed)
    if len(heading) < 5:
        out.print(
            f"torch is not installed, so its two checks are left out: {INSTALL_TORCH}",
            markup=False,
            soft_wrap=True,
        )
