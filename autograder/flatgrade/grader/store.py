"""Results by content: a submission is graded again only if something that its Record depends on has changed.

One SQLite file in the course's private folder holds the last result of each submission. Each result is one
transaction, so `kill -9` loses none; and who has the file open is the only one who grades in this course.
"""

from __future__ import annotations

import hashlib
import platform
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

import flatgrade
from flatgrade.core.digest import digest_of
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.record import Record, RecordError
from flatgrade.grader.submission import CellKind, Submission

_LIBRARIES = ("numpy", "matplotlib", "ipython", "torch")  # what student code runs on
_WAIT_SECONDS = 1.0
_TABLE = """
CREATE TABLE IF NOT EXISTS result (
    assignment TEXT, student TEXT, content TEXT, record TEXT, whole BLOB, written TEXT,
    PRIMARY KEY (assignment, student)
) WITHOUT ROWID
"""


class StoreError(Exception):
    """The stored results cannot be used now: one sentence, with what mends it."""


@dataclass(frozen=True)
class Result:
    """A stored result. `content` is the digest of all that it depends on; `record` has no outputs.

    `written` is what was noted when the result was last written to gradebook and files ("" if it was not).
    """

    content: str
    record: Record
    written: str


class ResultStore:
    """The stored results of one assignment: `with ResultStore(file, "a1") as store: ...`.

    Entering raises StoreError while another process has it open, and where the file is none of ours.
    """

    def __init__(self, path: Path, assignment: str) -> None:
        self.path, self.assignment = path, assignment

    def __enter__(self) -> ResultStore:
        self.path.parent.mkdir(exist_ok=True)
        self._open = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            # An exclusive lock, which ends with the process, however it ends; and so no shared memory, which network
            # file systems lack.
            for line in ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"):
                self._open.execute(line)
            self._open.execute(_TABLE)
            self._open.execute("BEGIN EXCLUSIVE")
            self._open.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._open.close()
            if "locked" not in str(error):
                raise StoreError(f"{self.path} cannot be opened ({error}).") from None
            raise StoreError(
                f"another run is grading in {self.path.parent.parent}: wait until it is done, or end it with Ctrl-C."
            ) from None
        except sqlite3.DatabaseError as error:
            self._open.close()
            raise StoreError(f"{self.path} cannot be read ({error}): remove it, and all is graded anew.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def find(self, student: str) -> Result | None:
        """The stored result of a student; None if there is none that this version reads."""
        row = self._row("content, record, written", student)
        try:
            return row and Result(row[0], Record.from_json(row[1]), row[2])
        except RecordError:
            return None

    def whole(self, student: str) -> Record:
        """The stored Record of a student with its outputs. Raises KeyError if there is none."""
        row = self._row("whole", student)
        if row is None:
            raise KeyError(student)
        return Record.from_json(zlib.decompress(row[0]).decode("ascii"))

    def put(self, content: str, record: Record) -> None:
        """Keep a Record, in place of the student's last one. One that a fault of ours blocks is never kept."""
        if record.blocked:
            self.forget(record.student)
            return
        whole = zlib.compress(record.to_json(outputs=True).encode("ascii"), 1)
        self._open.execute(
            "REPLACE INTO result VALUES (?, ?, ?, ?, ?, '')",
            (self.assignment, _stored_name(record.student), content, record.to_json(), whole),
        )

    def note_written(self, student: str, mark: str) -> None:
        """Note what gradebook and files hold since this result was written to them."""
        where = (mark, self.assignment, _stored_name(student))
        self._open.execute("UPDATE result SET written = ? WHERE assignment = ? AND student = ?", where)

    def forget(self, student: str) -> None:
        """Drop the result of a student."""
        where = (self.assignment, _stored_name(student))
        self._open.execute("DELETE FROM result WHERE assignment = ? AND student = ?", where)

    def _row(self, columns: str, student: str) -> Any:
        where = (self.assignment, _stored_name(student))
        query = f"SELECT {columns} FROM result WHERE assignment = ? AND student = ?"  # noqa: S608 -- our own words
        return self._open.execute(query, where).fetchone()


def _stored_name(student: str) -> str:
    return student.encode("utf-8", "backslashreplace").decode("utf-8")


class Dependencies:
    """Digests of what the Records of an assignment depend on, besides the submissions."""

    def __init__(self, key: AnswerKey) -> None:
        assignment = key.assignment
        self._exercises = {
            name: digest_of([contract, key.solutions[name].digest]) for name, contract in assignment.exercises.items()
        }
        runs_on = [*_versions(assignment.libraries), assignment.profile]
        self._all = digest_of([code_digest(), runs_on, key.seed, key.rule, assignment.name, assignment.limits])

    @property
    def digest(self) -> str:
        """Changes with anything that any Record of the assignment depends on."""
        return digest_of([self._all, self._exercises])

    def content(self, submission: Submission) -> str:
        """Changes with anything that the Record of this submission depends on: of solutions, only those it needs."""
        held = {
            cell.exercise
            for notebook in submission.notebooks
            for cell in notebook.cells
            if cell.kind is CellKind.JUDGE and not notebook.problem
        }
        files = {name: hashlib.sha256(content).hexdigest() for name, content in submission.files.items()}
        solutions = {name: self._exercises[name] for name in held}
        return digest_of([self._all, solutions, submission.notebooks, submission.notes, files, submission.pseudonym])


@cache
def code_digest() -> str:
    """A digest of the source files of this package: another grader may grade otherwise."""
    root = Path(flatgrade.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        whole.update(f"{path.relative_to(root).as_posix()}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _versions(libraries: Iterable[str]) -> list[str]:
    found = [f"python {platform.python_version()}"]
    for name in (*_LIBRARIES, *libraries):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return found
