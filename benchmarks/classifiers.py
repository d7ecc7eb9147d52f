"""Measure what simple classifiers reach on the built-in data: `python benchmarks/classifiers.py [--write]`.

The course rests on an order: nearest neighbours, then a linear classifier, then a hidden layer, then convolutions, each
clearly better than the one before. This program fits all four with NumPy, from fixed seeds, and prints the table that
the README holds; `--write` puts it there. Times are of the processor: set OPENBLAS_NUM_THREADS=1 to read them as
seconds of one core, about 40 in all.

The models are general (any layers in a row, channels last, no value of a loss) and give an accuracy and nothing else:
they are a yardstick. They stand outside the package all the same: no working layer may be importable by a submission.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from flatgrade_data import Dataset, digits, shapes10
from flatgrade_data.dataset import Floats, Labels

README = Path(__file__).parents[1] / "datasets" / "flatgrade_data" / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
NEIGHBOURS = (1, 3, 5, 10, 20, 50, 100)
BATCH = 50
MOMENTUM = 0.9


# --- the models -------------------------------------------------------------------------------------------------------


def nearest_neighbours(data: Dataset) -> float:
    """Accuracy on the test set of a vote of the k nearest training rows; k is the best on the last fifth of them."""
    X, X_test = data.rows()
    fitting, choosing = slice(None, len(X) * 4 // 5), slice(len(X) * 4 // 5, None)
    known, wanted = data.y_train[fitting], data.y_train[choosing]
    k = max(NEIGHBOURS, key=lambda k: np.mean(_vote(X[fitting], known, X[choosing], k) == wanted))
    return float(np.mean(_vote(X, data.y_train, X_test, k) == data.y_test))


def linear(data: Dataset) -> float:
    """Accuracy on the test set of one dense layer."""
    inputs, classes = _sizes(data)
    return _fitted(data, [Dense(inputs, classes)], steps=3000, pace=1 / inputs)


def two_layer(data: Dataset) -> float:
    """Accuracy on the test set of two dense layers, with 200 hidden units and a ReLU between them."""
    inputs, classes = _sizes(data)
    return _fitted(data, [Dense(inputs, 200), Relu(), Dense(200, classes)], steps=2000, pace=0.02)


def convnet(data: Dataset) -> float:
    """Accuracy on the test set of two convolutions, each with ReLU and pooling, and two dense layers."""
    height, width, channels = data.X_train.shape[1:]
    features: list[Layer] = [Convolution(channels, 16), Relu(), Pool(), Convolution(16, 32), Relu(), Pool()]
    classifier: list[Layer] = [Dense(height // 4 * (width // 4) * 32, 64), Relu(), Dense(64, len(data.classes))]
    return _fitted(data, [*features, *classifier], steps=1000, pace=0.02)


def _sizes(data: Dataset) -> tuple[int, int]:
    return math.prod(data.X_train.shape[1:]), len(data.classes)


def _vote(X: Floats, y: Labels, queries: Floats, k: int) -> Labels:
    """Return the most frequent label among the k nearest rows of X (N, D), for each query (M, D): (M,)."""
    squared = (X**2).sum(axis=1) - 2 * queries @ X.T  # what is left out depends on the query alone
    nearest = np.argpartition(squared, k - 1, axis=1)[:, :k]
    votes = (y[nearest][:, :, None] == np.arange(y.max() + 1)).sum(axis=1)
    most: Labels = votes.argmax(axis=1)
    return most


# --- layers: `forward` keeps what `backward` needs; a slope is the derivative of the loss by what a layer returned ---


class Dense:
    """Rows (n, inputs) times weights, plus a bias: (n, outputs). Whatever shape comes in is made rows."""

    def __init__(self, inputs: int, outputs: int) -> None:
        drawn = np.random.default_rng(inputs).standard_normal((inputs, outputs))
        self.weights: Floats = (drawn * np.sqrt(1 / (3 * inputs))).astype(np.float32)
        self.bias: Floats = np.zeros(outputs, np.float32)

    def forward(self, x: Floats) -> Floats:
        """Return rows (n, outputs)."""
        self.shape, self.rows = x.shape, x.reshape(-1, len(self.weights))
        out: Floats = self.rows @ self.weights + self.bias
        return out

    def learn(self, slope: Floats) -> None:
        """Keep the slopes of weights and bias."""
        flat = slope.reshape(len(self.rows), -1)
        self.slopes: tuple[Floats, Floats] = self.rows.T @ flat, flat.sum(axis=0)

    def backward(self, slope: Floats) -> Floats:
        """Return the slope of the input, in the input's shape."""
        rows: Floats = slope @ self.weights.T
        return rows.reshape(self.shape)


class Convolution(Dense):
    """The 3 x 3 window around each pixel of (n, H, W, channels), zeros outside, as the row of a dense layer."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(9 * channels, filters)
        self.channels, self.filters = channels, filters

    def forward(self, x: Floats) -> Floats:
        """Return maps (n, H, W, filters)."""
        return super().forward(_windows(x)).reshape(*x.shape[:3], self.filters)

    def backward(self, slope: Floats) -> Floats:
        """Return the slope of the input: a convolution of the slope with the filters turned by half a turn."""
        turned = self.weights.reshape(9, self.channels, self.filters)[::-1].transpose(0, 2, 1)
        rows: Floats = _windows(slope) @ turned.reshape(-1, self.channels)
        return rows.reshape(*slope.shape[:3], self.channels)


class Relu:
    """max(x, 0), entry by entry."""

    def forward(self, x: Floats) -> Floats:
        """Return an array of the shape of x."""
        self.open = x > 0
        kept: Floats = np.where(self.open, x, np.float32(0))
        return kept

    def backward(self, slope: Floats) -> Floats:
        """Return the slope of the input."""
        kept: Floats = np.where(self.open, slope, np.float32(0))
        return kept


class Pool:
    """The largest of each 2 x 2 square of (n, H, W, channels); the slope goes to every entry that is the largest."""

    def forward(self, x: Floats) -> Floats:
        """Return maps (n, H / 2, W / 2, channels)."""
        n, height, width, channels = x.shape
        self.squares = x.reshape(n, height // 2, 2, width // 2, 2, channels)
        self.largest: Floats = self.squares.max(axis=2, keepdims=True).max(axis=4, keepdims=True)
        out: Floats = self.largest[:, :, 0, :, 0]
        return out

    def backward(self, slope: Floats) -> Floats:
        """Return the slope of the input (n, H, W, channels)."""
        n, height, width, channels = slope.shape
        spread: Floats = slope[:, :, None, :, None] * (self.squares == self.largest)
        return spread.reshape(n, 2 * height, 2 * width, channels)


Layer = Dense | Relu | Pool


def _windows(x: Floats) -> Floats:
    """Return the 3 x 3 window around each pixel of (n, H, W, channels) as a row: (n * H * W, 9 * channels)."""
    framed = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, (3, 3), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 9 * x.shape[-1])


# --- fitting ----------------------------------------------------------------------------------------------------------


def _fitted(data: Dataset, layers: Sequence[Layer], steps: int, pace: float) -> float:
    """Fit the layers under the softmax loss, by gradient descent with momentum; return the accuracy on the test set.

    The pace falls to 0 in a straight line. Pictures are centred on the mean training picture and scaled to variance 1.
    """
    mean, spread = data.X_train.mean(axis=0), data.X_train.std()
    X, X_test = (data.X_train - mean) / spread, (data.X_test - mean) / spread
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    parameters = [array for layer in dense for array in (layer.weights, layer.bias)]
    velocities = [np.zeros_like(array) for array in parameters]
    for left, batch in _batches(len(X), steps):
        _descend(layers, X[batch], data.y_train[batch])
        slopes = [slope for layer in dense for slope in layer.slopes]
        for parameter, velocity, slope in zip(parameters, velocities, slopes, strict=True):
            velocity *= MOMENTUM
            velocity -= pace * left * slope
            parameter += velocity
    right = [_scores(layers, part).argmax(axis=1) for part in np.split(X_test, range(BATCH, len(X_test), BATCH))]
    return float(np.mean(np.concatenate(right) == data.y_test))


def _batches(n: int, steps: int) -> Iterator[tuple[float, Labels]]:
    """Yield the share of the work that is left and the rows of a batch; all n rows are used before one comes again."""
    rng = np.random.default_rng(0)
    per_epoch, order = -(-n // BATCH), np.arange(n)
    for step in range(steps):
        start = step % per_epoch * BATCH
        if start == 0:
            order = rng.permutation(n)
        yield 1 - step / steps, order[start : start + BATCH]


def _scores(layers: Sequence[Layer], x: Floats) -> Floats:
    for layer in layers:
        x = layer.forward(x)
    return x


def _descend(layers: Sequence[Layer], x: Floats, y: Labels) -> None:
    """Leave in each dense layer the slopes of the mean softmax loss of a batch."""
    slope = _scores(layers, x)
    slope = np.exp(slope - slope.max(axis=1, keepdims=True))
    slope /= slope.sum(axis=1, keepdims=True)
    slope[np.arange(len(y)), y] -= 1
    slope /= len(y)
    for layer in reversed(layers):
        if isinstance(layer, Dense):
            layer.learn(slope)
        if layer is not layers[0]:
            slope = layer.backward(slope)


# --- the table --------------------------------------------------------------------------------------------------------

PLAN: tuple[tuple[str, Callable[[Dataset], float], Callable[[], Dataset]], ...] = (
    ("k nearest neighbours", nearest_neighbours, shapes10),
    ("linear", linear, shapes10),
    ("two layers, 200 hidden units", two_layer, shapes10),
    ("convnet, 16 and 32 filters", convnet, shapes10),
    ("k nearest neighbours", nearest_neighbours, digits),
    ("linear", linear, digits),
    ("two layers, 200 hidden units", two_layer, digits),
)


def measured() -> Iterator[str]:
    """Yield the lines of the table, each as soon as it has been measured."""
    yield "| data | classifier | test accuracy | CPU seconds |"
    yield "|---|---|---:|---:|"
    for name, model, load in PLAN:
        data = load()
        start = time.process_time()
        accuracy = model(data)
        yield f"| {data.name} | {name} | {100 * accuracy:.1f} % | {time.process_time() - start:.1f} |"


def with_table(text: str, table: str) -> str:
    """Return `text` with `table` between the two marks. Raises ValueError where a mark is missing."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the text has no {BEGIN} followed by {END}, so there is no place for the table.")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with --write also put it into the README beside this file."""
    parser = argparse.ArgumentParser(prog="python benchmarks/classifiers.py", description="Measure simple classifiers.")
    parser.add_argument("--write", action="store_true", help="put the table into the README of the package")
    write = parser.parse_args(arguments).write
    lines = []
    for line in measured():
        print(line, flush=True)
        lines.append(line)
    if write:
        README.write_text(with_table(README.read_text(encoding="utf-8"), "\n".join(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
