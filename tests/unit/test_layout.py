"""Where a circuit's boxes stand, over random flat programs."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatgrade.student.layout import GAP_X, lay_out


@st.composite
def programs(draw):
    """Sizes of boxes, and edges from earlier boxes to later ones."""
    count = draw(st.integers(1, 25))
    sizes = [(draw(st.integers(20, 300)), draw(st.integers(20, 120))) for _ in range(count)]
    edges = draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda e: e[0] < e[1]))
        if count > 1
        else st.just([])
    )
    return sizes, edges


@given(programs())
def test_no_two_boxes_overlap(program):
    """Any two are apart, to the side or in height."""
    sizes, edges = program
    places = lay_out(sizes, edges).places
    for i, j in combinations(range(len(sizes)), 2):
        (x, y), (u, v) = places[i], places[j]
        beside = x + sizes[i][0] <= u or u + sizes[j][0] <= x
        above = abs(y - v) >= (sizes[i][1] + sizes[j][1]) / 2 - 1e-6
        assert beside or above


@given(programs())
def test_every_wire_goes_forward(program):
    """From a box's right side to the left side of the other, never back."""
    sizes, edges = program
    laid = lay_out(sizes, edges)
    assert set(laid.wires) == set(edges)
    for (start, end), points in laid.wires.items():
        assert points[0] == (laid.places[start][0] + sizes[start][0], laid.places[start][1])
        assert points[-1] == laid.places[end]
        assert all(left[0] <= right[0] for left, right in pairwise(points))
        assert points[-1][0] - points[-2][0] >= GAP_X


@given(programs())
def test_wires_run_between_boxes(program):
    """A straight part of a wire is in no box."""
    sizes, edges = program
    laid = lay_out(sizes, edges)
    for points in laid.wires.values():
        for (x, y), (u, v) in list(pairwise(points))[2::2]:
            assert y == v
            for (left, middle), (width, height) in zip(laid.places, sizes, strict=True):
                assert u <= left or x >= left + width or abs(y - middle) >= height / 2


@given(programs())
def test_everything_is_within_the_size(program):
    """Nothing stands outside the picture."""
    sizes, edges = program
    laid = lay_out(sizes, edges)
    for (x, y), (width, height) in zip(laid.places, sizes, strict=True):
        assert x >= 0
        assert y - height / 2 >= -1e-6
        assert x + width <= laid.width + 1e-6
        assert y + height / 2 <= laid.height + 1e-6


def test_crossings_are_taken_out():
    """Two pairs whose wires would cross in the order of the code do not."""
    laid = lay_out([(50, 30)] * 6, [(0, 5), (1, 5), (2, 4), (3, 4)])
    height = [y for _, y in laid.places]
    assert (height[0] < height[2]) == (height[5] < height[4])


def test_an_input_stands_beside_its_first_user():
    """The layer before it, not the first of all."""
    laid = lay_out([(50, 30)] * 5, [(0, 1), (1, 2), (2, 4), (3, 4)])
    assert laid.places[3][0] == laid.places[2][0]


def test_a_chain_is_straight():
    """Boxes in a row stand at one height."""
    laid = lay_out([(50, 30)] * 9, list(pairwise(range(9))))
    assert [y for _, y in laid.places] == pytest.approx([15.0] * 9)


def test_no_boxes_make_no_picture():
    """Nothing has no size."""
    laid = lay_out([], [])
    assert (laid.places, laid.wires, laid.width, laid.height) == ((), {}, 0.0, 0.0)
