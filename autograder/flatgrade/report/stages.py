"""The stages of an exercise as a picture: values in a row, the gradient of each below it, errors as stop signs.

Where no gradient belongs to a value that is shown, as in a layer's out, dx and dw, all stand in one row. The picture
is drawn from the names of a Record alone, in the order of the contract: which value is made of which is not told.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from flatgrade.core.exercise import slope_of
from flatgrade.core.finding import Verdict
from flatgrade.core.svg import box, octagon, text
from flatgrade.grader.record import StageRecord
from flatgrade.report.wording import plain

_WIDEST, _CHAR, _PAD, _SIGN = 820.0, 7.25, 9.0, 18.0
_BOX, _GAP, _ROOM = 26.0, 10.0, 22.0  # height of a box, room between two, room between two bands
_LEFT = 74.0  # where the first box stands, behind the words for its row
_KINDS = {Verdict.PASS: "pass", Verdict.WRONG: "bad"}
_STYLE = """
text { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre; }
.input { fill: #59636e; } .row { font: 12px system-ui, sans-serif; fill: #59636e; } .bold { font-weight: 700; }
rect, polygon { fill: #fff; stroke-width: 1.2; }
.pass { stroke: #1a7f37; } .rest { stroke: #59636e; stroke-dasharray: 4 3; }
.bad { stroke: #b3261e; stroke-width: 2.6; fill: #fdf0ef; }
"""


@dataclass(frozen=True)
class _Column:
    """A value and its gradient; `value` is None for an input, which is no stage, `gradient` where there is none."""

    name: str
    value: StageRecord | None = None
    gradient: StageRecord | None = None

    @property
    def width(self) -> float:
        names = [self.name, self.gradient.name if self.gradient else ""]
        return max(len(plain(name)) for name in names) * _CHAR + 2 * _PAD + _SIGN


def stages_picture(stages: Sequence[StageRecord]) -> str:
    """An `img` element that needs no other file, with what stands out in it as its alternative text."""
    wrong = " and ".join(plain(stage.name) for stage in stages if stage.verdict is Verdict.WRONG)
    rows = "values in a row and gradients below" if _has_gradients(_columns(stages)) else "in a row"
    words = f"The stages, {rows}.{f' An error starts at {wrong}.' if wrong else ''}"
    data = base64.b64encode(stages_svg(stages).encode()).decode()
    style = "display:block;max-width:100%;margin:6px 0;border:0"  # formgrader frames pictures in red
    return f'<img style="{style}" alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">'


def stages_svg(stages: Sequence[StageRecord]) -> str:
    """The drawing; columns that find no room stand in a band below."""
    columns = _columns(stages)
    two_rows = _has_gradients(columns)
    left, row = (_LEFT, _BOX + _GAP) if two_rows else (0.0, 0.0)
    parts, x, y, widest = [_row_names(0.0)] if two_rows else [], left, 0.0, 0.0
    for column in columns:
        if x + column.width > _WIDEST and x > left:
            x, y = left, y + row + _BOX + _ROOM
            parts += [_row_names(y)] if two_rows else []
        parts.append(_drawn(column, x, y))
        x += column.width + _GAP
        widest = max(widest, x)
    width, height = widest + 4, y + row + _BOX + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="-2 -2 {width:.1f} {height:.1f}"><style>{_STYLE}</style>{"".join(parts)}</svg>'
    )


def _columns(stages: Sequence[StageRecord]) -> list[_Column]:
    """Inputs with a gradient, the last one first, then values in the order of the contract.

    The gradients are all stages from the first one on whose name is that of the slope by a stage before it.
    """
    names = [stage.name for stage in stages]
    start = next((i for i, name in enumerate(names) if slope_of(name) in names[:i]), len(names))
    gradients = {slope_of(stage.name): stage for stage in stages[start:]}
    values = [_Column(stage.name, stage, gradients.pop(stage.name, None)) for stage in stages[:start]]
    inputs = [_Column(name, None, gradient) for name, gradient in gradients.items()]
    return [*reversed(inputs), *values]


def _has_gradients(columns: Sequence[_Column]) -> bool:
    return any(column.gradient for column in columns)


def _row_names(y: float) -> str:
    return text(0, y + 17, "values", "row") + text(0, y + 17 + _BOX + _GAP, "gradients", "row")


def _drawn(column: _Column, x: float, y: float) -> str:
    top = _stage(column.value, column, x, y) if column.value else text(x + _PAD, y + 17, plain(column.name), "input")
    return top + (_stage(column.gradient, column, x, y + _BOX + _GAP) if column.gradient else "")


def _stage(stage: StageRecord, column: _Column, x: float, y: float) -> str:
    kind = _KINDS.get(stage.verdict, "rest")
    shape = octagon if stage.verdict is Verdict.WRONG else box
    sign = text(x + column.width - _PAD, y + 17, stage.verdict.symbol, "bold", "end")
    return shape(x, y, column.width, _BOX, kind) + text(x + _PAD, y + 17, plain(stage.name), "name") + sign
