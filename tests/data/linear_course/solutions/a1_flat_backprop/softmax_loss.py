"""The softmax classifier: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def softmax_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    # forward
    scores = X @ W  # (N, C)
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    exp_scores = np.exp(shifted)  # (N, C)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)  # (N, C)
    data_loss = -np.log(probs[rows, y]).sum() / N  # ()
    reg_loss = reg * np.sum(W * W)  # ()
    loss = data_loss + reg_loss  # ()
    # backward
    dscores = probs.copy()  # (N, C)
    dscores[rows, y] -= 1
    dscores /= N
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
    large = draw(5, 7, 4)
    # Logits of about a thousand whose spread stays small enough for a finite loss in every right form.
    large["X"] = np.hstack([large["X"], np.full((5, 1), 1.0)])
    large["W"] = np.vstack([large["W"], np.full((1, 4), 1000.0)])
    rows = draw(6, 5, 4)
    # One row of logits far above the others: one shift for all rows underflows.
    rows["X"] = np.hstack([rows["X"], np.array([[2000.0], [0.0], [-1000.0], [0.0], [1000.0], [0.0]])])
    rows["W"] = np.vstack([rows["W"], np.full((1, 4), 1.0)])
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more examples than classes", draw(13, 11, 10, reg=0.29), generic=True),
        Case("one example", draw(1, 6, 5)),
        Case("two classes", draw(7, 5, 2)),
        Case("labels that miss a class", draw(7, 5, 4, classes=[0, 2])),
        Case("scores of about a thousand", large),
        Case("one row of scores far above the others", rows),
        Case("zero weights", zero),
        Case("no regularization", draw(6, 3, 7, reg=0.0)),
    ]


MISTAKES = [
    Mistake("scores", "X @ W", "X @ W / X.shape[0]", "The scores of one example do not depend on how many there are: do not divide by N here.", "scores-divN"),
    Mistake("scores", "X @ W", "X @ W * 2", "The scores are X @ W and nothing more.", "scores-times2"),
    Mistake("shifted", "scores - scores.max(axis=1, keepdims=True)", "scores", "exp overflows for large scores: subtract each row's maximum first. The result must not move when a constant is added to a row.", "sm-noshift"),
    Mistake("shifted", "scores.max(axis=1, keepdims=True)", "scores.max()", "One shift for all rows makes the low rows underflow to log(0): take the maximum of each row.", "sm-globalmax"),
    Mistake("shifted", "axis=1", "axis=0", "Each example is a row: the maximum runs over the classes, axis=1.", "sm-shift-axis"),
    Mistake("shifted", "scores - scores", "scores + scores", "Subtract the maximum, so that the largest shifted score is 0.", "sm-shift-sign"),
    Mistake("exp_scores", "np.exp(shifted)", "np.exp(-shifted)", "A higher score must give a higher probability: no minus in the exponent.", "sm-exp-neg"),
    Mistake("exp_scores", "np.exp(shifted)", "2.0 ** shifted", "The base of the softmax is e, not 2.", "sm-base2"),
    Mistake("exp_scores", "np.exp(shifted)", "shifted", "The scores must go through exp before they are normalized.", "sm-noexp"),
    Mistake("probs", "axis=1", "axis=0", "Each row of probabilities must sum to 1: sum over the classes, axis=1.", "sm-axis"),
    Mistake("probs", ".sum(axis=1, keepdims=True)", ".sum()", "Each row has its own sum; this divides by the sum of all rows.", "sm-sum-all"),
    Mistake("probs", ".sum(", ".max(", "Divide by the row's sum, not by its maximum.", "sm-max"),
    Mistake("probs", ".sum(axis=1, keepdims=True)", ".mean(axis=1, keepdims=True)", "Divide by the row's sum: with the mean the rows sum to C, not to 1.", "sm-mean"),
    Mistake("data_loss", " / N", "", "The loss is a mean: over how many examples did you sum?", "sm-noN"),
    Mistake("data_loss", "-np.log", "np.log", "The log of a probability is negative, and a loss is positive: where is the minus?", "sm-log-sign"),
    Mistake("data_loss", "probs[rows, y]", "probs", "Only the probability of the right class counts.", "sm-log-all"),
    Mistake("data_loss", "-np.log(probs[rows, y]).sum() / N", "-np.log(probs).mean()", "Only the probability of the right class counts.", "sm-log-all-mean"),
    Mistake("data_loss", "probs[rows, y]", "probs[rows, y] + 1e-7", "A small number inside the log bounds the loss and shifts it: take log-sum-exp, or trust the shift.", "sm-logeps"),
    Mistake("data_loss", "np.log(", "np.log2(", "The loss uses the natural logarithm.", "sm-log2"),
    Mistake("data_loss", "np.log(", "np.log10(", "The loss uses the natural logarithm, np.log.", "sm-log10"),
    Mistake("data_loss", " / N", " / (N * N)", "Divide by N once.", "sm-loss-doubleN"),
    Mistake("data_loss", "-np.log(probs[rows, y])", "(1 - probs[rows, y])", "The loss is the negative log of the right probability, not its distance to 1.", "sm-1-p"),
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
    Mistake("dscores", "dscores[rows, y] -= 1", "pass", "Raising the right score lowers the loss: the right class's entry is its probability minus 1.", "sm-nominus1"),
    Mistake("dscores", "-= 1", "+= 1", "The sign of the 1 is turned: raising the right score must lower the loss.", "sm-plus1"),
    Mistake("dscores", "-= 1", "= -1", "The right class keeps its probability: p - 1, not -1.", "sm-set-minus1"),
    Mistake("dscores", "dscores /= N", "pass", "The loss is the mean over N examples: divide the gradient by N too.", "sm-dnoN"),
    Mistake("dscores", "dscores /= N", "dscores /= -N", "All signs are turned: the gradient of the scores is (probs - onehot) / N.", "sm-dsign"),
    Mistake("dscores", "dscores /= N", "dscores = dscores * probs / N", "The probabilities enter once: (probs - onehot) / N is the whole derivative.", "sm-ptwice"),
    Mistake("dscores", "probs.copy()", "exp_scores.copy()", "Start from the normalized probabilities, not from the exponentials.", "sm-unnormalised"),
    Mistake("dW", " + 2 * reg * W", "", "The penalty depends on W too: it has a part in dW.", "lin-regmiss"),
    Mistake("dW", "2 * reg", "reg", "The derivative of W**2 is 2 * W.", "lin-reg1x"),
    Mistake("dW", "2 * reg", "2 * reg / N", "The penalty was not divided by N, so its gradient is not either.", "lin-dregdivN"),
    Mistake("dW", "+ 2", "- 2", "The penalty is added to the loss, so its gradient is added to dW.", "lin-dregminus"),
    Mistake("dW", "2 * reg * W", "2 * reg", "The derivative of W**2 is 2 * W: the W is missing.", "lin-dregconst"),
    Mistake("dW", "X.T @ dscores", "X.T @ dscores / N", "The 1/N is in dscores already: divide once.", "sm-doubleN"),
    Mistake("dW", "X.T @ dscores", "X.T @ dscores * N", "The loss is a mean over N examples: dW keeps the 1/N that dscores carries.", "sm-dW-timesN"),
    Mistake("dW", "X.T @ dscores", "-(X.T @ dscores)", "The gradient points uphill: no minus sign here, it comes with the update step.", "sm-dW-sign"),
    # The same mistakes in the words of an equivalent below.
    Mistake("data_loss", "log_sum - shifted[rows, y]", "log_sum + shifted[rows, y]", "The log of a quotient is a difference: log of the sum minus the right score.", "sm-lse-sign"),
    Mistake("data_loss", ".mean()", ".sum()", "The loss is a mean: over how many examples did you sum?", "sm-noN"),
    Mistake("dscores", "(probs - onehot) / N", "probs - onehot", "The loss is the mean over N examples: divide the gradient by N too.", "sm-dnoN"),
    Mistake("dscores", "(probs - onehot) / N", "(probs + onehot) / N", "The sign of the 1 is turned: raising the right score must lower the loss.", "sm-plus1"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "dividing by N late": '''\
def softmax_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[rows, y]).sum() / N
    reg_loss = reg * np.sum(W * W)
    loss = data_loss + reg_loss
    dscores = probs.copy()
    dscores[rows, y] -= 1
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW
''',
    "one-hot labels": '''\
def softmax_loss(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    onehot = np.eye(C)[y]
    scores = X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -(onehot * np.log(probs)).sum() / N
    reg_loss = reg * np.sum(W * W)
    loss = data_loss + reg_loss
    dscores = (probs - onehot) / N
    dW = X.T @ dscores + 2 * reg * W
    return loss, dW
''',
    "log-sum-exp": '''\
def softmax_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    data_loss = (log_sum - shifted[rows, y]).mean()
    reg_loss = reg * np.square(W).sum()
    loss = data_loss + reg_loss
    dscores = np.exp(shifted - log_sum[:, None])
    dscores[rows, y] -= 1
    dscores /= N
    dW = X.T @ dscores + 2 * reg * W
    return loss, dW
''',
    "names reused in place": '''\
def softmax_loss(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    N = X.shape[0]
    scores = X.dot(W)
    scores -= np.max(scores, axis=1, keepdims=True)
    scores = np.exp(scores)
    scores /= np.sum(scores, axis=1, keepdims=True)
    loss = np.sum(-np.log(scores[np.arange(N), y]))
    loss /= N
    loss += reg * np.sum(W ** 2)
    scores[np.arange(N), y] -= 1
    dW = X.T.dot(scores)
    dW /= N
    dW += 2 * reg * W
    return loss, dW
''',
    "loops": '''\
def softmax_loss(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W
        s = s - np.max(s)
        p = np.exp(s) / np.sum(np.exp(s))
        loss -= np.log(p[y[i]])
        for j in range(C):
            dW[:, j] += X[i] * (p[j] - (1 if j == y[i] else 0))
    loss = loss / N + reg * np.sum(W ** 2)
    dW = dW / N + 2 * reg * W
    return loss, dW
''',
    "own names": '''\
def softmax_loss(W, X, y, reg):
    n = len(y)
    z = X @ W
    z = z - z.max(1, keepdims=True)
    e = np.exp(z)
    p = e / e.sum(1, keepdims=True)
    L = -np.log(p[np.arange(n), y]).mean()
    R = reg * (W * W).sum()
    t = np.zeros_like(p)
    t[np.arange(n), y] = 1
    g = (p - t) / n
    return L + R, X.T @ g + 2 * reg * W
''',
    "a helper function": '''\
def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_loss(W, X, y, reg):
    p = softmax(X @ W)
    loss = np.mean([-np.log(row[label]) for row, label in zip(p, y)]) + reg * np.sum(W * W)
    p[np.arange(len(y)), y] -= 1
    return loss, X.T @ p / len(y) + 2 * reg * W
''',
}


def torch_path(W, X, y, reg):
    """The same loss in torch: W (D, C), X (N, D), y (N,) int64; returns a scalar tensor."""
    import torch

    return torch.nn.functional.cross_entropy(X @ W, y) + reg * (W * W).sum()
