"""What each command does: course, grader and report put together. `cli` parses and prints, `demo` plays a class."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flatgrade.core.contract import CONTRACT, load_assignment
from flatgrade.core.exercise import Assignment
from flatgrade.course.collect import Collected, Collector
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.gradebook import GradebookWriter, NotGradedError
from flatgrade.course.settings import credit_rule, limits, read_settings
from flatgrade.course.stub import stubs
from flatgrade.course.template import Role, load_templates
from flatgrade.grader.engine import AnswerKey, grade_batch
from flatgrade.grader.prove import Proof, prove
from flatgrade.grader.record import Record
from flatgrade.grader.sandbox import require
from flatgrade.grader.submission import Submission
from flatgrade.report.page import class_page
from flatgrade.report.verdict import verdict_outputs

PRIVATE = ".flatgrade"  # folder of the course for what is ours and secret: the term's seed, the Records


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
    workers: int | None = None,
    allow_weak: bool = False,
) -> Iterator[Record]:
    """Grade submissions of an assignment (all by default), write gradebook and files, and yield each Record.

    A submission that cannot be taken in yields a Record with a problem and no exercise. Raises SandboxError where this
    machine cannot hide the solutions (unless `allow_weak`), CourseError where the course is not ready.
    """
    name = key.assignment.name
    collector = Collector(course, name)
    taken: dict[str, Collected] = {}
    refused: list[Record] = []

    def submissions() -> Iterator[Submission]:
        for student in students or course.students(name):
            try:
                taken[student] = collector.collect(student)
            except CourseError as error:
                refused.append(Record(student, name, (), problem=str(error)))
            else:
                yield taken[student].submission

    with key.sandbox() as sandbox:
        with sandbox.worker(key.assignment.limits) as worker:
            require(worker.level, allow_weak=allow_weak)
        with GradebookWriter(course, name) as writer:
            for record in grade_batch(submissions(), key, sandbox, workers):
                yield _written(course, writer, taken.pop(record.student), with_verdicts(record))
                while refused:
                    yield refused.pop()
    yield from refused


def points_by_hand(course: Course, assignment: str) -> float:
    """The points of a released assignment that are given by hand, in formgrader."""
    cells = [cell for template in load_templates(course, assignment) for cell in template.cells]
    metadata = [cell.node.metadata.get("nbgrader", {}) for cell in cells if cell.role is Role.ANSWER]
    return float(sum(item.get("points", 0) for item in metadata if item.get("grade")))


def _written(course: Course, writer: GradebookWriter, collected: Collected, record: Record) -> Record:
    try:
        writer.write(collected, record)
    except NotGradedError as error:
        record = replace(record, problem=f"{record.problem} {error}".strip())
    save(course, record)
    return record


def with_verdicts(record: Record) -> Record:
    """Give the Record the verdict of each exercise of ours as the output of its test cell."""
    outputs = {notebook: dict(cells) for notebook, cells in record.outputs.items()}
    for exercise in (exercise for exercise in record.exercises if not exercise.in_process):
        outputs.setdefault(exercise.notebook, {})[exercise.cell] = verdict_outputs(exercise)
    return replace(record, outputs=outputs)


def save(course: Course, record: Record) -> None:
    """Keep the Record under `.flatgrade/records/<assignment>/<student>.json`, in place of an earlier one."""
    folder = course.root / PRIVATE / "records" / record.assignment
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{record.student}.new"
    draft.write_text(record.to_json() + "\n", encoding="utf-8")
    draft.replace(folder / f"{record.student}.json")


def write_page(course: Course, key: AnswerKey, records: Sequence[Record]) -> Path:
    """Write the class page of an assignment to `.flatgrade/<assignment>.html`; returns where it is."""
    page = course.root / PRIVATE / f"{key.assignment.name}.html"
    ordered = sorted(records, key=lambda record: record.student)
    page.write_text(class_page(ordered, title=key.assignment.title), encoding="utf-8")
    return page


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


PROOF_COLUMNS = ("exercise", "reference", "stub", "equivalents", "charged", "at its stage", "named", "torch")


def proof_row(proof: Proof) -> tuple[str, ...]:
    """A row of the table of proofs, a text for each of PROOF_COLUMNS."""
    return (
        proof.exercise,
        "✓ 100 %" if proof.reference else "✗",
        "✓ 0 %" if proof.stub else "✗",
        f"{proof.equivalents_full}/{proof.equivalents}",
        f"{proof.charged}/{proof.mistakes}",
        f"{proof.at_stage}/{proof.mistakes}",
        f"{proof.named}/{proof.mistakes}",
        "not installed" if proof.torch is None else "✓ agrees" if proof.torch_agrees else "✗",
    )


def proofs_page(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The page docs/proofs.md: what `flatgrade prove` found."""
    lines = [
        "# Every exercise proves itself",
        "",
        "Written by `make docs` (`flatgrade prove --markdown docs/proofs.md`). Each exercise is graded for real: the",
        "reference earns everything, the stub nothing, every equivalent everything; every known mistake, planted in a",
        "right answer, loses points, at its own stage, and is named; torch autograd agrees in float64.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"
