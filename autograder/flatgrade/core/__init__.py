"""What everybody may import: the contract of an exercise, flat code, comparison, findings, the wire. NumPy only."""

from flatgrade.core.contract import ContractError, load_assignment
from flatgrade.core.exercise import Assignment, Case, Exercise, Function, Stage
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.mistake import Mistake

__all__ = [
    "Assignment",
    "Case",
    "ContractError",
    "Exercise",
    "Finding",
    "Function",
    "Mistake",
    "Stage",
    "Verdict",
    "load_assignment",
]
