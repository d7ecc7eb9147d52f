"""Inverted dropout, forward and backward: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def dropout_forward(x, u, p, mode):
    mask = (u >= p) / (1 - p) if mode == "train" else np.ones(x.shape)  # (N, D)
    out = x * mask  # (N, D)
    cache = mask
    return out, cache


def dropout_backward(dout, cache):
    mask = cache
    dx = dout * mask  # (N, D)
    return dx


def cases(rng):
    """Hidden inputs: shares on both sides of one half, so that dropping and keeping cannot be mixed up."""

    def draw(N, D, p, mode="train"):
        return dict(
            x=rng.standard_normal((N, D)),
            u=rng.uniform(0, 1, (N, D)),
            p=p,
            mode=mode,
            dout=rng.standard_normal((N, D)),
        )

    return [
        Case("a third is dropped", draw(9, 7, 0.31), generic=True),
        Case("most of it is dropped", draw(11, 6, 0.73), generic=True),
        Case("test mode", draw(7, 5, 0.31, mode="test"), generic=True),
        Case("nothing is dropped, p = 0", draw(6, 4, 0.0)),
        Case("one example", draw(1, 8, 0.42)),
        Case("nearly all is dropped", draw(5, 6, 0.96)),
        Case("test mode, one example", draw(1, 6, 0.64, mode="test")),
    ]


MISTAKES = [
    # on the way back; first, since some of them give the same dx as a mistake on the way there
    Mistake("dx", "dx = dout * mask", "dx = dout", "Nothing flows back through a value that was dropped, and what was scaled on the way there is scaled on the way back.", "do-bwd-nomask"),
    Mistake("dx", "dx = dout * mask", "dx = dout * (mask > 0)", "The scaling of the forward pass is missing on the way back.", "do-nobwdscale"),
    Mistake("dx", "dx = dout * mask", "dx = dout * mask * mask", "The mask enters twice, on the way back as on the way there it acts once.", "do-twice"),
    Mistake("dx", "dx = dout * mask", "dx = mask", "The mask is only the local gradient: multiply it with the gradient that arrives, dout.", "do-noupstream"),
    Mistake("dx", "dx = dout * mask", "dx = -dout * mask", "The mask enters with a plus: no minus sign.", "do-sign"),
    Mistake("dx", "dx = dout * mask", "dx = dout * (mask == 0)", "The gradient passes where the value was dropped; it passes where the value stayed.", "do-bwd-turned"),
    Mistake("dx", "dx = dout * mask", "dx = dout * (np.random.default_rng(0).random(dout.shape) < 0.5)", "The backward pass draws a mask of its own; it has to be the one of the forward pass, so keep that in the cache.", "do-newmask"),
    Mistake("dx", "    cache = mask", '    cache = (u >= p) / (1 - p) if mode == "train" else np.zeros(x.shape)', "In test mode the values pass as they are, and so does the gradient.", "do-test-nogradient"),
    # on the way there
    Mistake("out", "(u >= p) / (1 - p)", "(u < p) / p", "The values that stay are those that should go: p is the probability to drop.", "do-pswap"),
    Mistake("out", "(u >= p) / (1 - p)", "(u < p) / (1 - p)", "The mask is turned around: a value is dropped where its u is below p.", "do-mask-turned"),
    Mistake("out", "(u >= p) / (1 - p)", "(u < p)", "The values that stay are those that should go, and they are not scaled.", "do-pswap-noscale"),
    Mistake("out", "(u >= p) / (1 - p)", "(u >= 1 - p) / p", "Here p is the share that goes, not the share that stays.", "do-keep"),
    Mistake("out", "(u >= p) / (1 - p)", "(u >= p)", "What is left has too small a sum: in train mode the values that stay are made larger, so that the mean stays the same.", "do-noscale"),
    Mistake("out", "(u >= p) / (1 - p)", "(u >= p) / p", "It is divided by the share that goes; divide by the share that stays.", "do-scale1mp"),
    Mistake("out", "(u >= p) / (1 - p)", "(u >= p) * (1 - p)", "The values that stay must grow, and this makes them smaller.", "do-scale-times"),
    Mistake("out", "(u >= p) / (1 - p)", "(u >= p) * p", "The values that stay must grow, and this makes them smaller.", "do-scale-timesp"),
    Mistake("out", "(u >= p) / (1 - p)", "(u >= 0.5) / (1 - p)", "The threshold is p, whatever its value, not one half.", "do-half"),
    Mistake("out", "(u >= p) / (1 - p)", "np.broadcast_to(u[0] >= p, x.shape) / (1 - p)", "Each entry has a u of its own: the examples of a batch lose different entries.", "do-one-mask"),
    Mistake("out", "(u >= p) / (1 - p)", "u / (1 - p)", "A value stays whole or goes whole: compare u with p.", "do-nocompare"),
    Mistake("out", "(u >= p) / (1 - p)", "(np.abs(x) >= p) / (1 - p)", "Which values go is decided by u alone, not by how large they are.", "do-by-size"),
    Mistake("out", "np.ones(x.shape)", "np.full(x.shape, 1 - p)", "Inverted dropout has done its scaling while training: in test mode the values pass as they are.", "do-testscale"),
    Mistake("out", "np.ones(x.shape)", "np.full(x.shape, p)", "In test mode nothing is scaled: the values pass as they are.", "do-testscale-p"),
    Mistake("out", "np.ones(x.shape)", "np.full(x.shape, 1 / (1 - p))", "In test mode nothing is dropped, so nothing has to be made up for: no scaling.", "do-test-inverse"),
    Mistake("out", "np.ones(x.shape)", "(u >= p) / (1 - p)", "In test mode nothing is dropped.", "do-test-drops"),
    Mistake("out", 'mode == "train"', 'mode == "test"', "The modes are mixed up: values are dropped while training only.", "do-modes"),
    Mistake("out", "np.ones(x.shape)", "np.zeros(x.shape)", "In test mode everything passes, and here nothing does.", "do-test-zero"),
    Mistake("out", "out = x * mask", "out = x + mask", "A dropped value becomes 0, a kept one is scaled: multiply.", "do-add"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the cases one by one": '''\
def dropout_forward(x, u, p, mode):
    if mode == "test":
        return x, None
    keep = 1 - p
    mask = (u >= p).astype(float) / keep
    return x * mask, mask


def dropout_backward(dout, cache):
    return dout if cache is None else dout * cache
''',
    "zeros put in": '''\
def dropout_forward(x, u, p, mode):
    dropped = u < p if mode == "train" else np.zeros(x.shape, dtype=bool)
    scale = 1 / (1 - p) if mode == "train" else 1.0
    out = x.copy()
    out[dropped] = 0
    out *= scale
    return out, (dropped, scale)


def dropout_backward(dout, cache):
    dropped, scale = cache
    return np.where(dropped, 0.0, dout * scale)
''',
    "u equal to p is dropped": '''\
def dropout_forward(x, u, p, mode):
    train = mode == "train"
    mask = (u > p) / (1 - p) if train else 1.0
    return x * mask, {"mask": mask, "mode": mode}


def dropout_backward(dout, cache):
    return cache["mask"] * dout
''',
    "entry by entry": '''\
def dropout_forward(x, u, p, mode):
    mask = np.ones_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if mode == "train":
                mask[i, j] = 0 if u[i, j] < p else 1 / (1 - p)
    return mask * x, (mask, x)


def dropout_backward(dout, cache):
    return dout * cache[0]
''',
}


def torch_path(x, u, p, mode, dout):
    """The same in torch: x, u, dout (N, D); returns out (N, D)."""
    import torch

    return torch.where(u < p, 0.0, x / (1 - p)) if mode == "train" else x * 1
