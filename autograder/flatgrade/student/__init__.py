"""What a student's notebook imports."""

from flatgrade.student.check import check
from flatgrade.student.draw import draw
from flatgrade.student.picture import Picture
from flatgrade.student.result import CheckResult

__all__ = ["CheckResult", "Picture", "check", "draw"]
