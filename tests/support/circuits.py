"""Flat functions with their contracts, for tests of the circuit picture."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from flatgrade.core import load_assignment

CONTRACT = """
[sigmoid_circuit]
title = "the sigmoid circuit"
call = "sigmoid_circuit(w0, x0, w1, x1, w2)"
returns = ["L", "grad_w0", "grad_x0", "grad_w1", "grad_x1", "grad_w2"]
points = 15
[sigmoid_circuit.inputs]
w0 = {}
x0 = {}
w1 = {}
x1 = {}
w2 = {}
[sigmoid_circuit.stages]
s0 = { points = 1 }
s1 = { points = 1 }
s2 = { points = 1 }
s3 = { points = 1 }
L = { points = 1 }
grad_L = { points = 1 }
grad_s3 = { points = 1 }
grad_w2 = { points = 1 }
grad_s2 = { points = 1 }
grad_s0 = { points = 1 }
grad_s1 = { points = 1 }
grad_w1 = { points = 1 }
grad_x1 = { points = 1 }
grad_w0 = { points = 1 }
grad_x0 = { points = 1 }
[[sigmoid_circuit.cases]]
label = "lecture 4: the slides"
inputs = { w0 = 2, x0 = -1, w1 = -3, x1 = -2, w2 = -3 }
expect = { s0 = -2, s1 = 6, s2 = 4, s3 = 1 }
[[sigmoid_circuit.cases]]
label = "all zero"
inputs = { w0 = 0, x0 = 0, w1 = 0, x1 = 0, w2 = 0 }
expect = { L = 0.5 }

[affine]
title = "two calls"
plan = ["out, cache = affine_forward(x, w)", "dx, dw = affine_backward(out, cache)"]
returns = ["out", "dx", "dw"]
points = 1
inputs = { x = { shape = "N D" }, w = { shape = "D M" } }
"""

SIGMOID = """\
def sigmoid_circuit(w0, x0, w1, x1, w2):
    # forward
    s0 = w0 * x0
    s1 = w1 * x1
    s2 = s0 + s1
    s3 = s2 + w2
    L = 1 / (1 + np.exp(-s3))
    # backward
    grad_L = 1.0
    grad_s3 = grad_L * L * (1 - L)
    grad_w2 = grad_s3
    grad_s2 = grad_s3
    grad_s0 = grad_s2
    grad_s1 = grad_s2
    grad_w1 = grad_s1 * x1
    grad_x1 = grad_s1 * w1
    grad_w0 = grad_s0 * x0
    grad_x0 = grad_s0 * w0
    return L, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2
"""


@cache
def sigmoid_exercise():
    """The sigmoid circuit's contract, read from its text."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "exercises.toml").write_text(CONTRACT)
        return load_assignment(Path(folder)).exercises["sigmoid_circuit"]
