"""A fully connected layer and batch normalization with stages, and an exercise that calls the latter's forward pass."""

import shutil

import nbformat

from flatgrade.core import load_assignment
from flatgrade.core.flatcode import definition_of
from flatgrade.grader.reference import load_solutions
from support.course import ROOT

CONTRACT = """
[affine]
title   = "A fully connected layer, forward and backward"
plan    = ["out, cache = affine_forward(x, w, b)", "dx, dw, db = affine_backward(dout, cache)"]
returns = ["out", "dx", "dw", "db"]
points  = 8
inputs  = { x = { shape = "N D" }, w = { shape = "D M" }, b = { shape = "M" }, dout = { shape = "N M" } }
[affine.stages]
out = { shape = "N M", points = 2 }
dx  = { shape = "N D", points = 2 }
dw  = { shape = "D M", points = 2 }
db  = { shape = "M", points = 2 }

[batchnorm]
title   = "Batch normalization, forward and backward"
plan    = ["out, cache = batchnorm_forward(x, gamma, beta, bn_param)", "dx, dgamma, dbeta = batchnorm_backward(dout, cache)"]
returns = ["out", "dx", "dgamma", "dbeta"]
points  = 14
[batchnorm.inputs]
x        = { shape = "N D" }
gamma    = { shape = "D" }
beta     = { shape = "D" }
bn_param = { kind = "given", value = { eps = 1e-5, seen = 0 } }
dout     = { shape = "N D" }
[batchnorm.stages]
mu      = { shape = "D", points = 1 }
xc      = { shape = "N D", points = 1 }
var     = { shape = "D", points = 1 }
std     = { shape = "D", points = 1 }
xhat    = { shape = "N D", points = 1 }
out     = { shape = "N D", points = 1 }
dbeta   = { shape = "D", points = 1 }
dgamma  = { shape = "D", points = 1 }
dxhat   = { shape = "N D", points = 1 }
dstd    = { shape = "D", points = 1 }
dvar    = { shape = "D", points = 1 }
dxc     = { shape = "N D", points = 1 }
dmu     = { shape = "D", points = 1 }
dx      = { shape = "N D", points = 1 }

[running]
title   = "What batch normalization has seen"
plan    = ["out, cache = batchnorm_forward(x, gamma, beta, bn_param)", "again, cache = batchnorm_forward(x, gamma, beta, bn_param)", "seen = count(bn_param)"]
returns = ["seen"]
points  = 2
given   = ["count"]
[running.inputs]
x        = { shape = "N D" }
gamma    = { shape = "D" }
beta     = { shape = "D" }
bn_param = { kind = "given", value = { eps = 1e-5, seen = 0 } }
"""

AFFINE = '''
import numpy as np

from flatgrade.core import Case, Mistake


def affine_forward(x, w, b):
    out = x @ w + b  # (N, M)
    cache = (x, w)
    return out, cache


def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T  # (N, D)
    dw = x.T @ dout  # (D, M)
    db = dout.sum(axis=0)  # (M,)
    return dx, dw, db


def cases(rng):
    def draw(N, D, M):
        shapes = {"x": (N, D), "w": (D, M), "b": (M,), "dout": (N, M)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more rows", draw(9, 6, 3), generic=True),
        Case("one row", draw(1, 3, 2)),
    ]


MISTAKES = [
    Mistake("out", "x @ w + b", "x @ w", "The bias is missing.", "affine-bias"),
    Mistake("dx", "dout @ w.T", "-(dout @ w.T)", "The slope of x @ w by x is w, not -w.", "affine-dx-sign"),
    Mistake("dw", "x.T @ dout", "x.T @ dout / x.shape[0]", "Nothing is averaged here.", "affine-dw-mean"),
    Mistake("db", "dout.sum(axis=0)", "dout.mean(axis=0)", "Nothing is averaged here.", "affine-db-mean"),
]
EQUIVALENTS = {
    "einsum, a dictionary as cache": """\\
def affine_forward(x, w, b):
    return np.einsum("nd,dm->nm", x, w) + b, {"x": x, "w": w}


def affine_backward(dout, cache):
    return dout @ cache["w"].T, cache["x"].T @ dout, np.ones(len(dout)) @ dout
""",
}


def torch_path(x, w, b, dout):
    return x @ w + b
'''

BATCHNORM = '''
import numpy as np

from flatgrade.core import Case, Mistake


def batchnorm_forward(x, gamma, beta, bn_param):
    bn_param["seen"] = bn_param["seen"] + len(x)
    mu = x.mean(axis=0)  # (D,)
    xc = x - mu  # (N, D)
    var = (xc**2).mean(axis=0)  # (D,)
    std = np.sqrt(var + bn_param["eps"]) * (bn_param["seen"] / len(x))  # (D,)
    xhat = xc / std  # (N, D)
    out = gamma * xhat + beta  # (N, D)
    cache = (gamma, xc, std, xhat)
    return out, cache


def batchnorm_backward(dout, cache):
    gamma, xc, std, xhat = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)  # (D,)
    dgamma = (dout * xhat).sum(axis=0)  # (D,)
    dxhat = dout * gamma  # (N, D)
    dstd = -(dxhat * xc).sum(axis=0) / std**2  # (D,)
    dvar = 0.5 * dstd / std  # (D,)
    dxc = dxhat / std + 2 * xc * dvar / N  # (N, D)
    dmu = -dxc.sum(axis=0)  # (D,)
    dx = dxc + dmu / N  # (N, D)
    return dx, dgamma, dbeta


def cases(rng):
    def draw(N, D):
        inputs = {"x": 3 * rng.standard_normal((N, D)) + 1, "dout": rng.standard_normal((N, D))}
        inputs |= {"gamma": rng.standard_normal(D), "beta": rng.standard_normal(D)}
        return {**inputs, "bn_param": {"eps": 1e-5, "seen": 0}}

    return [Case("typical", draw(7, 4), generic=True), Case("wider", draw(6, 9), generic=True), Case("two", draw(2, 3))]


MISTAKES = [
    Mistake("mu", "x.mean(axis=0)", "x.mean(axis=1, keepdims=True)", "Each feature has its own mean.", "bn-axis"),
    Mistake("xhat", "xc / std", "xc / std**2", "Divide by the deviation.", "bn-std"),
    Mistake("out", "gamma * xhat + beta", "gamma * xhat", "The shift is missing.", "bn-beta"),
    Mistake("dgamma", "dout * xhat", "dout * xc", "gamma scales xhat.", "bn-dgamma"),
    Mistake("dstd", "-(dxhat", "(dxhat", "A quotient falls where its divisor grows.", "bn-dstd-sign"),
    Mistake("dxc", "dxhat / std + 2 * xc * dvar / N", "dxhat / std", "xc is used twice.", "bn-dxc-fork"),
    Mistake("dx", "dxc + dmu / N", "dxc", "x is used twice: by xc and by mu.", "bn-dx-fork"),
]
EQUIVALENTS = {
    "one over the deviation": """\\
def batchnorm_forward(x, gamma, beta, bn_param):
    bn_param["seen"] += len(x)
    mu = x.mean(axis=0)
    xc = x - mu
    var = (xc * xc).mean(axis=0)
    std = np.sqrt(var + bn_param["eps"])
    xhat = xc * (1 / std)
    out = gamma * xhat + beta
    cache = (xhat, gamma, std, xc)
    return out, cache


def batchnorm_backward(dout, cache):
    xhat, gamma, std, xc = cache
    N = len(dout)
    dbeta = np.ones(N) @ dout
    dgamma = np.einsum("nd,nd->d", dout, xhat)
    dxhat = gamma * dout
    dstd = -(dxhat * xhat).sum(axis=0) / std
    dvar = dstd / (2 * std)
    dxc = dxhat / std + xc * (2 * dvar / N)
    dmu = -dxc.sum(axis=0)
    dx = dxc + dmu / N
    return dx, dgamma, dbeta
""",
    "by the paper": """\\
def batchnorm_forward(x, gamma, beta, bn_param):
    s = np.sqrt(x.var(axis=0) + bn_param["eps"])
    n = (x - x.mean(axis=0)) / s
    return n * gamma + beta, (n, s, gamma)


def batchnorm_backward(dout, cache):
    n, s, gamma = cache
    db, dg = dout.sum(axis=0), (dout * n).sum(axis=0)
    return gamma / s * (dout - (db + n * dg) / len(n)), dg, db
""",
}


def torch_path(x, gamma, beta, bn_param, dout):
    import torch

    return gamma * (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + bn_param["eps"]) + beta
'''

RUNNING = """
from flatgrade.core import Case, Mistake

from .batchnorm import batchnorm_forward

GIVEN = "import numpy as np\\n\\n\\ndef count(bn_param):\\n    return bn_param['seen']\\n"


def cases(rng):
    def draw(N, D):
        numbers = {"gamma": rng.standard_normal(D), "beta": rng.standard_normal(D), "x": rng.standard_normal((N, D))}
        return {**numbers, "bn_param": {"eps": 1e-5, "seen": 3}}

    return [Case("seven", draw(7, 4), generic=True), Case("six", draw(6, 9), generic=True)]


MISTAKES = [Mistake("seen", '["seen"] + len(x)', '["seen"]', "Nothing is counted.", "bn-seen")]
"""

TEXTS = {"affine": AFFINE, "batchnorm": BATCHNORM, "running": RUNNING}


def pairs(folder):
    """The assignment and its solutions, written to `folder` and loaded."""
    home, secret = folder / "pairs", folder / "solutions" / "pairs"
    home.mkdir()
    secret.mkdir(parents=True)
    (home / "exercises.toml").write_text(CONTRACT, encoding="utf-8")
    for name, text in TEXTS.items():
        (secret / f"{name}.py").write_text(text, encoding="utf-8")
    assignment = load_assignment(home)
    return assignment, load_solutions(secret.parent, assignment)


def pairs_course(folder):
    """A course of one notebook with these exercises: the functions in cells of their own, `running` beside batchnorm."""
    _, solutions = pairs(folder)
    (folder / "assignments").mkdir()
    (folder / "pairs").rename(folder / "assignments" / "pairs")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    cells = [_cell("imports", "import numpy as np\nfrom flatgrade.student import check", locked=True)]
    cells.append(_cell("count", solutions["running"].given.split("\n\n\n")[1], locked=True))
    for name in ("affine", "batchnorm"):
        for function in solutions[name].exercise.functions:
            head, *body, last = definition_of(solutions[name].answer, function).rstrip("\n").split("\n")
            marked = "\n".join([head, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION", last])
            cells.append(_cell(function, marked, solution=True))
    for name, solution in solutions.items():
        points = solution.exercise.points
        cells.append(_cell(f"test_{name}", f'check("{name}")', locked=True, grade=True, points=points))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, folder / "assignments" / "pairs" / "layers.ipynb")
    return solutions


def _cell(grade_id, source, **marks):
    plain = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    metadata = {"nbgrader": {**plain, "grade_id": grade_id, **marks}}
    return nbformat.v4.new_code_cell(source, id=grade_id, metadata=metadata)
