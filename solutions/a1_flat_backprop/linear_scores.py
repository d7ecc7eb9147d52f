"""The scores of a linear classifier for one picture: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def linear_scores(x, W, b):
    scores = W @ x + b  # (C,)
    return scores


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(D, C):
        return {"x": rng.standard_normal(D), "W": rng.standard_normal((C, D)), "b": rng.standard_normal(C)}

    return [
        Case("typical sizes", draw(7, 4), generic=True),
        Case("more classes than features", draw(5, 11), generic=True),
        Case("as many classes as features", draw(4, 4)),
        Case("one feature", draw(1, 3)),
        Case("two classes", draw(6, 2)),
        Case("a picture without light", draw(5, 3) | {"x": np.zeros(5)}),
    ]


MISTAKES = [
    Mistake("scores", " + b", "", "Each class has a bias, too: where is b?", "scores-nob"),
    Mistake("scores", "+ b", "- b", "The bias is added to the score.", "scores-minusb"),
    Mistake("scores", "+ b", "* b", "The bias is added to the score, not a factor of it.", "scores-timesb"),
    Mistake("scores", "+ b", "+ b.sum()", "Each class has a bias of its own: add it to its own score.", "scores-sumb"),
    Mistake("scores", "+ b", "+ b[0]", "Each class has a bias of its own: add it to its own score.", "scores-b0"),
    Mistake("scores", "+ b", "+ b[::-1]", "Each class has a bias of its own: add it to its own score.", "scores-reversedb"),
    Mistake("scores", "W @ x", "W.sum(axis=1)", "The weights say how much each feature counts: where are the features?", "scores-nox"),
    Mistake("scores", "W @ x", "(W * x).mean(axis=1)", "The products of weights and features are added up; this takes their mean.", "scores-mean"),
    Mistake("scores", "W @ x", "(W * x).max(axis=1)", "All products of weights and features count, not only the largest.", "scores-max"),
    Mistake("scores", "W @ x", "(W + x).sum(axis=1)", "A weight multiplies its feature.", "scores-plus"),
    Mistake("scores", "W @ x", "((W - x) ** 2).sum(axis=1)", "A score is not a distance: multiply weights and features, and add up.", "scores-distance"),
    Mistake("scores", "W @ x", "W @ np.abs(x)", "A feature may be negative: leave its sign.", "scores-absx"),
    Mistake("scores", "W @ x + b", "W @ x * 2 + b", "The product of W and x enters once.", "scores-times2"),
    Mistake("scores", "W @ x + b", "W @ x / np.linalg.norm(x) + b", "The features enter as they are: the score is not divided by their length.", "scores-norm"),
    Mistake("scores", "W @ x + b", "np.maximum(0, W @ x + b)", "A score may be negative: nothing is cut off.", "scores-relu"),
    Mistake("scores", "W @ x + b", "np.abs(W @ x + b)", "A score may be negative: leave its sign.", "scores-abs"),
    Mistake("scores", "W @ x + b", "np.exp(W @ x + b) / np.exp(W @ x + b).sum()", "These are probabilities, which come later. Here the scores are asked for.", "scores-softmax"),
    Mistake("scores", "W @ x + b", "np.sort(W @ x + b)", "The scores stand in the order of the classes.", "scores-sorted"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "loops": """\
def linear_scores(x, W, b):
    C, D = W.shape
    scores = np.zeros(C)
    for c in range(C):
        for d in range(D):
            scores[c] += W[c, d] * x[d]
        scores[c] += b[c]
    return scores
""",
    "a dot product a class": """\
def linear_scores(x, W, b):
    return np.array([np.dot(row, x) + bias for row, bias in zip(W, b)])
""",
    "the transpose": """\
def linear_scores(x, W, b):
    return b + x @ W.T
""",
    "the bias as one more column": """\
def linear_scores(x, W, b):
    return np.column_stack([W, b]) @ np.append(x, 1.0)
""",
    "a sum of products": """\
def linear_scores(x, W, b):
    return (W * x).sum(axis=1) + b
""",
}
