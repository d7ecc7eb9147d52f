"""The public door: shapes, types and ranges of the built-in data, what is cached, and what is refused."""

import dataclasses
import hashlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flatgrade_data
from flatgrade_data import digits, shapes10
from flatgrade_data.dataset import Dataset, scaled
from flatgrade_data.shapes import BLOCK, CLASSES, pictures

# One hash per part and seed: pixels, then labels. They change only with the drawing itself, which makes a new data set.
HASHES = {
    ("train", 1): "1b6176ce78ec1874b614e35f689bb367b61f2ec54c6ee66a36bd031c7c0ab617",
    ("test", 1): "1ec74c85555a2f2091e9dce9f77a1fff1193302db3b04e158d9b3071d1f523bb",
    ("train", 2): "8f544d4be92c83e025caad1f6da84dc006bb1add0ac6a4b48bfc03047b0f9fee",
}


@pytest.fixture(scope="module")
def shapes():
    """The usual shapes10, held here because other tests ask for other sizes and the cache keeps two."""
    return shapes10()


def as_bytes(X):
    """The bytes behind float32 pictures."""
    return np.rint(X * 255).astype(np.uint8)


def digest(X, y):
    return hashlib.sha256(as_bytes(X).tobytes() + y.tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("load", "shape", "counts"), [(shapes10, (32, 32, 3), (5000, 1000)), (digits, (8, 8, 1), (1297, 500))]
)
def test_pictures_and_labels_have_the_stated_shapes_types_and_ranges(load, shape, counts):
    """Pictures are float32 in 0..1 that use the range, labels int64 in 0..9, one for each picture."""
    data = load()
    assert [data.X_train.shape, data.X_test.shape] == [(n, *shape) for n in counts]
    assert [data.y_train.shape, data.y_test.shape] == [(n,) for n in counts]
    for X, y in ((data.X_train, data.y_train), (data.X_test, data.y_test)):
        assert (X.dtype, y.dtype) == (np.float32, np.int64)
        assert (X.min(), X.max()) == (0, 1)
        assert set(y.tolist()) == set(range(10))
    assert len(data.classes) == 10 == len(set(data.classes))


@pytest.mark.parametrize("load", [shapes10, digits])
def test_rows_are_the_same_numbers_flat(load):
    """Row i holds picture i in row order, as a view: float32 (N, H * W * C)."""
    data = load()
    for rows, X in zip(data.rows(), (data.X_train, data.X_test), strict=True):
        assert rows.shape == (len(X), X[0].size)
        assert rows.dtype == np.float32
        assert np.shares_memory(rows, X)
        assert np.array_equal(rows[7], X[7].ravel())


@pytest.mark.parametrize("load", [shapes10, digits])
def test_nothing_of_a_data_set_can_be_changed(load):
    """The arrays are shared, so writing to one, or to its rows, raises."""
    data = load()
    arrays = [data.X_train, data.y_train, data.X_test, data.y_test, *data.rows()]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.X_train = np.zeros(3)


@pytest.mark.parametrize("load", [shapes10, digits])
def test_a_second_call_makes_nothing_anew(load):
    """The same request, however it is written, gives the very same arrays."""
    assert load(20, 10) is load(train=20, test=np.int64(10))


def test_shapes10_is_the_same_to_the_byte(shapes):
    """The bytes of a seed are part of the data set: every machine and NumPy must draw these."""
    other = shapes10(1000, 0, seed=2)
    found = {
        ("train", 1): digest(shapes.X_train, shapes.y_train),
        ("test", 1): digest(shapes.X_test, shapes.y_test),
        ("train", 2): digest(other.X_train, other.y_train),
    }
    assert found == HASHES


def test_the_floats_are_the_bytes_over_255():
    """Scaling loses nothing: the bytes come back from the floats."""
    pixels, labels = pictures(40, 1, "train")
    data = shapes10(40, 0)
    assert np.array_equal(as_bytes(data.X_train), pixels)
    assert np.array_equal(data.y_train, labels)
    assert np.array_equal(data.X_train, pixels.astype(np.float32) / np.float32(255))


@pytest.fixture(scope="module")
def blocks():
    """Two blocks of training pictures and one of test pictures."""
    return shapes10(2 * BLOCK, BLOCK, seed=3)


@pytest.mark.parametrize(("train", "test"), [(1, BLOCK - 1), (BLOCK + 1, 1)])
def test_fewer_pictures_are_the_first_of_more(blocks, train, test):
    """What is drawn does not depend on how much is asked for, inside a block and across its end."""
    few = shapes10(train, test, seed=3)
    assert np.array_equal(few.X_train, blocks.X_train[:train])
    assert np.array_equal(few.y_train, blocks.y_train[:train])
    assert np.array_equal(few.X_test, blocks.X_test[:test])
    assert np.array_equal(few.y_test, blocks.y_test[:test])


def test_seeds_blocks_and_parts_differ(blocks, shapes):
    """Another block, the other part or another seed shares no picture."""
    sets = [blocks.X_train[:BLOCK], blocks.X_train[BLOCK:], blocks.X_test, shapes.X_train[:BLOCK]]
    assert len({picture.tobytes() for X in sets for picture in X}) == 4 * BLOCK


def test_every_block_has_fifty_of_each_class(shapes):
    """A student who takes the first 500 (or 1,000) has balanced classes."""
    counts = [
        np.bincount(y.reshape(-1, BLOCK)[i], minlength=10)
        for y in (shapes.y_train, shapes.y_test)
        for i in range(len(y) // BLOCK)
    ]
    assert np.array_equal(counts, np.full((12, 10), 50))


def test_labels_belong_to_their_pictures(shapes):
    """On average the middle of a disc is lighter than the hole of a ring, and the top of a tee than that of a half."""
    mean = {name: shapes.X_train[shapes.y_train == i].mean(axis=(0, 3)) for i, name in enumerate(CLASSES)}
    assert mean["disc"][14:18, 14:18].mean() > mean["ring"][14:18, 14:18].mean() + 0.1
    assert mean["tee"][9:13, 12:20].mean() > mean["half"][9:13, 12:20].mean() + 0.1


def test_digits_are_the_published_ones():
    """The stored numbers are those of scikit-learn's copy of the UCI file, in its order."""
    installed = importlib.util.find_spec("sklearn")
    if installed is None:
        pytest.skip("scikit-learn is not installed")
    source = np.loadtxt(Path(installed.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    data = digits()
    X, y = np.concatenate([data.X_train, data.X_test]), np.concatenate([data.y_train, data.y_test])
    assert np.array_equal(X.reshape(-1, 64) * 16, source[:, :64])
    assert np.array_equal(y, source[:, 64])


def test_fewer_digits_are_the_first_of_each_part():
    """The test part starts at the same picture however many are asked for."""
    few, data = digits(30, 20), digits()
    assert np.array_equal(few.X_train, data.X_train[:30])
    assert np.array_equal(few.y_test, data.y_test[:20])


def test_a_part_may_be_empty():
    """No test pictures: empty arrays of the right shapes, and rows too."""
    data = shapes10(10, 0)
    assert data.X_test.shape == (0, 32, 32, 3)
    assert data.rows()[1].shape == (0, 3072)


def test_a_data_set_says_what_it_is(shapes):
    """The sentence a notebook shows."""
    assert repr(shapes) == (
        "shapes10: 5,000 training and 1,000 test pictures of 32 x 32 x 3 (height, width, channels), 10 classes"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shapes10(train=-1), "shapes10: train must be a whole number of at least 0 (got -1)."),
        (lambda: shapes10(test=5e3), "shapes10: test must be a whole number of at least 0 (got 5000.0)."),
        (
            lambda: shapes10(seed=2**32),
            "shapes10: seed must be a whole number from 0 to 4,294,967,295 (got 4294967296).",
        ),
        (lambda: digits(train=1298), "digits: train must be a whole number from 0 to 1,297 (got 1298)."),
        (lambda: digits(test="all"), "digits: test must be a whole number from 0 to 500 (got 'all')."),
        (lambda: flatgrade_data.cifar10(50_001), "cifar10: train must be a whole number from 0 to 50,000 (got 50001)."),
        (lambda: flatgrade_data.mnist(test=-2), "mnist: test must be a whole number from 0 to 10,000 (got -2)."),
    ],
)
def test_a_number_out_of_range_is_refused_in_one_sentence(call, message):
    """Argument, limits and value are named, before anything is drawn or downloaded."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


@given(st.integers(1, 255), st.binary(min_size=1, max_size=60))
def test_scaling_is_a_division_in_float32(top, content):
    """Every byte over `top`, rounded once."""
    pixels = np.frombuffer(content, np.uint8)
    assert scaled(pixels, top).dtype == np.float32
    assert np.array_equal(scaled(pixels, top), (pixels.astype(np.float64) / top).astype(np.float32))


def test_the_public_names_are_the_stated_ones():
    """What a notebook may import: four loaders, what they return, what they raise."""
    assert flatgrade_data.__all__ == [
        "Dataset",
        "DownloadError",
        "FormatError",
        "cifar10",
        "digits",
        "mnist",
        "shapes10",
    ]
    assert isinstance(digits(), Dataset)


def test_the_built_in_data_need_numpy_and_nothing_else():
    """With every other library blocked (and flatgrade too) the package imports and gives pictures."""
    program = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"pooch", "tqdm", "requests", "matplotlib", "IPython", "sklearn", "flatgrade", "torch"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
from flatgrade_data import digits, shapes10
print(len(digits().X_train), len(shapes10(train=3, test=0).X_train))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("1297 3\n", "")
