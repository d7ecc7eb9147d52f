"""Measure what the methods of assignment a1 reach: `python benchmarks/accuracies.py [--write]`.

Each row is trained as its notebook trains it, with the reference answers of `solutions/`, from fixed seeds. The table
stands in the closing notebook of a1; `--write` puts it there, with the numbers that its picture draws. Run it with
OPENBLAS_NUM_THREADS=1; it takes about a minute.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade.core import load_assignment
from flatgrade.grader.reference import load_solutions
from flatgrade_data import Dataset, digits, shapes10

ROOT = Path(__file__).parents[1]
A1 = ROOT / "assignments" / "a1_flat_backprop"
CLOSING = A1 / "closing.ipynb"
ANSWER: dict[str, Callable[..., Any]] = {
    name: solution.namespace[name] for name, solution in load_solutions(ROOT / "solutions", load_assignment(A1)).items()
}


def nearest_neighbours(data: Dataset) -> float:
    """A vote of the k nearest training pictures; k by five folds of (at most) the first 2000."""
    (X, X_test), y = data.rows(), data.y_train

    def predict(known: Any, labels: Any, asked: Any, k: int) -> Any:
        return ANSWER["predict_labels"](ANSWER["distances_no_loops"](asked, known), labels, k)

    _, k = ANSWER["cross_validate"](predict, X[:2000], y[:2000], [1, 3, 5, 10, 20, 50, 100, 200], 5)
    return share(predict(X, y, X_test, k), data)


def linear(loss: str, rate: float, reg: float) -> Callable[[Dataset], float]:
    """A linear classifier on the pixels under one of the losses, by SGD with batches of 128."""

    def measure(data: Dataset) -> float:
        X, X_test = (np.hstack([rows, np.ones((len(rows), 1), np.float32)]) for rows in centred(data))
        rng = np.random.default_rng(0)
        W = 0.001 * rng.standard_normal((X.shape[1], 10), dtype=np.float32)
        for step in range(2000):
            chosen = rng.integers(0, len(X), 128)
            W -= rate * (1 - step / 2000) * ANSWER[loss](W, X[chosen], data.y_train[chosen], reg)[1]
        return share((X_test @ W).argmax(axis=1), data)

    return measure


def two_layers(hidden: int, reg: float, steps: int, rate: float) -> Callable[[Dataset], float]:
    """The two-layer net, by SGD with batches of 64."""

    def measure(data: Dataset) -> float:
        X, X_test = centred(data)
        rng = np.random.default_rng(0)
        W1 = np.sqrt(2 / X.shape[1]) * rng.standard_normal((X.shape[1], hidden), dtype=np.float32)
        W2 = np.sqrt(1 / hidden) * rng.standard_normal((hidden, 10), dtype=np.float32)
        weights = [W1, np.zeros(hidden, np.float32), W2, np.zeros(10, np.float32)]
        for step in range(steps):
            chosen = rng.integers(0, len(X), 64)
            _, *slopes = ANSWER["two_layer_loss"](*weights, X[chosen], data.y_train[chosen], reg)
            for w, slope in zip(weights, slopes, strict=True):
                w -= rate * (1 - step / steps) * slope
        W1, b1, W2, b2 = weights
        return share((np.maximum(0, X_test @ W1 + b1) @ W2 + b2).argmax(axis=1), data)

    return measure


def features(data: Dataset) -> float:
    """A linear classifier by least squares on HOG, colour histogram and bag of words side by side."""
    train, test = (
        pictures if data.X_train.shape[1] >= 32 else enlarged(pictures) for pictures in (data.X_train, data.X_test)
    )
    rng = np.random.default_rng(0)
    sample = np.concatenate([patches(picture)[rng.integers(0, 729, 8)] for picture in train[:500]])
    codebook, _ = ANSWER["kmeans"](sample, sample[rng.permutation(len(sample))[:100]], 12)

    def feature(picture: Any) -> Any:
        parts = [ANSWER["hog"](picture.mean(axis=2)), ANSWER["bag_of_words"](patches(picture), codebook)]
        colours = [ANSWER["color_histogram"](picture, 8)] if picture.shape[2] == 3 else []
        return np.concatenate([*parts, *colours])

    F, F_test = (np.array([feature(picture) for picture in pictures]) for pictures in (train, test))
    mean, spread = F.mean(axis=0), F.std(axis=0) + 1e-6
    A, A_test = (np.hstack([(part - mean) / spread, np.ones((len(part), 1))]) for part in (F, F_test))
    penalty = 0.3 * len(A) * np.eye(A.shape[1])
    W = np.linalg.solve(A.T @ A + penalty, A.T @ np.eye(10)[data.y_train])
    return share((A_test @ W).argmax(axis=1), data)


def patches(picture: Any) -> Any:
    """All 6 x 6 patches of a picture in grey, as rows of mean 0 and about equal contrast."""
    squares = np.lib.stride_tricks.sliding_window_view(picture.mean(axis=2), (6, 6)).reshape(-1, 36)
    squares = squares - squares.mean(axis=1, keepdims=True)
    return squares / np.sqrt((squares**2).mean(axis=1, keepdims=True) + 0.0025)


def enlarged(pictures: Any) -> Any:
    """Each pixel as a square of 4 x 4: digits of 8 x 8 pixels have but one cell of HOG."""
    return pictures.repeat(4, axis=1).repeat(4, axis=2)


def centred(data: Dataset) -> tuple[Any, Any]:
    """The rows of training and test pictures, less the mean training picture."""
    X, X_test = data.rows()
    return X - X.mean(axis=0), X_test - X.mean(axis=0)


def share(predicted: Any, data: Dataset) -> float:
    """The share of test pictures that are right."""
    return float(np.mean(predicted == data.y_test))


Measure = Callable[[Dataset], float]
PLAN: tuple[tuple[str, Measure, Measure], ...] = (  # name, on shapes10, on digits
    ("nearest neighbours", nearest_neighbours, nearest_neighbours),
    ("linear SVM", linear("svm_loss", 0.006, 0.01), linear("svm_loss", 0.1, 0.001)),
    ("softmax", linear("softmax_loss", 0.06, 0.003), linear("softmax_loss", 0.5, 0.0003)),
    ("two layers", two_layers(100, 0.01, 2000, 0.3), two_layers(50, 0.001, 1000, 0.5)),
    ("features + linear", features, features),
)


def measured() -> Iterator[tuple[str, float, float]]:
    """Yield a row of the table as soon as it is measured: name, per cent on shapes10, per cent on digits."""
    shapes, numerals = shapes10(train=5000, test=1000, seed=1), digits()
    for name, on_shapes, on_digits in PLAN:
        yield name, round(100 * on_shapes(shapes), 1), round(100 * on_digits(numerals), 1)


def written(text: str, rows: Sequence[tuple[str, float, float]]) -> str:
    """The closing notebook with the rows in its table (cell `table`) and in its picture's numbers (cell `numbers`)."""
    table = ["| classifier | shapes10 | digits |", "|:--|--:|--:|", "| guessing | 10 % | 10 % |"]
    table += [f"| {name} | {shapes:.1f} % | {digit:.1f} % |" for name, shapes, digit in rows]
    numbers = ["measured = {  # per cent right on the test pictures of shapes10 and of digits"]
    numbers += [f'    "{name}": ({shapes:.1f}, {digit:.1f}),' for name, shapes, digit in rows] + ["}"]
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        lines = {"table": table, "numbers": numbers}.get(cell["id"])
        cell["source"] = "\n".join(lines).splitlines(keepends=True) if lines else cell["source"]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows; with --write also put them into the closing notebook."""
    parser = argparse.ArgumentParser(prog="python benchmarks/accuracies.py", description="Measure the methods of a1.")
    parser.add_argument("--write", action="store_true", help="put the rows into the closing notebook")
    write = parser.parse_args(arguments).write
    rows = []
    for row in measured():
        print("{}: {:.1f} % of shapes10, {:.1f} % of digits".format(*row), flush=True)
        rows.append(row)
    if write:
        CLOSING.write_text(written(CLOSING.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main()
