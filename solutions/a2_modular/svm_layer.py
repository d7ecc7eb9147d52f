"""The hinge loss as the last layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def svm_layer(scores, y):
    N = scores.shape[0]
    rows = np.arange(N)
    # forward
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)  # (N, C)
    margins[rows, y] = 0
    loss = margins.sum() / N  # ()
    # backward
    dmargins = np.ones_like(margins) / N  # (N, C)
    dscores = dmargins * (margins > 0)  # (N, C)
    dscores[rows, y] -= dscores.sum(axis=1)
    return loss, dscores


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, C, scale=1.5, classes=None):
        y = rng.integers(0, C, N) if classes is None else rng.choice(classes, N)
        return {"scores": scale * rng.standard_normal((N, C)), "y": y}

    content = draw(6, 4)
    content["scores"][np.arange(6), content["y"]] += 30.0
    equal = draw(7, 5)
    equal["scores"] = np.full((7, 5), 3.0)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more examples than classes", draw(13, 4), generic=True),
        Case("one example", draw(1, 6)),
        Case("two classes", draw(7, 2)),
        Case("as many examples as classes", draw(5, 5)),
        Case("labels that miss a class", draw(8, 4, classes=[0, 2])),
        Case("large scores", draw(5, 4, scale=300.0)),
        Case("every lead large enough", content),
        Case("all scores equal", equal),
    ]


MISTAKES = [
    Mistake("margins", " + 1)", ")", "The hinge wants a lead of 1; here any lead will do.", "svm-delta"),
    Mistake("margins", " + 1)", " - 1)", "The lead of 1 is added to the margin, not subtracted.", "svm-minusdelta"),
    Mistake("margins", "margins[rows, y] = 0", "pass", "The right class has no margin with itself. With equal scores the loss must be C - 1, not C.", "svm-loss+1"),
    Mistake("margins", "scores - scores[rows, y][:, None]", "scores[rows, y][:, None] - scores", "A wrong class hurts when its own score is high: the difference is turned round.", "svm-margin-sign"),
    Mistake("margins", "np.maximum(0, ", "np.abs(", "The hinge cuts negative margins to 0; it does not take their size.", "svm-abs"),
    Mistake("margins", "np.maximum(0, ", "(", "Margins below 0 cost nothing: they are not cut off here.", "svm-nomax"),
    Mistake("margins", "scores[rows, y][:, None]", "scores.max(axis=1, keepdims=True)", "The scores are compared with that of the right class, not with the highest.", "svm-best"),
    Mistake("loss", " / N", "", "The loss is a mean: over how many examples did you sum?", "svm-noN"),
    Mistake("loss", "margins.sum() / N", "margins.mean()", "The mean runs over the examples, not over examples and classes.", "svm-mean-all"),
    Mistake("loss", " / N", " / (N * N)", "Divide by N once.", "svm-doubleN"),
    Mistake("loss", "margins.sum()", "(margins > 0).sum()", "The loss adds up the margins themselves, not how many there are.", "svm-count-loss"),
    Mistake("loss", "margins.sum()", "(margins**2).sum()", "The hinge loss is the plain sum of the margins, without squares.", "svm-squared"),
    Mistake("loss", "margins.sum()", "margins.max(axis=1).sum()", "All classes that come too close count, not only the worst one.", "svm-max-only"),
    Mistake("dmargins", " / N", "", "The loss is the mean over N examples, and how far does one margin move it?", "svm-dnoN"),
    Mistake("dscores", "dmargins * (margins > 0)", "dmargins * margins", "The slope of max(0, m) is 1 or 0, not m itself.", "svm-value"),
    Mistake("dscores", "dscores[rows, y] -= dscores.sum(axis=1)", "pass", "The score of the right class stands in every margin of its row, with a minus: where is its gradient?", "svm-nocorrect"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "-= 1 / N", "The score of the right class is in as many margins as are positive in its row: count them.", "svm-minus1"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "-= dscores.sum(axis=1) + 1 / N", "The right class is none of the positive margins of its row: it is counted once too often.", "svm-inclcorrect"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "+= dscores.sum(axis=1)", "Raising the right score lowers the margins: its gradient is negative.", "svm-sign"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "-= dscores.sum()", "Each row has its own count of positive margins; this is the sum over all rows.", "svm-allrows"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "-= (margins > 0).sum(axis=1)", "The counts are not divided by N, and the other entries are.", "svm-countnoN"),
    Mistake("dscores", "(margins > 0)", "(margins <= 0)", "The gradient flows where the margin is positive; the mask is the wrong way round.", "svm-mask-inverted"),
    Mistake("dscores", "dmargins * (margins > 0)", "dmargins * 1.0", "A margin that was cut to 0 lets nothing through.", "svm-nomask"),
    # The same mistakes in the words of an equivalent below.
    Mistake("dmargins", "(margins > 0) / N", "margins / N", "The slope of max(0, m) is 1 or 0, not m itself.", "svm-value"),
    Mistake("dscores", "-= dmargins.sum(axis=1)", "+= dmargins.sum(axis=1)", "Raising the right score lowers the margins: its gradient is negative.", "svm-sign"),
    Mistake("dscores", "dscores[rows, y] -= dmargins.sum(axis=1)", "pass", "The score of the right class stands in every margin of its row, with a minus: where is its gradient?", "svm-nocorrect"),
]

# Other right answers, each the text of a whole answer cell. On the kink, at a margin of exactly 0, any slope would do.
EQUIVALENTS = {
    "the mask in dmargins": '''\
def svm_layer(scores, y):
    N = scores.shape[0]
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / N
    dmargins = (margins > 0) / N
    dscores = dmargins.copy()
    dscores[rows, y] -= dmargins.sum(axis=1)
    return loss, dscores
''',
    "the count set, not subtracted": '''\
def svm_layer(scores, y):
    N = scores.shape[0]
    rows = np.arange(N)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / N
    dmargins = np.ones_like(margins) / N
    dscores = dmargins * (margins > 0)
    dscores[rows, y] = -dscores.sum(axis=1)
    return loss, dscores
''',
    "one-hot labels": '''\
def svm_layer(scores, y):
    N, C = scores.shape
    onehot = np.eye(C)[y]
    right = (scores * onehot).sum(axis=1, keepdims=True)
    margins = np.maximum(0, scores - right + 1) * (1 - onehot)
    loss = margins.sum() / N
    active = (margins > 0).astype(float)
    dscores = (active - onehot * active.sum(axis=1, keepdims=True)) / N
    return loss, dscores
''',
    "the right class counted and taken off, a margin of 0 as positive": '''\
def svm_layer(scores, y):
    n = len(y)
    m = scores - scores[np.arange(n), y].reshape(-1, 1) + 1
    g = (m >= 0).astype(float)
    g[np.arange(n), y] -= g.sum(axis=1)
    return np.maximum(0, m).sum() / n - 1, g / n
''',
    "loops": '''\
def svm_layer(scores, y):
    N, C = scores.shape
    loss, dscores = 0.0, np.zeros((N, C))
    for i in range(N):
        for j in range(C):
            margin = scores[i, j] - scores[i, y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin / N
                dscores[i, j] += 1 / N
                dscores[i, y[i]] -= 1 / N
    return loss, dscores
''',
}


def torch_path(scores, y):
    """The same loss in torch: the right class has a margin of 1 with itself, which is taken off."""
    import torch

    margins = torch.clamp(scores - scores.gather(1, y[:, None]) + 1, min=0)
    return margins.sum() / len(y) - 1
