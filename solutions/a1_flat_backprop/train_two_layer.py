"""A two-layer net in about twenty lines: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def train_two_layer(x, y, w1, w2, steps, lr):
    w1, w2 = w1.copy(), w2.copy()
    losses = []
    for _ in range(steps):
        # forward
        h = 1 / (1 + np.exp(-(x @ w1)))  # (N, H)
        y_pred = h @ w2  # (N, C)
        losses.append(np.sum((y_pred - y) ** 2))
        # backward
        dy_pred = 2 * (y_pred - y)  # (N, C)
        dw2 = h.T @ dy_pred  # (H, C)
        dh = dy_pred @ w2.T  # (N, H)
        dz = dh * h * (1 - h)  # (N, H)
        dw1 = x.T @ dz  # (D, H)
        # one step downhill
        w1 -= lr * dw1
        w2 -= lr * dw2
    return np.array(losses), w1, w2


def cases(rng):
    """Hidden inputs: a few steps of small size, so that rounding does not grow on the way."""

    def draw(N, D, H, C, steps=12, lr=0.013):
        return dict(
            x=rng.standard_normal((N, D)),
            y=rng.standard_normal((N, C)),
            w1=rng.standard_normal((D, H)),
            w2=rng.standard_normal((H, C)),
            steps=steps,
            lr=lr,
        )

    return [
        Case("twelve steps", draw(6, 5, 4, 3), generic=True),
        Case("more examples than inputs", draw(11, 4, 6, 5, steps=7, lr=0.009), generic=True),
        Case("a single step", draw(5, 4, 6, 3, steps=1)),
        Case("one example", draw(1, 4, 5, 3)),
        Case("one output", draw(7, 3, 5, 1)),
        Case("one hidden unit", draw(7, 4, 1, 3)),
        Case("as many inputs as hidden units and outputs", draw(5, 4, 4, 4)),
        Case("a hundred steps", draw(6, 3, 4, 2, steps=100)),
    ]


MISTAKES = [
    # forward
    Mistake("losses", "1 / (1 + np.exp(-(x @ w1)))", "x @ w1", "The sigmoid is missing: without it two layers are no more than one linear layer.", "train-nosigmoid"),
    Mistake("losses", "np.exp(-(x @ w1))", "np.exp(x @ w1)", "The sigmoid grows with what goes in: look at the sign in the exponent.", "train-exp-sign"),
    Mistake("losses", "1 / (1 + np.exp(-(x @ w1)))", "1 / (1 - np.exp(-(x @ w1)))", "The sigmoid lies between 0 and 1: its denominator is a sum.", "train-minus-exp"),
    Mistake("losses", "1 / (1 + np.exp(-(x @ w1)))", "np.tanh(x @ w1)", "The hidden layer here is a sigmoid, with values between 0 and 1, not the hyperbolic tangent.", "train-tanh"),
    Mistake("losses", "1 / (1 + np.exp(-(x @ w1)))", "np.maximum(0, x @ w1)", "The hidden layer here is a sigmoid, not a ReLU.", "train-relu"),
    Mistake("losses", "y_pred = h @ w2", "y_pred = 1 / (1 + np.exp(-(h @ w2)))", "The prediction is the product itself: no sigmoid behind the last layer.", "train-lastsigmoid"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "np.mean((y_pred - y) ** 2)", "The loss here is the sum of the squares, not their mean.", "train-mean"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "np.sum((y_pred - y) ** 2) / len(x)", "The loss here is the sum over all examples, not the mean over them.", "train-mean-rows"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "0.5 * np.sum((y_pred - y) ** 2)", "The loss is the sum of the squares, without a half.", "train-half"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "np.sqrt(np.sum((y_pred - y) ** 2))", "The loss is the sum of the squares: no square root.", "train-root"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "np.sum(np.abs(y_pred - y))", "Each difference is squared; this is the sum of their sizes.", "train-abs"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "np.sum(y_pred - y)", "Each difference is squared before the sum, or they cancel.", "train-nosquare"),
    Mistake("losses", "np.sum((y_pred - y) ** 2)", "np.sum(y_pred - y) ** 2", "Each difference is squared before the sum, not the sum afterwards.", "train-square-sum"),
    Mistake("losses", "np.array(losses)", "np.array(losses)[::-1]", "The losses stand in the order of the steps: the first step's comes first.", "train-reversed"),
    Mistake("losses", "np.array(losses)", "np.cumsum(losses)", "Each entry is the loss of one step alone, not what has added up so far.", "train-cumulated"),
    Mistake("losses", "        losses.append(np.sum((y_pred - y) ** 2))\n        # backward\n        dy_pred = 2 * (y_pred - y)  # (N, C)\n        dw2 = h.T @ dy_pred  # (H, C)\n        dh = dy_pred @ w2.T  # (N, H)\n        dz = dh * h * (1 - h)  # (N, H)\n        dw1 = x.T @ dz  # (D, H)\n        # one step downhill\n        w1 -= lr * dw1\n        w2 -= lr * dw2\n", "        dy_pred = 2 * (y_pred - y)\n        dw2 = h.T @ dy_pred\n        dh = dy_pred @ w2.T\n        dz = dh * h * (1 - h)\n        dw1 = x.T @ dz\n        w1 -= lr * dw1\n        w2 -= lr * dw2\n        losses.append(np.sum((1 / (1 + np.exp(-(x @ w1))) @ w2 - y) ** 2))\n", "The loss of a step is taken before its update: the first entry belongs to the weights that came in.", "train-loss-after"),
    # the gradient of w2
    Mistake("w2_end", "2 * (y_pred - y)", "(y_pred - y)", "The derivative of a square brings a factor 2.", "train-no2"),
    Mistake("w2_end", "2 * (y_pred - y)", "2 * (y - y_pred)", "The sign is turned: when the prediction is too large, a larger one raises the loss.", "train-diff-sign"),
    Mistake("w2_end", "2 * (y_pred - y)", "2 * (y_pred - y) / len(x)", "The loss is a sum over the examples, so its gradient is not divided by their number.", "train-dmean"),
    Mistake("w2_end", "2 * (y_pred - y)", "2 * (y_pred - y) / y.size", "The loss is a sum, so its gradient is not divided by the number of entries.", "train-dmean-all"),
    Mistake("w2_end", "2 * (y_pred - y)", "2 * y_pred", "The slope of the square is twice the difference from y; y is missing.", "train-no-y"),
    Mistake("w2_end", "2 * (y_pred - y)", "np.sign(y_pred - y)", "This is the slope of the size of the difference; here the difference is squared.", "train-dsign"),
    Mistake("w2_end", "2 * (y_pred - y)", "(y_pred - y) ** 2", "This is the loss itself; its slope is wanted.", "train-dsquare"),
    Mistake("w2_end", "h.T @ dy_pred", "(x @ w1).T @ dy_pred", "w2 was multiplied with the hidden layer after the sigmoid: that value belongs here.", "train-dw2-z"),
    Mistake("w2_end", "h.T @ dy_pred", "(h * (1 - h)).T @ dy_pred", "No sigmoid lies between w2 and the prediction: its local gradient belongs to w1 alone.", "train-dw2-local"),
    Mistake("w2_end", "h.T @ dy_pred", "h.T @ dy_pred / len(x)", "The loss is a sum over the examples: no division by their number.", "train-dw2-mean"),
    Mistake("w2_end", "w2 -= lr * dw2", "w2 += lr * dw2", "The gradient points uphill: this step raises the loss.", "train-w2-ascent"),
    Mistake("w2_end", "w2 -= lr * dw2", "w2 -= dw2", "The step is lr times the gradient: lr is missing.", "train-w2-nolr"),
    Mistake("w2_end", "w2 -= lr * dw2", "w2 = -lr * dw2", "A step changes the weights by a little; this throws the old ones away.", "train-w2-set"),
    Mistake("w2_end", "w2 -= lr * dw2", "pass", "Both matrices learn: w2 stays as it is here.", "train-w2-fixed"),
    # the gradient of w1
    Mistake("w1_end", "dh * h * (1 - h)", "dh", "The local gradient of the sigmoid is missing.", "train-nolocal"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * h", "Half of the local gradient of the sigmoid is missing: it has two factors.", "train-local-h"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * (1 - h)", "Half of the local gradient of the sigmoid is missing: it has two factors.", "train-local-1mh"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * (1 - h * h)", "This is the local gradient of the hyperbolic tangent; here it is a sigmoid.", "train-local-tanh"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * h * (1 + h)", "The sigmoid is flat at both ends: its slope must vanish where it nears 1.", "train-local-plus"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * (x @ w1) * (1 - x @ w1)", "The slope of the sigmoid is written with its output, and this puts in its input.", "train-local-z"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * dh * (1 - dh)", "The slope of the sigmoid is written with its output h, not with the gradient that arrives.", "train-local-dh"),
    Mistake("w1_end", "dh * h * (1 - h)", "h * (1 - h)", "The local gradient is there, but the gradient that arrives at it is not: they are multiplied.", "train-noupstream"),
    Mistake("w1_end", "dh * h * (1 - h)", "dh * h * (1 - h) * h * (1 - h)", "The local gradient of the sigmoid is counted twice.", "train-local-twice"),
    Mistake("w1_end", "dy_pred @ w2.T", "y_pred @ w2.T", "Go on from the gradient that arrives at the prediction; y_pred is a value.", "train-dh-value"),
    Mistake("w1_end", "x.T @ dz", "x.T @ h", "Go on from the gradient that arrives below the sigmoid; h is a value.", "train-dw1-h"),
    Mistake("w1_end", "x.T @ dz", "x.T @ dz / len(x)", "The loss is a sum over the examples: no division by their number.", "train-dw1-mean"),
    Mistake("w1_end", "w1 -= lr * dw1", "w1 += lr * dw1", "The gradient points uphill: this step raises the loss.", "train-w1-ascent"),
    Mistake("w1_end", "w1 -= lr * dw1", "w1 -= dw1", "The step is lr times the gradient: lr is missing.", "train-w1-nolr"),
    Mistake("w1_end", "w1 -= lr * dw1", "w1 = -lr * dw1", "A step changes the weights by a little; this throws the old ones away.", "train-w1-set"),
    Mistake("w1_end", "w1 -= lr * dw1", "pass", "Both matrices learn: w1 stays as it is here.", "train-w1-fixed"),
    Mistake("w1_end", "        dh = dy_pred @ w2.T  # (N, H)\n        dz = dh * h * (1 - h)  # (N, H)\n        dw1 = x.T @ dz  # (D, H)\n        # one step downhill\n        w1 -= lr * dw1\n        w2 -= lr * dw2\n", "        w2 -= lr * dw2\n        dh = dy_pred @ w2.T\n        dz = dh * h * (1 - h)\n        dw1 = x.T @ dz\n        w1 -= lr * dw1\n", "The gradient of w1 belongs to the old w2: both gradients come first, then both steps.", "train-w2-first"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "new arrays in each step": '''\
def train_two_layer(x, y, w1, w2, steps, lr):
    losses = []
    for t in range(steps):
        h = 1 / (1 + np.exp(-x.dot(w1)))
        y_pred = h.dot(w2)
        losses.append(float(np.square(y_pred - y).sum()))
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h.T.dot(grad_y_pred)
        grad_h = grad_y_pred.dot(w2.T)
        grad_w1 = x.T.dot(grad_h * h * (1 - h))
        w1 = w1 - lr * grad_w1
        w2 = w2 - lr * grad_w2
    return np.array(losses), w1, w2
''',
    "losses in an array made before": '''\
def train_two_layer(x, y, w1, w2, steps, lr):
    w1, w2 = w1.copy(), w2.copy()
    losses = np.zeros(steps)
    for step in range(steps):
        h = 0.5 * (1 + np.tanh(x @ w1 / 2))
        error = h @ w2 - y
        losses[step] = (error**2).sum()
        dw2 = 2 * h.T @ error
        dw1 = 2 * x.T @ (error @ w2.T * (h - h**2))
        w1 -= lr * dw1
        w2 -= lr * dw2
    return losses, w1, w2
''',
    "helper functions": '''\
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slopes(x, y, w1, w2):
    z = x @ w1
    h = sigmoid(z)
    difference = h @ w2 - y
    dh = 2 * difference @ w2.T
    return np.linalg.norm(difference) ** 2, x.T @ (dh * sigmoid(z) * sigmoid(-z)), 2 * h.T @ difference


def train_two_layer(x, y, w1, w2, steps, lr):
    losses = []
    for _ in range(steps):
        loss, dw1, dw2 = slopes(x, y, w1, w2)
        losses.append(loss)
        w1, w2 = w1 - lr * dw1, w2 - lr * dw2
    return np.array(losses), w1, w2
''',
    "loops over examples": '''\
def train_two_layer(x, y, w1, w2, steps, lr):
    w1, w2 = np.array(w1), np.array(w2)
    losses = []
    for _ in range(steps):
        loss, dw1, dw2 = 0.0, np.zeros_like(w1), np.zeros_like(w2)
        for row, wanted in zip(x, y):
            h = 1 / (1 + np.exp(-(row @ w1)))
            error = h @ w2 - wanted
            loss += error @ error
            dw2 += 2 * np.outer(h, error)
            dw1 += np.outer(row, 2 * (w2 @ error) * h * (1 - h))
        losses.append(loss)
        w1 -= lr * dw1
        w2 -= lr * dw2
    return np.array(losses), w1, w2
''',
}
