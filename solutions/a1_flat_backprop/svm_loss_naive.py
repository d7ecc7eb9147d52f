"""The linear SVM with loops: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def svm_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros(W.shape)
    for i in range(N):
        scores = X[i] @ W  # (C,)
        for j in range(C):
            if j == y[i]:
                continue
            margin = scores[j] - scores[y[i]] + 1  # ()
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / N + reg * np.sum(W * W)
    dW = dW / N + 2 * reg * W
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


MEAN = "The loss is a mean: over how many examples did you sum?"
ONE_EACH = "The right class's score stands in each margin of its example, so it has a share for each one that is positive."

MISTAKES = [
    # First, for where the loss is right, svm-nomax gives the same dW and is no account of it.
    Mistake("dW", "if margin > 0:\n                loss += margin", "if True:\n                loss += max(0, margin)", "The gradient flows only where the margin is positive.", "svm-nomask"),
    Mistake("loss", "X[i] @ W", "X[i] @ W * 2", "The scores are the products with the weights and nothing more.", "scores-times2"),
    Mistake("loss", " + 1  # ()", "  # ()", "The hinge wants a score lead of 1: where is it?", "svm-delta"),
    Mistake("loss", " + 1  # ()", " - 1  # ()", "The lead of 1 is added to the margin, not subtracted.", "svm-minusdelta"),
    Mistake("loss", "if j == y[i]:", "if False:", "The right class has no margin with itself. With all weights zero the loss must be C - 1, not C.", "svm-loss+1"),
    Mistake("loss", "continue", "break", "This ends the loop at the right class: the classes behind it count, too.", "svm-break"),
    Mistake("loss", "j == y[i]", "j == i", "Which class is left out? The right one of example i, not class i.", "svm-skipi"),
    Mistake("loss", "scores[j] - scores[y[i]]", "scores[y[i]] - scores[j]", "A wrong class hurts when *its* score is high: it is its score minus the right score.", "svm-margin-sign"),
    Mistake("loss", "scores[j] - scores[y[i]]", "scores[j] - scores[i % C]", "Compare with the score of the right class of this example.", "svm-wrongright"),
    Mistake("loss", "if margin > 0:", "if True:", "Margins below 0 cost nothing.", "svm-nomax"),
    Mistake("loss", "if margin > 0:", "if margin > 1:", "A margin counts as soon as it is above 0; the lead of 1 is in it already.", "svm-above1"),
    Mistake("loss", "if margin > 0:", "if margin < 0:", "The positive margins count: the comparison is the wrong way round.", "svm-mask-inverted"),
    Mistake("loss", "loss += margin", "loss += 1", "The loss adds up the margins themselves, not how many there are.", "svm-count-loss"),
    Mistake("loss", "loss += margin", "loss += margin ** 2", "The hinge loss is the plain sum of the margins, without squares.", "svm-squared"),
    Mistake("loss", "loss += margin", "loss = margin", "Each margin adds to the loss; here it takes the place of those before it.", "svm-overwrite-loss"),
    Mistake("loss", "loss += margin", "loss -= margin", "A positive margin makes the loss larger.", "svm-loss-sign"),
    Mistake("loss", "range(N)", "range(1, N)", "Counting starts at 0: the first example is left out.", "svm-firstexample"),
    Mistake("loss", "range(C)", "range(1, C)", "Counting starts at 0: class 0 is left out.", "svm-firstclass"),
    Mistake("loss", "range(C)", "range(C - 1)", "range(n) ends at n - 1 by itself: the last class is left out.", "svm-lastclass"),
    Mistake("loss", "loss / N", "loss", MEAN, "svm-noN"),
    Mistake("loss", "loss / N", "loss / (N * N)", "Divide by N once.", "svm-doubleN"),
    Mistake("loss", "loss / N", "loss / (N * C)", "The mean is over examples, not over examples and classes: divide by N only.", "svm-mean-all"),
    Mistake("loss", "loss / N", "loss / C", "The mean is over the N examples; C is the number of classes.", "svm-divC"),
    Mistake("loss", " + reg * np.sum(W * W)", "", "The loss has two parts: the data loss and the penalty.", "lin-noreg"),
    Mistake("loss", "+ reg * np.sum(W * W)", "- reg * np.sum(W * W)", "The penalty makes the loss larger: add it.", "lin-regminus"),
    Mistake("loss", "reg * np.sum(W * W)", "0.5 * reg * np.sum(W * W)", "Here the penalty is reg * sum(W**2), without a half.", "lin-reghalf"),
    Mistake("loss", "reg * np.sum(W * W)", "reg * np.sum(W * W) / N", "The penalty does not depend on the data: do not divide it by N.", "lin-regdivN"),
    Mistake("loss", "reg * np.sum(W * W)", "reg * np.sum(W * W) * N", "The penalty enters once, after the loop over the examples.", "lin-regtimesN"),
    Mistake("loss", "np.sum(W * W)", "np.sum(W)", "The penalty squares each weight.", "lin-regsum"),
    Mistake("loss", "np.sum(W * W)", "np.sum(np.abs(W))", "The penalty squares each weight; this is the sum of their sizes.", "lin-regabs"),
    Mistake("loss", "np.sum(W * W)", "np.sqrt(np.sum(W * W))", "The penalty is the squared norm of W: no square root.", "lin-regnorm"),
    Mistake("loss", "np.sum(W * W)", "np.sum(W[:-1] * W[:-1])", "Here every weight is penalized, the last row too.", "lin-regbias"),
    Mistake("dW", "dW[:, y[i]] -= X[i]", "pass", "The right class's score stands in every margin of its example, with a minus: where is its gradient?", "svm-nocorrect"),
    Mistake("dW", "dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]", "Raising the right score lowers the margin: its share has the other sign.", "svm-sign"),
    Mistake("dW", "dW[:, y[i]] -= X[i]", "dW[:, y[i]] -= X[i] / sum(s - scores[y[i]] + 1 > 0 for c, s in enumerate(scores) if c != y[i])", ONE_EACH, "svm-minus1"),
    Mistake("dW", "dW[:, y[i]] -= X[i]", "dW[:, y[i]] = -X[i]", ONE_EACH + " And other examples have a share in that column, too: add, do not overwrite.", "svm-overwrite-right"),
    Mistake("dW", "dW[:, j] += X[i]", "pass", "Raising the wrong score raises the margin: where is its gradient?", "svm-nowrong"),
    Mistake("dW", "dW[:, j] += X[i]", "dW[:, j] -= X[i]", "Raising the wrong score raises the margin: its share has the other sign.", "svm-wrongsign"),
    Mistake("dW", "dW[:, j] += X[i]", "dW[:, j] = X[i]", "Each example adds its share to the column; here it takes the place of those before it.", "svm-overwrite-wrong"),
    Mistake("dW", "dW[:, j] += X[i]", "dW[:, j] += margin * X[i]", "The derivative of max(0, m) is 1 where m > 0 and 0 elsewhere, not m itself.", "svm-value"),
    Mistake("dW", "dW[:, j] += X[i]\n                dW[:, y[i]] -= X[i]", "dW[:, j] += margin * X[i]\n                dW[:, y[i]] -= margin * X[i]", "The derivative of max(0, m) is 1 where m > 0 and 0 elsewhere, not m itself.", "svm-value-both"),
    Mistake("dW", "dW[:, j] += X[i]\n                dW[:, y[i]] -= X[i]", "dW[:, j] += W[:, j]\n                dW[:, y[i]] -= W[:, y[i]]", "How fast does a score grow with a weight? As fast as what the weight is multiplied by.", "svm-gradW"),
    Mistake("dW", "dW / N", "dW", "The loss is the mean over N examples: divide the gradient by N too.", "svm-dnoN"),
    Mistake("dW", "dW / N", "dW / (N * N)", "Divide by N once.", "svm-dW-doubleN"),
    Mistake("dW", "dW / N", "-dW / N", "The gradient points uphill: the signs of its data part are turned.", "svm-dW-sign"),
    Mistake("dW", " + 2 * reg * W", "", "The penalty depends on W too: it has a part in dW.", "lin-regmiss"),
    Mistake("dW", "+ 2 * reg * W", "+ reg * W", "The derivative of W**2 is 2 * W.", "lin-reg1x"),
    Mistake("dW", "+ 2 * reg * W", "+ 2 * reg * W / N", "The penalty was not divided by N, so its gradient is not either.", "lin-dregdivN"),
    Mistake("dW", "+ 2 * reg * W", "- 2 * reg * W", "The penalty is added to the loss, so its gradient is added to dW.", "lin-dregminus"),
    Mistake("dW", "+ 2 * reg * W", "+ 2 * reg", "The derivative of W**2 is 2 * W: the W is missing.", "lin-dregconst"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "every example divided by N at once": """\
def svm_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = reg * np.sum(W ** 2)
    dW = 2 * reg * W
    for i in range(N):
        scores = X[i].dot(W)
        for j in range(C):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin / N
                dW[:, j] += X[i] / N
                dW[:, y[i]] -= X[i] / N
    return loss, dW
""",
    "a margin of 0 counted as positive": """\
def svm_loss_naive(W, X, y, reg):
    dW = np.zeros_like(W)
    loss = 0.0
    for x, label in zip(X, y):
        scores = x @ W
        for j in range(W.shape[1]):
            margin = scores[j] - scores[label] + 1.0
            if j != label and margin >= 0:
                loss += margin
                dW[:, j] += x
                dW[:, label] -= x
    return loss / len(X) + reg * (W ** 2).sum(), dW / len(X) + 2 * reg * W
""",
    "a loop for every sum": """\
def svm_loss_naive(W, X, y, reg):
    N, D = X.shape
    C = W.shape[1]
    dW = np.zeros((D, C))
    loss = 0.0
    for i in range(N):
        scores = [sum(X[i, d] * W[d, c] for d in range(D)) for c in range(C)]
        for c in range(C):
            margin = max(0, scores[c] - scores[y[i]] + 1)
            if c != y[i] and margin > 0:
                loss += margin
                for d in range(D):
                    dW[d, c] += X[i, d]
                    dW[d, y[i]] -= X[i, d]
    loss /= N
    dW /= N
    for d in range(D):
        for c in range(C):
            loss += reg * W[d, c] ** 2
            dW[d, c] += 2 * reg * W[d, c]
    return loss, dW
""",
    "the count of an example at once": """\
def svm_loss_naive(W, X, y, reg):
    N = len(y)
    loss, dW = 0.0, np.zeros(W.shape)
    for i in range(N):
        s = X[i] @ W
        m = np.maximum(0, s - s[y[i]] + 1)
        m[y[i]] = 0
        loss += m.sum()
        share = (m > 0).astype(float)
        share[y[i]] = -share.sum()
        dW += np.outer(X[i], share)
    return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W
""",
    "already without loops": """\
def svm_loss_naive(W, X, y, reg):
    rows = np.arange(len(y))
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    share = (margins > 0) / len(y)
    share[rows, y] = -share.sum(axis=1)
    return margins.sum() / len(y) + reg * np.sum(W * W), X.T @ share + 2 * reg * W
""",
}


def torch_path(W, X, y, reg):
    """The same loss in torch: W (D, C), X (N, D), y (N,) int64; returns a scalar tensor."""
    import torch

    scores = X @ W
    margins = torch.clamp(scores - scores.gather(1, y[:, None]) + 1, min=0)
    return (margins.sum() - len(y)) / len(y) + reg * (W * W).sum()
