"""A class to look at: a course in a folder, submissions with planted mistakes, graded for real and counted."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from flatgrade.batch import PRIVATE
from flatgrade.commands import answer_key, grade
from flatgrade.core.mistake import Mistake
from flatgrade.core.staged import lint
from flatgrade.core.unstaged import PlainAnswer
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.release import release
from flatgrade.course.stub import answered
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.planting import bases, plant
from flatgrade.grader.record import Record
from flatgrade.grader.reference import Solution
from flatgrade.report.page import class_page

_SEED = "demo"
_TRIES = 200
_ACCIDENTS = 4
_MISTAKES = (0, 1, 2, 1, 0, 3, 1, 2)  # what the students have in each exercise that they get wrong, in turn; 0: right
_NAMES = (
    "Ada Adler", "Bruno Bauer", "Chloé Côté", "Dmitri Dahl", "Eva Eklund", "Farid Faris", "Grete Graf", "Hugo Haas",
    "Ines Ibarra", "Jonas Jensen", "Katya Kern", "Luis López", "Mei Min", "Noor Nasser", "Olga Otto", "Pablo Paz",
    "Quinn Quist", "Rosa Rossi", "Sami Sato", "Tilda Torp", "Uma Ueda", "Viktor Vogt", "Wanda Weiss", "Yusuf Yıldız",
)  # fmt: skip

ExerciseMistake = tuple[str, Mistake]


@dataclass(frozen=True)
class DemoStudent:
    """One made-up student: the text of each answer cell, what was planted, and a word on what was made."""

    name: str
    kind: str
    answers: Mapping[str, str] = field(default_factory=dict)
    planted: tuple[ExerciseMistake, ...] = ()
    broken_file: bool = False


@dataclass
class DemoResult:
    """What the demo found. `right_full` counts the right submissions that have full points."""

    students: list[DemoStudent]
    records: list[Record]
    page: Path
    seconds: float = 0.0

    @property
    def planted(self) -> int:
        """How many mistakes were planted."""
        return sum(len(student.planted) for student in self.students)

    @property
    def found(self) -> int:
        """How many planted mistakes have a finding at their own stage."""
        return self._count(lambda mistake, finding: finding.stage == mistake.stage)

    @property
    def named(self) -> int:
        """How many planted mistakes are named."""
        return self._count(lambda mistake, finding: finding.mistake == mistake.tag)

    @property
    def right(self) -> int:
        """How many submissions are right."""
        return sum(student.kind.startswith("right") for student in self.students)

    @property
    def right_full(self) -> int:
        """How many right submissions have full points."""
        records = self._by_name()
        right = [student for student in self.students if student.kind.startswith("right")]
        return sum(records[student.name].earned == records[student.name].points for student in right)

    def summary(self) -> dict[str, Any]:
        """The line that `--json` ends with."""
        return {
            "students": len(self.students),
            "planted": self.planted,
            "found": self.found,
            "named": self.named,
            "right_full": self.right_full,
            "seconds": round(self.seconds, 1),
        }

    def _count(self, fits: Callable[[Mistake, Any], bool]) -> int:
        records = self._by_name()
        return sum(
            any(
                fits(mistake, finding)
                for record in records[student.name].exercises
                if record.name == exercise
                for finding in record.findings
            )
            for student in self.students
            for exercise, mistake in student.planted
        )

    def _by_name(self) -> dict[str, Record]:
        return {record.student: record for record in self.records}


class Demo:
    """The demo of one assignment in `folder`, which is made anew."""

    def __init__(self, home: Path, folder: Path, assignment: str) -> None:
        self.folder, self.assignment = folder, assignment
        source = Course.open(home).source(assignment)
        mark = folder / PRIVATE / "demo"
        if folder.exists() and any(folder.iterdir()) and not mark.exists():
            raise CourseError(f"{folder} is not empty and no earlier demo: give --folder a new name.")
        shutil.rmtree(folder, ignore_errors=True)
        (folder / PRIVATE).mkdir(parents=True)
        mark.touch()
        (folder / PRIVATE / "seed").write_text(_SEED, encoding="ascii")
        shutil.copytree(source, folder / "assignments" / assignment, ignore=shutil.ignore_patterns(".*"))
        shutil.copy(home / "nbgrader_config.py", folder)
        self.course = Course.open(folder)
        self.key: AnswerKey = answer_key(self.course, assignment, home / "solutions")

    def prepare(self, count: int) -> list[DemoStudent]:
        """Release the assignment and hand in `count` submissions."""
        release(self.course, self.assignment)
        students = list(make_class(self.key.solutions, count))
        for student in students:
            self._hand_in(student)
        return students

    def grade(self, workers: int | None, *, allow_weak: bool) -> Generator[Record, None, None]:
        """Grade the class; yields each Record as it is ready."""
        yield from grade(self.course, self.key, workers=workers, allow_weak=allow_weak)

    def finish(self, students: list[DemoStudent], records: list[Record], seconds: float) -> DemoResult:
        """Write the page, and count."""
        page = self.folder / "index.html"
        order = {student.name: i for i, student in enumerate(students)}
        records = sorted(records, key=lambda record: order[record.student])
        planted = {
            student.name: tuple((exercise, mistake.stage, mistake.tag) for exercise, mistake in student.planted)
            for student in students
        }
        title = self.key.assignment.title
        page.write_text(class_page(records, title=title, planted=planted), encoding="utf-8")
        return DemoResult(students, records, page, seconds)

    def _hand_in(self, student: DemoStudent) -> None:
        target = self.course.submitted(student.name, self.assignment)
        shutil.copytree(self.course.release(self.assignment), target)
        for path in sorted(target.glob("*.ipynb")):
            if student.broken_file:
                path.write_text(path.read_text(encoding="utf-8")[:2000], encoding="utf-8")
                continue
            notebook = nbformat.read(path, as_version=4)
            self._fill_in(notebook, student)
            nbformat.write(notebook, path)

    def _fill_in(self, notebook: Any, student: DemoStudent) -> None:
        """Put each answer into the first cell that is for it; further cells for it are emptied.

        Where exercises share a function, the last definition in the cell counts: that of the exercise with a mistake,
        or else of the one that defines most.
        """
        exercises, wrong, written = self.key.assignment.exercises, dict(student.planted), set[str]()
        for cell in notebook.cells:
            if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("solution"):
                continue
            here = [name for name in answered(exercises, cell.source) if name in student.answers]
            if here:
                here.sort(key=lambda name: (name in wrong, len(exercises[name].functions)))
                cell.source = "\n\n\n".join(student.answers[name] for name in here if name not in written)
                written.update(here)


def make_class(solutions: Mapping[str, Solution], count: int) -> Iterator[DemoStudent]:
    """`count` students: right ones in several styles, mistakes in every exercise, and the usual accidents."""
    rng = random.Random(_SEED)  # noqa: S311 -- a class to look at, no secret
    accidents = [_untouched, _raises, _endless, _not_json] if count > _ACCIDENTS else []
    mistakes = [_MISTAKES[i % len(_MISTAKES)] for i in range(count - len(accidents))]
    dealt = _deal(solutions, sum(map(bool, mistakes)), rng)
    makers = [_planted(number, next(dealt)) if number else _right for number in mistakes] + accidents[::-1]
    for i, maker in enumerate(makers):
        name = _NAMES[i % len(_NAMES)] + (f" {i // len(_NAMES) + 1}" if i >= len(_NAMES) else "")
        yield maker(name, solutions, rng)


def _deal(solutions: Mapping[str, Solution], students: int, rng: random.Random) -> Iterator[tuple[str, ...]]:
    """The exercises that each of so many students gets wrong: nobody goes without, and nobody gets two of which one
    builds on the other; all are dealt where there are students enough for that.
    """
    names = sorted(name for name, item in solutions.items() if item.mistakes)
    rng.shuffle(names)
    hands: list[list[str]] = [[] for _ in range(students)]
    for i in range(max(students, len(names)) if names else 0):
        name = names[i % len(names)]
        free = [hand for hand in hands if not any(_build_on(solutions[name], solutions[other]) for other in hand)]
        if free:
            min(free, key=len).append(name)
    yield from map(tuple, hands)


def _build_on(one: Solution, other: Solution) -> bool:
    """True if one of the two uses what the student writes for the other, or defines it, too."""
    return any(not _names(a).isdisjoint(b.exercise.functions) for a, b in ((one, other), (other, one)))


def _names(solution: Solution) -> set[str]:
    """The names in the answer and in what is given with it."""
    return set(re.findall(r"\w+", f"{solution.given}\n{solution.answer}"))


def _right(name: str, solutions: Mapping[str, Solution], rng: random.Random) -> DemoStudent:
    """Any right answer, but for functions that exercises share: what is right in one may do too little for another."""
    functions = Counter(function for item in solutions.values() for function in item.exercise.functions)
    styles = {
        exercise: rng.choice(["the reference", *item.equivalents])
        if all(functions[function] == 1 for function in item.exercise.functions)
        else "the reference"
        for exercise, item in solutions.items()
    }
    answers = {
        exercise: solutions[exercise].equivalents.get(style, solutions[exercise].answer)
        for exercise, style in styles.items()
    }
    return DemoStudent(name, f"right: {', '.join(styles.values())}", answers)


def _planted(count: int, wrong: Sequence[str]) -> Callable[[str, Mapping[str, Solution], random.Random], DemoStudent]:
    def make(name: str, solutions: Mapping[str, Solution], rng: random.Random) -> DemoStudent:
        answers = {exercise: item.answer for exercise, item in solutions.items()}
        planted: list[ExerciseMistake] = []
        for exercise in wrong:
            most = min(count, len(solutions[exercise].mistakes))
            answers[exercise], mistakes = _wrong_answer(solutions[exercise], most, rng)
            planted += [(exercise, mistake) for mistake in mistakes]
        return DemoStudent(name, f"{len(planted)} planted", answers, tuple(planted))

    return make


def _wrong_answer(solution: Solution, count: int, rng: random.Random) -> tuple[str, Sequence[Mistake]]:
    """An answer with `count` mistakes in different stages which can all be told; fewer where so many do not fit."""
    inputs = [item.name for item in solution.exercise.inputs]
    usable = [base for base in bases(solution) if isinstance(base, PlainAnswer) or not lint(base, inputs)]
    for _ in range(_TRIES):
        mistakes = rng.sample(solution.mistakes, count)
        if len({mistake.stage for mistake in mistakes}) == count:
            planted = plant(solution, rng.choice(usable), mistakes)
            if planted:
                return planted.text, mistakes
    return _wrong_answer(solution, count - 1, rng) if count else (solution.answer, ())


def _untouched(name: str, solutions: Mapping[str, Solution], rng: random.Random) -> DemoStudent:  # noqa: ARG001 -- a maker
    return DemoStudent(name, "untouched stub")


def _raises(name: str, solutions: Mapping[str, Solution], rng: random.Random) -> DemoStudent:  # noqa: ARG001 -- a maker
    wrong = "total = 0.0\n    return total.sum(axis=1)"
    return DemoStudent(name, "raises", {exercise: _functions(item, wrong) for exercise, item in solutions.items()})


def _endless(name: str, solutions: Mapping[str, Solution], rng: random.Random) -> DemoStudent:
    answers = {exercise: item.answer for exercise, item in solutions.items()}
    wrong = rng.choice(sorted(solutions))
    answers[wrong] = _functions(solutions[wrong], "count = 0\n    while True:\n        count += 1")
    return DemoStudent(name, "loops forever", answers)


def _not_json(name: str, solutions: Mapping[str, Solution], rng: random.Random) -> DemoStudent:  # noqa: ARG001 -- a maker
    return DemoStudent(name, "not JSON", broken_file=True)


def _functions(solution: Solution, body: str) -> str:
    """All that the plan calls, with this body."""
    return "\n\n".join(f"def {name}(*arguments):\n    {body}\n" for name in solution.exercise.functions)


def summary_line(result: DemoResult) -> str:
    """The last line of `flatgrade demo --json`."""
    return json.dumps(result.summary())
