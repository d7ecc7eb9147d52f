"""A circuit as a picture: boxes and wires, the value above each wire, its gradient below, and all of it in words.

Text has the colour of the page it stands on; other colours are mixed with it, so that they are readable on light
and on dark ground. What is marked as wrong has a shape and a sign of its own as well as a colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flatgrade.core.svg import box, escaped, octagon, text
from flatgrade.student.circuit import Value
from flatgrade.student.labels import label, shape
from flatgrade.student.layout import Edge, Layout, Point, lay_out

_LINE, _CHAR, _SMALL = 15.0, 7.25, 6.65  # height of a line; width of a letter, and of a letter of code
_FOLDS = (20, 14)  # letters of a line of code in a box; the second where the picture is wider than _ROOM
_ROOM, _MOST_CODE, _CODE_LINES = 900.0, 24, 4  # letters of a line that cannot be folded, and lines in a box
_SHRINK = 0.82  # how much smaller than drawn a picture may become to fit its page
_MARGIN, _PAD, _SIGN = 8.0, 8.0, 16.0
_LEGEND = "above a wire: the value; below it: the gradient"

# A colour, and the share of the text's colour that is mixed with it; the plain colour is for browsers that cannot mix.
COLOURS = {"gradient": ("#1f6feb", 0.45), "bad": ("#e5242a", 0.45)}


def _ink(kind: str, what: str = "fill") -> str:
    colour, share = COLOURS[kind]
    return f"{what}: {colour}; {what}: color-mix(in srgb, currentColor {100 * share:.0f}%, {colour});"


_C = ".flatgrade-circuit"
_STYLE = f"""
{_C} {{ font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: inherit; }}
{_C} text {{ fill: currentColor; white-space: pre; }}
{_C} .name {{ font-weight: 700; }} {_C} .code {{ font-size: 11px; fill-opacity: 0.82; }}
{_C} .words {{ font: 12px system-ui, sans-serif; fill-opacity: 0.82; }}
{_C} .box {{ fill: currentColor; fill-opacity: 0.05; stroke: currentColor; stroke-opacity: 0.65; stroke-width: 1.2; }}
{_C} .empty {{ fill: none; stroke: currentColor; stroke-opacity: 0.65; stroke-width: 1.2; stroke-dasharray: 4 3; }}
{_C} .wire {{ fill: none; stroke: currentColor; stroke-width: 1.3; }}
{_C} .tip {{ fill: currentColor; }}
{_C} .wires, {_C} .cell > .wire {{ opacity: 0.65; }}
{_C} .gradient {{ font-style: italic; {_ink("gradient")} }}
{_C} .bad {{ {_ink("bad")} fill-opacity: 0.1; {_ink("bad", "stroke")} stroke-width: 2.6; }}
{_C} .cross {{ font-weight: 700; font-size: 14px; {_ink("bad")} }}
"""


@dataclass(frozen=True)
class Picture:
    """The circuit of one function on one set of inputs, as SVG and as text.

    `where` says on which inputs; `mark` is the stage that is wrong first ("" for none), `error` what stopped the
    function ("" for nothing).
    """

    function: str
    values: tuple[Value, ...]
    where: str = ""
    mark: str = ""
    error: str = ""

    def __str__(self) -> str:
        rows = [("line", "value", "", "gradient", "")]
        for value in self.values:
            gradient = value.gradient
            made = f"{value.name} = {'; '.join(value.code)}" if value.code else value.name
            held = " ".join(label(value.value)) if value.written else "..."
            rows.append((str(value.line or ""), made, held, gradient.name if gradient else "", _slope(value)))
        width = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [self.title]
        for i, row in enumerate(rows):
            cells = f"{row[0]:>{width[0]}}  {row[1]:<{width[1]}}  {row[2]:<{width[2]}}  {row[3]:<{width[3]}}  {row[4]}"
            wrong = "  ← ✗ does not fit" if i and self._mark_of(self.values[i - 1]) else ""
            lines.append(f"  {cells.rstrip()}{wrong}")
        return "\n".join([*lines, *([f"  {self.error}"] if self.error else [])])

    def __repr__(self) -> str:
        return str(self)

    def _repr_svg_(self) -> str:
        """The picture by itself, on a light ground."""
        return self._svg("color:#1f2328;background:#fff")

    def _repr_html_(self) -> str:
        """The picture in a page, in the page's colours; what is too wide can be scrolled to."""
        return f'<div style="overflow-x:auto">{self._svg("height:auto")}</div>'

    @property
    def title(self) -> str:
        """What is seen, in a line."""
        return f"The circuit of your {self.function}{f' on {self.where}' if self.where else ''}"

    def _svg(self, style: str) -> str:
        """The drawing, with all that it shows in words for those who do not see it."""
        edges = [(parent, i) for i, value in enumerate(self.values) for parent in value.parents]
        for letters in _FOLDS:
            cells = [_Cell(value, self._mark_of(value), letters) for value in self.values]
            laid = lay_out([cell.size for cell in cells], [*edges, *_in_order(self.values)])
            if laid.width <= _ROOM:
                break
        ports = _ports(edges, laid)
        parts = ['<g class="wires">', *(_wire(edge, laid, ports[edge]) for edge in edges), "</g>"]
        parts += [cell.drawn(*place) for cell, place in zip(cells, laid.places, strict=True)]
        words = [_LEGEND, *([self.error] if self.error else [])]
        foot = laid.height + 2 * _MARGIN + 8
        parts += [text(0, foot + i * _LINE, line, "words") for i, line in enumerate(words)]
        width = max(laid.width, *(len(line) * _SMALL for line in words)) + 2 * _MARGIN
        height = foot + len(words) * _LINE + _MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="flatgrade-circuit" role="img" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="{-_MARGIN} {-_MARGIN} {width:.1f} {height:.1f}" '
            f'style="max-width:100%;min-width:{_SHRINK * width:.0f}px;{style}">'
            f"<title>{escaped(self.title)}</title><desc>{escaped(self.words())}</desc><style>{_STYLE}</style>"
            f"{''.join(parts)}</svg>"
        )

    @property
    def marked(self) -> bool:
        """True if the wrong stage is seen in it."""
        return any(self._mark_of(value) for value in self.values)

    def words(self) -> str:
        """What the picture shows, in sentences."""
        said = [self._sentence(value) for value in self.values]
        return " ".join([*said, *([self.error] if self.error else [])])

    def _sentence(self, value: Value) -> str:
        held = " ".join(label(value.value))
        is_held = f" is {held}" if held else " has no value yet"
        if not value.written:
            said = f"{value.name} is not written yet"
        elif not value.code:
            said = f"Input {value.name}{is_held}"
        else:
            made = " and ".join(self.values[i].name for i in value.parents)
            said = f"{value.name}{is_held}{f', made of {made}' if made else ''}"
        if value.gradient:
            said += f"; its gradient {value.gradient.name} is {_slope(value)}"
        wrong = f" Here is the first error: {self.mark} does not fit." if self._mark_of(value) else ""
        return f"{said}.{wrong}"

    def _mark_of(self, value: Value) -> str:
        """Which part of a value is marked: "value", "gradient", or none ("")."""
        named = value.gradient.name if value.gradient else ""
        parts = {value.name: "value", named: "gradient"}
        return parts.get(self.mark, "") if self.mark else ""


class _Cell:
    """A box with the wire that leaves it: name and code in the box, value above the wire, gradient below."""

    def __init__(self, value: Value, mark: str, letters: int) -> None:
        self.value, self.mark = value, mark
        self.code = _folded(value.code, letters) if value.written else ["..."]
        self.above = label(value.value)
        self.below = _slope_lines(value)
        widest = max(len(value.name) * _CHAR, *(len(line) * _SMALL for line in self.code), 0.0)
        self.box_width = widest + 2 * _PAD + (_SIGN if mark == "value" else 0)
        self.box_height = (1 + len(self.code)) * _LINE + 9
        self.wire_width = max((len(line) * _CHAR for line in (*self.above, *self.below)), default=0.0) + 11
        self.wire_width += _SIGN if mark == "gradient" else 0
        half = max(self.box_height / 2, len(self.above) * _LINE + 5, len(self.below) * _LINE + 8)
        self.size = (self.box_width + self.wire_width, 2 * half)

    def drawn(self, x: float, y: float) -> str:
        """The cell with its left edge at x and its middle at y."""
        parts = [f'<g class="cell"><title>{escaped(_statement(self.value))}</title>']
        top = y - self.box_height / 2
        shaped = (x, top, self.box_width, self.box_height)
        if self.mark == "value":
            parts += [octagon(*shaped, "bad"), text(x + self.box_width - _PAD, top + 16, "✗", "cross", "end")]
        elif self.value.code or not self.value.written:
            parts.append(box(*shaped, "box" if self.value.value is not None else "empty"))
        else:
            parts.append(box(*shaped, "box", radius=self.box_height / 2))
        parts.append(text(x + _PAD, top + 16, self.value.name, "name"))
        parts += [text(x + _PAD, top + 16 + (i + 1) * _LINE, line, "code") for i, line in enumerate(self.code)]
        start, end = x + self.box_width, x + self.size[0]
        parts.append(f'<path class="wire" d="M{start:.1f},{y:.1f} H{end:.1f}"/>')
        left = start + 7
        parts += [
            text(left, y - 5 - (len(self.above) - 1 - i) * _LINE, line, "value") for i, line in enumerate(self.above)
        ]
        parts += self._gradient(left, y)
        return "".join([*parts, "</g>"])

    def _gradient(self, left: float, y: float) -> list[str]:
        sign = _SIGN if self.mark == "gradient" else 0.0
        lines = [text(left + sign, y + 14 + i * _LINE, line, "gradient") for i, line in enumerate(self.below)]
        if not sign:
            return lines
        width = max(len(line) * _CHAR for line in self.below) + sign + 8
        frame = octagon(left - 5, y + 2, width, len(self.below) * _LINE + 4, "bad", cut=5)
        return [frame, text(left, y + 14, "✗", "cross"), *lines]


def _wire(edge: Edge, laid: Layout, port: float) -> str:
    """The way from the end of one cell's wire to a box, bending between columns only, with a tip."""
    points = list(laid.wires[edge])
    points[-1] = (points[-1][0], points[-1][1] + port)
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for i in range(1, len(points)):
        path += f" H{points[i][0]:.1f}" if i % 2 else _bend(points[i - 1], points[i])
    return f'<path class="wire" d="{path}"/>' + _tip(points[-1])


def _bend(start: Point, end: Point) -> str:
    middle = (start[0] + end[0]) / 2
    return f" C{middle:.1f},{start[1]:.1f} {middle:.1f},{end[1]:.1f} {end[0]:.1f},{end[1]:.1f}"


def _tip(end: Point) -> str:
    x, y = end
    return f'<path class="tip" d="M{x:.1f},{y:.1f} l-7,-3.5 v7 z"/>'


def _ports(edges: Sequence[Edge], laid: Layout) -> Mapping[Edge, float]:
    """How far above or below its middle each wire enters a box: in the order in which the wires arrive."""
    ports = {}
    for target in {end for _, end in edges}:
        arriving = sorted((edge for edge in edges if edge[1] == target), key=lambda edge: laid.wires[edge][-2][1])
        for i, edge in enumerate(arriving):
            ports[edge] = (i - (len(arriving) - 1) / 2) * min(9.0, 26.0 / len(arriving))
    return ports


def _in_order(values: Sequence[Value]) -> list[Edge]:
    """Invisible edges that keep what is not written yet in the order of the code, behind the inputs."""
    made = [i for i, value in enumerate(values) if value.line]
    loose = {i for i in made if not values[i].written or not values[i].parents}
    used = {parent for value in values for parent in value.parents}
    start = [(i, made[0]) for i in range(made[0] if made else 0) if i not in used]
    return start + [(before, i) for before, i in pairwise(made) if i in loose]


def _slope_lines(value: Value) -> tuple[str, ...]:
    if value.gradient is None:
        return ()
    lines = label(value.gradient.value)
    if len(lines) == 2 and value.value is not None and lines[0] == shape(value.value):
        lines = lines[1:]  # the same shape once is enough
    return lines or ("...",)


def _slope(value: Value) -> str:
    return " ".join(label(value.gradient.value)) or "not there yet" if value.gradient else ""


def _statement(value: Value) -> str:
    """What a pointer that rests on the box is told."""
    if not value.code:
        return f"{value.name}, an input" if value.written else f"line {value.line}: {value.name} is not written yet"
    return f"line {value.line}: {value.name} = {'; '.join(value.code)}"


def _folded(code: Sequence[str], letters: int) -> list[str]:
    """The code in lines that fit into a box; what is too long ends in an ellipsis."""
    fold = textwrap.TextWrapper(letters, subsequent_indent=" ", break_on_hyphens=False, break_long_words=False)
    lines = [_cut(part) for line in code for part in fold.wrap(line)]
    if len(lines) > _CODE_LINES:
        lines = [*lines[: _CODE_LINES - 1], f"{lines[_CODE_LINES - 1].rstrip(' …')} …"]
    return lines


def _cut(line: str) -> str:
    return line if len(line) <= _MOST_CODE else f"{line[: _MOST_CODE - 1]}…"
