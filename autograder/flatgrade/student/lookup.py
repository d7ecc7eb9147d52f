"""Where a student's call finds what it is about: the exercise in the nearest contract, and the notebook's shell."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Any

from flatgrade.core.contract import ContractError, load_assignment
from flatgrade.core.exercise import Exercise, Limits
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.profiles import lacks_torch
from flatgrade.student.subject import EndedError

GRADING = "FLATGRADE_GRADING"
VALIDATING = "NBGRADER_VALIDATING"
STAFF = "This is not your fault: tell the course staff."


def running_shell() -> Any:
    """The running IPython shell, or None; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def find_exercise(name: object, folder: Path, asked: str) -> tuple[Exercise, Limits]:
    """The exercise of the nearest contract, for the function `asked` ("check").

    Raises EndedError with a sentence for the student.
    """
    if not isinstance(name, str):
        shown = getattr(name, "__name__", "svm_loss")
        finding = Finding(f"{asked} takes the name of an exercise, in quotes.", f'Write {asked}("{shown}").')
        raise EndedError(Verdict.MISSING, finding)
    home = next((place for place in (folder, *folder.parents) if (place / "exercises.toml").is_file()), None)
    if home is None:
        advice = "Open the notebook in the folder of its assignment, where exercises.toml lies beside it."
        raise EndedError(Verdict.MISSING, Finding("There is no exercises.toml in this folder or above it.", advice))
    try:
        assignment = load_assignment(home)
    except ContractError as error:
        raise EndedError(Verdict.GRADER_FAULT, Finding(f"{error}.", STAFF)) from None
    if name not in assignment.exercises:
        near = difflib.get_close_matches(name, assignment.exercises, n=1)
        known = ", ".join(assignment.exercises) or "none"
        advice = f'Did you mean "{near[0]}"?' if near else f"The exercises of this assignment: {known}."
        raise EndedError(Verdict.MISSING, Finding(f'There is no exercise "{name}".', advice))
    if lacks_torch(assignment.exercises[name].profile):
        advice = "Run %pip install torch in a cell of its own, and restart the kernel."
        raise EndedError(Verdict.GRADER_FAULT, Finding(f"{name} needs torch, which is not installed here.", advice))
    return assignment.exercises[name], assignment.limits
