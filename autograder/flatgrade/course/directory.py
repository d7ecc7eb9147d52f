"""A course folder, opened with nbgrader's own settings: where things lie, and which database holds the grades."""

from __future__ import annotations

import glob
import os
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_core.application import JupyterApp
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Application

CONFIG = "nbgrader_config.py"
_MOST_NAME = 128  # nbgrader's database holds no longer student id


class CourseError(ValueError):
    """Something in the course folder stands in the way: one sentence for the instructor, with what mends it."""


class _Settings(NbGrader):
    """nbgrader's reader of settings, for a folder that need not be the current one; it raises where nbgrader logs."""

    raise_config_file_errors = True

    def read(self, root: Path) -> Any:
        JupyterApp.load_config_file(self)  # the machine's settings, then the user's
        Application.load_config_file(self, CONFIG, path=str(root))
        return self.config


@dataclass(frozen=True)
class Course:
    """An open course folder. `config` is what nbgrader reads there, `directory` nbgrader's view of it."""

    root: Path
    config: Any
    directory: Any

    @classmethod
    def open(cls, root: Path | str) -> Course:
        """Open the course whose folder is `root`. Raises CourseError if it has no readable nbgrader_config.py.

        Also puts this Python's program folder on PATH: nbgrader starts alembic from there for a new gradebook.
        """
        root = Path(root).resolve()
        if not (root / CONFIG).is_file():
            raise CourseError(f"{root} is not a course folder: it has no {CONFIG}.")
        config, directory = _read_settings(root)
        programs, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
        if programs not in path.split(os.pathsep):
            os.environ["PATH"] = os.pathsep.join([programs, path]) if path else programs
        return cls(root, config, directory)

    @property
    def course_id(self) -> str:
        """The name of the course in the database."""
        return str(self.directory.course_id)

    @property
    def db_url(self) -> str:
        """The database's address, `sqlite:///<root>/gradebook.db` unless the settings say otherwise."""
        return str(self.directory.db_url)

    def gradebook(self) -> Any:
        """Connect to the gradebook, which is made if there is none. The caller closes it (a context manager)."""
        return Gradebook(self.db_url, self.course_id)

    def assignments(self) -> tuple[str, ...]:
        """List the assignments: folders of the source directory with at least one notebook."""
        return tuple(name for name, path in self._names("source", student=".").items() if any(path.glob("*.ipynb")))

    def students(self, assignment: str) -> tuple[str, ...]:
        """List the students who handed in a folder for `assignment`, sorted; `collect` judges their names."""
        return tuple(name for name, path in self._names("submitted", assignment=assignment).items() if path.is_dir())

    def source(self, assignment: str) -> Path:
        """Say where the instructor's version lies. Raises CourseError, which lists the assignments that there are."""
        known = self.assignments()
        if assignment not in known:
            there = f"it has {', '.join(known)}" if known else f"{self.directory.source_directory}/ has none yet"
            raise CourseError(f"{assignment} is not an assignment of this course: {there}.")
        return self._path("source", ".", assignment)

    def release(self, assignment: str) -> Path:
        """Say where the students' version lies."""
        return self._path("release", ".", assignment)

    def submitted(self, student: str, assignment: str) -> Path:
        """Say where a submission lies."""
        return self._path("submitted", student, assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        """Say where a graded submission lies."""
        return self._path("autograded", student, assignment)

    def _step(self, step: str) -> str:
        return str(getattr(self.directory, f"{step}_directory"))

    def _path(self, step: str, student: str, assignment: str) -> Path:
        return Path(os.path.normpath(self.directory.format_path(self._step(step), student, assignment)))

    def _names(self, step: str, *, student: str = "", assignment: str = "") -> dict[str, Path]:
        """Map to their folders the names that fit the one of the two that is left open."""
        name = "(?P<name>.*)"
        pattern = self.directory.directory_structure.format(
            nbgrader_step=self._step(step),
            student_id=glob.escape(student) or "*",
            assignment_id=glob.escape(assignment) or "*",
        )
        regex = self.directory.format_path(
            re.escape(self._step(step)), re.escape(student) or name, re.escape(assignment) or name, escape=True
        )
        # Relative to the root, whose own name may hold glob signs.
        found = glob.glob(pattern, root_dir=self.root)  # noqa: PTH207
        matches = [re.fullmatch(regex, os.path.join(self.root, path), re.DOTALL) for path in found]  # noqa: PTH118
        return {match["name"]: Path(match[0]) for match in sorted(filter(None, matches), key=lambda m: m["name"])}


def check_student(name: str) -> None:
    """Raise CourseError where `name` cannot be a student's folder: one sentence that says why."""
    if not name or not name.strip():
        raise CourseError("A student needs a name; this one is empty.")
    if any(unicodedata.category(c) == "Cc" for c in name):
        raise CourseError(f'The student name "{shown(name)}" has a control character in it; rename the folder.')
    if any(unicodedata.category(c) == "Cs" for c in name):
        raise CourseError(f'The student name "{shown(name)}" is not valid UTF-8; rename the folder.')
    if "/" in name or "\\" in name or name.startswith("."):
        raise CourseError(f'The student name "{shown(name)}" cannot be a folder: no slashes, and no dot at its start.')
    if len(name) > _MOST_NAME:
        raise CourseError(f'The student name "{shown(name)}" has {len(name)} characters; nbgrader holds {_MOST_NAME}.')


def shown(name: str) -> str:
    """Make a name that somebody else chose fit for a message: no control characters, and not long."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name[:40]) + ("..." if len(name) > 40 else "")


def _read_settings(root: Path) -> tuple[Any, Any]:
    try:
        config = _Settings().read(root)
        return config, CourseDirectory(config=config, root=str(root))
    except (Exception, SystemExit) as error:  # the settings are a program, which can raise anything
        raise CourseError(f"{root / CONFIG} cannot be read: {type(error).__name__}: {error}.") from error
