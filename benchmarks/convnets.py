"""Measure what the convnets of assignment a3 reach: `python benchmarks/convnets.py [--write]`.

The cells of `three_layer_convnet.ipynb` are run as they stand, so what is measured is what the notebook trains; on
`digits` the same code trains nets of the same kind. The rows below the convnets are those of the closing notebook of
a1 (benchmarks/accuracies.py). The table stands in the closing notebook of a3; `--write` puts it there, with the
numbers that its picture draws. Run it with OPENBLAS_NUM_THREADS=1; it takes two minutes on an idle processor.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracies import CLOSING as CLOSING_A1
from accuracies import written

from flatgrade_data import digits

A3 = Path(__file__).parents[1] / "assignments" / "a3_convnets"
NOTEBOOK, CLOSING = A3 / "three_layer_convnet.ipynb", A3 / "closing.ipynb"
CELLS = ("imports", "layers", "answer-net", "train", "learn", "table", "answer-layers", "count", "built")
EARLIER = ("nearest neighbours", "linear SVM", "two layers", "features + linear")

Row = tuple[str, float, float]  # name, per cent on shapes10, per cent on digits


def earlier() -> list[Row]:
    """The rows of a1, from the numbers of its closing notebook."""
    numbers = ast.parse(_source(CLOSING_A1, "numbers")).body[0]
    assert isinstance(numbers, ast.Assign)
    measured = ast.literal_eval(numbers.value)
    return [(name, *measured[name]) for name in EARLIER]


def convnets() -> list[Row]:
    """The two nets of the notebook, on shapes10 as it trains them and on digits."""
    names: dict[str, Any] = {}
    for cell in CELLS:
        exec(compile(_source(NOTEBOOK, cell), cell, "exec"), names)
    data = digits()
    mean, spread = data.X_train.mean(axis=0), data.X_train.std()
    X, X_test = (((pictures - mean) / spread).transpose(0, 3, 1, 2).copy() for pictures in (data.X_train, data.X_test))
    shape, rows = X.shape[1:], []
    start = names["start"](shape, filters=16, size=3, hidden=50, classes=10)
    layers = names["net_layers"](shape, 1, 3, 1, True, [16, 32, 64], 3, [64], 10)
    for name, on_shapes, net in [
        ("convnet, three layers", names["three_layers"], names["ThreeLayerConvNet"](start, reg=0.01)),
        ("convnet, three blocks", names["three_blocks"], names["ConvNet"](layers, shape, size=3, reg=0.002)),
    ]:
        names["train"](net, X, data.y_train, steps=500, rate=0.02)
        on_digits = np.mean(names["predicted"](net, X_test) == data.y_test)
        rows.append((name, round(100 * float(on_shapes), 1), round(100 * float(on_digits), 1)))
    return rows


def _source(path: Path, cell: str) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "".join(next(found["source"] for found in cells if found["id"] == cell))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows; with --write also put them into the closing notebook."""
    parser = argparse.ArgumentParser(prog="python benchmarks/convnets.py", description="Measure the convnets of a3.")
    parser.add_argument("--write", action="store_true", help="put the rows into the closing notebook")
    write = parser.parse_args(arguments).write
    rows = [*earlier(), *convnets()]
    for row in rows:
        print("{}: {:.1f} % of shapes10, {:.1f} % of digits".format(*row))
    if write:
        CLOSING.write_text(written(CLOSING.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main()
