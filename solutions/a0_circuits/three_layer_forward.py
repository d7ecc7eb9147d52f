"""The forward pass of a three-layer net: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def three_layer_forward(x, W1, b1, W2, b2, W3, b3):
    # forward
    z1 = x @ W1 + b1  # (N, H)
    h1 = 1 / (1 + np.exp(-z1))  # (N, H)
    z2 = h1 @ W2 + b2  # (N, M)
    h2 = 1 / (1 + np.exp(-z2))  # (N, M)
    out = h2 @ W3 + b3  # (N, C)
    return h1, h2, out


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, H, M, C):
        shapes = {"x": (N, D), "W1": (D, H), "b1": (H,), "W2": (H, M), "b2": (M,), "W3": (M, C), "b3": (C,)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    return [
        Case("typical sizes", draw(5, 7, 6, 4, 3), generic=True),
        Case("other sizes", draw(8, 3, 5, 7, 4), generic=True),
        Case("one example", draw(1, 4, 6, 5, 3)),
        Case("one output", draw(6, 3, 4, 5, 1)),
        Case("one neuron a layer", draw(5, 3, 1, 1, 2)),
        Case("equal sizes everywhere", draw(4, 4, 4, 4, 4)),
    ]


NO_BIAS = "The bias of this layer is missing."
MINUS_BIAS = "The bias is added: look at the sign."
NO_SIGMOID = "This hidden layer has no sigmoid: without one, several layers are no more than one."
EXP_SIGN = "This sigmoid falls where it should grow: look at the sign in the exponent."
MINUS = "The denominator of the sigmoid is a sum: look at the sign."
TANH = "This is the hyperbolic tangent, which runs from -1 to 1; here it is a sigmoid."
RELU = "This is a ReLU; here the hidden layers have sigmoids."
BRACKETS = "A division comes before a sum: the whole sum is the denominator."


def sigmoid_mistakes(layer):
    """What is made of the sigmoid of a hidden layer."""
    stage, text = f"h{layer}", f"1 / (1 + np.exp(-z{layer}))"
    return [
        Mistake(stage, text, f"z{layer} * 1", NO_SIGMOID, f"tlf-{stage}-none"),
        Mistake(stage, f"np.exp(-z{layer})", f"np.exp(z{layer})", EXP_SIGN, f"tlf-{stage}-exp-sign"),
        Mistake(stage, "1 + np", "1 - np", MINUS, f"tlf-{stage}-minus"),
        Mistake(stage, text, f"np.tanh(z{layer})", TANH, f"tlf-{stage}-tanh"),
        Mistake(stage, text, f"np.maximum(0, z{layer})", RELU, f"tlf-{stage}-relu"),
        Mistake(stage, text, f"1 / 1 + np.exp(-z{layer})", BRACKETS, f"tlf-{stage}-brackets"),
    ]


MISTAKES = [
    Mistake("z1", " + b1", "", NO_BIAS, "tlf-z1-no-bias"),
    Mistake("z1", "+ b1", "- b1", MINUS_BIAS, "tlf-z1-minus-bias"),
    Mistake("z1", "x @ W1", "x @ W1 / len(x)", "The sums of one example do not depend on how many there are: do not divide by N here.", "tlf-z1-divN"),
    *sigmoid_mistakes(1),
    Mistake("z2", " + b2", "", NO_BIAS, "tlf-z2-no-bias"),
    Mistake("z2", "+ b2", "- b2", MINUS_BIAS, "tlf-z2-minus-bias"),
    Mistake("z2", "h1 @ W2", "z1 @ W2", "The second layer takes what comes out of the sigmoid of the first, not what goes in.", "tlf-z2-z1"),
    *sigmoid_mistakes(2),
    Mistake("out", " + b3", "", NO_BIAS, "tlf-out-no-bias"),
    Mistake("out", "+ b3", "- b3", MINUS_BIAS, "tlf-out-minus-bias"),
    Mistake("out", "h2 @ W3", "z2 @ W3", "The output layer takes what comes out of the sigmoid of the second, not what goes in.", "tlf-out-z2"),
    Mistake("out", "h2 @ W3 + b3", "1 / (1 + np.exp(-(h2 @ W3 + b3)))", "The output layer has no sigmoid here: its scores may be any number.", "tlf-out-sigmoid"),
    Mistake("out", "h2 @ W3 + b3", "np.maximum(0, h2 @ W3 + b3)", "The output layer has no activation here: scores may be negative.", "tlf-out-relu"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a function for the sigmoid": """\
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def three_layer_forward(x, W1, b1, W2, b2, W3, b3):
    first = sigmoid(np.dot(x, W1) + b1)
    second = sigmoid(np.dot(first, W2) + b2)
    return first, second, np.dot(second, W3) + b3
""",
    "a lambda": """\
def three_layer_forward(x, W1, b1, W2, b2, W3, b3):
    f = lambda z: 1 / (1 + np.exp(-z))
    h1 = f(x.dot(W1) + b1)
    h2 = f(h1.dot(W2) + b2)
    return h1, h2, h2.dot(W3) + b3
""",
    "the other form of the sigmoid": """\
def three_layer_forward(x, W1, b1, W2, b2, W3, b3):
    z1 = b1 + x @ W1
    h1 = np.exp(z1) / (np.exp(z1) + 1)
    z2 = b2 + h1 @ W2
    h2 = (1 + np.tanh(z2 / 2)) / 2
    out = b3 + h2 @ W3
    return h1, h2, out
""",
    "columns": """\
def three_layer_forward(x, W1, b1, W2, b2, W3, b3):
    a1 = 1 / (1 + np.exp(-(W1.T @ x.T + b1[:, None])))
    a2 = 1 / (1 + np.exp(-(W2.T @ a1 + b2[:, None])))
    scores = W3.T @ a2 + b3[:, None]
    return a1.T, a2.T, scores.T
""",
    "example by example": """\
def three_layer_forward(x, W1, b1, W2, b2, W3, b3):
    first, second, last = [], [], []
    for row in x:
        first.append(1 / (1 + np.exp(-(row @ W1 + b1))))
        second.append(1 / (1 + np.exp(-(first[-1] @ W2 + b2))))
        last.append(second[-1] @ W3 + b3)
    return np.array(first), np.array(second), np.array(last)
""",
}
