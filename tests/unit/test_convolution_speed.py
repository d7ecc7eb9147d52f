"""The benchmark of fast convolution: both runners compute the same, and the page holds a row for each measurement."""

import numpy as np
import pytest
from convolution import DTYPES, PAGE, SIZES, THREADS, in_torch, reference, with_table


@pytest.mark.torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_both_runners_return_the_same_in_the_same_type(dtype):
    """out, dx, dw and db of the reference are those of torch, and keep the type of the inputs."""
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    shapes = ((2, 3, 6, 7), (4, 3, 2, 3), (4,), (2, 4, 4, 4))
    inputs = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    for one, other in zip(reference()(*inputs, 2, 1), in_torch(*inputs, 2, 1), strict=True):
        assert one.dtype == other.dtype == dtype
        assert np.allclose(one, other, rtol=1e-4, atol=1e-4)


def test_the_page_holds_a_row_for_each_size_and_type():
    """docs/fast_convolution.md has what the benchmark measures, in its order, with one thread at least."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    told = [tuple(row[:3]) for row in rows if row[0] in {label for label, *_ in SIZES}]
    plan = [(label, dtype, str(n)) for label, *_ in SIZES for dtype in DTYPES for n in THREADS]
    assert told == [row for row in plan if row in told]
    assert {row for row in plan if row[2] == "1"} <= set(told)


def test_only_what_stands_between_the_marks_is_written():
    """The table replaces the one before; a text without the marks is an error that says what is missing."""
    text = PAGE.read_text(encoding="utf-8")
    once = with_table(text, ["| a row |"])
    assert with_table(once, ["| a row |"]) == once
    assert once.startswith(text[: text.index("| x and w |")] + "| a row |\n")
    with pytest.raises(ValueError, match="the text has no <!-- measured: begin --> followed by <!-- measured: end -->"):
        with_table("no marks", [])
