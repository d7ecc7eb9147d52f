"""A guard on nbgrader's own autograder, which would take a silent `check("...")` for a test that passed."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from flatgrade.course.template import checked_exercise


class GradedByFlatgrade(NbGraderPreprocessor):
    """Stops `nbgrader autograde`, and formgrader's button, on notebooks that hold exercises of ours.

    Stands first in `Autograde.sanitize_preprocessors`. Looks at our own cells in the gradebook, never at what was
    submitted. Raises RuntimeError, which nbgrader logs; other notebooks pass.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Let the notebook `nb` pass unchanged, or raise."""
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            cells = gradebook.find_notebook(names["notebook"], names["assignment"]).source_cells
            ours = any(checked_exercise(cell.source) for cell in cells if cell.locked and cell.cell_type == "code")
        if ours:
            assignment = names["assignment"]
            raise RuntimeError(f"{assignment} cannot be graded by nbgrader: run `flatgrade grade {assignment}`.")
        return nb, resources
