"""A matrix product and its gradients: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np  # noqa: F401 -- the edits of the mistakes see it

from flatgrade.core import Case, Mistake


def matrix_multiply(x, w, dy):
    # forward
    y = x @ w  # (N, M)
    # backward
    dx = dy @ w.T  # (N, D)
    dw = x.T @ dy  # (D, M)
    return y, dx, dw


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, M):
        return {
            "x": rng.standard_normal((N, D)),
            "w": rng.standard_normal((D, M)),
            "dy": rng.standard_normal((N, M)),
        }

    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more columns than rows", draw(6, 3, 11), generic=True),
        Case("one example", draw(1, 6, 5)),
        Case("one column in", draw(7, 1, 4)),
        Case("one column out", draw(7, 5, 1)),
        Case("square matrices", draw(6, 6, 6)),
    ]


_VALUE = "Go on from dy, the gradient that arrives at y; y is a value."
_UPSTREAM = "This is the gradient of the sum of all y. Go on from dy, the gradient that arrives."
_MEAN = "What arrives in dy is spread as it is: nothing is divided by the number of examples here."
_MINUS = "A gradient points uphill: no minus sign here."

MISTAKES = [
    Mistake("y", "x @ w", "x @ w / len(x)", "Each row of y depends on its own row of x alone: do not divide by N.", "mm-y-divN"),
    Mistake("y", "x @ w", "np.maximum(0, x @ w)", "y is the product itself: no ReLU here.", "mm-y-relu"),
    Mistake("y", "x @ w", "x @ w + dy", "y is made of x and w alone; dy belongs to the way back.", "mm-y-plus-dy"),
    Mistake("y", "x @ w", "x @ w * dy", "y is made of x and w alone; dy belongs to the way back.", "mm-y-times-dy"),
    Mistake("y", "x @ w", "x @ w * 2", "y is the product of x and w and nothing more.", "mm-y-times2"),
    Mistake("y", "x @ w", "x @ w + 1", "y is the product of x and w and nothing more: no bias here.", "mm-y-bias"),
    Mistake("y", "x @ w", "-(x @ w)", "y is the product of x and w: no minus sign.", "mm-y-minus"),
    Mistake("y", "x @ w", "x.sum(axis=1, keepdims=True) * w.sum(axis=0)", "First multiply entry by entry, then add up: the product of the sums is something else.", "mm-y-sums"),
    Mistake("dx", "dy @ w.T", "y @ w.T", _VALUE, "mm-dx-value"),
    Mistake("dx", "dy @ w.T", "np.ones_like(dy) @ w.T", _UPSTREAM, "mm-dx-noupstream"),
    Mistake("dx", "dy @ w.T", "(dy * y) @ w.T", "dy holds the whole gradient by y: y itself does not come in once more.", "mm-dx-times-y"),
    Mistake("dx", "dy @ w.T", "dy @ w.T / len(x)", _MEAN, "mm-dx-divN"),
    Mistake("dx", "dy @ w.T", "-dy @ w.T", _MINUS, "mm-dx-minus"),
    Mistake("dx", "dy @ w.T", "2 * dy @ w.T", "Nothing is squared here: where does the 2 come from?", "mm-dx-times2"),
    Mistake("dx", "dy @ w.T", "dy @ w.T * x", "The slope by x is the other factor, w; x itself does not come in.", "mm-dx-times-x"),
    Mistake("dx", "dy @ w.T", "dy @ w.T + x", "dx holds slopes only: x is not added to them.", "mm-dx-plus-x"),
    Mistake("dx", "dy @ w.T", "dy.sum(axis=1, keepdims=True) * w.sum(axis=1)", "Each dy has its own weight: multiply first, then add up over the columns of y.", "mm-dx-sums"),
    Mistake("dx", "dy @ w.T", "dy.mean(axis=0) @ w.T + 0 * x", "Each row of x gets its own row of dy: do not average the rows.", "mm-dx-rowmean"),
    Mistake("dx", "dy @ w.T", "dy.sum(axis=0) @ w.T + 0 * x", "Each row of x gets its own row of dy: do not add up the rows.", "mm-dx-rowsum"),
    Mistake("dx", "dy @ w.T", "dy @ np.abs(w).T", "A negative weight turns the sign of what goes back: use w itself.", "mm-dx-abs"),
    Mistake("dw", "x.T @ dy", "x.T @ y", _VALUE, "mm-dw-value"),
    Mistake("dw", "x.T @ dy", "x.T @ np.ones_like(dy)", _UPSTREAM, "mm-dw-noupstream"),
    Mistake("dw", "x.T @ dy", "x.T @ (dy * y)", "dy holds the whole gradient by y: y itself does not come in once more.", "mm-dw-times-y"),
    Mistake("dw", "x.T @ dy", "x.T @ dy / len(x)", "A weight is used by every example, and its gradients add up: no mean here.", "mm-dw-divN"),
    Mistake("dw", "x.T @ dy", "-x.T @ dy", _MINUS, "mm-dw-minus"),
    Mistake("dw", "x.T @ dy", "2 * x.T @ dy", "Nothing is squared here: where does the 2 come from?", "mm-dw-times2"),
    Mistake("dw", "x.T @ dy", "x.T @ dy * w", "The slope by w is the other factor, x; w itself does not come in.", "mm-dw-times-w"),
    Mistake("dw", "x.T @ dy", "x.T @ dy + w", "dw holds slopes only: w is not added to them.", "mm-dw-plus-w"),
    Mistake("dw", "x.T @ dy", "dx.T @ dy", "The slope by w is x, the input of the forward pass; dx is a gradient.", "mm-dw-dx"),
    Mistake("dw", "x.T @ dy", "np.outer(x[0], dy[0])", "All examples use w: their gradients add up, not only that of the first.", "mm-dw-first"),
    Mistake("dw", "x.T @ dy", "np.outer(x[-1], dy[-1])", "All examples use w: add up their gradients, the last one must not overwrite the others.", "mm-dw-last"),
    Mistake("dw", "x.T @ dy", "np.outer(x.sum(axis=0), dy.sum(axis=0))", "First multiply within each example, then add up: the product of the sums mixes the examples.", "mm-dw-sums"),
    Mistake("dw", "x.T @ dy", "np.abs(x).T @ dy", "A negative x turns the sign of what goes back: use x itself.", "mm-dw-abs"),
    Mistake("dw", "x.T @ dy", "x.T @ np.maximum(0, dy)", "Negative gradients go back like positive ones: there is no ReLU here.", "mm-dw-relu"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "dot and np.transpose": '''\
def matrix_multiply(x, w, dy):
    y = x.dot(w)
    dx = np.dot(dy, np.transpose(w))
    dw = np.dot(np.transpose(x), dy)
    return y, dx, dw
''',
    "transposed products": '''\
def matrix_multiply(x, w, dy):
    y = (w.T @ x.T).T
    dx = (w @ dy.T).T
    dw = (dy.T @ x).T
    return y, dx, dw
''',
    "einsum": '''\
def matrix_multiply(x, w, dy):
    y = np.einsum("nd,dm->nm", x, w)
    dx = np.einsum("nm,dm->nd", dy, w)
    dw = np.einsum("nd,nm->dm", x, dy)
    return y, dx, dw
''',
    "dw before dx": '''\
def matrix_multiply(x, w, dy):
    y = x @ w
    dw = x.T @ dy
    dx = dy @ w.T
    return y, dx, dw
''',
    "example by example": '''\
def matrix_multiply(x, w, dy):
    y = np.zeros_like(dy)
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    for n in range(len(x)):
        y[n] = x[n] @ w
        dx[n] = w @ dy[n]
        dw += np.outer(x[n], dy[n])
    return y, dx, dw
''',
    "loops over all entries": '''\
def matrix_multiply(x, w, dy):
    N, D = x.shape
    M = w.shape[1]
    y, dx, dw = np.zeros((N, M)), np.zeros((N, D)), np.zeros((D, M))
    for n in range(N):
        for m in range(M):
            for d in range(D):
                y[n, m] += x[n, d] * w[d, m]
                dx[n, d] += dy[n, m] * w[d, m]
                dw[d, m] += dy[n, m] * x[n, d]
    return y, dx, dw
''',
}


def torch_path(x, w, dy):
    """The same output in torch: x (N, D), w (D, M); dy arrives at it."""
    return x @ w
