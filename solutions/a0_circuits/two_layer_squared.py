"""Two layers and a squared norm: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def two_layer_squared(X, W1, W2):
    # forward
    z1 = X @ W1  # (N, H)
    h1 = np.maximum(0, z1)  # (N, H)
    y = h1 @ W2  # (N, C)
    L = np.sum(y * y)  # ()
    # backward
    dy = 2 * y  # (N, C)
    dW2 = h1.T @ dy  # (H, C)
    dh1 = dy @ W2.T  # (N, H)
    dz1 = dh1 * (z1 > 0)  # (N, H)
    dW1 = X.T @ dz1  # (D, H)
    return L, dW1, dW2


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, H, C):
        return {
            "X": rng.standard_normal((N, D)),
            "W1": rng.standard_normal((D, H)),
            "W2": rng.standard_normal((H, C)),
        }

    off = draw(4, 3, 5, 2)
    off["X"], off["W1"] = np.abs(off["X"]) + 0.1, -np.abs(off["W1"]) - 0.1
    zero = draw(5, 4, 6, 3)
    zero["W2"] = np.zeros((6, 3))
    return [
        Case("typical sizes", draw(5, 7, 6, 4), generic=True),
        Case("more examples than hidden units", draw(13, 3, 8, 5), generic=True),
        Case("one example", draw(1, 6, 5, 3)),
        Case("one hidden unit", draw(9, 5, 1, 3)),
        Case("one output", draw(6, 4, 5, 1)),
        Case("square matrices", draw(5, 5, 5, 5)),
        Case("no hidden unit is on", off),
        Case("the second layer's weights are zero", zero),
    ]


_MINUS = "A gradient points uphill: no minus sign here, it comes with the update step."
_MEAN = "L adds up the squares and takes no mean: nothing is divided by the number of examples."
_ALL = "Every example uses these weights: what comes back from all of them adds up."
_MASK = "What decides is whether the unit was on in the forward pass, z1 > 0; the sign of the gradient does not matter."
_SLOPE = "The slope of ReLU is 1 or 0: dh1 gets through as it is, or not at all."

MISTAKES = [
    Mistake("z1", "X @ W1", "X @ W1 / len(X)", "Each row of z1 depends on its own row of X alone: do not divide by N.", "net-z1-divN"),
    Mistake("z1", "X @ W1", "X @ W1 + 1", "This net has no biases: z1 is the product alone.", "net-z1-bias"),
    Mistake("z1", "X @ W1", "np.abs(X @ W1)", "z1 keeps its signs; the ReLU comes in the next line.", "net-z1-abs"),
    Mistake("z1", "X @ W1", "-(X @ W1)", "z1 is the product of X and W1: no minus sign.", "net-z1-minus"),
    Mistake("h1", "np.maximum(0, z1)", "z1", "Without the ReLU the two layers are one: where is the max with 0?", "net-norelu"),
    Mistake("h1", "np.maximum(0, z1)", "np.abs(z1)", "ReLU sets negative entries to 0; it does not turn their sign.", "net-abs"),
    Mistake("h1", "np.maximum(0, z1)", "np.minimum(0, z1)", "ReLU keeps the larger of 0 and z1.", "net-min"),
    Mistake("h1", "np.maximum(0, z1)", "(z1 > 0) * 1.0", "h1 holds the values that are kept, not where they are.", "net-step"),
    Mistake("h1", "np.maximum(0, z1)", "1 / (1 + np.exp(-z1))", "This is the sigmoid; this net has ReLU.", "net-sigmoid"),
    Mistake("h1", "np.maximum(0, z1)", "np.tanh(z1)", "This is tanh; this net has ReLU.", "net-tanh"),
    Mistake("h1", "np.maximum(0, z1)", "np.maximum(0.1 * z1, z1)", "This is the leaky ReLU; here negative entries become 0.", "net-leaky"),
    Mistake("y", "h1 @ W2", "z1 @ W2", "The second layer takes h1, what comes out of the ReLU.", "net-y-z1"),
    Mistake("y", "h1 @ W2", "np.maximum(0, h1 @ W2)", "There is one ReLU in this net, between the layers: none on y.", "net-lastrelu"),
    Mistake("y", "h1 @ W2", "h1 @ W2 + 1", "This net has no biases: y is the product alone.", "net-y-bias"),
    Mistake("y", "h1 @ W2", "h1 @ W2 / len(h1)", "Each row of y depends on its own row of h1 alone: do not divide by N.", "net-y-divN"),
    Mistake("L", "np.sum(y * y)", "np.sqrt(np.sum(y * y))", "The norm is squared here: no root.", "net-root"),
    Mistake("L", "np.sum(y * y)", "np.sum(y)", "L adds up the squares of the entries of y.", "net-sum"),
    Mistake("L", "np.sum(y * y)", "np.mean(y * y)", "The squares are added up; no mean is taken.", "net-mean"),
    Mistake("L", "np.sum(y * y)", "np.sum(y * y) / len(y)", "The squares are added up; no mean is taken, over the examples neither.", "net-divN"),
    Mistake("L", "np.sum(y * y)", "0.5 * np.sum(y * y)", "There is no factor 1/2 in this L.", "net-L-half"),
    Mistake("L", "np.sum(y * y)", "np.sum(np.abs(y))", "L adds up the squares, not the sizes.", "net-L-abs"),
    Mistake("L", "np.sum(y * y)", "np.sum(y) ** 2", "Square each entry first, then add up; this squares the sum.", "net-sum-squared"),
    Mistake("L", "np.sum(y * y)", "np.sum(y.sum(axis=1) ** 2)", "Square each entry first, then add up; this squares the sums of the rows.", "net-rowsum-squared"),
    Mistake("dy", "2 * y", "y", "The derivative of y**2 is not y: a factor is missing.", "net-half"),
    Mistake("dy", "2 * y", "y * y", "This is the square itself, not its derivative.", "net-dy-square"),
    Mistake("dy", "2 * y", "np.ones_like(y)", "That would be the gradient of a plain sum; the entries are squared.", "net-dy-ones"),
    Mistake("dy", "2 * y", "2 * y / len(y)", _MEAN, "net-dy-divN"),
    Mistake("dy", "2 * y", "-2 * y", _MINUS, "net-dy-minus"),
    Mistake("dy", "2 * y", "2 * np.abs(y)", "Where y is negative, L grows when y falls: the slope has the sign of y.", "net-dy-abs"),
    Mistake("dy", "2 * y", "2 * y * L", "The slope that arrives at L is 1, not L.", "net-dy-times-L"),
    Mistake("dy", "2 * y", "y / np.sqrt(L + 1e-300)", "That is the gradient of the norm; here it is squared.", "net-dy-of-norm"),
    Mistake("dW2", "h1.T @ dy", "z1.T @ dy", "W2 was multiplied by h1, so h1 is its local slope, not z1.", "net-dW2-z1"),
    Mistake("dW2", "h1.T @ dy", "h1.T @ y", "Go on from dy, the slope that arrives at y; y is a value.", "net-dW2-value"),
    Mistake("dW2", "h1.T @ dy", "(z1 > 0).T @ dy", "The local slope of W2 is the value h1, not where it is positive.", "net-dW2-mask"),
    Mistake("dW2", "h1.T @ dy", "h1.T @ np.ones_like(dy)", "This is the slope of y alone. Multiply it by dy, the slope that arrives.", "net-dW2-noupstream"),
    Mistake("dW2", "h1.T @ dy", "h1.T @ dy / len(y)", _MEAN, "net-dW2-divN"),
    Mistake("dW2", "h1.T @ dy", "-h1.T @ dy", _MINUS, "net-dW2-minus"),
    Mistake("dW2", "h1.T @ dy", "2 * h1.T @ dy", "The factor 2 is in dy already.", "net-dW2-2twice"),
    Mistake("dW2", "h1.T @ dy", "np.outer(h1[-1], dy[-1])", _ALL, "net-dW2-last"),
    Mistake("dW2", "h1.T @ dy", "np.outer(h1.sum(axis=0), dy.sum(axis=0))", "Multiply within each example first, then add up: the product of the sums mixes the examples.", "net-dW2-sums"),
    Mistake("dW2", "h1.T @ dy", "h1.T @ dy * W2", "The slope by W2 is the other factor, h1; W2 itself does not come in.", "net-dW2-times-W2"),
    Mistake("dW2", "h1.T @ dy", "h1.T @ dy + 2 * W2", "L has no penalty on the weights, so its gradient has none either.", "net-dW2-reg"),
    Mistake("dh1", "dy @ W2.T", "y @ W2.T", "Go on from dy, the slope that arrives at y; y is a value.", "net-dh1-value"),
    Mistake("dh1", "dy @ W2.T", "np.ones_like(dy) @ W2.T", "This is the slope of y alone. Multiply it by dy, the slope that arrives.", "net-dh1-noupstream"),
    Mistake("dh1", "dy @ W2.T", "dy @ dW2.T", "h1 was multiplied by the weights W2, not by their gradient.", "net-dh1-dW2"),
    Mistake("dh1", "dy @ W2.T", "-dy @ W2.T", _MINUS, "net-dh1-minus"),
    Mistake("dh1", "dy @ W2.T", "2 * dy @ W2.T", "The factor 2 is in dy already.", "net-dh1-2twice"),
    Mistake("dh1", "dy @ W2.T", "dy @ W2.T * h1", "The slope by h1 is the other factor, W2; h1 itself does not come in.", "net-dh1-times-h1"),
    Mistake("dh1", "dy @ W2.T", "dy @ np.abs(W2).T", "A negative weight turns the sign of what goes back: use W2 itself.", "net-dh1-abs"),
    Mistake("dh1", "dy @ W2.T", "dy @ W2.T / len(y)", _MEAN, "net-dh1-divN"),
    Mistake("dz1", "dh1 * (z1 > 0)", "dh1", "Where a hidden unit is off, h1 stays 0 whatever z1 does: nothing gets back there.", "net-nomask"),
    Mistake("dz1", "(z1 > 0)", "(dh1 > 0)", _MASK, "net-relu-dout"),
    Mistake("dz1", "dh1 * (z1 > 0)", "np.maximum(0, dh1)", _MASK, "net-relu-dout"),
    Mistake("dz1", "(z1 > 0)", "(z1 > 0) * (dh1 > 0)", "A negative gradient gets through as well as a positive one: only z1 > 0 counts.", "net-relu-guided"),
    Mistake("dz1", "(z1 > 0)", "(z1 < 0)", "The gradient gets through where z1 is positive; the mask is the wrong way round.", "net-mask-inverted"),
    Mistake("dz1", "(z1 > 0)", "h1", _SLOPE, "net-relu-value"),
    Mistake("dz1", "(z1 > 0)", "z1", _SLOPE, "net-relu-z1"),
    Mistake("dz1", "(z1 > 0)", "np.sign(z1)", "Where z1 is negative the sign is -1, and the slope of ReLU is 0.", "net-relu-sign"),
    Mistake("dz1", "dh1 * (z1 > 0)", "(z1 > 0) * 1.0", "This is the slope of ReLU itself. Multiply dh1, which arrives, by it.", "net-relu-noupstream"),
    Mistake("dz1", "(z1 > 0)", "np.where(z1 > 0, 1.0, 0.1)", "This is the way back through a leaky ReLU; here nothing gets back where z1 is negative.", "net-dleaky"),
    Mistake("dz1", "(z1 > 0)", "h1 * (1 - h1)", "This is the slope of the sigmoid; this net has ReLU.", "net-dsigmoid"),
    Mistake("dz1", "dh1 * (z1 > 0)", "-dh1 * (z1 > 0)", _MINUS, "net-dz1-minus"),
    Mistake("dW1", "X.T @ dz1", "X.T @ dh1", "The ReLU lies between h1 and W1: go on from dz1.", "net-dW1-dh1"),
    Mistake("dW1", "X.T @ dz1", "X.T @ z1", "Go on from dz1, the slope that arrives at z1; z1 is a value.", "net-dW1-value"),
    Mistake("dW1", "X.T @ dz1", "X.T @ (z1 > 0)", "This is the slope of h1 alone. Multiply it by what arrives.", "net-dW1-noupstream"),
    Mistake("dW1", "X.T @ dz1", "X.T @ dz1 / len(X)", _MEAN, "net-dW1-divN"),
    Mistake("dW1", "X.T @ dz1", "-X.T @ dz1", _MINUS, "net-dW1-minus"),
    Mistake("dW1", "X.T @ dz1", "2 * X.T @ dz1", "The factor 2 is in dy already.", "net-dW1-2twice"),
    Mistake("dW1", "X.T @ dz1", "np.outer(X[-1], dz1[-1])", _ALL, "net-dW1-last"),
    Mistake("dW1", "X.T @ dz1", "np.outer(X.sum(axis=0), dz1.sum(axis=0))", "Multiply within each example first, then add up: the product of the sums mixes the examples.", "net-dW1-sums"),
    Mistake("dW1", "X.T @ dz1", "X.T @ dz1 * W1", "The slope by W1 is the other factor, X; W1 itself does not come in.", "net-dW1-times-W1"),
    Mistake("dW1", "X.T @ dz1", "X.T @ dz1 + 2 * W1", "L has no penalty on the weights, so its gradient has none either.", "net-dW1-reg"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the mask in dh1": '''\
def two_layer_squared(X, W1, W2):
    z1 = X @ W1
    h1 = np.maximum(0, z1)
    y = h1 @ W2
    L = np.sum(y * y)
    dy = 2 * y
    dW2 = h1.T @ dy
    dh1 = (dy @ W2.T) * (h1 > 0)
    dz1 = dh1
    dW1 = X.T @ dz1
    return L, dW1, dW2
''',
    "the factor 2 late": '''\
def two_layer_squared(X, W1, W2):
    z1 = X @ W1
    h1 = np.maximum(0, z1)
    y = h1 @ W2
    L = np.sum(y * y)
    dy = y
    dW2 = 2 * h1.T @ dy
    dh1 = dy @ W2.T
    dz1 = dh1 * (z1 > 0)
    dW1 = 2 * X.T @ dz1
    return L, dW1, dW2
''',
    "zeros written into a copy": '''\
def two_layer_squared(X, W1, W2):
    z1 = X.dot(W1)
    h1 = z1.copy()
    h1[z1 < 0] = 0
    y = h1.dot(W2)
    L = np.linalg.norm(y) ** 2
    dy = 2 * y
    dh1 = dy.dot(W2.T)
    dz1 = dh1.copy()
    dz1[z1 < 0] = 0
    dW1 = X.T.dot(dz1)
    dW2 = h1.T.dot(dy)
    return L, dW1, dW2
''',
    "a mask of its own": '''\
def two_layer_squared(X, W1, W2):
    z1 = X @ W1
    on = (z1 >= 0).astype(float)
    h1 = z1 * on
    y = h1 @ W2
    L = (y**2).sum()
    dy = 2.0 * y
    dW2 = h1.T @ dy
    dh1 = dy @ W2.T
    dz1 = dh1 * on
    dW1 = X.T @ dz1
    return L, dW1, dW2
''',
    "example by example": '''\
def two_layer_squared(X, W1, W2):
    L, dW1, dW2 = 0.0, np.zeros_like(W1), np.zeros_like(W2)
    for x in X:
        z = x @ W1
        h = np.maximum(0, z)
        y = h @ W2
        L += y @ y
        dz = (W2 @ (2 * y)) * (z > 0)
        dW2 += np.outer(h, 2 * y)
        dW1 += np.outer(x, dz)
    return L, dW1, dW2
''',
    "own names": '''\
def two_layer_squared(X, W1, W2):
    a = X @ W1
    r = np.where(a > 0, a, 0)
    out = r @ W2
    g = 2 * out
    return (out * out).sum(), X.T @ np.where(a > 0, g @ W2.T, 0), r.T @ g
''',
}


def torch_path(X, W1, W2):
    """The same loss in torch: X (N, D), W1 (D, H), W2 (H, C); returns a scalar tensor."""
    import torch

    y = torch.relu(X @ W1) @ W2
    return (y * y).sum()
