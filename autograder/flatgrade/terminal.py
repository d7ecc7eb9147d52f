"""What the commands share: the two streams, exit codes, options, and how a wrong usage is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flatgrade.core.contract import ContractError
from flatgrade.course.directory import CourseError
from flatgrade.grader.executor import ExecutorError, ExecutorLostError
from flatgrade.grader.sandbox import SandboxError
from flatgrade.grader.solution_file import SolutionError
from flatgrade.grader.store import StoreError

DONE, NOT_ALL_RUN, WRONG_USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130
out, err = Console(highlight=False), Console(stderr=True, highlight=False)
CourseOption = Annotated[Path, typer.Option("--course", help="The course folder, with its nbgrader_config.py.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of tables.")]


@contextmanager
def usage_errors() -> Iterator[None]:
    """What is wrong with what the user gave becomes one sentence, and exit code 2."""
    try:
        yield
    except (CourseError, ContractError, SolutionError, SandboxError, StoreError, ExecutorError) as error:
        err.print(f"flatgrade: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(WRONG_USAGE) from None
    except ExecutorLostError as error:
        err.print(f"flatgrade: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(OUR_FAULT) from None
