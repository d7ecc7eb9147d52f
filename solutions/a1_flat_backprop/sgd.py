"""Gradient descent on minibatches: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Function, Mistake


def sgd(loss_fun, W, X, y, batches, lr):
    W = W.copy()  # the caller's array stays as it is
    losses = np.zeros(len(batches))
    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses
        losses[t], dW = loss_fun(W, X[rows], y[rows])
        W = W - lr * dW
    return W, losses


_RIGHT = "np.eye(W.shape[1])[y]"
SQUARES = f"lambda W, X, y: (np.mean((X @ W - {_RIGHT}) ** 2), 2 * X.T @ (X @ W - {_RIGHT}) / (len(y) * W.shape[1]))"
CROSS_ENTROPY = (
    f"lambda W, X, y: (np.mean(np.log(np.exp(X @ W).sum(axis=1)) - (X @ W * {_RIGHT}).sum(axis=1)), "
    f"X.T @ (np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True) - {_RIGHT}) / len(y))"
)
SUMMED = f"lambda W, X, y: (np.sum((X @ W - {_RIGHT}) ** 2), 2 * X.T @ (X @ W - {_RIGHT}))"


def cases(rng):
    """Hidden inputs. Batches hold examples twice, in no order, and never all examples."""

    def draw(N, D, C, T, B, lr, text):
        y = rng.integers(0, C, N)
        y[:C] = rng.permutation(C)
        batches = rng.integers(0, N, (T, B))
        if B > 1:
            batches[:, 1] = batches[:, 0]
        return {
            "loss_fun": Function(text),
            "W": rng.standard_normal((D, C)),
            "X": rng.standard_normal((N, D)),
            "y": y,
            "batches": batches,
            "lr": lr,
        }

    return [
        Case("typical sizes", draw(13, 7, 4, 6, 5, 0.23, CROSS_ENTROPY), generic=True),
        Case("a squared loss", draw(11, 3, 5, 9, 4, 0.31, SQUARES), generic=True),
        Case("one example a step", draw(8, 4, 3, 7, 1, 0.1, CROSS_ENTROPY)),
        Case("a loss that is a sum over the batch", draw(9, 3, 4, 5, 3, 0.01, SUMMED)),
        Case("one step", draw(10, 5, 3, 1, 4, 0.2, SQUARES)),
        Case("batches larger than the data", draw(5, 3, 4, 6, 9, 0.2, CROSS_ENTROPY)),
    ]


MISTAKES = [
    Mistake("W", "X[rows], y[rows]", "X, y", "Every step uses all examples; it should use those of its minibatch.", "sgd-full"),
    Mistake("W", "X[rows], y[rows]", "X[batches[0]], y[batches[0]]", "Every step uses the first minibatch; each has its own.", "sgd-firstbatch"),
    Mistake("W", "X[rows], y[rows]", "X[rows], y[: len(rows)] if len(rows) <= len(y) else y[rows]", "The labels are not those of the chosen rows: take them at the same places.", "sgd-labels"),
    Mistake("W", "X[rows], y[rows]", "X[rows], y[np.sort(rows)]", "The labels are in another order than the rows of X.", "sgd-sortedlabels"),
    Mistake("W", "X[rows], y[rows]", "X[np.arange(len(rows)) % len(X)], y[np.arange(len(rows)) % len(X)]", "The first B examples are used in every step; the numbers in batches say which ones it should be.", "sgd-firstrows"),
    Mistake("W", "X[rows], y[rows]", "X[np.arange(t * len(rows), (t + 1) * len(rows)) % len(X)], y[np.arange(t * len(rows), (t + 1) * len(rows)) % len(X)]", "The examples are taken in their order; the numbers in batches say which ones it should be.", "sgd-inorder"),
    Mistake("W", "X[rows], y[rows]", "X[np.unique(rows)], y[np.unique(rows)]", "An example that is drawn twice counts twice: do not leave out the second.", "sgd-unique"),
    Mistake("W", "X[rows], y[rows]", "X[rows[:1]], y[rows[:1]]", "Only the first example of each minibatch is used.", "sgd-oneexample"),
    Mistake("W", "X[rows], y[rows]", "X[rows - 1], y[rows - 1]", "The numbers in batches count from 0, as NumPy does: do not subtract 1.", "sgd-countfrom1"),
    Mistake("W", "W = W - lr", "W = W + lr", "The gradient points uphill, and this goes along it.", "sgd-ascent"),
    Mistake("W", "lr * dW", "dW", "The step is the gradient times the learning rate: where is lr?", "sgd-nolr"),
    Mistake("W", "lr * dW", "lr * dW / len(rows)", "How the loss depends on the number of examples is a matter of loss_fun: do not divide its gradient again.", "sgd-divB"),
    Mistake("W", "lr * dW", "lr * dW / len(X)", "How the loss depends on the number of examples is a matter of loss_fun: do not divide its gradient again.", "sgd-divN"),
    Mistake("W", "lr * dW", "lr * dW * len(rows)", "The step is lr times the gradient; the size of the batch does not come in.", "sgd-timesB"),
    Mistake("W", "lr * dW", "lr * dW * len(rows) / len(X)", "The step is lr times the gradient; the sizes of batch and data do not come in.", "sgd-share"),
    Mistake("W", "lr * dW", "lr * (1 - t / len(batches)) * dW", "Here the learning rate stays the same in all steps.", "sgd-decay"),
    Mistake("W", "lr * dW", "lr / (t + 1) * dW", "Here the learning rate stays the same in all steps.", "sgd-inverse"),
    Mistake("W", "lr * dW", "lr * np.sign(dW)", "The step has the length of the gradient in it: not only its signs count.", "sgd-sign"),
    Mistake("W", "lr * dW", "lr * dW / np.linalg.norm(dW)", "The gradient is not scaled to length 1.", "sgd-unit"),
    Mistake("W", "W = W - lr * dW", "W = -lr * dW", "A step starts from the old W; this one forgets it.", "sgd-forget"),
    Mistake("W", "    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses\n        losses[t], dW = loss_fun(W, X[rows], y[rows])\n        W = W - lr * dW", "    total = 0\n    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses\n        losses[t], dW = loss_fun(W, X[rows], y[rows])\n        total = total + dW\n    W = W - lr * total", "W moves only once, after all minibatches; it should move after each.", "sgd-accumulate"),
    Mistake("W", "    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses\n        losses[t], dW = loss_fun(W, X[rows], y[rows])\n        W = W - lr * dW", "    start = W\n    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses\n        losses[t], dW = loss_fun(W, X[rows], y[rows])\n        W = start - lr * dW", "Every step starts from the first W; start from the W of the step before.", "sgd-fromstart"),
    Mistake("W", "    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses\n        losses[t], dW = loss_fun(W, X[rows], y[rows])\n        W = W - lr * dW", "    total = 0\n    for t, rows in enumerate(batches):  # rows: (B,), which examples this step uses\n        losses[t], dW = loss_fun(W, X[rows], y[rows])\n        total = total + dW\n        W = W - lr * total", "Old gradients are added to the new one; a step uses the newest alone.", "sgd-sum"),
    Mistake("W", "        W = W - lr * dW", "        if t < len(batches) - 1:\n            W = W - lr * dW", "The last minibatch moves nothing: there are as many steps as rows in batches.", "sgd-oneless"),
    Mistake("losses", "        W = W - lr * dW", "        W = W - lr * dW\n        losses[t] = loss_fun(W, X[rows], y[rows])[0]", "losses[t] is the loss of minibatch t before its step; these are the losses after it.", "sgd-lossafter"),
    Mistake("losses", "losses[t], dW = loss_fun(W, X[rows], y[rows])", "dW = loss_fun(W, X[rows], y[rows])[1]\n        losses[t] = loss_fun(W, X, y)[0]", "The curve holds the losses of the minibatches; these are of all examples, and cost far more time.", "sgd-lossfull"),
    Mistake("losses", "return W, losses", "return W, losses / batches.shape[1]", "How the loss depends on the number of examples is a matter of loss_fun: keep it as it is.", "sgd-lossdiv"),
    Mistake("losses", "return W, losses", "return W, np.cumsum(losses)", "Each entry is the loss of one step, not a sum of all so far.", "sgd-cumsum"),
    Mistake("losses", "return W, losses", "return W, np.cumsum(losses) / np.arange(1, len(losses) + 1)", "Each entry is the loss of one step, not the mean of all so far.", "sgd-runningmean"),
    Mistake("losses", "return W, losses", "return W, losses[::-1]", "The losses are in reverse: the first belongs to the first minibatch.", "sgd-reversed"),
]

EQUIVALENTS = {
    "a list of losses, and W changed in place": '''\
def sgd(loss_fun, W, X, y, batches, lr):
    W = np.array(W, dtype=float)
    losses = []
    for rows in batches:
        loss, grad = loss_fun(W, X[rows], y[rows])
        losses.append(loss)
        W -= lr * grad
    return W, np.array(losses)
''',
    "counting steps": '''\
def sgd(loss_fun, W, X, y, batches, lr):
    losses = np.empty(batches.shape[0])
    for t in range(batches.shape[0]):
        X_batch = np.take(X, batches[t], axis=0)
        y_batch = y.take(batches[t])
        loss, dW = loss_fun(W, X_batch, y_batch)
        W = W + lr * -dW
        losses[t] = loss
    return W, losses
''',
    "one example after the other, stacked": '''\
def sgd(loss_fun, W, X, y, batches, lr):
    curve = []
    for rows in batches:
        chosen = np.stack([X[i] for i in rows])
        labels = np.array([y[i] for i in rows])
        value, slope = loss_fun(W, chosen, labels)
        curve = curve + [value]
        W = W - lr * slope
    return W, np.asarray(curve)
''',
}
