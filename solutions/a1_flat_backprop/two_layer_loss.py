"""The two-layer net: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    # forward
    z1 = X @ W1 + b1  # (N, H)
    h1 = np.maximum(0, z1)  # (N, H)
    scores = h1 @ W2 + b2  # (N, C)
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C)
    exp_scores = np.exp(shifted)  # (N, C)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)  # (N, C)
    data_loss = -np.log(probs[rows, y]).sum() / N  # ()
    reg_loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))  # ()
    loss = data_loss + reg_loss  # ()
    # backward
    dscores = probs.copy()  # (N, C)
    dscores[rows, y] -= 1
    dscores /= N
    dW2 = h1.T @ dscores + reg * W2  # (H, C)
    db2 = dscores.sum(axis=0)  # (C,)
    dh1 = dscores @ W2.T  # (N, H)
    dz1 = dh1 * (z1 > 0)  # (N, H)
    dW1 = X.T @ dz1 + reg * W1  # (D, H)
    db1 = dz1.sum(axis=0)  # (H,)
    return loss, dW1, db1, dW2, db2


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts. No entry of z1 is exactly 0."""

    def draw(N, D, H, C, reg=0.37, classes=None):
        return dict(
            W1=rng.standard_normal((D, H)),
            b1=rng.standard_normal(H),
            W2=rng.standard_normal((H, C)),
            b2=rng.standard_normal(C),
            X=rng.standard_normal((N, D)),
            y=rng.integers(0, C, N) if classes is None else rng.choice(classes, N),
            reg=reg,
        )

    small = draw(7, 4, 6, 5)
    small["W1"], small["W2"] = 1e-3 * small["W1"], 1e-3 * small["W2"]
    asleep = draw(6, 5, 7, 4)
    asleep["b1"][[1, 4]] = -100.0
    large = draw(5, 7, 6, 4)
    large["b2"] = large["b2"] + 1000.0
    apart = draw(6, 5, 7, 4)
    # The last unit carries the last feature to all scores of its row: one shift for all rows underflows.
    apart["X"][:, -1] = [2000.0, 1.0, 3.0, 2.0, 1000.0, 1.0]
    apart["W1"][-1], apart["W1"][:, -1] = 0.0, 0.0
    apart["W1"][-1, -1], apart["b1"][-1], apart["W2"][-1] = 1.0, 0.5, 1.0
    return [
        Case("typical sizes", draw(5, 7, 6, 4), generic=True),
        Case("more examples than hidden units", draw(13, 6, 8, 10, reg=0.29), generic=True),
        Case("one example", draw(1, 6, 7, 5)),
        Case("one feature and one hidden unit", draw(6, 1, 1, 4)),
        Case("two classes", draw(7, 5, 6, 2)),
        Case("as many features as hidden units and classes", draw(6, 5, 5, 5)),
        Case("labels that miss a class", draw(7, 5, 6, 4, classes=[0, 2])),
        Case("two hidden units that are 0 for every example", asleep),
        Case("scores of about a thousand", large),
        Case("one row of scores far above the others", apart),
        Case("very small weights", small),
        Case("no regularization", draw(6, 3, 4, 7, reg=0.0)),
    ]


MISTAKES = [
    Mistake("z1", " + b1", "", "Each hidden unit has a bias of its own: it is missing here.", "net-nob1"),
    Mistake("z1", "+ b1", "- b1", "The bias is added to the product, not subtracted.", "net-b1-sign"),
    Mistake("z1", "+ b1", "+ b1.sum()", "Each hidden unit gets its own bias, not the sum of all.", "net-b1-sum"),
    Mistake("z1", "X @ W1", "X @ W1 / X.shape[0]", "The hidden layer of one example does not depend on how many there are: do not divide by N here.", "net-z1-divN"),
    Mistake("h1", "np.maximum(0, z1)", "z1", "Without the ReLU two layers are no more than one linear layer.", "net-norelu"),
    Mistake("h1", "np.maximum(0, z1)", "np.abs(z1)", "The ReLU turns negative values into 0; it does not flip their sign.", "net-abs"),
    Mistake("h1", "np.maximum", "np.minimum", "The ReLU keeps what is positive; this keeps what is negative.", "net-relu-min"),
    Mistake("h1", "np.maximum(0, z1)", "(z1 > 0) * 1.0", "The ReLU passes a positive value on as it is; this is only the mask.", "net-relu-step"),
    Mistake("h1", "np.maximum(0, z1)", "1 / (1 + np.exp(-z1))", "This net has the ReLU between its layers, not the sigmoid.", "net-sigmoid"),
    Mistake("h1", "np.maximum(0, z1)", "np.tanh(z1)", "This net has the ReLU between its layers, not the hyperbolic tangent.", "net-tanh"),
    Mistake("h1", "np.maximum(0, z1)", "np.maximum(0.01 * z1, z1)", "The ReLU is exactly 0 for negative values; this one leaks.", "net-leaky-01"),
    Mistake("h1", "np.maximum(0, z1)", "np.maximum(0.1 * z1, z1)", "The ReLU is exactly 0 for negative values; this one leaks.", "net-leaky-1"),
    Mistake("h1", "np.maximum(0, z1)", "np.maximum(1, z1)", "The ReLU starts at 0: that is the smallest value a hidden unit can have.", "net-relu-one"),
    Mistake("scores", " + b2", "", "Each class has a bias of its own: it is missing here.", "net-nob2"),
    Mistake("scores", "+ b2", "- b2", "The bias is added to the product, not subtracted.", "net-b2-sign"),
    Mistake("scores", "h1 @ W2", "z1 @ W2", "The second layer reads the hidden units after the ReLU, not before it.", "net-scores-z1"),
    Mistake("scores", "h1 @ W2 + b2", "np.maximum(0, h1 @ W2 + b2)", "The scores are the last layer and may be negative: no ReLU behind them.", "net-lastrelu"),
    Mistake("scores", "h1 @ W2", "h1 @ W2 / X.shape[0]", "The scores of one example do not depend on how many there are: do not divide by N here.", "net-scores-divN"),
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
    Mistake("data_loss", " / N", "", "The loss is a mean: over how many examples did you sum?", "sm-noN"),
    Mistake("data_loss", "-np.log", "np.log", "The log of a probability is negative, and a loss is positive: where is the minus?", "sm-log-sign"),
    Mistake("data_loss", "probs[rows, y]", "probs", "Only the probability of the right class counts.", "sm-log-all"),
    Mistake("data_loss", "probs[rows, y]", "probs[rows, y] + 1e-7", "A small number inside the log bounds the loss and shifts it: take log-sum-exp, or trust the shift.", "sm-logeps"),
    Mistake("data_loss", "np.log(", "np.log2(", "The loss uses the natural logarithm.", "sm-log2"),
    Mistake("data_loss", "np.log(", "np.log10(", "The loss uses the natural logarithm, np.log.", "sm-log10"),
    Mistake("data_loss", "-np.log(probs[rows, y])", "(1 - probs[rows, y])", "The loss is the negative log of the right probability, not its distance to 1.", "sm-1-p"),
    Mistake("reg_loss", "0.5 * ", "", "Here the penalty has a factor one half: 0.5 * reg times the squares.", "net-reghalf"),
    Mistake("reg_loss", "0.5 * reg", "0.5 * reg / N", "The penalty does not depend on the data: do not divide it by N.", "net-regdivN"),
    Mistake("reg_loss", " + np.sum(W2 * W2)", "", "Both matrices are penalized: the second is missing.", "net-regnoW2"),
    Mistake("reg_loss", "np.sum(W1 * W1) + ", "", "Both matrices are penalized: the first is missing.", "net-regnoW1"),
    Mistake("reg_loss", "np.sum(W2 * W2)", "np.sum(W1 * W1)", "The first matrix is counted twice and the second not at all.", "net-regW1twice"),
    Mistake("reg_loss", "np.sum(W1 * W1)", "np.sum(W2 * W2)", "The second matrix is counted twice and the first not at all.", "net-regW2twice"),
    Mistake("reg_loss", "np.sum(W2 * W2)", "np.sum(W2 * W2) + np.sum(W1 * W1)", "The first matrix is counted twice in the penalty.", "net-regW1W2W1"),
    Mistake("reg_loss", "np.sum(W2 * W2)", "np.sum(W2 * W2) + np.sum(b1 * b1) + np.sum(b2 * b2)", "The biases are not penalized, only the two matrices.", "net-regbias"),
    Mistake("reg_loss", "np.sum(W1 * W1) + np.sum(W2 * W2)", "np.sum(W1) + np.sum(W2)", "The penalty squares each weight.", "net-regsum"),
    Mistake("reg_loss", "np.sum(W1 * W1) + np.sum(W2 * W2)", "np.sum(np.abs(W1)) + np.sum(np.abs(W2))", "The penalty squares each weight; this is the sum of their sizes.", "net-regabs"),
    Mistake("reg_loss", "np.sum(W1 * W1) + np.sum(W2 * W2)", "np.sqrt(np.sum(W1 * W1)) + np.sqrt(np.sum(W2 * W2))", "The penalty is a sum of squares: no square root.", "net-regnorm"),
    Mistake("loss", " + reg_loss", "", "The loss has two parts: the data loss and the penalty.", "net-noreg"),
    Mistake("loss", "+ reg_loss", "- reg_loss", "The penalty makes the loss larger: add it.", "net-regminus"),
    Mistake("loss", "data_loss + reg_loss", "(data_loss + reg_loss) / N", "Only the data loss is a mean, and it is one already.", "net-lossdivN"),
    Mistake("dscores", "dscores[rows, y] -= 1", "pass", "Raising the right score lowers the loss: the right class's entry is its probability minus 1.", "sm-nominus1"),
    Mistake("dscores", "-= 1", "+= 1", "The sign of the 1 is turned: raising the right score must lower the loss.", "sm-plus1"),
    Mistake("dscores", "-= 1", "= -1", "The right class keeps its probability: p - 1, not -1.", "sm-set-minus1"),
    Mistake("dscores", "dscores /= N", "pass", "The loss is the mean over N examples: divide the gradient by N too.", "sm-dnoN"),
    Mistake("dscores", "dscores /= N", "dscores /= -N", "All signs are turned: this is the way downhill, and the gradient points uphill.", "sm-dsign"),
    Mistake("dscores", "dscores /= N", "dscores = dscores * probs / N", "The probabilities enter the slope once: there is one factor too many.", "sm-ptwice"),
    Mistake("dscores", "probs.copy()", "exp_scores.copy()", "Start from the normalized probabilities, not from the exponentials.", "sm-unnormalised"),
    Mistake("dW2", " + reg * W2", "", "The penalty depends on W2 too: it has a part in dW2.", "net-dW2-regmiss"),
    Mistake("dW2", "reg * W2", "2 * reg * W2", "The one half in the penalty and the 2 of the square cancel.", "net-dW2-reg2x"),
    Mistake("dW2", "reg * W2", "0.5 * reg * W2", "The derivative of a square brings a 2, which the one half of the penalty cancels.", "net-dW2-reghalf"),
    Mistake("dW2", "reg * W2", "reg * W2 / N", "The penalty was not divided by N, so its gradient is not either.", "net-dW2-regdivN"),
    Mistake("dW2", "+ reg", "- reg", "The penalty is added to the loss, so its gradient is added to dW2.", "net-dW2-regminus"),
    Mistake("dW2", "h1.T", "z1.T", "W2 was multiplied with the hidden units after the ReLU: that value belongs here.", "net-dW2-z1"),
    Mistake("dW2", "h1.T @ dscores", "h1.T @ dscores / N", "The 1/N is in dscores already: divide once.", "net-dW2-doubleN"),
    Mistake("dW2", "h1.T @ dscores", "-(h1.T @ dscores)", "The gradient points uphill: no minus sign here, it comes with the update step.", "net-dW2-sign"),
    Mistake("db2", ".sum(axis=0)", ".mean(axis=0)", "Each bias is used once for every example, and those gradients add; the 1/N is in dscores already.", "net-db2-mean"),
    Mistake("db2", ".sum(axis=0)", ".sum(axis=0) + reg * b2", "The biases are not penalized: no term of the penalty in their gradient.", "net-db2-reg"),
    Mistake("db2", ".sum(axis=0)", ".sum() * np.ones_like(b2)", "Each class has its own bias and its own gradient: add over the examples only.", "net-db2-all"),
    Mistake("db2", "dscores.sum(axis=0)", "np.ones_like(b2)", "The slope of a score by its bias is 1, and the upstream gradient dscores multiplies it.", "net-db2-ones"),
    Mistake("db2", "dscores.sum(axis=0)", "-dscores.sum(axis=0)", "The bias was added in the forward pass: no minus sign.", "net-db2-sign"),
    Mistake("db2", "dscores.sum(axis=0)", "dscores[0]", "Every example uses the bias: add the gradients of all rows, not only the first.", "net-db2-first"),
    Mistake("db2", "dscores.sum(axis=0)", "scores.sum(axis=0)", "Go on from dscores, the slope that arrives at the scores; scores is a value.", "net-db2-value"),
    Mistake("dh1", "dscores @ W2.T", "dscores @ W2.T / N", "The 1/N is in dscores already: divide once.", "net-dh1-doubleN"),
    Mistake("dh1", "dscores @ W2.T", "-(dscores @ W2.T)", "The hidden units enter the scores with a plus: no minus sign.", "net-dh1-sign"),
    Mistake("dh1", "dscores @ W2.T", "probs @ W2.T", "Go on from dscores, the slope that arrives at the scores; probs is a value.", "net-dh1-probs"),
    Mistake("dh1", "dscores @ W2.T", "scores @ W2.T", "Go on from dscores, the slope that arrives at the scores; scores is a value.", "net-dh1-scores"),
    Mistake("dh1", "dscores @ W2.T", "h1 * (dscores @ W2.T)", "The slope of h1 @ W2 by h1 is W2 alone: the value of h1 is no part of it.", "net-dh1-timesh1"),
    Mistake("dz1", " * (z1 > 0)", "", "Where the ReLU gave 0, nothing flows back through it: its local gradient is missing.", "relu-nomask"),
    Mistake("dz1", "z1 > 0", "dh1 > 0", "The mask tells where the forward value was positive, not where the gradient is.", "relu-dout"),
    Mistake("dz1", "z1 > 0", "z1 < 0", "The mask is turned around: the gradient passes where the unit was on.", "relu-turned"),
    Mistake("dz1", "(z1 > 0)", "h1", "The local gradient of the ReLU is 0 or 1, not the value of the unit.", "relu-value"),
    Mistake("dz1", "(z1 > 0)", "z1", "The local gradient of the ReLU is 0 or 1, not the value that went in.", "relu-z"),
    Mistake("dz1", "dh1 * (z1 > 0)", "(z1 > 0) * 1.0", "The mask is only the local gradient: multiply it with the gradient that arrives, dh1.", "relu-noupstream"),
    Mistake("dz1", "(z1 > 0)", "h1 * (1 - h1)", "This is the local gradient of the sigmoid; between these layers stands a ReLU.", "relu-sigmoid"),
    Mistake("dz1", "(z1 > 0)", "(1 - h1 * h1)", "This is the local gradient of the hyperbolic tangent; between these layers stands a ReLU.", "relu-tanh"),
    Mistake("dz1", "z1 > 0", "z1 > 1", "The ReLU bends at 0, so the mask does too.", "relu-mask-at-1"),
    Mistake("dW1", " + reg * W1", "", "The penalty depends on W1 too: it has a part in dW1.", "net-dW1-regmiss"),
    Mistake("dW1", "reg * W1", "2 * reg * W1", "The one half in the penalty and the 2 of the square cancel.", "net-dW1-reg2x"),
    Mistake("dW1", "reg * W1", "0.5 * reg * W1", "The derivative of a square brings a 2, which the one half of the penalty cancels.", "net-dW1-reghalf"),
    Mistake("dW1", "reg * W1", "reg * W1 / N", "The penalty was not divided by N, so its gradient is not either.", "net-dW1-regdivN"),
    Mistake("dW1", "+ reg", "- reg", "The penalty is added to the loss, so its gradient is added to dW1.", "net-dW1-regminus"),
    Mistake("dW1", "X.T @ dz1", "X.T @ dh1", "This goes on from the gradient above the ReLU; the one below it arrives at z1.", "net-dW1-dh1"),
    Mistake("dW1", "X.T @ dz1", "X.T @ dz1 / N", "The 1/N came with dscores already: divide once.", "net-dW1-doubleN"),
    Mistake("dW1", "X.T @ dz1", "-(X.T @ dz1)", "The gradient points uphill: no minus sign here, it comes with the update step.", "net-dW1-sign"),
    Mistake("dW1", "X.T @ dz1", "X.T @ h1", "Go on from dz1, the slope that arrives at z1; h1 is a value.", "net-dW1-h1"),
    Mistake("db1", ".sum(axis=0)", ".mean(axis=0)", "Each bias is used once for every example, and those gradients add; the 1/N is in dscores already.", "net-db1-mean"),
    Mistake("db1", ".sum(axis=0)", ".sum(axis=0) + reg * b1", "The biases are not penalized: no term of the penalty in their gradient.", "net-db1-reg"),
    Mistake("db1", ".sum(axis=0)", ".sum() * np.ones_like(b1)", "Each hidden unit has its own bias and its own gradient: add over the examples only.", "net-db1-all"),
    Mistake("db1", "dz1.sum(axis=0)", "dh1.sum(axis=0)", "This goes on from the gradient above the ReLU; the one below it arrives at z1.", "net-db1-dh1"),
    Mistake("db1", "dz1.sum(axis=0)", "np.ones_like(b1)", "The slope of z1 by its bias is 1, and the upstream gradient dz1 multiplies it.", "net-db1-ones"),
    Mistake("db1", "dz1.sum(axis=0)", "-dz1.sum(axis=0)", "The bias was added in the forward pass: no minus sign.", "net-db1-sign"),
    Mistake("db1", "dz1.sum(axis=0)", "dz1[0]", "Every example uses the bias: add the gradients of all rows, not only the first.", "net-db1-first"),
    # The same mistakes in the words of an equivalent below.
    Mistake("data_loss", ".mean()", ".sum()", "The loss is a mean: over how many examples did you sum?", "sm-noN"),
    Mistake("dscores", "(probs - onehot) / N", "probs - onehot", "The loss is the mean over N examples: divide the gradient by N too.", "sm-dnoN"),
    Mistake("dscores", "(probs - onehot) / N", "(probs + onehot) / N", "The sign of the 1 is turned: raising the right score must lower the loss.", "sm-plus1"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the mask in dh1": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    z1 = X @ W1 + b1
    h1 = np.maximum(0, z1)
    scores = h1 @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[rows, y]).sum() / N
    reg_loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    loss = data_loss + reg_loss
    dscores = probs.copy()
    dscores[rows, y] -= 1
    dscores /= N
    dW2 = h1.T @ dscores + reg * W2
    db2 = dscores.sum(axis=0)
    dh1 = (dscores @ W2.T) * (h1 > 0)
    dW1 = X.T @ dh1 + reg * W1
    db1 = dh1.sum(axis=0)
    return loss, dW1, db1, dW2, db2
''',
    "the mask set into dh1": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    z1 = X @ W1 + b1
    h1 = np.maximum(0, z1)
    scores = h1 @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[rows, y]).mean()
    reg_loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    loss = data_loss + reg_loss
    dscores = probs.copy()
    dscores[rows, y] -= 1
    dscores /= N
    dW2 = h1.T @ dscores + reg * W2
    db2 = dscores.sum(axis=0)
    dh1 = dscores @ W2.T
    dh1[z1 <= 0] = 0
    dW1 = X.T @ dh1 + reg * W1
    db1 = dh1.sum(axis=0)
    return loss, dW1, db1, dW2, db2
''',
    "dividing by N late": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    z1 = X @ W1 + b1
    h1 = np.maximum(0, z1)
    scores = h1 @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[rows, y]).sum() / N
    reg_loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    loss = data_loss + reg_loss
    dscores = probs.copy()
    dscores[rows, y] -= 1
    dW2 = h1.T @ dscores / N + reg * W2
    db2 = dscores.sum(axis=0) / N
    dh1 = dscores @ W2.T
    dz1 = dh1 * (z1 > 0)
    dW1 = X.T @ dz1 / N + reg * W1
    db1 = dz1.sum(axis=0) / N
    return loss, dW1, db1, dW2, db2
''',
    "dividing by N late, means of the biases": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    z1 = X @ W1 + b1
    h1 = np.maximum(0, z1)
    scores = h1 @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[rows, y]).sum() / N
    reg_loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    loss = data_loss + reg_loss
    dscores = probs.copy()
    dscores[rows, y] -= 1
    dW2 = h1.T @ dscores / N + reg * W2
    db2 = dscores.mean(axis=0)
    dh1 = dscores @ W2.T
    dz1 = dh1 * (z1 > 0)
    dW1 = X.T @ dz1 / N + reg * W1
    db1 = dz1.mean(axis=0)
    return loss, dW1, db1, dW2, db2
''',
    "one-hot labels, the mask at 0 open": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N, C = X.shape[0], W2.shape[1]
    onehot = np.eye(C)[y]
    z1 = X @ W1 + b1
    h1 = z1 * (z1 >= 0)
    scores = h1 @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    data_loss = -(onehot * np.log(probs)).sum() / N
    reg_loss = reg / 2 * ((W1 ** 2).sum() + (W2 ** 2).sum())
    loss = data_loss + reg_loss
    dscores = (probs - onehot) / N
    dW2 = h1.T @ dscores + reg * W2
    db2 = np.ones(N) @ dscores
    dh1 = dscores @ W2.T
    dz1 = np.where(z1 >= 0, dh1, 0)
    dW1 = X.T @ dz1 + reg * W1
    db1 = np.ones(N) @ dz1
    return loss, dW1, db1, dW2, db2
''',
    "log-sum-exp": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    z1 = X @ W1 + b1
    h1 = np.maximum(0, z1)
    scores = h1 @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    data_loss = (log_sum - shifted[rows, y]).mean()
    reg_loss = 0.5 * reg * (np.square(W1).sum() + np.square(W2).sum())
    loss = data_loss + reg_loss
    dscores = np.exp(shifted - log_sum[:, None])
    dscores[rows, y] -= 1
    dscores /= N
    dW2 = h1.T @ dscores + reg * W2
    db2 = dscores.sum(axis=0)
    dh1 = dscores @ W2.T
    dz1 = dh1 * (h1 > 0)
    dW1 = X.T @ dz1 + reg * W1
    db1 = dz1.sum(axis=0)
    return loss, dW1, db1, dW2, db2
''',
    "names reused in place": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N, D = X.shape
    hidden = X.dot(W1) + b1
    hidden[hidden < 0] = 0
    scores = hidden.dot(W2) + b2
    scores -= np.max(scores, axis=1, keepdims=True)
    scores = np.exp(scores)
    scores /= np.sum(scores, axis=1, keepdims=True)
    loss = np.sum(-np.log(scores[np.arange(N), y]))
    loss /= N
    loss += 0.5 * reg * np.sum(W1 ** 2)
    loss += 0.5 * reg * np.sum(W2 ** 2)
    scores[np.arange(N), y] -= 1
    scores /= N
    dW2 = hidden.T.dot(scores)
    db2 = np.sum(scores, axis=0)
    dhidden = scores.dot(W2.T)
    dhidden[hidden <= 0] = 0
    dW1 = X.T.dot(dhidden)
    db1 = np.sum(dhidden, axis=0)
    dW2 += reg * W2
    dW1 += reg * W1
    return loss, dW1, db1, dW2, db2
''',
    "the biases as one more row": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = len(X)
    ones = np.ones((N, 1))
    X1, V1, V2 = np.hstack([X, ones]), np.vstack([W1, b1]), np.vstack([W2, b2])
    h = np.maximum(X1 @ V1, 0)
    H1 = np.hstack([h, ones])
    s = H1 @ V2
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean() + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))
    p[np.arange(N), y] -= 1
    dV2 = H1.T @ (p / N)
    dV1 = X1.T @ ((p / N) @ W2.T * np.sign(h))
    return loss, dV1[:-1] + reg * W1, dV1[-1], dV2[:-1] + reg * W2, dV2[-1]
''',
    "loops": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    loss = 0.0
    dW1, db1, dW2, db2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2), np.zeros_like(b2)
    for i in range(N):
        h = np.maximum(0, X[i] @ W1 + b1)
        s = h @ W2 + b2
        p = np.exp(s - np.max(s))
        p = p / np.sum(p)
        loss -= np.log(p[y[i]])
        p[y[i]] -= 1
        dW2 += np.outer(h, p)
        db2 += p
        dh = W2 @ p
        dh[h == 0] = 0
        dW1 += np.outer(X[i], dh)
        db1 += dh
    loss = loss / N + 0.5 * reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
    return loss, dW1 / N + reg * W1, db1 / N, dW2 / N + reg * W2, db2 / N
''',
    "own names": '''\
def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    n = len(y)
    a = X @ W1 + b1
    r = a.clip(min=0)
    s = r @ W2 + b2
    e = np.exp(s - s.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    L = -np.log(p[np.arange(n), y]).mean()
    R = 0.5 * reg * (np.linalg.norm(W1) ** 2 + np.linalg.norm(W2) ** 2)
    t = np.zeros_like(p)
    t[np.arange(n), y] = 1
    g = (p - t) / n
    k = g @ W2.T * (a > 0)
    return L + R, X.T @ k + reg * W1, k.sum(0), r.T @ g + reg * W2, g.sum(0)
''',
    "helper functions": '''\
def affine(x, w, b):
    return x @ w + b


def affine_backward(dout, x, w):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def two_layer_loss(W1, b1, W2, b2, X, y, reg):
    z1 = affine(X, W1, b1)
    h1 = np.maximum(z1, 0)
    p = softmax(affine(h1, W2, b2))
    loss = -np.log(p[np.arange(len(y)), y]).mean() + 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    p[np.arange(len(y)), y] -= 1
    dh1, dW2, db2 = affine_backward(p / len(y), h1, W2)
    _, dW1, db1 = affine_backward(dh1 * (z1 > 0), X, W1)
    return loss, dW1 + reg * W1, db1, dW2 + reg * W2, db2
''',
}


def torch_path(W1, b1, W2, b2, X, y, reg):
    """The same loss in torch; y (N,) is int64; returns a scalar tensor."""
    import torch

    scores = torch.relu(X @ W1 + b1) @ W2 + b2
    return torch.nn.functional.cross_entropy(scores, y) + 0.5 * reg * ((W1 * W1).sum() + (W2 * W2).sum())
