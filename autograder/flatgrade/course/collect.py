"""Submissions, collected: each notebook read as data, rebuilt on our own copy, ready for the engine."""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nbgrader.converters import Autograde
from nbgrader.utils import parse_utc

from flatgrade.course.directory import CourseError, check_student, shown
from flatgrade.course.matching import match
from flatgrade.course.reading import UnreadableError, read_submitted
from flatgrade.course.rebuild import Rebuilt, rebuild, rebuild_unread
from flatgrade.course.template import Role, Template, load_templates
from flatgrade.grader.submission import Submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from flatgrade.course.directory import Course

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"  # nbgrader's own; the second is none of a cell's business
MOST_BESIDE = 48_000_000
_PSEUDONYM = re.compile(r"""^pseudonym *= *(["'])(.*?)\1""", re.MULTILINE)  # a name for the leaderboard
_MOST_TIMESTAMP = 200
_MOST_OTHERS = 10  # notebooks of other names that are looked into


@dataclass(frozen=True)
class Collected:
    """One submission, ready to be graded and written.

    `notebooks` holds every notebook of the assignment by name, rebuilt; those of `missing` had no file. `files` are the
    other files to stand beside them, by relative path: the student's, and ours where both have one. `timestamp` is
    naive UTC, as nbgrader keeps it, or None.
    """

    submission: Submission
    notebooks: Mapping[str, Rebuilt]
    missing: frozenset[str]
    files: Mapping[str, Path]
    timestamp: datetime | None


def _pseudonym(notebooks: Iterable[Rebuilt]) -> str:
    """What a line `pseudonym = "..."` in a cell of the student's own says; "" without one. The last line counts."""
    own = (cell.source for notebook in notebooks for cell in notebook.notebook.cells if cell.own)
    found = [shown(match[2].strip()) for source in own for match in _PSEUDONYM.finditer(source)]
    return found[-1] if found else ""


class Collector:
    """Collects the submissions of one assignment; our copy of its notebooks is read once.

    Raises CourseError if the assignment is unknown or was not released.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.templates: tuple[Template, ...] = load_templates(course, assignment)
        self.ours = _our_files(course, assignment)

    def collect(self, student: str) -> Collected:
        """Collect one submission. What is wrong in it stands in `Notebook.problem` or `Submission.notes`.

        Raises CourseError if `student` cannot be a name, or has no folder for this assignment.
        """
        check_student(student)
        folder = self.course.submitted(student, self.assignment)
        if not folder.is_dir():
            raise CourseError(f"{student} handed in nothing for {self.assignment}: there is no {folder.name} folder.")
        timestamp, notes = _timestamp(folder / TIMESTAMP)
        paths = {template.name: folder / f"{template.name}.ipynb" for template in self.templates}
        others = _other_notebooks(folder, self.course.directory.ignore, set(paths.values()))
        rebuilt: dict[str, Rebuilt] = {}
        missing = set()
        for template in self.templates:
            path = paths[template.name]
            if os.path.lexists(path):
                rebuilt[template.name] = _collect_notebook(template, path)
                continue
            fitting = [name for name in others[:_MOST_OTHERS] if _holds_answers(template, folder / name)]
            if len(fitting) == 1:
                others.remove(fitting[0])
                notes.append(f"{path.name} was not handed in; {shown(fitting[0])} was taken for it.")
                rebuilt[template.name] = _collect_notebook(template, folder / fitting[0])
            else:
                missing.add(template.name)
                rebuilt[template.name] = rebuild_unread(template, _not_handed_in(path.name, fitting, others))
        notes += [f"{shown(name)} is no notebook of this assignment; it was left aside." for name in others]
        notes += [note for notebook in rebuilt.values() for note in notebook.notes]
        files = _beside(_files(folder, self.course.directory.ignore), self.ours)
        contents = _contents(files, notes)
        notebooks = tuple(notebook.notebook for notebook in rebuilt.values())
        return Collected(
            submission=Submission(
                student, self.assignment, notebooks, tuple(notes), contents, _pseudonym(rebuilt.values())
            ),
            notebooks=rebuilt,
            missing=frozenset(missing),
            files=files,
            timestamp=timestamp,
        )


def _collect_notebook(template: Template, path: Path) -> Rebuilt:
    try:
        found = rebuild(template, read_submitted(path))
    except UnreadableError as error:
        return rebuild_unread(template, str(error))
    return found or rebuild_unread(template, f"{path.name} is not the notebook that was released: no cell of it fits.")


def _other_notebooks(folder: Path, ignore: list[str], ours: set[Path]) -> list[str]:
    """List the notebooks of other names, such as `svm (1).ipynb`, `hw1/svm.ipynb` and `svm.ipynb.txt`."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _matches(name, ignore))
        paths = (Path(place) / name for name in sorted(names) if ".ipynb" in name.lower())
        found += [str(path.relative_to(folder)) for path in paths if path not in ours]
    return found


def _holds_answers(template: Template, path: Path) -> bool:
    """Say whether a file is a notebook with a cell for an answer of ours, whatever is in it."""
    try:
        owners, _ = match(template, read_submitted(path))
    except UnreadableError:
        return False
    return any(owner is not None and template.cells[owner].role is Role.ANSWER for owner in owners)


def _not_handed_in(name: str, fitting: list[str], others: list[str]) -> str:
    there = ", ".join(shown(name) for name in (fitting or others)[:5])
    if fitting:
        return f"{name} was not handed in, and more than one notebook could be it: {there}. Keep one."
    return f"{name} was not handed in{f'; the folder holds {there}, of another name' if there else ''}."


def _timestamp(path: Path) -> tuple[datetime | None, list[str]]:
    """Read the time of handing in as nbgrader does; a note tells if there is a file that holds none."""
    if not path.is_file() or path.is_symlink():
        return None, []
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_MOST_TIMESTAMP).strip()
        return (parse_utc(text) if text else None), []
    except (ValueError, OverflowError, TypeError):
        return None, [f"{TIMESTAMP} holds no time that can be read; the submission counts as on time."]


def _our_files(course: Course, assignment: str) -> dict[str, Path]:
    """List the files of ours that stand beside the notebooks, less those that a setting leaves to the students."""
    theirs: Any = Autograde(coursedir=course.directory, config=course.config).exclude_overwriting.get(assignment, ())
    ours = _files(course.source(assignment), course.directory.ignore)
    return {name: path for name, path in ours.items() if name not in theirs}


def _beside(theirs: dict[str, Path], ours: dict[str, Path]) -> dict[str, Path]:
    """Put our files among the student's; where a file of one needs the place of a folder of the other, ours stays."""
    folders = {parent.as_posix() for name in ours for parent in PurePosixPath(name).parents}
    kept = {
        name: path
        for name, path in theirs.items()
        if name not in folders and not any(parent.as_posix() in ours for parent in PurePosixPath(name).parents)
    }
    return {**kept, **ours}


def _files(folder: Path, ignore: list[str]) -> dict[str, Path]:
    """List the plain files below a folder, less notebooks and what nbgrader ignores. Links are never followed.

    A student's link could name any file of the machine, and what is listed here is copied and given back as feedback.
    """
    ignored = [*ignore, "*.ipynb"]
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _matches(name, ignored))
        for name in sorted(names):
            path = Path(place) / name
            plain = path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)
            if plain and not _matches(name, ignored):
                found[path.relative_to(folder).as_posix()] = path
    return found


def _contents(files: Mapping[str, Path], notes: list[str]) -> dict[str, bytes]:
    """Read the files that cells may read; a note tells of what is too large for that."""
    contents: dict[str, bytes] = {}
    left = MOST_BESIDE
    for name, path in sorted(files.items()):
        if name in (TIMESTAMP, SECRET):
            continue
        with path.open("rb") as file:
            content = file.read(left + 1)
        if len(content) > left:
            most = f"cells can read {MOST_BESIDE / 1e6:g} MB of files"
            notes.append(f"{shown(name)} is not there when cells are run: {most}, and it is over that.")
        else:
            contents[name] = content
            left -= len(content)
    return contents


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
