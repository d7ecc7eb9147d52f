"""What a student's notebook imports."""

from flatgrade.student.check import check
from flatgrade.student.draw import draw
from flatgrade.student.picture import Picture
from flatgrade.student.result import CheckResult
from flatgrade.student.timing import LayerTimes, time_layers

__all__ = ["CheckResult", "LayerTimes", "Picture", "check", "draw", "time_layers"]
