"""The layers that `flatgrade bench layers` times: their sizes, their work, and what runs them.

Every layer runs forward and backward. NumPy is the course's own reference, torch the course's own torch
path; both are found by their exercise. `plain` is how a user of torch writes the layer, `loops` how a beginner does;
`numpy` stands in for a reference that loops itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatgrade.bench import loops

Inputs = dict[str, Any]
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Layer:
    """One layer. `exercise` is "<assignment>/<exercise>"; so is `loops`, where the naive form is an exercise itself.

    `draw(rng, sizes)` makes the inputs by name, floats as float64; `batched` are those with an entry an example.
    `work(sizes)` is what a pass forward and backward takes at least: floating-point operations where `unit` is
    "GFLOP/s", numbers read and written where it is "GB/s". `filling` is the number of examples, by kind of device, that
    keeps all of it busy.
    """

    name: str
    exercise: str
    loops: str | Callable[..., Any]
    sizes: Sizes
    filling: Mapping[str, int]
    draw: Callable[[np.random.Generator, Sizes], Inputs]
    batched: tuple[str, ...]
    work: Callable[[Sizes], float]
    unit: str
    plain: Callable[[Any, Inputs], Any]
    numpy: Callable[..., Any] | None = None

    def at(self, examples: int) -> Sizes:
        """The sizes with another number of examples."""
        return {**self.sizes, "N": examples}

    def first(self, inputs: Inputs, examples: int) -> Inputs:
        """The inputs with the first examples alone."""
        return {name: value[:examples] if name in self.batched else value for name, value in inputs.items()}


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Any:
    return scale * rng.standard_normal(shape)


def _linear(rng: np.random.Generator, s: Sizes) -> Inputs:
    X, y = _normal(rng, s["N"], s["D"]), rng.integers(0, s["C"], s["N"])
    return {"W": _normal(rng, s["D"], s["C"], scale=0.01), "X": X, "y": y, "reg": 0.1}


def _two_layer(rng: np.random.Generator, s: Sizes) -> Inputs:
    weights = {"W1": _normal(rng, s["D"], s["H"], scale=0.01), "b1": np.zeros(s["H"])}
    weights |= {"W2": _normal(rng, s["H"], s["C"], scale=0.01), "b2": np.zeros(s["C"])}
    return {**weights, "X": _normal(rng, s["N"], s["D"]), "y": rng.integers(0, s["C"], s["N"]), "reg": 0.1}


def _affine(rng: np.random.Generator, s: Sizes) -> Inputs:
    x, w = _normal(rng, s["N"], s["D"]), _normal(rng, s["D"], s["M"])
    return {"x": x, "w": w, "b": _normal(rng, s["M"]), "dout": _normal(rng, s["N"], s["M"])}


def _convolution(rng: np.random.Generator, s: Sizes) -> Inputs:
    x, w = _normal(rng, s["N"], s["C"], s["H"], s["H"]), _normal(rng, s["F"], s["C"], s["K"], s["K"])
    dout = _normal(rng, s["N"], s["F"], _out(s), _out(s))
    return {"x": x, "w": w, "b": _normal(rng, s["F"]), "stride": s["S"], "pad": s["P"], "dout": dout}


def _max_pool(rng: np.random.Generator, s: Sizes) -> Inputs:
    x, dout = _normal(rng, s["N"], s["C"], s["H"], s["H"]), _normal(rng, s["N"], s["C"], _out(s), _out(s))
    return {"x": x, "size": (s["K"], s["K"]), "stride": (s["S"], s["S"]), "dout": dout}


def _batchnorm(rng: np.random.Generator, s: Sizes) -> Inputs:
    parameters = {"mode": "train", "eps": 1e-5, "momentum": 0.9}
    parameters |= {"running_mean": np.zeros(s["D"]), "running_var": np.ones(s["D"])}
    weights = {"gamma": _normal(rng, s["D"]), "beta": _normal(rng, s["D"])}
    return {"x": _normal(rng, s["N"], s["D"]), **weights, "bn_param": parameters, "dout": _normal(rng, s["N"], s["D"])}


def _out(s: Sizes) -> int:
    return (s["H"] + 2 * s["P"] - s["K"]) // s["S"] + 1


def _linear_work(s: Sizes) -> float:
    return 4.0 * s["N"] * s["D"] * s["C"]  # X @ W, X.T @ dscores


def _two_layer_work(s: Sizes) -> float:
    return 4.0 * s["N"] * s["D"] * s["H"] + 6.0 * s["N"] * s["H"] * s["C"]  # nobody asks for dX


def _affine_work(s: Sizes) -> float:
    return 6.0 * s["N"] * s["D"] * s["M"]


def _convolution_work(s: Sizes) -> float:
    return 6.0 * s["N"] * s["F"] * _out(s) ** 2 * s["C"] * s["K"] ** 2


def _max_pool_work(s: Sizes) -> float:
    return 1.0 * s["N"] * s["C"] * (2 * s["H"] ** 2 + 2 * _out(s) ** 2)  # x read, dx written; out written, dout read


def _batchnorm_work(s: Sizes) -> float:
    return 5.0 * s["N"] * s["D"]  # x read, out written; x and dout read, dx written


def _plain_svm(torch: Any, t: Inputs) -> Any:
    hinge = torch.nn.functional.multi_margin_loss(t["X"] @ t["W"], t["y"])  # divides by the classes, too
    return hinge * t["W"].shape[1] + t["reg"] * (t["W"] ** 2).sum()


def _plain_softmax(torch: Any, t: Inputs) -> Any:
    return torch.nn.functional.cross_entropy(t["X"] @ t["W"], t["y"]) + t["reg"] * (t["W"] ** 2).sum()


def _plain_two_layer(torch: Any, t: Inputs) -> Any:
    hidden = torch.addmm(t["b1"], t["X"], t["W1"]).relu()
    scores = torch.addmm(t["b2"], hidden, t["W2"])
    penalty = 0.5 * t["reg"] * ((t["W1"] ** 2).sum() + (t["W2"] ** 2).sum())
    return torch.nn.functional.cross_entropy(scores, t["y"]) + penalty


def _plain_affine(torch: Any, t: Inputs) -> Any:
    return torch.addmm(t["b"], t["x"], t["w"])


def _plain_convolution(torch: Any, t: Inputs) -> Any:
    return torch.nn.functional.conv2d(t["x"], t["w"], t["b"], t["stride"], t["pad"])


def _plain_max_pool(torch: Any, t: Inputs) -> Any:
    return torch.nn.functional.max_pool2d(t["x"], t["size"], t["stride"])


def _pool_by_windows(x: Any, size: tuple[int, int], stride: tuple[int, int], dout: Any) -> tuple[Any, Any]:
    """Max pooling with whole arrays: x (N, C, H, W); of equal numbers the first one in row order counts."""
    (height, width), (down, right) = size, stride
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))[:, :, ::down, ::right]
    flat = windows.reshape(*windows.shape[:4], height * width)
    place = flat.argmax(axis=4)
    out = np.take_along_axis(flat, place[..., None], axis=4)[..., 0]
    dx = np.zeros_like(x)
    rows, columns = out.shape[2:]
    for k in range(height * width):
        i, j = divmod(k, width)
        dx[:, :, i : i + down * rows : down, j : j + right * columns : right] += dout * (place == k)
    return out, dx


def _plain_batchnorm(torch: Any, t: Inputs) -> Any:
    eps = t["bn_param"]["eps"]
    return torch.nn.functional.batch_norm(t["x"], None, None, t["gamma"], t["beta"], training=True, eps=eps)


def _loops_batchnorm(x: Any, gamma: Any, beta: Any, bn_param: Any, dout: Any) -> Any:
    return loops.batchnorm(x, gamma, beta, bn_param["eps"], dout)


_PICTURE = {"N": 64, "D": 3072, "C": 10}
_MANY = {"cpu": 4096, "cuda": 65536}
LAYERS = (
    Layer("SVM", "a1_flat_backprop/svm_loss", "a1_flat_backprop/svm_loss_naive", _PICTURE, _MANY, _linear, ("X", "y"),
          _linear_work, "GFLOP/s", _plain_svm),
    Layer("softmax", "a1_flat_backprop/softmax_loss", "a1_flat_backprop/softmax_loss_naive", _PICTURE, _MANY, _linear,
          ("X", "y"), _linear_work, "GFLOP/s", _plain_softmax),
    Layer("two-layer net", "a1_flat_backprop/two_layer_loss", loops.two_layer_loss, {**_PICTURE, "H": 50}, _MANY,
          _two_layer, ("X", "y"), _two_layer_work, "GFLOP/s", _plain_two_layer),
    Layer("affine", "a2_modular/affine", loops.affine, {"N": 64, "D": 1024, "M": 256}, {"cpu": 2048, "cuda": 65536},
          _affine, ("x", "dout"), _affine_work, "GFLOP/s", _plain_affine),
    Layer("convolution 3x3, stride 2", "a3_convnets/conv_fast", "a3_convnets/conv_naive",
          {"N": 100, "C": 3, "H": 31, "F": 25, "K": 3, "S": 2, "P": 1}, {"cpu": 1000, "cuda": 32768}, _convolution,
          ("x", "dout"), _convolution_work, "GFLOP/s", _plain_convolution),
    Layer("convolution 3x3", "a3_convnets/conv_fast", "a3_convnets/conv_naive",
          {"N": 64, "C": 16, "H": 32, "F": 32, "K": 3, "S": 1, "P": 1}, {"cpu": 256, "cuda": 4096}, _convolution,
          ("x", "dout"), _convolution_work, "GFLOP/s", _plain_convolution),
    Layer("max pooling 2x2", "a3_convnets/max_pool", loops.max_pool,
          {"N": 64, "C": 32, "H": 32, "K": 2, "S": 2, "P": 0}, {"cpu": 512, "cuda": 8192}, _max_pool, ("x", "dout"),
          _max_pool_work, "GB/s", _plain_max_pool, _pool_by_windows),
    Layer("batch norm", "a2_modular/batchnorm", _loops_batchnorm, {"N": 128, "D": 512},
          {"cpu": 16384, "cuda": 524288}, _batchnorm, ("x", "dout"), _batchnorm_work, "GB/s", _plain_batchnorm),
)  # fmt: skip
