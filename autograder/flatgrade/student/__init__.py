"""What a student's notebook imports."""

from flatgrade.student.check import check
from flatgrade.student.result import CheckResult

__all__ = ["CheckResult", "check"]
