"""What each command does: course, grader and report put together. `cli` parses and prints, `demo` plays a class."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

from flatgrade.batch import PRIVATE, Batch, record_file
from flatgrade.core.contract import CONTRACT, load_assignment
from flatgrade.core.exercise import Assignment
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.settings import credit_rule, limits, read_settings
from flatgrade.course.stub import stubs
from flatgrade.course.template import Role, load_templates
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.executor import Executor, ExecutorError
from flatgrade.grader.local import LocalExecutor
from flatgrade.grader.prove import Proof, prove
from flatgrade.grader.record import Record
from flatgrade.report.leaderboard import Place, leaderboard, leaderboard_page
from flatgrade.report.page import class_page


def answer_key(course: Course, name: str, solutions: Path) -> AnswerKey:
    """The key of an assignment, with the cases of this term where it has exercises of ours.

    Raises CourseError, ContractError, SolutionError.
    """
    if not (course.source(name) / CONTRACT).is_file():
        settings = read_settings(course)
        assignment = Assignment(name, name, {}, limits(course, settings), profile="any")
        return AnswerKey.without_exercises(assignment, credit_rule(settings), [course.root])
    return AnswerKey.load(load_assignment(course.source(name)), solutions, term_seed(course), [course.root])


def term_seed(course: Course) -> str:
    """The term's secret seed, kept in the course folder; drawn once, when it is first asked for."""
    path = course.root / PRIVATE / "seed"
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def grade(
    course: Course,
    key: AnswerKey,
    students: Sequence[str] = (),
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    allow_weak: bool = False,
    fresh: bool = False,
) -> Generator[Record, None, None]:
    """Grade submissions of an assignment (all by default), write gradebook and files, and yield each Record.

    What is stored and unchanged is not graded again, unless `fresh`. Records come without outputs. Grading is done by
    `executor`, by default on this machine with `workers` at a time. A submission that cannot be taken in yields a
    Record with a problem and no exercise. Raises SandboxError where student code cannot be kept from the solutions
    (unless `allow_weak`), CourseError where the course is not ready, StoreError while another run is at work.
    """
    with Batch(course, key, allow_weak=allow_weak, fresh=fresh) as batch:
        asked = dict.fromkeys(students or course.students(key.assignment.name))
        yield from batch.grade(asked, executor or LocalExecutor(key, workers))


def cluster_executor(
    course: Course, key: AnswerKey, solutions: Path, scheduler: str, *, allow_weak: bool, tls: Mapping[str, Path | None]
) -> Executor:
    """The workers of the Dask scheduler at an address; `tls` maps names of `distributed.Security` to files.

    Raises ExecutorError where the extra `cluster` is not installed.
    """
    try:
        from flatgrade.grader.cluster import ClusterExecutor  # an extra, and slow to import
    except ModuleNotFoundError as error:
        raise ExecutorError(
            f"--scheduler needs {error.name}, which is not installed: run pip install 'flatgrade[cluster]'"
        ) from None
    files = {name: str(path) for name, path in tls.items() if path}
    contract = course.source(key.assignment.name)
    return ClusterExecutor(scheduler, key, contract, solutions, allow_weak=allow_weak, tls=files)


def points_by_hand(course: Course, assignment: str) -> float:
    """The points of a released assignment that are given by hand, in formgrader."""
    cells = [cell for template in load_templates(course, assignment) for cell in template.cells]
    metadata = [cell.node.metadata.get("nbgrader", {}) for cell in cells if cell.role is Role.ANSWER]
    return float(sum(item.get("points", 0) for item in metadata if item.get("grade")))


def saved_records(course: Course, assignment: str) -> list[Record]:
    """The saved Records of all who handed in, by name. Raises CourseError where there is none, RecordError."""
    files = [record_file(course, assignment, student) for student in course.students(assignment)]
    records = [Record.from_json(path.read_text(encoding="ascii")) for path in files if path.is_file()]
    if not records:
        raise CourseError(f"nothing has been graded for {assignment}: run `flatgrade grade {assignment}` first.")
    return sorted(records, key=lambda record: record.student)


def write_page(course: Course, assignment: str, records: Sequence[Record]) -> Path:
    """Write the class page of an assignment to `.flatgrade/<assignment>.html`; returns where it is."""
    page = course.root / PRIVATE / f"{assignment}.html"
    page.write_text(class_page(records, title=_title(course, assignment)), encoding="utf-8")
    return page


def write_leaderboard(course: Course, assignment: str) -> tuple[dict[str, tuple[Place, ...]], Path]:
    """The leaderboard of an assignment, and the page `.flatgrade/<assignment>_leaderboard.html` that shows it.

    Raises CourseError where nothing was graded, or no exercise is timed; RecordError.
    """
    boards = leaderboard(saved_records(course, assignment))
    if not boards:
        raise CourseError(
            f"no right answer of {assignment} was timed: give an exercise a [NAME.speed] table in its {CONTRACT}, "
            f"then run `flatgrade grade {assignment}`."
        )
    page = course.root / PRIVATE / f"{assignment}_leaderboard.html"
    page.write_text(leaderboard_page(_title(course, assignment), boards), encoding="utf-8")
    return boards, page


def _title(course: Course, assignment: str) -> str:
    source = course.source(assignment)
    return load_assignment(source).title if (source / CONTRACT).is_file() else assignment


def prove_assignments(
    assignments: Mapping[str, Path], solutions: Path, seed: str = "prove"
) -> Iterator[tuple[Assignment, Proof]]:
    """Prove every exercise of the assignments, given as name -> folder."""
    for folder in assignments.values():
        assignment = load_assignment(folder)
        key = AnswerKey.load(assignment, solutions, seed)
        texts = stubs(folder)
        for name, solution in key.solutions.items():
            yield assignment, prove(solution, texts.get(name, ""), seed, key.secrets)
