"""The maxout unit as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def maxout_forward(x, w1, b1, w2, b2):
    z1 = x @ w1 + b1  # (N, M)
    z2 = x @ w2 + b2  # (N, M)
    out = np.maximum(z1, z2)  # (N, M)
    cache = (x, w1, w2, z1, z2)
    return out, cache


def maxout_backward(dout, cache):
    x, w1, w2, z1, z2 = cache
    dz1 = dout * (z1 > z2)  # (N, M)
    dz2 = dout * (z2 > z1)  # (N, M)
    dx = dz1 @ w1.T + dz2 @ w2.T  # (N, D)
    dw1 = x.T @ dz1  # (D, M)
    db1 = dz1.sum(axis=0)  # (M,)
    dw2 = x.T @ dz2  # (D, M)
    db2 = dz2.sum(axis=0)  # (M,)
    return dx, dw1, db1, dw2, db2


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, M):
        shapes = {"x": (N, D), "w1": (D, M), "b1": (M,), "w2": (D, M), "b2": (M,), "dout": (N, M)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    first = draw(6, 3, 4)
    first["b1"] += 40.0
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more examples than units", draw(11, 3, 6), generic=True),
        Case("one example", draw(1, 6, 5)),
        Case("as many units as numbers that come in", draw(7, 4, 4)),
        Case("as many examples as units", draw(3, 5, 3)),
        Case("the first part always the larger", first),
    ]


MISTAKES = [
    Mistake("z1", "x @ w1 + b1", "x @ w1", "The first part has a bias too.", "mo-nob1"),
    Mistake("z1", "x @ w1 + b1", "x @ w1 - b1", "The bias is added.", "mo-minusb1"),
    Mistake("z1", "x @ w1 + b1", "np.maximum(0, x @ w1 + b1)", "There is no ReLU in a maxout unit: its maximum is that of the two parts.", "mo-relu1"),
    Mistake("z2", "x @ w2 + b2", "x @ w2", "The second part has a bias too.", "mo-nob2"),
    Mistake("z2", "x @ w2 + b2", "x @ w1 + b2", "The second part has weights of its own.", "mo-samew"),
    Mistake("z2", "x @ w2 + b2", "x @ w2 + b1", "The second part has a bias of its own.", "mo-sameb"),
    Mistake("z2", "x @ w2 + b2", "np.maximum(0, x @ w2 + b2)", "There is no ReLU in a maxout unit: its maximum is that of the two parts.", "mo-relu2"),
    Mistake("out", "np.maximum(z1, z2)", "z1 + z2", "The larger of the two parts passes; here they are added.", "mo-sum"),
    Mistake("out", "np.maximum(z1, z2)", "np.minimum(z1, z2)", "The larger of the two parts passes, not the smaller.", "mo-min"),
    Mistake("out", "np.maximum(z1, z2)", "np.maximum(np.maximum(z1, z2), 0)", "Only the two parts compete, and 0 does not.", "mo-zero"),
    Mistake("out", "np.maximum(z1, z2)", "np.maximum(np.abs(z1), np.abs(z2))", "The larger part passes, not the one that is farther from 0.", "mo-abs"),
    Mistake("dz1", "dout * (z1 > z2)", "dout * (z1 > 0)", "The first part passes where it beats the second, whatever its sign.", "mo-mask1"),
    Mistake("dz1", "dout * (z1 > z2)", "dout * (z1 < z2)", "The gradient goes to the part that won; here it goes to the one that lost.", "mo-flip1"),
    Mistake("dz1", "dout * (z1 > z2)", "dout * 1.0", "The part that lost gets nothing.", "mo-all1"),
    Mistake("dz1", "dout * (z1 > z2)", "dout * z1 * (z1 > z2)", "The slope of a maximum is 1 or 0; a value has no place there.", "mo-value1"),
    Mistake("dz1", "dout * (z1 > z2)", "(z1 > z2) * 1.0", "The gradient that arrives is missing.", "mo-noup1"),
    Mistake("dz1", "z1 > z2", "np.abs(z1) > np.abs(z2)", "The larger part won, not the one that is farther from 0.", "mo-dabs1"),
    Mistake("dz2", "dout * (z2 > z1)", "dout * (z2 > 0)", "The second part passes where it beats the first, whatever its sign.", "mo-mask2"),
    Mistake("dz2", "dout * (z2 > z1)", "dout * (z2 < z1)", "The gradient goes to the part that won; here it goes to the one that lost.", "mo-flip2"),
    Mistake("dz2", "dout * (z2 > z1)", "dout * 1.0", "The part that lost gets nothing.", "mo-all2"),
    Mistake("dz2", "dout * (z2 > z1)", "dout * z2 * (z2 > z1)", "The slope of a maximum is 1 or 0; a value has no place there.", "mo-value2"),
    Mistake("dz2", "dout * (z2 > z1)", "(z2 > z1) * 1.0", "The gradient that arrives is missing.", "mo-noup2"),
    Mistake("dx", " + dz2 @ w2.T", "", "x is used twice, once in each part: the gradient of the second is missing.", "mo-dxfirst"),
    Mistake("dx", "dz1 @ w1.T + ", "", "x is used twice, once in each part: the gradient of the first is missing.", "mo-dxsecond"),
    Mistake("dx", "dz1 @ w1.T + dz2 @ w2.T", "dz1 @ w2.T + dz2 @ w1.T", "Each part goes back through its own weights.", "mo-crossed"),
    Mistake("dx", "+ dz2", "- dz2", "Where a value is used twice, its gradients are added.", "mo-dxminus"),
    Mistake("dx", "dz1 @ w1.T + dz2 @ w2.T", "(dz1 @ w1.T + dz2 @ w2.T) / 2", "Where a value is used twice, its gradients are added; this is their mean.", "mo-dxmean"),
    Mistake("dw1", "x.T @ dz1", "x.T @ dz1 / len(x)", "Whether a mean is taken is a matter of the loss: nothing is divided here.", "mo-dw1N"),
    Mistake("dw1", "x.T @ dz1", "x.T @ (dz1 + dz2)", "Only where the first part won do its weights matter.", "mo-dw1both"),
    Mistake("dw1", "x.T @ dz1", "x.T @ dz2", "The gradient of the first part's weights comes from the first part.", "mo-dw1other"),
    Mistake("db1", "dz1.sum(axis=0)", "dz1.mean(axis=0)", "A bias is added to every example, so it collects the sum of their gradients.", "mo-db1mean"),
    Mistake("db1", "dz1.sum(axis=0)", "(dz1 + dz2).sum(axis=0)", "Only where the first part won does its bias matter.", "mo-db1both"),
    Mistake("db1", "dz1.sum(axis=0)", "dz1.sum() + 0 * dz1[0]", "Each unit has its own bias: sum over the examples only.", "mo-db1all"),
    Mistake("dw2", "x.T @ dz2", "x.T @ dz2 / len(x)", "Whether a mean is taken is a matter of the loss: nothing is divided here.", "mo-dw2N"),
    Mistake("dw2", "x.T @ dz2", "x.T @ (dz1 + dz2)", "Only where the second part won do its weights matter.", "mo-dw2both"),
    Mistake("dw2", "x.T @ dz2", "x.T @ dz1", "The gradient of the second part's weights comes from the second part.", "mo-dw2other"),
    Mistake("db2", "dz2.sum(axis=0)", "dz2.mean(axis=0)", "A bias is added to every example, so it collects the sum of their gradients.", "mo-db2mean"),
    Mistake("db2", "dz2.sum(axis=0)", "(dz1 + dz2).sum(axis=0)", "Only where the second part won does its bias matter.", "mo-db2both"),
    Mistake("db2", "dz2.sum(axis=0)", "dz2.sum() + 0 * dz2[0]", "Each unit has its own bias: sum over the examples only.", "mo-db2all"),
]

# Other right answers, each the text of whole answer cells. Where both parts are equal, either may take the gradient.
EQUIVALENTS = {
    "the mask is kept, ties to the first": '''\
def maxout_forward(x, w1, b1, w2, b2):
    first, second = x.dot(w1) + b1, x.dot(w2) + b2
    mask = first >= second
    return np.where(mask, first, second), (x, w1, w2, mask)


def maxout_backward(dout, cache):
    x, w1, w2, mask = cache
    one, two = dout * mask, dout * ~mask
    dx = one.dot(w1.T)
    dx += two.dot(w2.T)
    return dx, x.T.dot(one), np.sum(one, axis=0), x.T.dot(two), np.sum(two, axis=0)
''',
    "both parts in one array": '''\
def maxout_forward(x, w1, b1, w2, b2):
    w, b = np.stack([w1, w2]), np.stack([b1, b2])
    z = x @ w + b[:, None, :]
    return z.max(axis=0), (x, w, z.argmax(axis=0))


def maxout_backward(dout, cache):
    x, w, winner = cache
    dz = np.stack([dout * (winner == k) for k in (0, 1)])
    dx = np.einsum("knm,kdm->nd", dz, w)
    dw = np.einsum("nd,knm->kdm", x, dz)
    db = dz.sum(axis=1)
    return dx, dw[0], db[0], dw[1], db[1]
''',
    "the rest goes to the second": '''\
def maxout_forward(x, w1, b1, w2, b2):
    z1 = x @ w1 + b1
    z2 = x @ w2 + b2
    out = z2 + np.maximum(0, z1 - z2)
    return out, (x, w1, w2, z1 - z2)


def maxout_backward(dout, cache):
    x, w1, w2, lead = cache
    d1 = np.where(lead > 0, dout, 0)
    d2 = dout - d1
    return d1 @ w1.T + d2 @ w2.T, x.T @ d1, d1.sum(0), x.T @ d2, d2.sum(0)
''',
}


def torch_path(x, w1, b1, w2, b2, dout):
    """The same function in torch."""
    import torch

    return torch.maximum(x @ w1 + b1, x @ w2 + b2)
