"""The squared norm of W x: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def squared_norm(W, x):
    # forward
    q = W @ x  # (M,)
    f = np.sum(q * q)  # ()
    # backward
    grad_q = 2 * q  # (M,)
    grad_W = np.outer(grad_q, x)  # (M, D)
    grad_x = W.T @ grad_q  # (D,)
    return f, grad_W, grad_x


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(M, D):
        return {"W": rng.standard_normal((M, D)), "x": rng.standard_normal(D)}

    zero = draw(4, 5)
    zero["x"] = np.zeros(5)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more rows than columns", draw(11, 4), generic=True),
        Case("one row", draw(1, 6)),
        Case("one column", draw(6, 1)),
        Case("a square matrix", draw(5, 5)),
        Case("x is zero", zero),
    ]


_VALUE = "Go on from grad_q, the slope that arrives at q; q is a value."
_LOCAL = "This is the slope of q alone. Multiply it by grad_q, the slope that arrives at q."

MISTAKES = [
    Mistake("q", "W @ x", "W @ x / len(x)", "q is the product of W and x: nothing is averaged.", "norm-q-mean"),
    Mistake("q", "W @ x", "W @ x * 2", "q is the product of W and x and nothing more.", "norm-q-times2"),
    Mistake("q", "W @ x", "W.sum(axis=1) * x.sum()", "Multiply entry by entry first, then add up along the row.", "norm-q-sums"),
    Mistake("q", "W @ x", "np.abs(W @ x)", "q keeps its signs; the square comes in the next line.", "norm-q-abs"),
    Mistake("q", "W @ x", "(W @ x) ** 2", "q is the product itself; the square comes in the next line.", "norm-q-squared"),
    Mistake("q", "W @ x", "np.maximum(0, W @ x)", "q keeps its negative entries: no ReLU here.", "norm-q-relu"),
    Mistake("f", "np.sum(q * q)", "np.sqrt(np.sum(q * q))", "The norm is squared here: no root.", "norm-root"),
    Mistake("f", "q * q", "q", "The squared norm adds up the squares of the entries of q.", "norm-sum"),
    Mistake("f", "np.sum(q * q)", "np.sum(q) ** 2", "Square each entry first, then add up; this squares the sum.", "norm-sum-squared"),
    Mistake("f", "q * q", "np.abs(q)", "The squared norm adds up the squares, not the sizes.", "norm-abs"),
    Mistake("f", "np.sum(q * q)", "np.mean(q * q)", "The squares are added up; no mean is taken.", "norm-mean"),
    Mistake("f", "np.sum(q * q)", "0.5 * np.sum(q * q)", "There is no factor 1/2 in this f.", "norm-f-half"),
    Mistake("f", "np.sum(q * q)", "np.max(q * q)", "All squares count, not only the largest.", "norm-max"),
    Mistake("f", "np.sum(q * q)", "np.sum(q * q) ** 2", "The sum of the squares is the squared norm already: square once.", "norm-squared-twice"),
    Mistake("f", "q * q", "q * q * q", "The entries are squared, not cubed.", "norm-cubed"),
    Mistake("f", "np.sum(q * q)", "np.sum((W * x) ** 2)", "Add up along the row before you square: f is made of q.", "norm-square-first"),
    Mistake("grad_q", "2 * q", "q", "The derivative of q**2 is not q: a factor is missing.", "norm-half"),
    Mistake("grad_q", "2 * q", "q * q", "This is the square itself, not its derivative.", "norm-dq-square"),
    Mistake("grad_q", "2 * q", "2 * np.ones_like(q)", "The derivative of q**2 depends on q.", "norm-dq-const"),
    Mistake("grad_q", "2 * q", "np.ones_like(q)", "That would be the gradient of a plain sum; the entries are squared.", "norm-dq-ones"),
    Mistake("grad_q", "2 * q", "-2 * q", "f grows with the size of q: no minus sign here.", "norm-dq-minus"),
    Mistake("grad_q", "2 * q", "2 * np.abs(q)", "Where q is negative, f grows when q falls: the slope has the sign of q.", "norm-dq-abs"),
    Mistake("grad_q", "2 * q", "2 * q / len(q)", "The squares are added up, not averaged: nothing is divided.", "norm-dq-mean"),
    Mistake("grad_q", "2 * q", "2 * q * f", "The slope that arrives at f is 1, not f.", "norm-dq-times-f"),
    Mistake("grad_q", "2 * q", "4 * q", "The derivative of q**2 has the factor 2 once.", "norm-dq-4"),
    Mistake("grad_q", "2 * q", "2 * np.sum(q) * np.ones_like(q)", "Each entry has its own slope: it depends on that entry alone.", "norm-dq-sum"),
    Mistake("grad_q", "2 * q", "q / np.sqrt(f)", "That is the gradient of the norm; here it is squared.", "norm-dq-of-norm"),
    Mistake("grad_W", "grad_q, x", "q, x", _VALUE, "norm-W-value"),
    Mistake("grad_W", "np.outer(grad_q, x)", "np.outer(np.ones_like(q), x)", _LOCAL, "norm-W-noupstream"),
    Mistake("grad_W", "np.outer(grad_q, x)", "2 * np.outer(grad_q, x)", "The factor 2 is in grad_q already.", "norm-W-2twice"),
    Mistake("grad_W", "np.outer(grad_q, x)", "np.outer(grad_q, x) * W", "The slope of q by W is x; W itself does not come in.", "norm-W-times-W"),
    Mistake("grad_W", "np.outer(grad_q, x)", "grad_q[:, None] * W", "The slope of q by W is the other factor, x.", "norm-W-wrong-input"),
    Mistake("grad_W", "np.outer(grad_q, x)", "-np.outer(grad_q, x)", "A gradient points uphill: no minus sign here.", "norm-W-minus"),
    Mistake("grad_W", "np.outer(grad_q, x)", "np.outer(grad_q, np.abs(x))", "A negative x turns the sign of what goes back: use x itself.", "norm-W-abs"),
    Mistake("grad_W", "np.outer(grad_q, x)", "np.outer(grad_q, np.ones_like(x))", "Each weight is multiplied by its x, so x is its local slope: it is missing.", "norm-W-nox"),
    Mistake("grad_W", "np.outer(grad_q, x)", "np.outer(grad_q, x) / len(q)", "The squares are added up, not averaged: nothing is divided.", "norm-W-mean"),
    Mistake("grad_W", "np.outer(grad_q, x)", "np.outer(np.full_like(q, grad_q.sum()), x)", "Row i of W makes q[i] alone: it gets grad_q[i], not the sum of all.", "norm-W-sum"),
    Mistake("grad_x", "@ grad_q", "@ q", _VALUE, "norm-x-value"),
    Mistake("grad_x", "W.T @ grad_q", "W.sum(axis=0)", _LOCAL, "norm-x-noupstream"),
    Mistake("grad_x", "W.T @ grad_q", "2 * W.T @ grad_q", "The factor 2 is in grad_q already.", "norm-x-2twice"),
    Mistake("grad_x", "W.T @ grad_q", "W.T @ grad_q * x", "The slope of q by x is W; x itself does not come in.", "norm-x-times-x"),
    Mistake("grad_x", "W.T @ grad_q", "-W.T @ grad_q", "A gradient points uphill: no minus sign here.", "norm-x-minus"),
    Mistake("grad_x", "W.T @ grad_q", "np.abs(W).T @ grad_q", "A negative weight turns the sign of what goes back: use W itself.", "norm-x-abs"),
    Mistake("grad_x", "W.T @ grad_q", "W.T @ grad_q / len(q)", "x is used in every row of W x, and what comes back is added up: no mean.", "norm-x-mean"),
    Mistake("grad_x", "W.T @ grad_q", "W[0] * grad_q[0]", "x is used in every row of W x: add up what comes back from all of them.", "norm-x-first"),
    Mistake("grad_x", "W.T @ grad_q", "W[-1] * grad_q[-1]", "x is used in every row of W x: add up, the last row must not overwrite the others.", "norm-x-last"),
    Mistake("grad_x", "W.T @ grad_q", "W.sum(axis=0) * grad_q.sum()", "Multiply each row by its own grad_q first, then add up.", "norm-x-sums"),
    Mistake("grad_x", "W.T @ grad_q", "x * grad_q.sum()", "The slope of q by x is the other factor, W.", "norm-x-wrong-input"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "products of vectors": '''\
def squared_norm(W, x):
    q = W.dot(x)
    f = q.dot(q)
    grad_q = 2 * q
    grad_W = grad_q[:, None] * x[None, :]
    grad_x = grad_q @ W
    return f, grad_W, grad_x
''',
    "the factor 2 late": '''\
def squared_norm(W, x):
    q = W @ x
    f = np.sum(q**2)
    grad_q = q
    grad_W = 2 * np.outer(grad_q, x)
    grad_x = 2 * W.T @ grad_q
    return f, grad_W, grad_x
''',
    "norm of NumPy": '''\
def squared_norm(W, x):
    q = W @ x
    f = np.linalg.norm(q) ** 2
    grad_q = 2 * q
    grad_W = grad_q.reshape(-1, 1) @ x.reshape(1, -1)
    grad_x = W.T @ grad_q
    return f, grad_W, grad_x
''',
    "the gradient of f first": '''\
def squared_norm(W, x):
    q = W @ x
    f = (q * q).sum()
    grad_f = 1.0
    grad_q = 2 * q * grad_f
    grad_x = W.T.dot(grad_q)
    grad_W = np.einsum("m,d->md", grad_q, x)
    return f, grad_W, grad_x
''',
    "loops": '''\
def squared_norm(W, x):
    M, D = W.shape
    f = 0.0
    grad_W = np.zeros((M, D))
    grad_x = np.zeros(D)
    for i in range(M):
        q_i = 0.0
        for j in range(D):
            q_i += W[i, j] * x[j]
        f += q_i**2
        for j in range(D):
            grad_W[i, j] = 2 * q_i * x[j]
            grad_x[j] += 2 * q_i * W[i, j]
    return f, grad_W, grad_x
''',
    "own names": '''\
def squared_norm(W, x):
    y = W @ x
    return (y**2).sum(), 2 * np.outer(y, x), 2 * W.T @ y
''',
}


def torch_path(W, x):
    """The same number in torch: W (M, D), x (D,); returns a scalar tensor."""
    q = W @ x
    return (q * q).sum()
