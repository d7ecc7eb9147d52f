"""Where the boxes of a circuit stand and how its wires run: layers from left to right, few crossings, no overlaps.

Boxes stand in layers by their longest path from the start. A wire over several layers has a place of its own in each,
so that it runs between boxes and not over them. Order within layers is by barycentre, heights by least squares.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP_X, GAP_Y = 26.0, 14.0
_LANE = 8.0  # height of the place that a passing wire has
_PASSING = 4.0  # how much more a box in the middle weighs than one that wires only leave: long ways become straight
_SWEEPS, _SETTLING = 8, 12  # rounds over all columns, for their order and for heights

Edge = tuple[int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Places of boxes (left edge, middle height), the points that each wire runs through, and the size of it all.

    A wire runs straight from its first point to its second, bends to the third, runs straight to the fourth, and so on.
    """

    places: tuple[Point, ...]
    wires: Mapping[Edge, tuple[Point, ...]]
    width: float
    height: float


def lay_out(sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Place boxes of these sizes (width, height); each edge leads from a box to a later one in the sequence."""
    led_to = {end for _, end in edges}
    weights = [_PASSING if i in led_to else 1.0 for i in range(len(sizes))]
    grid = _Grid(list(sizes), _layers(len(sizes), edges), weights)
    chains = {edge: grid.thread(edge) for edge in dict.fromkeys(edges)}
    grid.order()
    heights, lefts = grid.heights(), grid.lefts()
    top = min((heights[i] - size[1] / 2 for i, size in enumerate(grid.sizes)), default=0.0)
    middle = [height - top for height in heights]
    places = tuple((lefts[grid.layer[i]], middle[i]) for i in range(len(sizes)))
    wires = {}
    for edge, chain in chains.items():
        points = [(lefts[grid.layer[chain[0]]] + grid.sizes[chain[0]][0], middle[chain[0]])]
        for i in chain[:-1]:
            right = (lefts[grid.layer[i]] + grid.widths[grid.layer[i]], middle[i])
            points += [right] if i == chain[0] else [(lefts[grid.layer[i]], middle[i]), right]
        wires[edge] = (*points, (lefts[grid.layer[chain[-1]]], middle[chain[-1]]))
    width = lefts[-1] + grid.widths[-1] if lefts else 0.0
    bottom = max((middle[i] + size[1] / 2 for i, size in enumerate(grid.sizes)), default=0.0)
    return Layout(places, wires, width, bottom)


def _layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each box: the longest path to it; a box that nothing leads to stands just before its first user."""
    layer = [0] * count
    for start, end in sorted(edges, key=lambda edge: edge[1]):
        layer[end] = max(layer[end], layer[start] + 1)
    led_to = {end for _, end in edges}
    for i in range(count):
        users = [layer[end] for start, end in edges if start == i]
        if i not in led_to and users:
            layer[i] = min(users) - 1
    return layer


@dataclass
class _Grid:
    """Boxes and the lanes of passing wires, in columns; `before` and `after` are their neighbours by column.

    `weights` say how much each counts for its neighbours' heights.
    """

    sizes: list[tuple[float, float]]
    layer: list[int]
    weights: list[float]
    before: list[list[int]] = field(init=False)
    after: list[list[int]] = field(init=False)
    columns: list[list[int]] = field(init=False)
    lanes: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before, self.after = [[] for _ in self.sizes], [[] for _ in self.sizes]
        self.columns = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for i, layer in enumerate(self.layer):
            self.columns[layer].append(i)
        self.widths = [max((self.sizes[i][0] for i in column), default=0.0) for column in self.columns]

    def thread(self, edge: Edge) -> list[int]:
        """The box, the lanes between, and the box at the other end. Wires of one box share their lanes."""
        start, end = edge
        between = range(self.layer[start] + 1, self.layer[end])
        chain = [start, *(self._lane(start, layer) for layer in between), end]
        for left, right in pairwise(chain):
            if right not in self.after[left]:
                self.after[left].append(right)
                self.before[right].append(left)
        return chain

    def _lane(self, start: int, layer: int) -> int:
        lane = self.lanes.setdefault((start, layer), len(self.sizes))
        if lane == len(self.sizes):
            self.columns[layer].append(lane)
            self.sizes.append((0.0, _LANE))
            self.layer.append(layer)
            self.weights.append(_PASSING)
            self.before.append([])
            self.after.append([])
        return lane

    def order(self) -> None:
        """Sort columns by the mean place of their neighbours, to and fro; keep the order with fewest crossings."""
        best, fewest = [list(column) for column in self.columns], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            neighbours = self.after if sweep % 2 else self.before
            place = self._places()
            for column in reversed(self.columns) if sweep % 2 else self.columns:
                wanted = {i: _mean([place[j] for j in neighbours[i]], place[i]) for i in column}
                column.sort(key=wanted.__getitem__)
                place |= _places(column)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(column) for column in self.columns], crossings
        self.columns = best

    def _places(self) -> dict[int, float]:
        return {i: place for column in self.columns for i, place in _places(column).items()}

    def _crossings(self) -> int:
        """How often wires cross between columns: pairs of them whose ends are in another order than their starts."""
        place, total = self._places(), 0
        for column in self.columns:
            passed: list[float] = []
            for i in column:
                ends = sorted(place[j] for j in self.after[i])
                total += sum(len(passed) - bisect_right(passed, end) for end in ends)
                for end in ends:
                    insort(passed, end)
        return total

    def heights(self) -> list[float]:
        """The middle height of each: near the mean of its neighbours, in the column's order, without overlaps."""
        middle = [0.0] * len(self.sizes)
        for column in self.columns:
            self._stack(column, dict.fromkeys(column, 0.0), middle)
        for sweep in range(_SETTLING):
            for column in reversed(self.columns) if sweep % 2 else self.columns:
                self._stack(column, {i: self._wanted(i, middle) for i in column}, middle)
        return middle

    def _wanted(self, i: int, middle: Sequence[float]) -> float:
        """The mean height of all neighbours, by their weights."""
        neighbours = [*self.before[i], *self.after[i]]
        total = sum(self.weights[j] for j in neighbours)
        return sum(self.weights[j] * middle[j] for j in neighbours) / total if total else middle[i]

    def _stack(self, column: Sequence[int], wanted: Mapping[int, float], middle: list[float]) -> None:
        """Set heights in the order of `column`, as near to `wanted` as least squares allow (pooled neighbours)."""
        offset, blocks = 0.0, list[tuple[float, float, int]]()  # a block: weighted wishes, weight, and how many
        offsets = []
        for at, i in enumerate(column):
            if at:
                offset += (self.sizes[column[at - 1]][1] + self.sizes[i][1]) / 2 + GAP_Y
            offsets.append(offset)
            block = (self.weights[i] * (wanted[i] - offset), self.weights[i], 1)
            while blocks and blocks[-1][0] / blocks[-1][1] >= block[0] / block[1]:
                before = blocks.pop()
                block = (block[0] + before[0], block[1] + before[1], block[2] + before[2])
            blocks.append(block)
        shifts = [total / weight for total, weight, count in blocks for _ in range(count)]
        for i, own, shift in zip(column, offsets, shifts, strict=True):
            middle[i] = own + shift

    def lefts(self) -> list[float]:
        """The left edge of each column; between columns with many wires there is more room for them to bend."""
        lefts, x = [], 0.0
        for column, width in zip(self.columns, self.widths, strict=True):
            lefts.append(x)
            wires = sum(len(self.after[i]) for i in column)
            x += width + GAP_X + 2 * min(wires, 12)
        return lefts


def _places(column: Sequence[int]) -> dict[int, float]:
    """How far down its column each one is, from 0 to 1: columns are of different lengths."""
    return {i: (at + 0.5) / len(column) for at, i in enumerate(column)}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
