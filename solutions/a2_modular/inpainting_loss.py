"""A net that completes pictures, its loss and gradients: reference, hidden cases, known mistakes, equivalents, torch."""

import numpy as np

from flatgrade.core import Case, Mistake


def inpainting_loss(W1, b1, W2, b2, x, y):
    N = x.shape[0]
    # forward
    z1 = x @ W1 + b1  # (N, H)
    h1 = np.maximum(0, z1)  # (N, H)
    yhat = h1 @ W2 + b2  # (N, D)
    diff = yhat - y  # (N, D)
    loss = 0.5 * np.sum(diff * diff) / N  # ()
    # backward
    dyhat = diff / N  # (N, D)
    dW2 = h1.T @ dyhat  # (H, D)
    db2 = dyhat.sum(axis=0)  # (D,)
    dh1 = dyhat @ W2.T  # (N, H)
    dz1 = dh1 * (z1 > 0)  # (N, H)
    dW1 = x.T @ dz1  # (D, H)
    db1 = dz1.sum(axis=0)  # (H,)
    return loss, dW1, db1, dW2, db2


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, H):
        y = rng.standard_normal((N, D))
        return dict(
            W1=rng.standard_normal((D, H)),
            b1=rng.standard_normal(H),
            W2=rng.standard_normal((H, D)),
            b2=rng.standard_normal(D),
            x=y * (rng.uniform(0, 1, (N, D)) < 0.6),
            y=y,
        )

    # Nothing is left to do: the output is what it should be, in small whole numbers and halves, so that it is so exactly.
    done = {name: np.round(2 * value) for name, value in draw(6, 4, 5).items()}
    done["b1"] += 0.5
    done["y"] = np.maximum(0, done["x"] @ done["W1"] + done["b1"]) @ done["W2"] + done["b2"]
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more hidden units than pixels", draw(11, 4, 9), generic=True),
        Case("one picture", draw(1, 6, 5)),
        Case("one hidden unit", draw(7, 5, 1)),
        Case("as many pixels as hidden units", draw(6, 5, 5)),
        Case("a net that is right on every pixel", done),
    ]


MISTAKES = [
    Mistake("z1", " + b1", "", "Each hidden unit has a bias of its own: it is missing here.", "ip-nob1"),
    Mistake("z1", "+ b1", "- b1", "The bias is added to the product, not subtracted.", "ip-b1-sign"),
    Mistake("z1", "x @ W1", "y @ W1", "The net sees the picture with the hole, x; the whole one, y, is what it should find.", "ip-sees-y"),
    Mistake("h1", "np.maximum(0, z1)", "z1", "Without the ReLU two layers are no more than one linear layer.", "ip-norelu"),
    Mistake("h1", "np.maximum(0, z1)", "np.abs(z1)", "The ReLU turns negative values into 0; it does not flip their sign.", "ip-abs"),
    Mistake("h1", "np.maximum", "np.minimum", "The ReLU keeps what is positive; this keeps what is negative.", "ip-relu-min"),
    Mistake("h1", "np.maximum(0, z1)", "1 / (1 + np.exp(-z1))", "This net has the ReLU between its layers, not the sigmoid.", "ip-sigmoid"),
    Mistake("h1", "np.maximum(0, z1)", "np.tanh(z1)", "This net has the ReLU between its layers, not the hyperbolic tangent.", "ip-tanh"),
    Mistake("yhat", " + b2", "", "Each pixel has a bias of its own: it is missing here.", "ip-nob2"),
    Mistake("yhat", "+ b2", "- b2", "The bias is added to the product, not subtracted.", "ip-b2-sign"),
    Mistake("yhat", "h1 @ W2", "z1 @ W2", "The second layer reads the hidden units after the ReLU, not before it.", "ip-yhat-z1"),
    Mistake("yhat", "h1 @ W2 + b2", "np.maximum(0, h1 @ W2 + b2)", "The last layer has no bend behind it: its outputs may be negative on the way.", "ip-lastrelu"),
    Mistake("yhat", "h1 @ W2 + b2", "1 / (1 + np.exp(-(h1 @ W2 + b2)))", "The last layer has no sigmoid behind it: yhat is the sum itself.", "ip-lastsigmoid"),
    Mistake("yhat", "h1 @ W2 + b2", "h1 @ W2 + b2 + x", "yhat is what the second layer gives, and nothing is added to it.", "ip-plus-x"),
    Mistake("diff", "yhat - y", "y - yhat", "diff is what the net says less what is right: the order is turned.", "ip-diff-sign"),
    Mistake("diff", "yhat - y", "yhat - x", "Compare with the whole picture y; this asks the net to give the hole back.", "ip-diff-x"),
    Mistake("diff", "yhat - y", "np.abs(yhat - y)", "diff keeps its sign: the way back needs it.", "ip-diff-abs"),
    Mistake("diff", "yhat - y", "(yhat - y) * (x == 0)", "The loss counts all pixels here, those that the net saw too.", "ip-hole-only"),
    Mistake("diff", "yhat - y", "(yhat - y) * (x != 0)", "The loss counts all pixels here, also those of the hole.", "ip-seen-only"),
    Mistake("loss", "0.5 * ", "", "The squared length has a factor one half.", "ip-nohalf"),
    Mistake("loss", " / N", "", "The loss is the mean over the pictures: over how many did you sum?", "ip-noN"),
    Mistake("loss", "np.sum(diff * diff) / N", "np.mean(diff * diff)", "Add up the squares of all pixels of a picture; the mean is over the pictures only.", "ip-mean-all"),
    Mistake("loss", "np.sum(diff * diff)", "np.sqrt(np.sum(diff * diff))", "The length is squared here: no root.", "ip-root"),
    Mistake("loss", "diff * diff", "np.abs(diff)", "Each difference is squared; this is the sum of their sizes.", "ip-abs-loss"),
    Mistake("loss", "np.sum(diff * diff)", "np.sum(diff) ** 2", "Square each difference, then add up.", "ip-square-sum"),
    Mistake("loss", "diff * diff", "diff", "The squared length adds up the squares of the differences.", "ip-nosquare"),
    Mistake("dyhat", "diff / N", "diff", "The loss is the mean over N pictures: divide the gradient by N too.", "ip-dnoN"),
    Mistake("dyhat", "diff / N", "2 * diff / N", "The 2 of the square and the one half of the loss cancel.", "ip-d2"),
    Mistake("dyhat", "diff / N", "0.5 * diff / N", "The derivative of a square brings a 2, which the one half cancels.", "ip-dhalf"),
    Mistake("dyhat", "diff / N", "-diff / N", "The sign is turned: where the net says too much, a larger value raises the loss.", "ip-dsign"),
    Mistake("dyhat", "diff / N", "diff / diff.size", "Only the number of pictures divides, not the number of pixels.", "ip-dmean-all"),
    Mistake("dyhat", "diff / N", "np.sign(diff) / N", "This is the slope of the size of the difference; here the difference is squared.", "ip-dsign-abs"),
    Mistake("dyhat", "diff / N", "diff * diff / N", "This is the loss of each pixel; its slope is wanted.", "ip-dsquare"),
    Mistake("dW2", "h1.T", "z1.T", "W2 was multiplied with the hidden units after the ReLU: that value belongs here.", "ip-dW2-z1"),
    Mistake("dW2", "h1.T @ dyhat", "h1.T @ dyhat / N", "The 1/N is in dyhat already: divide once.", "ip-dW2-doubleN"),
    Mistake("dW2", "h1.T @ dyhat", "-(h1.T @ dyhat)", "The gradient points uphill: no minus sign here, it comes with the update step.", "ip-dW2-sign"),
    Mistake("dW2", "h1.T @ dyhat", "h1.T @ yhat", "Go on from dyhat, the slope that arrives at yhat; yhat is a value.", "ip-dW2-value"),
    Mistake("db2", ".sum(axis=0)", ".mean(axis=0)", "Each bias is used once for every picture, and those gradients add; the 1/N is in dyhat already.", "ip-db2-mean"),
    Mistake("db2", ".sum(axis=0)", ".sum() * np.ones_like(b2)", "Each pixel has its own bias and its own gradient: add over the pictures only.", "ip-db2-all"),
    Mistake("db2", "dyhat.sum(axis=0)", "dyhat[0]", "Every picture uses the bias: add the gradients of all rows, not only the first.", "ip-db2-first"),
    Mistake("db2", "dyhat.sum(axis=0)", "np.ones_like(b2)", "The slope of yhat by its bias is 1, and the upstream gradient dyhat multiplies it.", "ip-db2-ones"),
    Mistake("dh1", "dyhat @ W2.T", "dyhat @ W2.T / N", "The 1/N is in dyhat already: divide once.", "ip-dh1-doubleN"),
    Mistake("dh1", "dyhat @ W2.T", "-(dyhat @ W2.T)", "The hidden units enter yhat with a plus: no minus sign.", "ip-dh1-sign"),
    Mistake("dh1", "dyhat @ W2.T", "yhat @ W2.T", "Go on from dyhat, the slope that arrives at yhat; yhat is a value.", "ip-dh1-value"),
    Mistake("dh1", "dyhat @ W2.T", "h1 * (dyhat @ W2.T)", "The slope of h1 @ W2 by h1 is W2 alone: the value of h1 is no part of it.", "ip-dh1-timesh1"),
    Mistake("dz1", " * (z1 > 0)", "", "Where the ReLU gave 0, nothing flows back through it: its local gradient is missing.", "relu-nomask"),
    Mistake("dz1", "z1 > 0", "dh1 > 0", "The mask tells where the forward value was positive, not where the gradient is.", "relu-dout"),
    Mistake("dz1", "z1 > 0", "z1 < 0", "The mask is turned around: the gradient passes where the unit was on.", "relu-turned"),
    Mistake("dz1", "(z1 > 0)", "h1", "The local gradient of the ReLU is 0 or 1, not the value of the unit.", "relu-value"),
    Mistake("dz1", "dh1 * (z1 > 0)", "(z1 > 0) * 1.0", "The mask is only the local gradient: multiply it with the gradient that arrives, dh1.", "relu-noupstream"),
    Mistake("dW1", "x.T @ dz1", "x.T @ dh1", "This goes on from the gradient above the ReLU; the one below it arrives at z1.", "ip-dW1-dh1"),
    Mistake("dW1", "x.T @ dz1", "y.T @ dz1", "W1 was multiplied with the picture with the hole, x: that value belongs here.", "ip-dW1-y"),
    Mistake("dW1", "x.T @ dz1", "x.T @ dz1 / N", "The 1/N came with dyhat already: divide once.", "ip-dW1-doubleN"),
    Mistake("dW1", "x.T @ dz1", "-(x.T @ dz1)", "The gradient points uphill: no minus sign here, it comes with the update step.", "ip-dW1-sign"),
    Mistake("db1", ".sum(axis=0)", ".mean(axis=0)", "Each bias is used once for every picture, and those gradients add; the 1/N is in dyhat already.", "ip-db1-mean"),
    Mistake("db1", ".sum(axis=0)", ".sum() * np.ones_like(b1)", "Each hidden unit has its own bias and its own gradient: add over the pictures only.", "ip-db1-all"),
    Mistake("db1", "dz1.sum(axis=0)", "dh1.sum(axis=0)", "This goes on from the gradient above the ReLU; the one below it arrives at z1.", "ip-db1-dh1"),
    Mistake("db1", "dz1.sum(axis=0)", "dz1[0]", "Every picture uses the bias: add the gradients of all rows, not only the first.", "ip-db1-first"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "dividing by N late": '''\
def inpainting_loss(W1, b1, W2, b2, x, y):
    N = x.shape[0]
    z1 = x @ W1 + b1
    h1 = np.maximum(0, z1)
    yhat = h1 @ W2 + b2
    diff = yhat - y
    loss = 0.5 * np.sum(diff * diff) / N
    dW2 = h1.T @ diff / N
    db2 = diff.sum(axis=0) / N
    dh1 = diff @ W2.T
    dz1 = dh1 * (z1 > 0)
    dW1 = x.T @ dz1 / N
    db1 = dz1.sum(axis=0) / N
    return loss, dW1, db1, dW2, db2
''',
    "the difference turned around": '''\
def inpainting_loss(W1, b1, W2, b2, x, y):
    N = x.shape[0]
    z1 = x @ W1 + b1
    h1 = np.maximum(0, z1)
    yhat = h1 @ W2 + b2
    missing = y - yhat
    loss = 0.5 * np.sum(missing ** 2) / N
    dyhat = -missing / N
    dW2 = h1.T @ dyhat
    db2 = dyhat.sum(axis=0)
    dh1 = dyhat @ W2.T
    dz1 = dh1 * (z1 > 0)
    dW1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return loss, dW1, db1, dW2, db2
''',
    "the mask in dh1": '''\
def inpainting_loss(W1, b1, W2, b2, x, y):
    N = x.shape[0]
    z1 = x @ W1 + b1
    h1 = np.maximum(0, z1)
    yhat = h1 @ W2 + b2
    loss = 0.5 * np.linalg.norm(yhat - y) ** 2 / N
    dyhat = (yhat - y) / N
    dW2 = h1.T @ dyhat
    db2 = dyhat.sum(axis=0)
    dh1 = dyhat @ W2.T
    dh1[z1 <= 0] = 0
    dW1 = x.T @ dh1
    db1 = dh1.sum(axis=0)
    return loss, dW1, db1, dW2, db2
''',
    "own names": '''\
def inpainting_loss(W1, b1, W2, b2, x, y):
    h = x.dot(W1) + b1
    h[h < 0] = 0
    e = h.dot(W2) + b2 - y
    L = (e ** 2).sum(axis=1).mean() / 2
    g = e / len(x)
    k = g.dot(W2.T) * (h > 0)
    return L, x.T.dot(k), k.sum(0), h.T.dot(g), g.sum(0)
''',
    "one picture after the other": '''\
def inpainting_loss(W1, b1, W2, b2, x, y):
    N = len(x)
    loss = 0.0
    dW1, db1, dW2, db2 = np.zeros(W1.shape), np.zeros(b1.shape), np.zeros(W2.shape), np.zeros(b2.shape)
    for i in range(N):
        z = x[i] @ W1 + b1
        h = np.where(z > 0, z, 0.0)
        d = h @ W2 + b2 - y[i]
        loss += 0.5 * d @ d / N
        dW2 += np.outer(h, d) / N
        db2 += d / N
        dz = (W2 @ d) * (z > 0)
        dW1 += np.outer(x[i], dz) / N
        db1 += dz / N
    return loss, dW1, db1, dW2, db2
''',
}


def torch_path(W1, b1, W2, b2, x, y):
    """The same loss in torch: W1 (D, H), b1 (H,), W2 (H, D), b2 (D,), x and y (N, D); returns a scalar tensor."""
    import torch

    yhat = torch.relu(x @ W1 + b1) @ W2 + b2
    return 0.5 * torch.sum((yhat - y) ** 2) / x.shape[0]
