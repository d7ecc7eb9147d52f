"""What is to be graded, as the engine takes it: cells in order, rebuilt by `course.collect` from our own notebook."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

UNNAMED = "cell:"  # with its place from 0, the key of a cell that has no grade_id; no grade_id has a colon in it


class CellKind(StrEnum):
    """What the engine does with a cell: run it, leave it alone (`skip-grading`, text), or give points there.

    JUDGE asks the judge, outside the student's process; TEST runs a test of ours in the student's, as nbgrader does.
    """

    RUN = "run"
    SKIP = "skip"
    JUDGE = "judge"
    TEST = "test"


@dataclass(frozen=True)
class Cell:
    """One code cell. `key` is unique in its notebook (the grade_id where there is one).

    `exercise` names what a JUDGE cell checks, `points` are what a TEST cell counts. A cell that the student wrote has
    `own` set.
    """

    key: str
    kind: CellKind
    source: str
    exercise: str = ""
    own: bool = False
    points: float = 0.0

    @property
    def label(self) -> str:
        """How the cell is named to people: by its grade_id, else by its number in the graded notebook."""
        return str(int(self.key.removeprefix(UNNAMED)) + 1) if self.key.startswith(UNNAMED) else self.key


@dataclass(frozen=True)
class Notebook:
    """The code cells of one notebook in order; `problem` says in one sentence why it could not be read ("" if it was).

    A notebook with a problem still lists its JUDGE and TEST cells, so that what they count is recorded.
    """

    name: str
    cells: tuple[Cell, ...]
    problem: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """The execution counts that a notebook kernel gives the cells, by key: empty cells are not run."""
        ran = (cell.key for cell in self.cells if cell.kind is not CellKind.SKIP and cell.source.strip())
        return {key: number for number, key in enumerate(ran, 1)}


@dataclass(frozen=True)
class Submission:
    """All notebooks of one student for one assignment. `notes` are remarks on what was repaired while rebuilding.

    `files` are the contents of the other files that cells may read, by path relative to the notebooks. `pseudonym` is
    the name to stand on the leaderboard under ("": not at all).
    """

    student: str
    assignment: str
    notebooks: tuple[Notebook, ...]
    notes: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    pseudonym: str = ""

    def to_json(self) -> str:
        """One line of JSON, from which `from_json` gives the same Submission again."""
        files = {name: base64.b64encode(content).decode("ascii") for name, content in self.files.items()}
        return json.dumps({**asdict(replace(self, files={})), "files": files})

    @classmethod
    def from_json(cls, text: str) -> Submission:
        """Read what `to_json` of the same version wrote."""
        data = json.loads(text)
        notebooks = tuple(_notebook(item) for item in data.pop("notebooks"))
        files = {name: base64.b64decode(content) for name, content in data.pop("files").items()}
        return cls(notebooks=notebooks, notes=tuple(data.pop("notes")), files=files, **data)


def _notebook(data: dict[str, Any]) -> Notebook:
    cells = tuple(Cell(kind=CellKind(item.pop("kind")), **item) for item in data.pop("cells"))
    return Notebook(cells=cells, **data)
