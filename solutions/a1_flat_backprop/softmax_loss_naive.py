"""The softmax loss with loops: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def softmax_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros(W.shape)
    for i in range(N):
        scores = X[i] @ W  # (C,)
        powers = np.exp(scores - scores.max())  # (C,)
        probs = powers / powers.sum()  # (C,)
        loss -= np.log(probs[y[i]])
        for j in range(C):
            target = 1 if j == y[i] else 0
            dW[:, j] += (probs[j] - target) * X[i]
    loss = loss / N + reg * np.sum(W * W)
    dW = dW / N + 2 * reg * W
    return loss, dW


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; on one of them an exponential that is not shifted overflows."""

    def draw(N, D, C, reg=0.37, scale=1.0, classes=None):
        return dict(
            W=scale * rng.standard_normal((D, C)),
            X=rng.standard_normal((N, D)),
            y=rng.integers(0, C, N) if classes is None else rng.choice(classes, N),
            reg=reg,
        )

    zero = draw(7, 4, 5)
    zero["W"] = np.zeros((4, 5))
    # Scores of about a thousand whose spread stays small enough for a finite loss in every right form.
    large = draw(5, 7, 4)
    large["X"] = np.hstack([large["X"], np.full((5, 1), 1.0)])
    large["W"] = np.vstack([large["W"], np.full((1, 4), 1000.0)])
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more examples than classes", draw(13, 11, 10, reg=0.29), generic=True),
        Case("scores of about a thousand", large, generic=True),
        Case("one example", draw(1, 6, 5)),
        Case("two classes", draw(7, 5, 2)),
        Case("labels that miss a class", draw(7, 5, 4, classes=[0, 2])),
        Case("zero weights", zero),
        Case("no regularization", draw(6, 3, 7, reg=0.0)),
    ]


MISTAKES = [
    # First, for where the loss is right, sm-max gives the same dW and is no account of it.
    Mistake("dW", "(probs[j] - target)", "(powers[j] - target)", "Start from the probabilities, not from the exponentials.", "sm-unnormalised"),
    Mistake("loss", "X[i] @ W", "X[i] @ W * 2", "The scores are the products with the weights and nothing more.", "scores-times2"),
    Mistake("loss", "scores - scores.max()", "scores", "exp overflows for large scores: subtract the largest one first. The result must not move when a constant is added to all scores.", "sm-noshift"),
    Mistake("loss", "np.exp(scores - scores.max())", "np.exp(scores.max() - scores)", "A higher score must give a higher probability: no minus in the exponent.", "sm-exp-neg"),
    Mistake("loss", "np.exp(scores - scores.max())", "2.0 ** (scores - scores.max())", "The base of the softmax is e, not 2.", "sm-base2"),
    Mistake("loss", "powers.sum()", "powers.max()", "Divide by the sum of the exponentials, not by the largest.", "sm-max"),
    Mistake("loss", "powers.sum()", "powers.mean()", "Divide by the sum of the exponentials: with the mean the probabilities sum to C, not to 1.", "sm-mean"),
    Mistake("loss", "powers.sum()", "(powers.sum() - powers[y[i]])", "The right class belongs to the sum, too: all probabilities together are 1.", "sm-otherssum"),
    Mistake("loss", "loss -= np.log", "loss += np.log", "The log of a probability is negative, and a loss is positive: where is the minus?", "sm-log-sign"),
    Mistake("loss", "np.log(probs[y[i]])", "np.log(probs).sum()", "Only the probability of the right class counts.", "sm-log-all"),
    Mistake("loss", "np.log(probs[y[i]])", "np.log(probs.max())", "The probability of the right class counts, not that of the winner.", "sm-log-max"),
    Mistake("loss", "np.log(probs[y[i]])", "np.log(probs[y[i]] + 1e-3)", "A small number inside the log shifts the loss; once the largest score is subtracted there is no need for it.", "sm-logeps"),
    Mistake("loss", "np.log(probs[y[i]])", "np.log2(probs[y[i]])", "The loss uses the natural logarithm.", "sm-log2"),
    Mistake("loss", "np.log(probs[y[i]])", "np.log10(probs[y[i]])", "The loss uses the natural logarithm, np.log.", "sm-log10"),
    Mistake("loss", "loss -= np.log(probs[y[i]])", "loss += 1 - probs[y[i]]", "The loss is the negative log of the right probability, not its distance to 1.", "sm-1-p"),
    Mistake("loss", "loss -= np.log(probs[y[i]])", "loss -= probs[y[i]]", "The loss is the negative log of the right probability: where is the log?", "sm-nolog"),
    Mistake("loss", "loss -= np.log(probs[y[i]])", "loss = -np.log(probs[y[i]])", "Each example adds to the loss; here it takes the place of those before it.", "sm-overwrite-loss"),
    Mistake("loss", "range(N)", "range(1, N)", "Counting starts at 0: the first example is left out.", "sm-firstexample"),
    Mistake("loss", "loss / N", "loss", "The loss is a mean: over how many examples did you sum?", "sm-noN"),
    Mistake("loss", "loss / N", "loss / (N * N)", "Divide by N once.", "sm-loss-doubleN"),
    Mistake("loss", "loss / N", "loss / C", "The mean is over the N examples; C is the number of classes.", "sm-divC"),
    Mistake("loss", " + reg * np.sum(W * W)", "", "The loss has two parts: the data loss and the penalty.", "lin-noreg"),
    Mistake("loss", "+ reg * np.sum(W * W)", "- reg * np.sum(W * W)", "The penalty makes the loss larger: add it.", "lin-regminus"),
    Mistake("loss", "reg * np.sum(W * W)", "0.5 * reg * np.sum(W * W)", "Here the penalty is reg * sum(W**2), without a half.", "lin-reghalf"),
    Mistake("loss", "reg * np.sum(W * W)", "reg * np.sum(W * W) / N", "The penalty does not depend on the data: do not divide it by N.", "lin-regdivN"),
    Mistake("loss", "reg * np.sum(W * W)", "reg * np.sum(W * W) * N", "The penalty enters once, after the loop over the examples.", "lin-regtimesN"),
    Mistake("loss", "np.sum(W * W)", "np.sum(W)", "The penalty squares each weight.", "lin-regsum"),
    Mistake("loss", "np.sum(W * W)", "np.sum(np.abs(W))", "The penalty squares each weight; this is the sum of their sizes.", "lin-regabs"),
    Mistake("loss", "np.sum(W * W)", "np.sqrt(np.sum(W * W))", "The penalty is the squared norm of W: no square root.", "lin-regnorm"),
    Mistake("loss", "np.sum(W * W)", "np.sum(W[:-1] * W[:-1])", "Here every weight is penalized, the last row too.", "lin-regbias"),
    Mistake("dW", "(probs[j] - target)", "probs[j]", "Raising the right score lowers the loss: the right class has its own rule, probability minus 1.", "sm-nominus1"),
    Mistake("dW", "(probs[j] - target)", "(probs[j] + target)", "The sign of the 1 is turned: raising the right score must lower the loss.", "sm-plus1"),
    Mistake("dW", "(probs[j] - target)", "(target - probs[j])", "All signs of the data part are turned: the gradient points uphill.", "sm-dsign"),
    Mistake("dW", "(probs[j] - target)", "(-1 if target else probs[j])", "The right class keeps its probability: p - 1, not -1.", "sm-set-minus1"),
    Mistake("dW", "(probs[j] - target)", "probs[j] * (probs[j] - target)", "The probability enters once.", "sm-ptwice"),
    Mistake("dW", "(probs[j] - target)", "(probs[j] - 1)", "Only the right class has a 1 subtracted.", "sm-allminus1"),
    Mistake("dW", "(probs[j] - target) * X[i]", "(probs[j] - target) * W[:, j]", "How fast does a score grow with a weight? As fast as what the weight is multiplied by.", "sm-gradW"),
    Mistake("dW", "dW[:, j] +=", "dW[:, j] =", "Each example adds its share to the column; here it takes the place of those before it.", "sm-overwrite"),
    Mistake("dW", "range(C)", "range(1, C)", "Counting starts at 0: class 0 is left out.", "sm-firstclass"),
    Mistake("dW", "range(C)", "[y[i]]", "The wrong classes have a gradient, too: their probability should go down.", "sm-onlyright"),
    Mistake("dW", "dW / N", "dW", "The loss is the mean over N examples: divide the gradient by N too.", "sm-dnoN"),
    Mistake("dW", "dW / N", "dW / (N * N)", "Divide by N once.", "sm-doubleN"),
    Mistake("dW", " + 2 * reg * W", "", "The penalty depends on W too: it has a part in dW.", "lin-regmiss"),
    Mistake("dW", "+ 2 * reg * W", "+ reg * W", "The derivative of W**2 is 2 * W.", "lin-reg1x"),
    Mistake("dW", "+ 2 * reg * W", "+ 2 * reg * W / N", "The penalty was not divided by N, so its gradient is not either.", "lin-dregdivN"),
    Mistake("dW", "+ 2 * reg * W", "- 2 * reg * W", "The penalty is added to the loss, so its gradient is added to dW.", "lin-dregminus"),
    Mistake("dW", "+ 2 * reg * W", "+ 2 * reg", "The derivative of W**2 is 2 * W: the W is missing.", "lin-dregconst"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "every example divided by N at once": """\
def softmax_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = reg * np.sum(W ** 2)
    dW = 2 * reg * W
    for i in range(N):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        probs = np.exp(scores) / np.sum(np.exp(scores))
        loss += -np.log(probs[y[i]]) / N
        for j in range(C):
            dW[:, j] += (probs[j] - (j == y[i])) * X[i] / N
    return loss, dW
""",
    "log-sum-exp": """\
def softmax_loss_naive(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    for x, label in zip(X, y):
        s = x @ W
        s = s - s.max()
        total = 0.0
        for value in s:
            total += np.exp(value)
        loss += np.log(total) - s[label]
        for j in range(len(s)):
            dW[:, j] += x * np.exp(s[j]) / total
        dW[:, label] -= x
    return loss / len(y) + reg * (W * W).sum(), dW / len(y) + 2 * reg * W
""",
    "an outer product an example": """\
def softmax_loss_naive(W, X, y, reg):
    N = len(y)
    loss, dW = 0.0, np.zeros(W.shape)
    for i in range(N):
        s = X[i] @ W
        p = np.exp(s - s.max())
        p /= p.sum()
        loss -= np.log(p[y[i]])
        p[y[i]] -= 1
        dW += np.outer(X[i], p)
    return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W
""",
    "already without loops": """\
def softmax_loss_naive(W, X, y, reg):
    rows = np.arange(len(y))
    scores = X @ W
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    loss = -np.log(probs[rows, y]).mean() + reg * np.sum(W * W)
    probs[rows, y] -= 1
    return loss, X.T @ probs / len(y) + 2 * reg * W
""",
}


def torch_path(W, X, y, reg):
    """The same loss in torch: W (D, C), X (N, D), y (N,) int64; returns a scalar tensor."""
    import torch

    scores = X @ W
    return (torch.logsumexp(scores, 1) - scores.gather(1, y[:, None])[:, 0]).mean() + reg * (W * W).sum()
