"""The softmax loss as the last layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def softmax_layer(scores, y):
    N = scores.shape[0]
    rows = np.arange(N)
    # forward
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    exp_scores = np.exp(shifted)  # (N, C)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)  # (N, C)
    loss = -np.log(probs[rows, y]).sum() / N  # ()
    # backward
    dscores = probs.copy()  # (N, C)
    dscores[rows, y] -= 1
    dscores /= N
    return loss, dscores


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, C, classes=None):
        y = rng.integers(0, C, N) if classes is None else rng.choice(classes, N)
        return {"scores": 1.5 * rng.standard_normal((N, C)), "y": y}

    large, rows, equal = draw(5, 4), draw(6, 4), draw(7, 5)
    large["scores"] += 1000.0
    rows["scores"] += np.array([[2000.0], [0.0], [-1000.0], [0.0], [1000.0], [0.0]])
    equal["scores"] = np.full((7, 5), 3.0)
    behind = draw(6, 4)
    behind["scores"][np.arange(6), behind["y"]] -= 25.0
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more examples than classes", draw(13, 4), generic=True),
        Case("one example", draw(1, 6)),
        Case("two classes", draw(7, 2)),
        Case("as many examples as classes", draw(5, 5)),
        Case("labels that miss a class", draw(8, 4, classes=[0, 2])),
        Case("scores of about a thousand", large),
        Case("one row of scores far above the others", rows),
        Case("all scores equal", equal),
        Case("the right class far behind", behind),
    ]


MISTAKES = [
    Mistake("shifted", "scores - scores.max(axis=1, keepdims=True)", "scores", "exp overflows for large scores: the result must not move when a constant is added to a row, so move each row to where exp is safe.", "sm-noshift"),
    Mistake("shifted", "scores.max(axis=1, keepdims=True)", "scores.max()", "One shift for all rows makes the low rows underflow, and the log of 0 follows: each row has its own largest score.", "sm-globalmax"),
    Mistake("shifted", "axis=1", "axis=0", "Each example is a row: the largest score is looked for among the classes.", "sm-shift-axis"),
    Mistake("shifted", "scores - scores", "scores + scores", "After the shift the largest score of a row is 0.", "sm-shift-sign"),
    Mistake("exp_scores", "np.exp(shifted)", "np.exp(-shifted)", "A higher score must give a higher probability: no minus in the exponent.", "sm-exp-neg"),
    Mistake("exp_scores", "np.exp(shifted)", "2.0 ** shifted", "The base of the softmax is e, not 2.", "sm-base2"),
    Mistake("exp_scores", "np.exp(shifted)", "shifted", "The scores must go through exp before they are normalized.", "sm-noexp"),
    Mistake("probs", "axis=1", "axis=0", "Each row of probabilities must sum to 1: the sum runs over the classes.", "sm-axis"),
    Mistake("probs", ".sum(axis=1, keepdims=True)", ".sum()", "Each row has its own sum; this divides by the sum of all rows.", "sm-sum-all"),
    Mistake("probs", ".sum(", ".max(", "Divide by the sum of the row, not by its largest entry.", "sm-max"),
    Mistake("probs", ".sum(axis=1, keepdims=True)", ".mean(axis=1, keepdims=True)", "Divided by the mean, the rows sum to the number of classes, not to 1.", "sm-mean"),
    Mistake("loss", " / N", "", "The loss is a mean: over how many examples did you sum?", "sm-noN"),
    Mistake("loss", "-np.log", "np.log", "The log of a probability is negative, and a loss is positive: where is the minus?", "sm-log-sign"),
    Mistake("loss", "probs[rows, y]", "probs", "Only the probability of the right class counts.", "sm-log-all"),
    Mistake("loss", "probs[rows, y]", "probs[rows, y] + 1e-7", "A small number inside the log bounds the loss and shifts it; with shifted scores nothing has to be added.", "sm-logeps"),
    Mistake("loss", "np.log(", "np.log2(", "The loss uses the natural logarithm.", "sm-log2"),
    Mistake("loss", " / N", " / (N * N)", "Divide by N once.", "sm-loss-doubleN"),
    Mistake("loss", " / N", " / probs.size", "The mean runs over the examples, not over examples and classes.", "sm-loss-NC"),
    Mistake("loss", "-np.log(probs[rows, y])", "(1 - probs[rows, y])", "The loss is the negative log of the right probability, not its distance to 1.", "sm-1-p"),
    Mistake("dscores", "dscores[rows, y] -= 1", "pass", "Raising the right score lowers the loss: the entry of the right class is not just its probability.", "sm-nominus1"),
    Mistake("dscores", "-= 1", "+= 1", "The sign of the 1 is turned: raising the right score must lower the loss.", "sm-plus1"),
    Mistake("dscores", "-= 1", "= -1", "The right class keeps its probability, and 1 is taken from it.", "sm-set-minus1"),
    Mistake("dscores", "dscores[rows, y] -= 1", "dscores -= 1", "The 1 is taken from the right class only; here every class loses it.", "sm-minus1-all"),
    Mistake("dscores", "dscores /= N", "pass", "The loss is the mean over N examples, and its gradient?", "sm-dnoN"),
    Mistake("dscores", "dscores /= N", "dscores /= -N", "All signs are turned: going along the gradient must raise the loss.", "sm-dsign"),
    Mistake("dscores", "dscores /= N", "dscores /= N * N", "Divide by N once.", "sm-doubleN"),
    Mistake("dscores", "dscores /= N", "dscores /= probs.size", "The mean runs over the examples, not over examples and classes.", "sm-dNC"),
    Mistake("dscores", "dscores /= N", "dscores = dscores * probs / N", "The probabilities enter once.", "sm-ptwice"),
    Mistake("dscores", "probs.copy()", "exp_scores.copy()", "Start from the normalized probabilities, not from the exponentials.", "sm-unnormalised"),
    Mistake("dscores", "probs.copy()", "np.zeros_like(probs)", "Only the share of the right class is there: a wrong class has a slope too, since its score is in the sum.", "stage-missing"),
    # The same mistakes, and others, in the words of an equivalent below.
    Mistake("loss", "log_sum - shifted[rows, y]", "log_sum + shifted[rows, y]", "The log of a quotient is a difference: log of the sum minus the right score.", "sm-lse-sign"),
    Mistake("dscores", "-(dprobs * exp_scores / total**2).sum(axis=1, keepdims=True)", "-(dprobs * exp_scores / total**2)", "The sum of a row is used by each of its C probabilities, so it collects C gradients.", "stage-bsum"),
    Mistake("dscores", "dexp * exp_scores", "dexp", "The slope of exp is missing on the way from the exponentials to the scores.", "stage-noexp"),
    Mistake("dscores", "-(dprobs", "(dprobs", "A larger sum makes every probability smaller: the sign is turned.", "stage-totalsign"),
    Mistake("dscores", "-1 / (N * probs[rows, y])", "-1 / probs[rows, y]", "The loss is the mean over N examples, and its gradient?", "sm-dnoN"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "one-hot labels": '''\
def softmax_layer(scores, y):
    N, C = scores.shape
    onehot = np.eye(C)[y]
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    loss = -np.log((onehot * probs).sum(axis=1)).sum() / N
    dscores = (probs - onehot) / N
    return loss, dscores
''',
    "log-sum-exp": '''\
def softmax_layer(scores, y):
    N = scores.shape[0]
    rows = np.arange(N)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    loss = (log_sum - shifted[rows, y]).mean()
    dscores = np.exp(shifted - log_sum[:, None])
    dscores[rows, y] -= 1
    dscores /= N
    return loss, dscores
''',
    "node by node": '''\
def softmax_layer(scores, y):
    N = scores.shape[0]
    rows = np.arange(N)
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    total = exp_scores.sum(axis=1, keepdims=True)
    probs = exp_scores / total
    loss = -np.log(probs[rows, y]).sum() / N
    dprobs = np.zeros_like(probs)
    dprobs[rows, y] = -1 / (N * probs[rows, y])
    dtotal = -(dprobs * exp_scores / total**2).sum(axis=1, keepdims=True)
    dexp = dprobs / total + dtotal
    dscores = dexp * exp_scores
    return loss, dscores
''',
    "names reused in place": '''\
def softmax_layer(scores, y):
    p = scores.copy()
    p -= p.max(1)[:, np.newaxis]
    np.exp(p, out=p)
    p /= p.sum(1)[:, np.newaxis]
    picked = p[np.arange(len(y)), y]
    loss = -np.mean(np.log(picked))
    p[np.arange(len(y)), y] = picked - 1
    return loss, p / len(y)
''',
    "loops": '''\
def softmax_layer(scores, y):
    loss = 0.0
    dscores = np.zeros(scores.shape)
    for i in range(len(y)):
        e = np.exp(scores[i] - np.max(scores[i]))
        dscores[i] = e / np.sum(e)
        loss -= np.log(dscores[i, y[i]])
        dscores[i, y[i]] -= 1
    return loss / len(y), dscores / len(y)
''',
}


def torch_path(scores, y):
    """The same loss in torch."""
    import torch

    return torch.nn.functional.cross_entropy(scores, y)
