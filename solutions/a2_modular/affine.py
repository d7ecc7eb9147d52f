"""A fully connected layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def affine_forward(x, w, b):
    rows = x.reshape(x.shape[0], -1)  # (N, K)
    out = rows @ w + b  # (N, M)
    cache = (x, rows, w)
    return out, cache


def affine_backward(dout, cache):
    x, rows, w = cache
    drows = dout @ w.T  # (N, K)
    dx = drows.reshape(x.shape)  # (N, d1, d2)
    dw = rows.T @ dout  # (K, M)
    db = dout.sum(axis=0)  # (M,)
    return dx, dw, db


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, picture, M):
        K = int(np.prod(picture))
        shapes = {"x": (N, *picture), "w": (K, M), "b": (M,), "dout": (N, M)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    return [
        Case("typical sizes", draw(5, (3, 2), 4), generic=True),
        Case("more examples than numbers in one", draw(11, (2, 4), 3), generic=True),
        Case("one example", draw(1, (2, 3), 5)),
        Case("colour pictures", draw(6, (2, 3, 4), 5)),
        Case("examples that are rows already", draw(7, (6,), 4)),
        Case("as many numbers out as in", draw(5, (2, 3), 6)),
        Case("as many examples as numbers in one", draw(6, (3, 2), 4)),
        Case("one number out", draw(4, (3, 2), 1)),
    ]


MISTAKES = [
    Mistake("rows", "x.reshape(x.shape[0], -1)", "x.reshape(-1, x.shape[0]).T", "The shape is right, but the numbers of different examples are mixed: each row must be one example.", "aff-mixed"),
    Mistake("rows", "x.reshape(x.shape[0], -1)", "x.reshape(x.shape[0], -1, order='F')", "Within an example the numbers come in the wrong order: the last axis must run fastest.", "aff-order"),
    Mistake("rows", "x.reshape(x.shape[0], -1)", "x.reshape(x.shape[0], -1)[::-1]", "The examples are in reverse.", "aff-reverse"),
    Mistake("out", " + b", "", "The bias is missing.", "aff-forgotb"),
    Mistake("out", "+ b", "- b", "The bias is added.", "aff-minusb"),
    Mistake("out", "rows @ w + b", "np.maximum(0, rows @ w + b)", "A fully connected layer has no ReLU in it: that is a layer of its own.", "aff-relu"),
    Mistake("out", "rows @ w + b", "(rows @ w + b) / len(rows)", "What one example gives does not depend on how many there are.", "aff-outN"),
    Mistake("drows", "dout @ w.T", "dout @ w.T / len(dout)", "Whether a mean is taken is a matter of the loss: nothing is divided here.", "aff-dxN"),
    Mistake("drows", "dout @ w.T", "-(dout @ w.T)", "The gradient points uphill: the minus comes with the update step.", "aff-dxminus"),
    Mistake("drows", "dout @ w.T", "(dout > 0) @ w.T", "The gradient that arrives counts with its value, not with its sign.", "aff-dxsign"),
    Mistake("dx", "drows.reshape(x.shape)", "drows.reshape(x.shape, order='F')", "The gradient of each number must come back to the place of that number.", "aff-dxorder"),
    Mistake("dx", "drows.reshape(x.shape)", "drows.reshape(x.shape) * x", "x does not belong in its own gradient.", "aff-dxx"),
    Mistake("dw", "rows.T @ dout", "rows.T @ dout / len(rows)", "Whether a mean is taken is a matter of the loss: nothing is divided here.", "aff-dwN"),
    Mistake("dw", "rows.T @ dout", "-(rows.T @ dout)", "The gradient points uphill: the minus comes with the update step.", "aff-dwminus"),
    Mistake("dw", "rows.T @ dout", "rows.T @ dout + w", "There is no penalty on the weights in a layer.", "aff-dwreg"),
    Mistake("dw", "rows.T @ dout", "dout.T @ rows", "dw has the shape of w: one row for each number that comes in, one column for each that goes out.", "aff-dwT"),
    Mistake("db", "dout.sum(axis=0)", "dout.sum(axis=0, keepdims=True)", "db has the shape of b, which has one axis only.", "aff-dbshape"),
    Mistake("dx", "drows.reshape(x.shape)", "drows", "dx has the shape of x: back from rows to pictures.", "aff-noreshape"),
    Mistake("db", "dout.sum(axis=0)", "dout.mean(axis=0)", "The bias is added to every example, so it collects the sum of their gradients.", "aff-dbmean"),
    Mistake("db", "dout.sum(axis=0)", "dout.sum() + 0 * dout[0]", "Each output has its own bias: sum over the examples only.", "aff-dball"),
    Mistake("db", "dout.sum(axis=0)", "dout[0]", "Every example has a share in the gradient of the bias, not the first alone.", "aff-dbfirst"),
    Mistake("db", "dout.sum(axis=0)", "np.ones(dout.shape[1]) * len(dout)", "The gradient that arrives is missing.", "aff-dbcount"),
]

# Other right answers, each the text of whole answer cells.
EQUIVALENTS = {
    "flattened anew in both": '''\
def affine_forward(x, w, b):
    out = x.reshape(len(x), -1).dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(*x.shape)
    dw = x.reshape(x.shape[0], w.shape[0]).T.dot(dout)
    db = np.ones(len(dout)) @ dout
    return dx, dw, db
''',
    "one row after the other": '''\
def affine_forward(x, w, b):
    out = np.stack([picture.ravel() @ w + b for picture in x])
    return out, {"x": x, "w": w}


def affine_backward(dout, cache):
    x, w = cache["x"], cache["w"]
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for picture, upstream, i in zip(x, dout, range(len(x))):
        dx[i] = (w @ upstream).reshape(picture.shape)
        dw += np.outer(picture, upstream)
        db += upstream
    return dx, dw, db
''',
    "einsum": '''\
def affine_forward(x, w, b):
    flat = np.reshape(x, (x.shape[0], np.prod(x.shape[1:])))
    return np.einsum("nk,km->nm", flat, w) + b[None, :], (flat, w, x.shape)


def affine_backward(dout, cache):
    flat, w, shape = cache
    return (
        np.einsum("nm,km->nk", dout, w).reshape(shape),
        np.einsum("nk,nm->km", flat, dout),
        np.einsum("nm->m", dout),
    )
''',
}


def torch_path(x, w, b, dout):
    """The same function in torch."""
    return x.flatten(1) @ w + b
