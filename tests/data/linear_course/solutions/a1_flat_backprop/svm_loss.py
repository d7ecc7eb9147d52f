"""The linear SVM: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    # forward
    scores = X @ W  # (N, C)
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)  # (N, C)
    margins[rows, y] = 0
    data_loss = margins.sum() / N  # ()
    reg_loss = reg * np.sum(W * W)  # ()
    loss = data_loss + reg_loss  # ()
    # backward
    dmargins = np.ones_like(margins) / N  # (N, C)
    dscores = dmargins * (margins > 0)  # (N, C)
    dscores[rows, y] -= dscores.sum(axis=1)
    dW = X.T @ dscores + 2 * reg * W  # (D, C)
    return loss, dW


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, C, reg=0.37, scale=1.0, classes=None):
        return dict(
            W=scale * rng.standard_normal((D, C)),
            X=rng.standard_normal((N, D)),
            y=rng.integers(0, C, N) if classes is None else rng.choice(classes, N),
            reg=reg,
        )

    zero = draw(7, 4, 5)
    zero["W"] = np.zeros((4, 5))
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more examples than classes", draw(13, 11, 10, reg=0.29), generic=True),
        Case("one example", draw(1, 6, 5)),
        Case("two classes", draw(7, 5, 2)),
        Case("labels that miss a class", draw(7, 5, 4, classes=[0, 2])),
        Case("large scores", draw(5, 7, 4, scale=300.0)),
        Case("zero weights", zero),
        Case("no regularization", draw(6, 3, 7, reg=0.0)),
    ]


MISTAKES = [
    Mistake("scores", "X @ W", "X @ W / X.shape[0]", "The scores of one example do not depend on how many there are: do not divide by N here.", "scores-divN"),
    Mistake("scores", "X @ W", "X @ W * 2", "The scores are X @ W and nothing more.", "scores-times2"),
    Mistake("margins", " + 1)", ")", "The hinge wants a score lead of 1: where is the + 1?", "svm-delta"),
    Mistake("margins", " + 1)", " - 1)", "The lead of 1 is added to the margin, not subtracted.", "svm-minusdelta"),
    Mistake("margins", "margins[rows, y] = 0", "pass", "The right class has no margin with itself: set margins[rows, y] to 0. With all weights zero the loss must be C - 1, not C.", "svm-loss+1"),
    Mistake("margins", "scores - scores[rows, y][:, None]", "scores[rows, y][:, None] - scores", "A wrong class hurts when *its* score is high: it is scores minus the right score.", "svm-margin-sign"),
    Mistake("margins", "np.maximum(0, ", "np.abs(", "The hinge cuts negative margins to 0; it does not take their size.", "svm-abs"),
    Mistake("margins", "np.maximum(0, ", "(", "Margins below 0 cost nothing: where is the max with 0?", "svm-nomax"),
    Mistake("data_loss", " / N", "", "The loss is a mean: over how many examples did you sum?", "svm-noN"),
    Mistake("data_loss", "margins.sum() / N", "margins.mean()", "The mean is over examples, not over examples and classes: divide by N only.", "svm-mean-all"),
    Mistake("data_loss", " / N", " / (N * N)", "Divide by N once.", "svm-doubleN"),
    Mistake("data_loss", "margins.sum()", "(margins > 0).sum()", "The loss adds up the margins themselves, not how many there are.", "svm-count-loss"),
    Mistake("data_loss", "margins.sum()", "(margins ** 2).sum()", "The hinge loss is the plain sum of the margins, without squares.", "svm-squared"),
    Mistake("data_loss", "margins.sum()", "margins.max(axis=1).sum()", "All classes that come too close count, not only the worst one.", "svm-max-only"),
    Mistake("reg_loss", "reg * ", "0.5 * reg * ", "Here the penalty is reg * sum(W**2), without a half.", "lin-reghalf"),
    Mistake("reg_loss", "reg * ", "reg / N * ", "The penalty does not depend on the data: do not divide it by N.", "lin-regdivN"),
    Mistake("reg_loss", "W * W", "W", "The penalty squares each weight.", "lin-regsum"),
    Mistake("reg_loss", "W * W", "np.abs(W)", "The penalty squares each weight; this is the sum of their sizes.", "lin-regabs"),
    Mistake("reg_loss", "np.sum(W * W)", "np.sqrt(np.sum(W * W))", "The penalty is the squared norm of W: no square root.", "lin-regnorm"),
    Mistake("reg_loss", "W * W", "W[:-1] * W[:-1]", "Here every weight is penalized, the last row too.", "lin-regbias"),
    Mistake("loss", " + reg_loss", "", "The loss has two parts: the data loss and the penalty.", "lin-noreg"),
    Mistake("loss", "+ reg_loss", "- reg_loss", "The penalty makes the loss larger: add it.", "lin-regminus"),
    Mistake("loss", "data_loss + reg_loss", "(data_loss + reg_loss) / N", "Only the data loss is a mean, and it is one already.", "lin-lossdivN"),
    Mistake("loss", "+ reg_loss", "+ reg_loss / N", "Only the data loss is a mean over the examples: do not divide the penalty by N.", "lin-lossregdivN"),
    Mistake("loss", "+ reg_loss", "+ 2 * reg_loss", "The penalty enters once.", "lin-loss2reg"),
    Mistake("dmargins", " / N", "", "The loss is the mean over N examples, so each margin moves it by 1/N.", "svm-dnoN"),
    Mistake("dscores", "dmargins * (margins > 0)", "dmargins * margins", "The derivative of max(0, m) is 1 where m > 0 and 0 elsewhere, not m itself.", "svm-value"),
    Mistake("dscores", "dscores[rows, y] -= dscores.sum(axis=1)", "pass", "The right class's score stands in every margin of its row, with a minus: where is its gradient?", "svm-nocorrect"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "-= 1 / N", "The right class's score is in as many margins as are positive in its row: count them.", "svm-minus1"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "-= dscores.sum(axis=1) + 1 / N", "The right class is not one of the positive margins of its row: it is counted once too often.", "svm-inclcorrect"),
    Mistake("dscores", "-= dscores.sum(axis=1)", "+= dscores.sum(axis=1)", "Raising the right score lowers the margins: its gradient is negative.", "svm-sign"),
    Mistake("dscores", "(margins > 0)", "(margins <= 0)", "The gradient flows where the margin is positive; the mask is the wrong way round.", "svm-mask-inverted"),
    Mistake("dW", " + 2 * reg * W", "", "The penalty depends on W too: it has a part in dW.", "lin-regmiss"),
    Mistake("dW", "2 * reg", "reg", "The derivative of W**2 is 2 * W.", "lin-reg1x"),
    Mistake("dW", "2 * reg", "2 * reg / N", "The penalty was not divided by N, so its gradient is not either.", "lin-dregdivN"),
    Mistake("dW", "+ 2", "- 2", "The penalty is added to the loss, so its gradient is added to dW.", "lin-dregminus"),
    Mistake("dW", "2 * reg * W", "2 * reg", "The derivative of W**2 is 2 * W: the W is missing.", "lin-dregconst"),
    Mistake("dW", "X.T @ dscores", "X.T @ dscores / N", "The 1/N is in dscores already: divide once.", "svm-dW-doubleN"),
    Mistake("dW", "X.T @ dscores", "X.T @ dscores * N", "The loss is a mean over N examples: dW keeps the 1/N that dscores carries.", "svm-dW-timesN"),
    Mistake("dW", "X.T @ dscores", "-(X.T @ dscores)", "The gradient points uphill: no minus sign here, it comes with the update step.", "svm-dW-sign"),
    # The same mistakes in the words of an equivalent below.
    Mistake("dmargins", "(margins > 0) / N", "margins / N", "The derivative of max(0, m) is 1 where m > 0 and 0 elsewhere, not m itself.", "svm-value"),
    Mistake("dscores", "-= dmargins.sum(axis=1)", "+= dmargins.sum(axis=1)", "Raising the right score lowers the margins: its gradient is negative.", "svm-sign"),
    Mistake("dscores", "dscores[rows, y] -= dmargins.sum(axis=1)", "pass", "The right class's score stands in every margin of its row, with a minus: where is its gradient?", "svm-nocorrect"),
    Mistake("dscores", "= -dmargins.sum(axis=1)", "= -1", "The right class's score is in as many margins as are positive in its row: count them.", "svm-minus1"),
    Mistake("dscores", "= -dscores.sum(axis=1)", "= -1 / N", "The right class's score is in as many margins as are positive in its row: count them.", "svm-minus1"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "dividing by N late": '''\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    data_loss = margins.sum() / N
    reg_loss = reg * np.sum(W * W)
    loss = data_loss + reg_loss
    dmargins = np.ones_like(margins)
    dscores = dmargins * (margins > 0)
    dscores[rows, y] -= dscores.sum(axis=1)
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW
''',
    "the mask in dmargins": '''\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    data_loss = margins.sum() / N
    reg_loss = reg * np.sum(W * W)
    loss = data_loss + reg_loss
    dmargins = (margins > 0) / N
    dscores = dmargins.copy()
    dscores[rows, y] -= dmargins.sum(axis=1)
    dW = X.T @ dscores + 2 * reg * W
    return loss, dW
''',
    "a mask of ones and its counts": '''\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    data_loss = margins.sum() / N
    reg_loss = reg * np.sum(W * W)
    loss = data_loss + reg_loss
    dmargins = (margins > 0) * 1.0
    dscores = dmargins.copy()
    dscores[rows, y] = -dmargins.sum(axis=1)
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW
''',
    "the count set, not subtracted": '''\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    data_loss = margins.sum() / N
    reg_loss = reg * np.sum(W * W)
    loss = data_loss + reg_loss
    dmargins = np.ones_like(margins) / N
    dscores = dmargins * (margins > 0)
    dscores[rows, y] = -dscores.sum(axis=1)
    dW = X.T @ dscores + 2 * reg * W
    return loss, dW
''',
    "names reused in place": '''\
def svm_loss(W, X, y, reg):
    loss = 0.0
    dW = np.zeros(W.shape)
    num_train = X.shape[0]
    scores = X.dot(W)
    correct = scores[range(num_train), y].reshape(-1, 1)
    margins = np.maximum(0, scores - correct + 1)
    margins[range(num_train), y] = 0
    loss = margins.sum() / num_train
    loss += reg * np.sum(W * W)
    margins[margins > 0] = 1
    margins[range(num_train), y] = -margins.sum(axis=1)
    dW = X.T.dot(margins) / num_train
    dW += 2 * reg * W
    return loss, dW
''',
    "loops": '''\
def svm_loss(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    scores = X @ W
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        for j in range(C):
            if j == y[i]:
                continue
            margin = scores[i, j] - scores[i, y[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / N + reg * np.sum(W ** 2)
    dW = dW / N + 2 * reg * W
    return loss, dW
''',
    "one-hot labels": '''\
def svm_loss(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    onehot = np.eye(C)[y]
    scores = X @ W
    right = (scores * onehot).sum(axis=1, keepdims=True)
    margins = np.maximum(0, scores - right + 1) * (1 - onehot)
    data_loss = margins.sum() / N
    reg_loss = reg * (W ** 2).sum()
    loss = data_loss + reg_loss
    active = (margins > 0).astype(float)
    dscores = (active - onehot * active.sum(axis=1, keepdims=True)) / N
    dW = X.T @ dscores + 2 * reg * W
    return loss, dW
''',
    "own names": '''\
def svm_loss(W, X, y, reg):
    n = len(y)
    s = X @ W
    m = np.maximum(0, s - s[np.arange(n), y][:, None] + 1)
    m[np.arange(n), y] = 0
    L = m.sum() / n
    R = reg * (W * W).sum()
    g = (m > 0) / n
    g[np.arange(n), y] = -g.sum(axis=1)
    return L + R, X.T @ g + 2 * reg * W
''',
    "a helper function": '''\
def hinge(scores, y):
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    return margins


def svm_loss(W, X, y, reg):
    margins = hinge(X @ W, y)
    loss = margins.sum() / len(y) + reg * np.sum(W * W)
    dscores = np.where(margins > 0, 1.0, 0.0) / len(y)
    dscores[np.arange(len(y)), y] = -dscores.sum(axis=1)
    return loss, X.T @ dscores + 2 * reg * W
''',
}


def torch_path(W, X, y, reg):
    """The same loss in torch: W (D, C), X (N, D), y (N,) int64; returns a scalar tensor."""
    import torch

    scores = X @ W
    margins = torch.clamp(scores - scores.gather(1, y[:, None]) + 1, min=0)
    return (margins.sum() - len(y)) / len(y) + reg * (W * W).sum()
